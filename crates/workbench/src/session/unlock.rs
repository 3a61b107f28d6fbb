//! Opening the vault.

use std::sync::atomic::Ordering;

use strongroom_contract::{
    agent::UnlockArgs,
    error::{ErrorCode, Failure},
    time::UnixMillis,
    vault::{Freshness, Unlocked},
};
use strongroom_crypto::{SecretText, totp::Code};
use strongroom_vault::{Anchor, Attempt, Burn, DeviceSecret, Locked, OpenError};

use super::{Open, Removals, Seen, Session, Tokens, Work, anchor};
use crate::{
    activity::Act,
    keyring::{Place, Places, SecretName},
    os::clock,
    problem::{not_opened, shown},
};

/// Codes that end within this many days are worth a warning.
const SOON_DAYS: u64 = 60;

impl Session {
    /// Opens the vault. One that is open is closed first, so that its factors are asked for again.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WrongFactors`] if the passphrase or the code is wrong or was used;
    /// [`ErrorCode::DeviceSecret`] or [`ErrorCode::Keyring`] if the device secret is not to be had;
    /// [`ErrorCode::RolledBack`], [`ErrorCode::Damaged`], [`ErrorCode::HorizonLapsed`],
    /// [`ErrorCode::NotFound`].
    pub(crate) fn unlock(&self, args: UnlockArgs, work: &Work) -> Result<Unlocked, Failure> {
        let code = Code::parse(args.code.expose_secret())
            .map_err(|error| Failure::new(ErrorCode::Usage, error.to_string()))?;
        drop(self.lock(&work.client)?);
        let (place, name) = self.where_the_device_secret_lies()?;
        work.stage("fetching the device secret");
        let device_secret = device_secret(&place, &name)?;
        let newest = anchor::load(&place, &name.vault_id);
        work.check()?;

        let mut state = self.state();
        let locked = self.open_locked()?;
        if locked.status().vault_id.to_string() != name.vault_id {
            return Err(Failure::new(
                ErrorCode::Conflict,
                "another vault took this one's place just now",
            )
            .hint("try again"));
        }
        let now = clock::now();
        let attempt = Attempt {
            passphrase: SecretText::new(args.passphrase.into_exposed()),
            code,
            device_secret: &device_secret,
            now,
            at: args.at,
            anchor: newest,
            accept_older: args.accept_older,
        };
        let vault = match locked.unlock(attempt, &mut work.hear()) {
            Ok(vault) => vault,
            Err(refused) => {
                self.activity
                    .record(Act::UnlockRefused, now, None, &work.client);
                return Err(shown(refused.error));
            }
        };
        if work.cancellation.is_cancelled() {
            // Whoever asked is gone: an open vault would wait for nobody.
            self.anchors.store(&place, &name.vault_id, &vault.anchor());
            return Err(Failure::new(
                ErrorCode::Cancelled,
                "stopped; the vault is locked, and the code is used up",
            ));
        }
        if vault.freshness() == Freshness::AcceptedOlder {
            self.anchors.forget();
        }
        let open = Open {
            place,
            vault,
            reveal_allowed: args.allow_read,
            last_seen: Seen::now(),
            removals: Removals::default(),
            tokens: Tokens::default(),
            history: None,
        };
        self.activity.unseal(&open.vault.history_key().0);
        self.activity.record(Act::Unlocked, now, None, &work.client);
        let unlocked = Unlocked {
            status: self.status_of(&open),
            warnings: warnings(&open, now),
        };
        *state = Some(open);
        drop(state);
        self.is_open.store(true, Ordering::Release);
        self.changed();
        Ok(unlocked)
    }

    /// The place that is written down for this vault's device secret, and its name there.
    fn where_the_device_secret_lies(&self) -> Result<(Place, SecretName), Failure> {
        let _quiet = self.state();
        let status = self.open_locked()?.status();
        let name = SecretName::new(status.vault_id, status.generation);
        let place = Places::read(&self.home.device_file())?.of(&name)?;
        Ok((place, name))
    }

    /// The newest state of this vault that this machine has seen, if that can be told.
    pub(super) fn newest_seen(&self) -> Option<Anchor> {
        match self.where_the_device_secret_lies() {
            Ok((place, name)) => anchor::load(&place, &name.vault_id),
            Err(failure) => {
                tracing::warn!(%failure, "there is nothing to compare the vault with");
                None
            }
        }
    }

    pub(super) fn open_locked(&self) -> Result<Locked, Failure> {
        Locked::open(&self.home.vault_file()).map_err(|error| match error {
            OpenError::NotFound(_) => self.no_vault(),
            other => not_opened(&other),
        })
    }
}

/// Reads a device secret.
fn device_secret(place: &Place, name: &SecretName) -> Result<DeviceSecret, Failure> {
    let key = place.load(name)?;
    DeviceSecret::from_slice(key.expose_secret())
        .ok_or_else(|| Failure::new(ErrorCode::DeviceSecret, "the device secret is not 32 bytes"))
}

/// What a person should know of a vault that was just opened.
fn warnings(open: &Open, now: UnixMillis) -> Vec<String> {
    let mut warnings = Vec::new();
    match open.vault.burn() {
        Burn::NotWritten(error) => warnings.push(format!(
            "the vault is open for reading only, and the code is not used up: {error}"
        )),
        Burn::Done | Burn::NoCode => {}
    }
    match open.vault.freshness() {
        Freshness::Proven => {}
        Freshness::Unproven => warnings.push(
            "there was nothing to compare the vault with: whether this is its newest copy is not \
             proven"
                .to_owned(),
        ),
        Freshness::AcceptedOlder => warnings.push(
            "this is not the newest copy that this machine has seen; it counts as the newest from \
             now on"
                .to_owned(),
        ),
    }
    let last_day = open.vault.status().last_code_day;
    let soon = now.after(std::time::Duration::from_secs(SOON_DAYS * 86_400));
    // Both are written as YYYY-MM-DD first, so their order is the calendar's.
    if last_day < soon.to_string() {
        warnings.push(format!(
            "codes work until {last_day}: recover the vault before that day"
        ));
    }
    warnings
}
