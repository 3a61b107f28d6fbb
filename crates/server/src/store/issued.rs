//! Keys that the platform issued.

use std::{collections::HashMap, num::NonZeroU32};

use rusqlite::{Connection, Row, Transaction, params};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::signature::PublicKey;
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Secret, SecretId, StoredTag},
    delay::Delay,
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    public_key::RegisteredKey,
    scopes::Scopes,
    token::{RevokedToken, RevokedTokens, TokenId},
};

use super::{Store, StoreError, Undone};
use crate::keys::{LastUses, Use};

/// Under which name the list for all keys is stored.
const ALL_KEYS: &str = "all keys";

/// A key as it is stored, and when it was last used.
pub(crate) struct StoredKey {
    /// The key.
    pub(crate) record: KeyRecord,
    /// When requests with it were last authenticated.
    pub(crate) uses: LastUses,
}

/// What a change of a key writes.
#[derive(Clone)]
pub(crate) enum KeyChange {
    /// A new key.
    Create(Box<KeyRecord>),
    /// It ended.
    Revoke(UnixMillis),
    /// Its secrets: all of them, after a rotation or its end.
    Secrets(Secrets),
    /// One of its access tokens, at that time.
    RevokeToken(RevokedToken, UnixMillis),
    /// Its name.
    Name(String),
    /// When it ends.
    Expiry(Option<UnixMillis>),
    /// What is noted about it.
    Note(String),
    /// Its limit.
    Limit(Limit),
    /// Its daily quota.
    Quota(Option<NonZeroU32>),
    /// How long its requests may wait for a slot.
    Delay(Option<Delay>),
    /// Where it may be used from.
    Allowlist(Allowlist),
    /// What it may do.
    Scopes(Scopes),
}

impl Store {
    /// Gives every key to `take`, one after the other, with what `begin` makes of their number.
    pub(crate) async fn keys<T: Send + 'static>(
        &self,
        begin: impl FnOnce(usize) -> T + Send + 'static,
        mut take: impl FnMut(&mut T, StoredKey) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .run(move |connection| {
                let mut revoked = revoked_tokens(connection)?;
                let mut registered = public_keys(connection)?;
                let count =
                    connection.query_row("SELECT count(*) FROM keys", [], |row| row.get(0))?;
                let mut taken = begin(count);
                let mut statement = connection.prepare(KEYS)?;
                // In the same order, so that both are read once.
                let mut secrets = connection.prepare(SECRETS)?;
                let mut secrets = secrets.query_map([], stored_secret)?.peekable();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let app_id: String = row.get(0)?;
                    let mut own = Vec::with_capacity(2);
                    while let Some(secret) = secrets
                        .next_if(|secret| !secret.as_ref().is_ok_and(|(of, ..)| *of > app_id))
                    {
                        let (of, secret, last_used) = secret?;
                        if of == app_id {
                            own.push((secret, last_used));
                        }
                    }
                    let registered = registered.remove(&app_id);
                    let mut key = stored_key(row, &app_id, own, registered)?.ok_or_else(|| {
                        StoreError::damaged(format!("the row of key {app_id} can't be read"))
                    })?;
                    if let Some(revoked) = revoked.remove(&app_id) {
                        key.record.revoked_tokens = revoked.into_iter().collect();
                    }
                    take(&mut taken, key);
                }
                Ok::<_, StoreError>(taken)
            })
            .await
    }

    /// Writes a change of a key. `before_commit` comes last: if it fails, nothing was changed.
    pub(crate) async fn change_key<E: Send + 'static>(
        &self,
        app_id: AppId,
        change: KeyChange,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| write_change(transaction, app_id, change),
                move |()| before_commit(),
            )
            .await
    }

    /// The sources that any key may be used from.
    pub(crate) async fn allow_all(&self) -> Result<Allowlist, StoreError> {
        self.database
            .run(|connection| {
                let mut statement =
                    connection.prepare("SELECT entries FROM allowlists WHERE name = ?1")?;
                let mut rows = statement.query([ALL_KEYS])?;
                let Some(row) = rows.next()? else {
                    return Ok(Allowlist::default());
                };
                let entries: String = row.get(0)?;
                texts(&entries)
                    .and_then(|entries| Allowlist::parse(&entries).ok())
                    .ok_or_else(|| {
                        StoreError::damaged("the allowlist for all keys can't be read".to_owned())
                    })
            })
            .await
    }

    /// Replaces the sources that any key may be used from. `before_commit` comes last: if it fails,
    /// nothing was changed.
    pub(crate) async fn put_allow_all<E: Send + 'static>(
        &self,
        list: &Allowlist,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        let entries = json(&list.to_strings());
        self.database
            .transact(
                move |transaction| {
                    transaction.execute(
                        "INSERT INTO allowlists (name, entries) VALUES (?1, ?2)
                         ON CONFLICT (name) DO UPDATE SET entries = excluded.entries",
                        params![ALL_KEYS, entries],
                    )
                },
                move |_| before_commit(),
            )
            .await
            .map(|_| ())
    }
}

