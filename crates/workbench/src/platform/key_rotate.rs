//! Rotating a key whose secret the vault holds: the new one goes straight there.
//!
//! The vault is asked *before* the new secret exists whether it holds the key. If storing fails all
//! the same, the rotation is taken back: the older secret goes on as before. So that it can be taken
//! back, a rotation without overlap ends the older secret only once the new one is stored.

use serde_json::json;
use strongroom_contract::{
    agent::{KeyName, KeyRenew, KeyRenewArgs, KeyShow},
    error::{ErrorCode, Failure},
    manage::{KeyView, RetireSecret, RotateKey, RotatedKey},
    secret::Revealed,
    vault::ItemView,
};

use crate::{client::Client, manage::Platform};

/// A rotation whose new secret is held.
pub struct RotatedAndStored {
    /// What the platform answered.
    pub rotated: RotatedKey,
    /// The item that holds the new secret.
    pub item: ItemView,
}

/// Rotates the key `app_id`, and adds its new secret to the item `name` as the version in use. It
/// blocks while the vault's owner answers.
///
/// # Errors
///
/// What the owner or the platform answers; [`ErrorCode::Usage`] if the item is of another key. If
/// the new secret could not be stored, it counts no longer, or the message says that it does.
pub async fn rotate_and_store(
    platform: &Platform,
    vault: &mut Client,
    app_id: &str,
    rotate: &RotateKey,
    name: &str,
) -> Result<RotatedAndStored, Failure> {
    let name = name.to_owned();
    let held = vault.call::<KeyShow>(&KeyName { name: name.clone() }, |_| {})?;
    if held.public_id.as_deref() != Some(app_id) {
        let other = held.public_id.as_deref().unwrap_or("no app-id");
        return Err(Failure::new(
            ErrorCode::Usage,
            format!("{name} holds the secret of another key: {other}, not {app_id}"),
        )
        .hint("name the item that holds this key"));
    }
    let store = async |secret| vault.call::<KeyRenew>(&KeyRenewArgs { name, secret }, |_| {});
    rotate_then_store(platform, app_id, rotate, store).await
}

/// Rotates the key `app_id`, and hands its new secret to `store`. The vault was asked whether it could
/// take it.
///
/// # Errors
///
/// As [`rotate_and_store`].
pub(crate) async fn rotate_then_store(
    platform: &Platform,
    app_id: &str,
    rotate: &RotateKey,
    store: impl AsyncFnOnce(Revealed) -> Result<ItemView, Failure>,
) -> Result<RotatedAndStored, Failure> {
    let ends_at_once = rotate.overlap_ms == Some(0);
    let first = if ends_at_once {
        RotateKey::default()
    } else {
        *rotate
    };
    let mut rotated = platform.rotate(app_id, &first).await?;
    let secret = Revealed::new(rotated.secret_key.expose_secret().to_owned());
    let item = match store(secret).await {
        Ok(item) => item,
        Err(failure) => return Err(take_back(platform, &rotated, failure).await),
    };
    if ends_at_once && let Some(secret_id) = older(&rotated) {
        rotated.key = platform.retire(app_id, &RetireSecret { secret_id }).await?;
    }
    Ok(RotatedAndStored { rotated, item })
}

fn older(rotated: &RotatedKey) -> Option<u32> {
    let KeyView { secrets, .. } = &rotated.key;
    let mut others = secrets.iter().map(|secret| secret.id);
    others.find(|id| *id != rotated.secret_id)
}

async fn take_back(platform: &Platform, rotated: &RotatedKey, failure: Failure) -> Failure {
    let RotatedKey {
        app_id, secret_id, ..
    } = rotated;
    let new = RetireSecret {
        secret_id: *secret_id,
    };
    let (fate, hint) = match platform.retire(app_id, &new).await {
        Ok(_) => (
            "the rotation was taken back, and the older secret goes on".to_owned(),
            failure.hint.unwrap_or_else(|| "try again".to_owned()),
        ),
        Err(_) => (
            format!("{app_id} was rotated, and nobody holds its new secret"),
            format!("end it: strongroom platform key retire {app_id} {secret_id}"),
        ),
    };
    Failure::new(failure.code, format!("{}; {fate}", failure.message))
        .hint(hint)
        .details(json!({ "app_id": app_id, "secret_id": secret_id }))
}
