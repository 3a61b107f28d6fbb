//! Issuing a key and putting it straight into the vault.
//!
//! The secret is shown once, so the vault is asked *before* it exists whether it could be stored. If
//! storing fails all the same (the vault locked itself meanwhile, the disk filled up), the key is
//! revoked again: nobody holds its secret, so nothing is lost with it, and no unknown key stays valid.

use std::collections::BTreeMap;

use serde_json::json;
use strongroom_contract::{
    agent::{KeyAdd, KeyCheck, KeyName},
    error::{ErrorCode, Failure},
    manage::{CreateKey, CreatedKey, KeyView},
    secret::Revealed,
    vault::{Environment, ItemView, NewKey},
};
use strongroom_signing::Scheme;

use crate::{client::Client, manage::Platform};

/// The provider that items of local keys name.
const PROVIDER: &str = "strongroom-platform";
/// Where the local platform lives: the secret goes nowhere else, whatever its port.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// A key that was issued and is held.
pub struct Stored {
    /// The key as the platform issued it.
    pub created: CreatedKey,
    /// The item that holds it.
    pub item: ItemView,
}

/// Issues a key and adds it to the vault as `name`. It blocks while the vault's owner answers.
///
/// # Errors
///
/// What the owner or the platform answers. If the key was issued and could not be stored, it was
/// revoked, or the message says that it was not; `details.app_id` names it.
pub async fn create_and_store(
    platform: &Platform,
    vault: &mut Client,
    wanted: &CreateKey,
    name: &str,
) -> Result<Stored, Failure> {
    vault.call::<KeyCheck>(
        &KeyName {
            name: name.to_owned(),
        },
        |_| {},
    )?;
    let store = async |item: NewKey| vault.call::<KeyAdd>(&item, |_| {});
    create_then_store(platform, wanted, name, store).await
}

/// Issues a key and hands its item to `store`. The vault was asked whether the name is free.
///
/// # Errors
///
/// As [`create_and_store`].
pub(crate) async fn create_then_store<F>(
    platform: &Platform,
    wanted: &CreateKey,
    name: &str,
    store: impl FnOnce(NewKey) -> F,
) -> Result<Stored, Failure>
where
    F: Future<Output = Result<ItemView, Failure>>,
{
    let created = platform.create_key(wanted).await?;
    let item = match item(name, platform, &created) {
        Ok(item) => item,
        Err(failure) => return Err(take_back(platform, &created.app_id, failure).await),
    };
    match store(item).await {
        Ok(item) => Ok(Stored { created, item }),
        Err(failure) => Err(take_back(platform, &created.app_id, failure).await),
    }
}

fn item(name: &str, platform: &Platform, created: &CreatedKey) -> Result<NewKey, Failure> {
    let secret = created.secret_key.as_ref().ok_or_else(|| {
        Failure::new(ErrorCode::Usage, "a key with a public key has no secret to store")
            .hint("add its private half to the vault: strongroom key add, with the scheme rfc9421-ed25519")
    })?;
    let secret = Revealed::new(secret.expose_secret().to_owned());
    Ok(item_of(name, platform.url(), &created.key, secret))
}

/// The item of a key that the platform at `url` issued.
pub(crate) fn item_of(name: &str, url: &str, key: &KeyView, secret: Revealed) -> NewKey {
    let scheme = if key.may_sign {
        Scheme::Rfc9421HmacSha256
    } else {
        Scheme::HeaderPair
    };
    NewKey {
        name: name.to_owned(),
        provider: Some(PROVIDER.to_owned()),
        environment: Some(Environment::Own),
        public_id: Some(key.app_id.clone()),
        base_url: Some(url.to_owned()),
        hosts: HOSTS.map(str::to_owned).to_vec(),
        scheme: Some(scheme.id().to_owned()),
        settings: BTreeMap::new(),
        preset: None,
        tags: Vec::new(),
        secret,
        certificate: None,
    }
}

async fn take_back(platform: &Platform, app_id: &str, failure: Failure) -> Failure {
    let (fate, hint) = match platform.revoke(app_id).await {
        Ok(_) => (
            format!("{app_id} had been issued and is revoked again"),
            failure.hint.unwrap_or_else(|| "try again".to_owned()),
        ),
        Err(_) => (
            format!("{app_id} was issued, and nobody holds its secret"),
            format!("revoke it: strongroom platform key revoke {app_id}"),
        ),
    };
    Failure::new(failure.code, format!("{}; {fate}", failure.message))
        .hint(hint)
        .details(json!({ "app_id": app_id }))
}
