//! The keys that the platform issued, in memory: what a decision asks for.
//!
//! A decision holds a key's record for reading until it is made and has its place in the audit log,
//! and a change waits for that. So once a change has returned no decision is made by what was
//! before, and none lies behind it in the log.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use strongroom_contract::{manage::KeyView, time::UnixMillis};
use strongroom_crypto::aead::Cipher;
use strongroom_policy::{
    credential::{AppId, SecretId},
    key::KeyRecord,
    rate::Meter,
    replay::NonceSpace,
};

use crate::store::{KeyChange, StoredKey};

/// Every key.
#[derive(Default)]
pub(crate) struct KeyRing(RwLock<HashMap<AppId, Arc<IssuedKey>>>);

/// One key, with what its requests have used.
pub(crate) struct IssuedKey {
    record: RwLock<Arc<KeyRecord>>,
    used: Mutex<Used>,
    last_used: AtomicU64,
    last_secret: AtomicU32,
    written: AtomicU64,
    /// Its client's personal key.
    pub(crate) personal: Arc<Cipher>,
}

/// What a key's requests have used.
pub(crate) struct Used {
    /// Slots of its limit and quota.
    pub(crate) meter: Meter,
    /// Nonces.
    pub(crate) nonces: NonceSpace,
}

impl KeyRing {
    /// The key of this id.
    pub(crate) fn find(&self, app_id: AppId) -> Option<Arc<IssuedKey>> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&app_id).cloned()
    }

    /// Takes in a key.
    pub(crate) fn add(&self, key: StoredKey, personal: Arc<Cipher>) {
        let StoredKey { record, last_used } = key;
        let last_used = last_used.map_or(0, |at| at.0);
        let issued = IssuedKey {
            used: Mutex::new(Used {
                meter: Meter::new(record.limit),
                nonces: NonceSpace::new(),
            }),
            last_used: AtomicU64::new(last_used),
            last_secret: AtomicU32::new(0),
            written: AtomicU64::new(last_used),
            personal,
            record: RwLock::new(Arc::new(record)),
        };
        let app_id = issued.snapshot().app_id;
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(app_id, Arc::new(issued));
    }

    /// Every key, the newest first.
    pub(crate) fn all(&self) -> Vec<Arc<IssuedKey>> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = keys.values().cloned().collect();
        all.sort_by_cached_key(|key| {
            let record = key.snapshot();
            (std::cmp::Reverse(record.created), record.app_id)
        });
        all
    }

    /// When keys were last used, of those used since the last call.
    pub(crate) fn take_last_used(&self) -> Vec<(AppId, SecretId, UnixMillis)> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = keys.iter().filter_map(|(app_id, key)| {
            let at = key.last_used.load(Ordering::Acquire);
            let secret = SecretId(key.last_secret.load(Ordering::Acquire));
            (key.written.swap(at, Ordering::AcqRel) != at).then_some((
                *app_id,
                secret,
                UnixMillis(at),
            ))
        });
        used.collect()
    }
}

impl IssuedKey {
    /// The record, held until the guard goes: changes wait.
    pub(crate) fn hold(&self) -> RwLockReadGuard<'_, Arc<KeyRecord>> {
        self.record.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record as it is now.
    pub(crate) fn snapshot(&self) -> Arc<KeyRecord> {
        Arc::clone(&self.hold())
    }

    /// What its requests have used.
    pub(crate) fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request was authenticated.
    pub(crate) fn note_use(&self, secret: SecretId, now: UnixMillis) {
        self.last_used.store(now.0, Ordering::Release);
        self.last_secret.store(secret.0, Ordering::Release);
    }

    /// Makes a change once every decision under way is made, and gives the record before it.
    pub(crate) fn change(&self, change: &KeyChange) -> Arc<KeyRecord> {
        let mut record = self.record.write().unwrap_or_else(PoisonError::into_inner);
        let before = Arc::clone(&record);
        let after = Arc::make_mut(&mut record);
        match change {
            KeyChange::Create(created) => *after = (**created).clone(),
            KeyChange::Revoke(at) => {
                after.revoked.get_or_insert(*at);
            }
            KeyChange::Limit(limit) => {
                after.limit = *limit;
                self.used().meter.set_limit(*limit);
            }
            KeyChange::Allowlist(allow) => after.allow = allow.clone(),
            KeyChange::Scopes(scopes) => after.scopes = *scopes,
        }
        before
    }

    /// Takes a change back that could not be stored.
    pub(crate) fn put_back(&self, before: Arc<KeyRecord>) {
        let mut record = self.record.write().unwrap_or_else(PoisonError::into_inner);
        self.used().meter.set_limit(before.limit);
        *record = before;
    }

    /// The key as it is listed.
    pub(crate) fn view(&self, now: UnixMillis) -> KeyView {
        let record = self.snapshot();
        let last_used = self.last_used.load(Ordering::Acquire);
        KeyView {
            app_id: record.app_id.to_string(),
            name: record.name.clone(),
            client: record.client.to_string(),
            state: record.state(now),
            scopes: record.scopes.to_strings(),
            limit_per_minute: record.limit.per_minute(),
            allow: record.allow.to_strings(),
            may_sign: record.may_sign,
            created: record.created,
            expires: record.expires,
            revoked: record.revoked,
            last_used: (last_used > 0).then_some(UnixMillis(last_used)),
        }
    }
}