/// Writes when keys and their secrets were last used.
pub(super) fn write_last_used(
    transaction: &Transaction<'_>,
    used: &[(AppId, Use)],
) -> rusqlite::Result<()> {
    for (app_id, Use { secret, at }) in used {
        transaction
            .prepare_cached(
                "UPDATE keys SET last_used = max(?2, ifnull(last_used, 0)) WHERE app_id = ?1",
            )?
            .execute(params![app_id.as_str(), at.0])?;
        for of_secrets in ["secrets", "public_keys"] {
            let update =
                format!("UPDATE {of_secrets} SET last_used = ?3 WHERE app_id = ?1 AND id = ?2");
            transaction.prepare_cached(&update)?.execute(params![
                app_id.as_str(),
                secret.0,
                at.0
            ])?;
        }
    }
    Ok(())
}

/// Columns are read by their places: looking for names takes a third of the time of many keys.
const SECRETS: &str = "SELECT app_id, id, tag, sealed, created, retire_at, last_used FROM secrets
                       ORDER BY app_id, id";

/// A secret of [`SECRETS`]: whose it is, and when it was last used.
fn stored_secret(row: &Row<'_>) -> rusqlite::Result<(String, Secret, Option<UnixMillis>)> {
    let secret = Secret {
        id: SecretId(row.get(1)?),
        tag: StoredTag::from_bytes(row.get(2)?),
        sealed: row.get(3)?,
        created: UnixMillis(row.get(4)?),
        retire_at: time(row, 5)?,
    };
    Ok((row.get(0)?, secret, time(row, 6)?))
}

/// The public keys that are registered, by key, and when each was last used.
fn public_keys(
    connection: &Connection,
) -> Result<HashMap<String, (RegisteredKey, Option<UnixMillis>)>, StoreError> {
    let mut statement =
        connection.prepare("SELECT app_id, id, key, created, ended, last_used FROM public_keys")?;
    let mut rows = statement.query([])?;
    let mut registered = HashMap::new();
    while let Some(row) = rows.next()? {
        let app_id: String = row.get(0)?;
        let bytes: Vec<u8> = row.get(2)?;
        let key = PublicKey::ed25519(&bytes).map_err(|_| {
            StoreError::damaged(format!("the public key of key {app_id} can't be read"))
        })?;
        let stored = RegisteredKey {
            id: SecretId(row.get(1)?),
            key,
            created: UnixMillis(row.get(3)?),
            ended: time(row, 4)?,
        };
        registered.insert(app_id, (stored, time(row, 5)?));
    }
    Ok(registered)
}

/// The access tokens that were revoked, by key.
fn revoked_tokens(connection: &Connection) -> rusqlite::Result<HashMap<String, Vec<RevokedToken>>> {
    let mut statement = connection.prepare("SELECT app_id, id, expires FROM revoked_tokens")?;
    let mut rows = statement.query([])?;
    let mut revoked: HashMap<String, Vec<RevokedToken>> = HashMap::new();
    while let Some(row) = rows.next()? {
        revoked.entry(row.get(0)?).or_default().push(RevokedToken {
            id: TokenId(row.get(1)?),
            expires: row.get(2)?,
        });
    }
    Ok(revoked)
}

