//! Keys: issue, list, show, revoke, and change what they may do.

use std::sync::Arc;

use http::StatusCode;
use strongroom_contract::{
    manage::{
        CreateKey, CreatedKey, KeyEnvironment, KeyList, SetExpiry, SetName, SetNote, SetScopes,
    },
    secret::Revealed,
};
use strongroom_policy::{
    credential::{AppId, Environment, SecretId},
    key::{KeyRecord, Secrets},
    limiter::Limit,
    scopes::Scopes,
    token::RevokedTokens,
};

use super::{Call, Done, NotDone, allowlist, limits, public_key};
use crate::{
    audit::AuditDown,
    keys::{IssuedKey, LastUses},
    store::{KeyChange, StoredKey},
};

/// The longest name of a key or client, in bytes.
const MAX_NAME: usize = 100;
/// The longest note about a key, in bytes.
const MAX_NOTE: usize = 1_000;

pub(super) async fn create(call: Call<'_>) -> Result<Done, NotDone> {
    let wanted: CreateKey = call.body()?;
    let platform = call.platform;
    let now = call.arrival.now;
    let name = checked_name("name", &wanted.name)?;
    let client_name = match &wanted.client {
        Some(client) => checked_name("client", client)?,
        None => name,
    };
    let limit = match wanted.limit_per_minute {
        Some(per_minute) => limits::limit(per_minute)?,
        None => Limit::DEFAULT,
    };
    let daily_quota = limits::quota(wanted.daily_quota)?;
    let delay = limits::delay(wanted.delay_ms)?;
    let allow = allowlist::parse(&wanted.allow)?;
    let scopes = parse_scopes(&wanted.scopes)?;
    let note = checked_note(wanted.note.unwrap_or_default())?;
    if let (Some(not_before), Some(expires)) = (wanted.not_before, wanted.expires)
        && expires <= not_before
    {
        return Err(NotDone::usage(format!(
            "the key would expire at {expires}, before it can be used: not_before is {not_before}"
        )));
    }
    if wanted.expires.is_some_and(|expires| expires <= now) {
        return Err(NotDone::usage(format!(
            "the key would have expired before it exists: by the platform's clock it is {now}"
        )));
    }
    let client = platform
        .store
        .client(client_name, &platform.personal, now)
        .await?;
    if platform.personal.of(client).is_none() {
        let erased = format!("the client {client_name:?} was erased");
        return Err(NotDone::usage(erased));
    }
    let app_id = AppId::generate(match wanted.environment {
        KeyEnvironment::Test => Environment::Test,
        KeyEnvironment::Live => Environment::Live,
    });
    let public_key = wanted.public_key.as_deref().map(public_key::read);
    let (secret_key, secrets) = match public_key.transpose()? {
        Some(_) if wanted.may_sign => {
            return Err(NotDone::usage(
                "may_sign is for a key that signs with its secret; one with a public key signs with \
                 the private half",
            ));
        }
        Some(key) => (None, Secrets::none_but(public_key::first(key, now))),
        None => {
            let rules = &platform.rules;
            let (shown, secret) = rules.new_secret(app_id, SecretId(1), wanted.may_sign, now);
            (Some(shown), Secrets::first(secret))
        }
    };
    let record = KeyRecord {
        app_id,
        client,
        name: name.to_owned(),
        note,
        created: now,
        not_before: wanted.not_before,
        expires: wanted.expires,
        revoked: None,
        secrets,
        limit,
        daily_quota,
        delay,
        allow,
        scopes,
        may_sign: wanted.may_sign,
        revoked_tokens: RevokedTokens::default(),
    };
    let change = KeyChange::Create(Box::new(record.clone()));
    let recorder = call.recorder(StatusCode::CREATED, Some(app_id), None);
    platform.store.change_key(app_id, change, recorder).await?;
    let stored = StoredKey {
        record,
        uses: LastUses::default(),
    };
    platform.keys.add(stored);
    let issued = find(call, app_id)?;
    let created = CreatedKey {
        app_id: app_id.to_string(),
        secret_key: secret_key.map(|secret| Revealed::new(secret.expose_secret().to_owned())),
        key: issued.view(now),
    };
    Ok(Done::changed(StatusCode::CREATED, Some(app_id), &created))
}

