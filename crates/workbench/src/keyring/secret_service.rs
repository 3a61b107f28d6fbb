//! The device secret in the freedesktop.org Secret Service (GNOME Keyring, KDE Wallet, KeePassXC).
//!
//! Values are base64: some services hold text alone. Every call opens a connection of its own, so
//! that a service that was restarted meanwhile is found again, and is given up after a while: a
//! service that waits for somebody to answer its prompt would otherwise wait for a year.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use dbus_secret_service_keyring_store::Store;
use keyring_core::{Entry, Error, api::CredentialStoreApi as _};
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::{Key, SecretBytes};
use zeroize::Zeroizing;

use super::SecretName;

const SERVICE: &str = "strongroom";
/// How long somebody has for the keyring's own prompt.
const LIMIT: Duration = Duration::from_secs(120);
/// How long storing an anchor may take: locking waits for it, and nobody waits for long.
const ANCHOR_LIMIT: Duration = Duration::from_secs(5);

pub(super) fn check() -> Result<(), Failure> {
    bounded(LIMIT, look)
}

pub(super) fn store_secret(name: &SecretName, secret: &Key) -> Result<(), Failure> {
    let (name, secret) = (name.clone(), secret.duplicate());
    bounded(LIMIT, move || store(&name, &secret))
}

pub(super) fn load_secret(name: &SecretName) -> Result<Key, Failure> {
    let name = name.clone();
    bounded(LIMIT, move || load(&name))
}

pub(super) fn delete_secret(name: &SecretName) -> Result<(), Failure> {
    let name = name.clone();
    bounded(LIMIT, move || {
        match secret_entry(&name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    })
}

pub(super) fn load_anchor(vault_id: &str) -> Result<Option<SecretBytes>, Failure> {
    let vault_id = vault_id.to_owned();
    bounded(LIMIT, move || anchor(&vault_id))
}

pub(super) fn store_anchor(vault_id: &str, anchor: &[u8]) -> Result<(), Failure> {
    let (vault_id, anchor) = (vault_id.to_owned(), BASE64.encode(anchor));
    bounded(ANCHOR_LIMIT, move || {
        anchor_entry(&vault_id)?
            .set_secret(anchor.as_bytes())
            .map_err(failure)
    })
}

fn look() -> Result<(), Failure> {
    // Looking for what is not there shows whether the service answers; whether it is locked shows
    // when something is stored.
    match entry("check", "Strongroom")?.get_secret() {
        Ok(_) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(failure(error)),
    }
}

fn store(name: &SecretName, secret: &Key) -> Result<(), Failure> {
    let entry = secret_entry(name)?;
    match entry.get_secret().map(Zeroizing::new) {
        Err(Error::NoEntry) => {}
        Ok(_) => {
            return Err(Failure::new(
                ErrorCode::Conflict,
                format!(
                    "the keyring holds generation {} of vault {}'s device secret already",
                    name.generation, name.vault_id
                ),
            ));
        }
        Err(error) => return Err(failure(error)),
    }
    let encoded = Zeroizing::new(BASE64.encode(secret.expose_secret()));
    entry.set_secret(encoded.as_bytes()).map_err(failure)
}

fn load(name: &SecretName) -> Result<Key, Failure> {
    let encoded = match secret_entry(name)?.get_secret() {
        Ok(encoded) => Zeroizing::new(encoded),
        Err(Error::NoEntry) => {
            return Err(Failure::new(
                ErrorCode::DeviceSecret,
                format!(
                    "the keyring holds no device secret of vault {} (generation {})",
                    name.vault_id, name.generation
                ),
            )
            .hint(
                "sign in with the keyring that the vault was created with, or use \
                 `strongroom vault recover`",
            ));
        }
        Err(error) => return Err(failure(error)),
    };
    let bytes = Zeroizing::new(BASE64.decode(encoded.as_slice()).unwrap_or_default());
    Key::from_slice(&bytes).ok_or_else(|| {
        Failure::new(
            ErrorCode::DeviceSecret,
            "the keyring's entry is not a device secret: it was changed by another program",
        )
        .hint("restore the keyring from a backup, or use `strongroom vault recover`")
    })
}

fn anchor(vault_id: &str) -> Result<Option<SecretBytes>, Failure> {
    match anchor_entry(vault_id)?.get_secret() {
        Ok(encoded) => match BASE64.decode(&encoded) {
            Ok(anchor) => Ok(Some(SecretBytes::new(anchor))),
            Err(_) => Err(Failure::new(
                ErrorCode::Keyring,
                "the keyring's anchor is not one: it was changed by another program",
            )),
        },
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// Runs `work` on a thread of its own and gives it up after `limit`; the thread ends when the
/// service answers at last.
fn bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (answer, answered) = mpsc::sync_channel(1);
    thread::spawn(move || drop(answer.send(work())));
    answered.recv_timeout(limit).unwrap_or_else(|_| {
        Err(Failure::new(
            ErrorCode::Keyring,
            format!("the keyring did not answer within {} s", limit.as_secs()),
        )
        .hint("look for its prompt on the desktop, or use --device-secret file:PATH"))
    })
}

fn secret_entry(name: &SecretName) -> Result<Entry, Failure> {
    let SecretName {
        vault_id,
        generation,
    } = name;
    entry(
        &format!("device-secret {vault_id} {generation}"),
        &format!("Strongroom device secret ({vault_id}, {generation})"),
    )
}

fn anchor_entry(vault_id: &str) -> Result<Entry, Failure> {
    entry(
        &format!("anchor {vault_id}"),
        &format!("Strongroom anchor ({vault_id})"),
    )
}

fn entry(user: &str, label: &str) -> Result<Entry, Failure> {
    let store: Arc<Store> = Store::new().map_err(failure)?;
    let modifiers = HashMap::from([("label", label)]);
    store
        .build(SERVICE, user, Some(&modifiers))
        .map_err(failure)
}

fn failure(error: Error) -> Failure {
    let elsewhere = "or keep the device secret in a file: --device-secret file:PATH";
    // Some of the errors carry what was read: none of them is printed whole.
    match error {
        Error::NoStorageAccess(cause) => Failure::new(
            ErrorCode::Keyring,
            format!("the keyring is locked: {cause}"),
        )
        .hint(format!("unlock it (sign in to the desktop), {elsewhere}")),
        Error::PlatformFailure(cause) => Failure::new(
            ErrorCode::Keyring,
            format!("there is no keyring to talk to: {cause}"),
        )
        .hint(format!(
            "start a Secret Service such as gnome-keyring in this session, {elsewhere}"
        )),
        Error::Ambiguous(entries) => Failure::new(
            ErrorCode::Keyring,
            format!("the keyring holds {} entries of this name", entries.len()),
        )
        .hint("remove the copies with the keyring's own program"),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            Failure::new(ErrorCode::Keyring, "the keyring's entry cannot be read")
                .hint(format!("restore the keyring from a backup, {elsewhere}"))
        }
        _ => Failure::new(ErrorCode::Keyring, "the keyring refused")
            .hint(format!("look at its own log, {elsewhere}")),
    }
}