const KEYS: &str = "SELECT app_id, client, name, note, created, not_before, expires, revoked,
                           limit_per_minute, daily_quota, delay_ms, allow, scopes, may_sign,
                           last_used
                    FROM keys ORDER BY app_id";

/// The key of a row of [`KEYS`], with its secrets, of which the newest two count, the newest last; `None` if a column
/// does not hold what was written there.
fn stored_key(
    row: &Row<'_>,
    app_id: &str,
    secrets: Vec<(Secret, Option<UnixMillis>)>,
    registered: Option<(RegisteredKey, Option<UnixMillis>)>,
) -> rusqlite::Result<Option<StoredKey>> {
    let secrets: Vec<_> = secrets.into_iter().rev().take(2).collect();
    let uses = secrets.iter().filter_map(|(it, at)| Some((it.id, (*at)?)));
    let by_public_key = registered.as_ref();
    let uses = uses.chain(by_public_key.and_then(|(it, at)| Some((it.id, (*at)?))));
    let uses = LastUses::stored(time(row, 14)?, uses);
    let secrets = secrets.into_iter().map(|(secret, _)| secret).collect();
    let allow: String = row.get(11)?;
    let scopes: String = row.get(12)?;
    let limit = Limit::new(row.get(8)?);
    let quota: Option<u32> = row.get(9)?;
    let delay: Option<u64> = row.get(10)?;
    let (Ok(app_id), Ok(limit), Ok(delay), Some(allow), Some(scopes), Some(secrets)) = (
        app_id.parse(),
        limit,
        delay.map(Delay::from_millis).transpose(),
        texts(&allow).and_then(|texts| Allowlist::parse(&texts).ok()),
        texts(&scopes).and_then(|texts| Scopes::parse(&texts).ok()),
        Secrets::kept(secrets, registered.map(|(registered, _)| registered)),
    ) else {
        return Ok(None);
    };
    Ok(Some(StoredKey {
        record: KeyRecord {
            app_id,
            client: ClientId(row.get(1)?),
            name: row.get(2)?,
            note: row.get(3)?,
            created: UnixMillis(row.get(4)?),
            not_before: time(row, 5)?,
            expires: time(row, 6)?,
            revoked: time(row, 7)?,
            secrets,
            limit,
            daily_quota: quota.and_then(NonZeroU32::new),
            delay,
            allow,
            scopes,
            may_sign: row.get(13)?,
            revoked_tokens: RevokedTokens::default(),
        },
        uses,
    }))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<UnixMillis>> {
    let millis: Option<u64> = row.get(column)?;
    Ok(millis.map(UnixMillis))
}

fn texts(json: &str) -> Option<Vec<String>> {
    serde_json::from_str(json).ok()
}

fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

fn write_change(
    transaction: &Transaction<'_>,
    app_id: AppId,
    change: KeyChange,
) -> rusqlite::Result<()> {
    let app_id = app_id.as_str();
    match change {
        KeyChange::Create(record) => write_key(transaction, &record),
        KeyChange::Revoke(at) => transaction
            .execute(
                "UPDATE keys SET revoked = ?2 WHERE app_id = ?1 AND revoked IS NULL",
                params![app_id, at.0],
            )
            .map(|_| ()),
        KeyChange::Secrets(secrets) => {
            let (newest, older) = secrets.slots();
            let older = older.unwrap_or(newest);
            transaction.execute(
                "DELETE FROM secrets WHERE app_id = ?1 AND id NOT IN (?2, ?3)",
                params![app_id, newest.id.0, older.id.0],
            )?;
            write_secrets(transaction, app_id, &secrets)
        }
        KeyChange::RevokeToken(RevokedToken { id, expires }, now) => {
            transaction.execute(
                "DELETE FROM revoked_tokens WHERE app_id = ?1 AND expires <= ?2",
                params![app_id, now.secs()],
            )?;
            transaction
                .execute(
                    "INSERT OR IGNORE INTO revoked_tokens (app_id, id, expires) VALUES (?1, ?2, ?3)",
                    params![app_id, id.0, expires],
                )
                .map(|_| ())
        }
        KeyChange::Name(name) => transaction
            .execute(
                "UPDATE keys SET name = ?2 WHERE app_id = ?1",
                params![app_id, name],
            )
            .map(|_| ()),
        KeyChange::Expiry(expires) => transaction
            .execute(
                "UPDATE keys SET expires = ?2 WHERE app_id = ?1",
                params![app_id, expires.map(|time| time.0)],
            )
            .map(|_| ()),
        KeyChange::Note(note) => transaction
            .execute(
                "UPDATE keys SET note = ?2 WHERE app_id = ?1",
                params![app_id, note],
            )
            .map(|_| ()),
        KeyChange::Limit(limit) => transaction
            .execute(
                "UPDATE keys SET limit_per_minute = ?2 WHERE app_id = ?1",
                params![app_id, limit.per_minute()],
            )
            .map(|_| ()),
        KeyChange::Quota(quota) => transaction
            .execute(
                "UPDATE keys SET daily_quota = ?2 WHERE app_id = ?1",
                params![app_id, quota.map(NonZeroU32::get)],
            )
            .map(|_| ()),
        KeyChange::Delay(delay) => transaction
            .execute(
                "UPDATE keys SET delay_ms = ?2 WHERE app_id = ?1",
                params![app_id, delay.map(Delay::millis)],
            )
            .map(|_| ()),
        KeyChange::Allowlist(allow) => transaction
            .execute(
                "UPDATE keys SET allow = ?2 WHERE app_id = ?1",
                params![app_id, json(&allow.to_strings())],
            )
            .map(|_| ()),
        KeyChange::Scopes(scopes) => transaction
            .execute(
                "UPDATE keys SET scopes = ?2 WHERE app_id = ?1",
                params![app_id, json(&scopes.to_strings())],
            )
            .map(|_| ()),
    }
}

fn write_key(transaction: &Transaction<'_>, key: &KeyRecord) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO keys (app_id, client, name, created, not_before, expires, revoked,
                           limit_per_minute, daily_quota, allow, scopes, may_sign, note, delay_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            key.app_id.as_str(),
            key.client.0,
            key.name,
            key.created.0,
            key.not_before.map(|time| time.0),
            key.expires.map(|time| time.0),
            key.revoked.map(|time| time.0),
            key.limit.per_minute(),
            key.daily_quota.map(NonZeroU32::get),
            json(&key.allow.to_strings()),
            json(&key.scopes.to_strings()),
            key.may_sign,
            key.note,
            key.delay.map(Delay::millis),
        ],
    )?;
    write_secrets(transaction, key.app_id.as_str(), &key.secrets)
}

/// Writes secrets and the public key; of the secrets that are there already, only their end can have changed.
fn write_secrets(
    transaction: &Transaction<'_>,
    app_id: &str,
    secrets: &Secrets,
) -> rusqlite::Result<()> {
    for secret in secrets.iter() {
        transaction.execute(
            "INSERT INTO secrets (app_id, id, tag, sealed, created, retire_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (app_id, id) DO UPDATE SET retire_at = excluded.retire_at",
            params![
                app_id,
                secret.id.0,
                secret.tag.as_bytes(),
                secret.sealed,
                secret.created.0,
                secret.retire_at.map(|time| time.0),
            ],
        )?;
    }
    let Some(registered) = secrets.registered() else {
        return Ok(());
    };
    transaction
        .execute(
            "INSERT INTO public_keys (app_id, id, key, created, ended)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (app_id) DO UPDATE SET
                 last_used = CASE WHEN id = excluded.id THEN last_used END,
                 id = excluded.id, key = excluded.key, created = excluded.created,
                 ended = excluded.ended",
            params![
                app_id,
                registered.id.0,
                registered.key.as_bytes(),
                registered.created.0,
                registered.ended.map(|time| time.0),
            ],
        )
        .map(|_| ())
}