pub(super) fn list(call: Call<'_>) -> Done {
    let now = call.arrival.now;
    let keys = call.platform.keys.views(now);
    Done::shown(&KeyList { keys })
}

pub(super) fn show(call: Call<'_>) -> Result<Done, NotDone> {
    let app_id = named(call)?;
    let key = find(call, app_id)?;
    Ok(Done::shown(&key.view(call.arrival.now)).about(app_id))
}

pub(super) async fn revoke(call: Call<'_>) -> Result<Done, NotDone> {
    change(call, KeyChange::Revoke(call.arrival.now)).await
}

pub(super) async fn set_name(call: Call<'_>) -> Result<Done, NotDone> {
    let SetName { name } = call.body()?;
    let name = checked_name("name", &name)?.to_owned();
    change(call, KeyChange::Name(name)).await
}

/// Changes when a key ends. What is in the past ends it at once.
pub(super) async fn set_expiry(call: Call<'_>) -> Result<Done, NotDone> {
    let SetExpiry { expires } = call.body()?;
    let app_id = named(call)?;
    let record = find(call, app_id)?.snapshot();
    if record.revoked.is_some() {
        return Err(NotDone::conflict(format!(
            "key {app_id} was revoked, which is for good; issue a new key"
        )));
    }
    if let (Some(not_before), Some(expires)) = (record.not_before, expires)
        && expires <= not_before
    {
        return Err(NotDone::usage(format!(
            "the key would expire at {expires}, before it can be used: not_before is {not_before}"
        )));
    }
    change(call, KeyChange::Expiry(expires)).await
}

pub(super) async fn set_note(call: Call<'_>) -> Result<Done, NotDone> {
    let SetNote { note } = call.body()?;
    change(call, KeyChange::Note(checked_note(note)?)).await
}

pub(super) async fn set_scopes(call: Call<'_>) -> Result<Done, NotDone> {
    let SetScopes { scopes } = call.body()?;
    change(call, KeyChange::Scopes(parse_scopes(&scopes)?)).await
}

/// Makes a change of the key in the path, and shows the key.
pub(super) async fn change(call: Call<'_>, change: KeyChange) -> Result<Done, NotDone> {
    let app_id = named(call)?;
    let key = find(call, app_id)?;
    let recorder = call.recorder(StatusCode::OK, Some(app_id), None);
    apply(call, &key, app_id, change, recorder).await?;
    let view = key.view(call.platform.clock.now());
    Ok(Done::changed(StatusCode::OK, Some(app_id), &view))
}

/// Makes a change of a key, `recorder` last.
pub(super) async fn apply(
    call: Call<'_>,
    key: &Arc<IssuedKey>,
    app_id: AppId,
    change: KeyChange,
    recorder: impl FnOnce() -> Result<(), AuditDown> + Send + 'static,
) -> Result<(), NotDone> {
    call.platform
        .change_key(key, app_id, change, recorder)
        .await
        .map_err(NotDone::from)
}

/// The app-id in the path.
pub(super) fn named(call: Call<'_>) -> Result<AppId, NotDone> {
    AppId::parse(call.segment.as_bytes())
        .map_err(|error| NotDone::not_found(format!("no key has this id: {error}")))
}

pub(super) fn find(call: Call<'_>, app_id: AppId) -> Result<Arc<IssuedKey>, NotDone> {
    call.platform
        .keys
        .find(app_id)
        .ok_or_else(|| NotDone::not_found(format!("the platform has issued no key {app_id}")))
}

fn checked_name<'n>(field: &str, name: &'n str) -> Result<&'n str, NotDone> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(NotDone::usage(format!(
            "{field} must have 1 to {MAX_NAME} bytes without control characters"
        )));
    }
    Ok(name)
}

fn checked_note(note: String) -> Result<String, NotDone> {
    let is_odd = |c: char| c.is_control() && c != '\n';
    if note.len() > MAX_NOTE || note.chars().any(is_odd) {
        return Err(NotDone::usage(format!(
            "note must have at most {MAX_NOTE} bytes without control characters"
        )));
    }
    Ok(note)
}

fn parse_scopes(scopes: &[String]) -> Result<Scopes, NotDone> {
    Scopes::parse(scopes).map_err(|error| NotDone::usage(error.to_string()))
}
