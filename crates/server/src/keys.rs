//! The keys that the platform issued, in memory: what a decision asks for.
//!
//! A decision holds a key's record for reading until it is made and has its place in the audit log,
//! and a change waits for that. So once a change has returned no decision is made by what was
//! before, and none lies behind it in the log.

mod resting;

use std::{
    cmp::Reverse,
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    manage::{KeyView, PublicKeyView, SecretView},
    time::UnixMillis,
};
use strongroom_crypto::aead::Cipher;
use strongroom_policy::{
    credential::{AppId, SecretId},
    delay::Delay,
    key::{ClientId, KeyRecord},
    limiter::{Cost, Limit, RollingWindow},
    rate::{Admitted, Meter, Throttled, Wanted},
    replay::NonceSpace,
};

use self::resting::Resting;
use crate::{
    clients::{ClientWindows, SharedWindow},
    store::{KeyChange, PersonalKeys, StoredKey},
    waiting::Line,
};

/// How many keys are looked at before requests have their turn.
const LOOKED_AT: usize = 256;

/// Every key.
pub(crate) struct KeyRing {
    kept: RwLock<Kept>,
    personal: Arc<PersonalKeys>,
    /// Held while a key is taken in or awakes, or a client's limit changes.
    clients: Mutex<ClientWindows>,
}

/// The keys by their ids, each in one of these.
#[derive(Default)]
struct Kept {
    /// Those that were asked for since the start, or are new.
    awake: HashMap<AppId, Arc<IssuedKey>>,
    resting: HashMap<AppId, Resting>,
}

/// One key, with what its requests have used.
pub(crate) struct IssuedKey {
    record: RwLock<Arc<KeyRecord>>,
    used: Mutex<Used>,
    uses: Mutex<LastUses>,
    /// Its client's personal key.
    pub(crate) personal: Arc<Cipher>,
}

/// What a key's requests have used.
pub(crate) struct Used {
    /// Slots of its limit and quota.
    pub(crate) meter: Meter,
    /// Nonces.
    pub(crate) nonces: NonceSpace,
    /// Its client's window, if that has a limit.
    pub(crate) client: Option<Arc<SharedWindow>>,
    /// The requests that wait for a slot, if there ever was one.
    line: Option<Arc<Line>>,
}

impl Used {
    /// The meter, with its client's window held if there is one.
    pub(crate) fn with_client<T>(
        &mut self,
        ask: impl FnOnce(&mut Meter, Option<&mut RollingWindow>) -> T,
    ) -> T {
        match &self.client {
            None => ask(&mut self.meter, None),
            Some(client) => ask(&mut self.meter, Some(&mut client.lock())),
        }
    }
}

/// When a secret was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    /// The secret.
    pub(crate) secret: SecretId,
    /// When.
    pub(crate) at: UnixMillis,
}

/// When a key was last used, with each of the secrets that it has: at most two.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LastUses {
    /// With a secret that is gone by now.
    before: Option<UnixMillis>,
    secrets: [Option<Use>; 2],
    /// Which of `secrets` are not in the store yet.
    fresh: [bool; 2],
}

impl LastUses {
    /// As it was stored: of the key, and of its secrets.
    pub(crate) fn stored(
        of_key: Option<UnixMillis>,
        of_secrets: impl Iterator<Item = (SecretId, UnixMillis)>,
    ) -> Self {
        let mut uses = Self {
            before: of_key,
            ..Self::default()
        };
        for (place, (secret, at)) in uses.secrets.iter_mut().zip(of_secrets) {
            *place = Some(Use { secret, at });
        }
        uses
    }

    fn note(&mut self, used: Use) {
        let is_same = |place: &Option<Use>| place.is_some_and(|it| it.secret == used.secret);
        let [first, second] = &self.secrets;
        let index = match (is_same(first), is_same(second), first) {
            (true, _, _) => 0,
            (_, true, _) => 1,
            (_, _, None) => 0,
            // If both are of others, one of those has just gone.
            (..) => 1,
        };
        if let (Some(place), Some(fresh)) = (self.secrets.get_mut(index), self.fresh.get_mut(index))
        {
            (*place, *fresh) = (Some(used), true);
        }
    }

    fn of(&self, secret: SecretId) -> Option<UnixMillis> {
        let mut uses = self.secrets.iter().flatten();
        uses.find(|used| used.secret == secret).map(|used| used.at)
    }

    fn of_key(&self) -> Option<UnixMillis> {
        let uses = self.secrets.iter().flatten().map(|used| used.at);
        uses.chain(self.before).max()
    }

    fn forget_others(&mut self, is_kept: impl Fn(SecretId) -> bool) {
        self.before = self.of_key();
        for place in &mut self.secrets {
            *place = place.filter(|used| is_kept(used.secret));
        }
    }

    fn take_fresh(&mut self) -> impl Iterator<Item = Use> + use<> {
        let fresh = std::mem::take(&mut self.fresh);
        let uses = self.secrets.into_iter().zip(fresh);
        uses.filter_map(|(used, is_fresh)| used.filter(|_| is_fresh))
    }
}

impl KeyRing {
    /// No key yet, with room for `count` that rest, and the limits of clients.
    pub(crate) fn new(
        count: usize,
        limits: Vec<(ClientId, Limit)>,
        personal: Arc<PersonalKeys>,
    ) -> Self {
        let kept = Kept {
            awake: HashMap::new(),
            resting: HashMap::with_capacity(count),
        };
        Self {
            kept: RwLock::new(kept),
            personal,
            clients: Mutex::new(ClientWindows::stored(limits)),
        }
    }

    /// The key of this id. If it rested, it awakes.
    pub(crate) fn find(&self, app_id: AppId) -> Option<Arc<IssuedKey>> {
        {
            let kept = self.read();
            if let Some(key) = kept.awake.get(&app_id) {
                return Some(Arc::clone(key));
            }
            kept.resting.get(&app_id)?;
        }
        self.awaken(app_id)
    }

    fn awaken(&self, app_id: AppId) -> Option<Arc<IssuedKey>> {
        let clients = self.clients();
        let mut kept = self.write();
        // Another thread may have come before.
        if let Some(key) = kept.awake.get(&app_id) {
            return Some(Arc::clone(key));
        }
        let stored = unpacked(app_id, kept.resting.get(&app_id)?)?;
        let key = Arc::new(self.issued(stored, &clients));
        kept.resting.remove(&app_id);
        kept.awake.insert(app_id, Arc::clone(&key));
        Some(key)
    }

    /// Takes in a key that was issued before: it rests until it is asked for.
    pub(crate) fn rest(&mut self, key: StoredKey) {
        match Resting::pack(&key) {
            Some(packed) => {
                let kept = self.kept.get_mut();
                let kept = kept.unwrap_or_else(PoisonError::into_inner);
                kept.resting.insert(key.record.app_id, packed);
            }
            None => self.add(key),
        }
    }

    /// Takes in a key, in place of the one of its id that there may be.
    pub(crate) fn add(&self, key: StoredKey) {
        let clients = self.clients();
        let app_id = key.record.app_id;
        let issued = self.issued(key, &clients);
        self.write().awake.insert(app_id, Arc::new(issued));
    }

    fn issued(&self, key: StoredKey, clients: &ClientWindows) -> IssuedKey {
        let StoredKey { record, uses } = key;
        IssuedKey {
            used: Mutex::new(Used {
                meter: Meter::new(record.limit),
                nonces: NonceSpace::new(),
                client: clients.of(record.client),
                line: None,
            }),
            uses: Mutex::new(uses),
            personal: self.personal.of_all(record.client),
            record: RwLock::new(Arc::new(record)),
        }
    }

    /// Sets or ends a client's limit over all of its keys, and says what it was before. Once this
    /// returns no request is admitted by that.
    pub(crate) fn limit_client(
        &self,
        client: ClientId,
        limit: Option<Limit>,
        now: UnixMillis,
    ) -> Option<Limit> {
        let mut clients = self.clients();
        // Those that rest have used nothing, and take the limit up when they awake.
        let mut awake: Vec<_> = self.read().awake.values().cloned().collect();
        awake.retain(|key| key.snapshot().client == client);
        clients.set(client, limit, &awake, now)
    }

    /// A client's limit over all of its keys.
    pub(crate) fn client_limit(&self, client: ClientId) -> Option<Limit> {
        let window = self.clients().of(client)?;
        let limit = window.lock().limit();
        Some(limit)
    }

    fn clients(&self) -> MutexGuard<'_, ClientWindows> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every decision that is under way is made.
    pub(crate) fn wait_for_decisions(&self) {
        for key in self.read().awake.values() {
            drop(key.hold_back());
        }
    }

    /// The keys of a client, all of them awake.
    pub(crate) fn of_client(&self, client: ClientId) -> Vec<Arc<IssuedKey>> {
        let ids: Vec<_> = {
            let kept = self.read();
            let resting = kept.resting.iter();
            let resting = resting.filter(|(_, key)| key.client() == Some(client));
            let awake = kept.awake.iter();
            let awake = awake.filter(|(_, key)| key.snapshot().client == client);
            let ids = resting.map(|(id, _)| *id);
            ids.chain(awake.map(|(id, _)| *id)).collect()
        };
        ids.into_iter().filter_map(|id| self.find(id)).collect()
    }

    /// How many keys each client has.
    pub(crate) fn counts(&self) -> HashMap<ClientId, u64> {
        let kept = self.read();
        let resting = kept.resting.values().filter_map(Resting::client);
        let awake = kept.awake.values().map(|key| key.snapshot().client);
        let mut counts = HashMap::new();
        for client in resting.chain(awake) {
            *counts.entry(client).or_default() += 1;
        }
        counts
    }

    /// The records of all keys as they are now, the newest first. What rests goes on resting.
    pub(crate) fn records(&self) -> Vec<Arc<KeyRecord>> {
        let mut records =
            self.look_at_all(IssuedKey::snapshot, |stored, _| Arc::new(stored.record));
        records.sort_unstable_by_key(|record| (Reverse(record.created), record.app_id));
        records
    }

    /// All keys as they are listed, the newest first. What rests goes on resting.
    pub(crate) fn views(&self, now: UnixMillis) -> Vec<KeyView> {
        let mut views = self.look_at_all(
            |awake| awake.view(now),
            |stored, clients| self.issued(stored, clients).view(now),
        );
        views.sort_unstable_by(|a, b| (b.created, &a.app_id).cmp(&(a.created, &b.app_id)));
        views
    }

    /// Some at a time, so that requests don't wait until all of many keys were looked at.
    fn look_at_all<T>(
        &self,
        at_awake: impl Fn(&IssuedKey) -> T,
        at_resting: impl Fn(StoredKey, &ClientWindows) -> T,
    ) -> Vec<T> {
        let ids: Vec<_> = {
            let kept = self.read();
            let ids = kept.awake.keys().chain(kept.resting.keys());
            ids.copied().collect()
        };
        let mut seen = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKED_AT) {
            let clients = self.clients();
            let kept = self.read();
            seen.extend(ids.iter().filter_map(|id| match kept.awake.get(id) {
                Some(key) => Some(at_awake(key)),
                None => {
                    let stored = unpacked(*id, kept.resting.get(id)?)?;
                    Some(at_resting(stored, &clients))
                }
            }));
        }
        seen
    }

    /// When secrets of keys were last used, of those used since the last call.
    pub(crate) fn take_last_used(&self) -> Vec<(AppId, Use)> {
        let mut used = Vec::new();
        for (app_id, key) in &self.read().awake {
            used.extend(key.uses().take_fresh().map(|it| (*app_id, it)));
        }
        used
    }
}

/// A key that rested. Its bytes were packed by this process, so they can be read.
fn unpacked(app_id: AppId, resting: &Resting) -> Option<StoredKey> {
    let stored = resting.unpack(app_id);
    if stored.is_none() {
        tracing::error!(%app_id, "a key can't be unpacked");
    }
    stored
}

impl IssuedKey {
    /// The record, held until the guard goes: changes wait.
    pub(crate) fn hold(&self) -> RwLockReadGuard<'_, Arc<KeyRecord>> {
        self.record.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record, once every decision under way is made; decisions wait until the guard goes.
    pub(crate) fn hold_back(&self) -> RwLockWriteGuard<'_, Arc<KeyRecord>> {
        self.record.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record as it is now.
    pub(crate) fn snapshot(&self) -> Arc<KeyRecord> {
        Arc::clone(&self.hold())
    }

    /// What its requests have used.
    pub(crate) fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes slots of all its limits for a request, behind those that wait unless it is one of them.
    ///
    /// # Errors
    ///
    /// [`Throttled`] says how long that takes; nothing was taken.
    pub(crate) fn try_admit(
        &self,
        record: &KeyRecord,
        cost: Cost,
        has_waited: bool,
        now: UnixMillis,
    ) -> Result<Admitted, Throttled> {
        let mut used = self.used();
        let line = used.line.as_ref().filter(|_| !has_waited);
        let wanted = Wanted {
            ahead: line.map_or(0, |line| line.slots()),
            ..Wanted::new(cost, record.daily_quota)
        };
        used.with_client(|meter, client| meter.try_admit(wanted, client, now))
    }

    /// The line of requests that wait for a slot.
    pub(crate) fn line(&self) -> Arc<Line> {
        let mut used = self.used();
        Arc::clone(used.line.get_or_insert_with(|| Arc::new(Line::new())))
    }

    /// Notes that a request was authenticated.
    pub(crate) fn note_use(&self, secret: SecretId, now: UnixMillis) {
        self.uses().note(Use { secret, at: now });
    }

    fn uses(&self) -> MutexGuard<'_, LastUses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change once every decision under way is made, and gives the record before it.
    pub(crate) fn change(&self, change: &KeyChange) -> Arc<KeyRecord> {
        let mut record = self.hold_back();
        let before = Arc::clone(&record);
        let after = Arc::make_mut(&mut record);
        match change {
            KeyChange::Create(created) => *after = (**created).clone(),
            KeyChange::Revoke(at) => {
                after.revoked.get_or_insert(*at);
            }
            KeyChange::Secrets(secrets) => {
                after.secrets = secrets.clone();
                self.uses().forget_others(|id| secrets.has(id));
            }
            KeyChange::RevokeToken(token, now) => after.revoked_tokens.add(*token, *now),
            KeyChange::Name(name) => after.name.clone_from(name),
            KeyChange::Expiry(expires) => after.expires = *expires,
            KeyChange::Note(note) => after.note.clone_from(note),
            KeyChange::Limit(limit) => {
                after.limit = *limit;
                self.used().meter.set_limit(*limit);
            }
            KeyChange::Quota(quota) => after.daily_quota = *quota,
            KeyChange::Delay(delay) => after.delay = *delay,
            KeyChange::Allowlist(allow) => after.allow = allow.clone(),
            KeyChange::Scopes(scopes) => after.scopes = *scopes,
        }
        before
    }

    /// Takes a change back that could not be stored.
    pub(crate) fn put_back(&self, before: Arc<KeyRecord>) {
        let mut record = self.hold_back();
        self.used().meter.set_limit(before.limit);
        *record = before;
    }

    /// The key as it is listed.
    pub(crate) fn view(&self, now: UnixMillis) -> KeyView {
        let record = self.snapshot();
        let (used_today, client_limit, waiting) = {
            let used = self.used();
            let client = used.client.as_ref();
            let client_limit = client.map(|window| window.lock().limit().per_minute());
            let waiting = used.line.as_ref().map_or(0, |line| line.waiting());
            (used.meter.used_today(now), client_limit, waiting)
        };
        let uses = self.uses();
        let secrets = record.secrets.iter().map(|secret| SecretView {
            id: secret.id.0,
            is_live: secret.is_live(now),
            created: secret.created,
            retire_at: secret.retire_at,
            last_used: uses.of(secret.id),
        });
        KeyView {
            app_id: record.app_id.to_string(),
            name: record.name.clone(),
            client: record.client.to_string(),
            state: record.state(now),
            scopes: record.scopes.to_strings(),
            limit_per_minute: record.limit.per_minute(),
            daily_quota: record.daily_quota.map(NonZeroU32::get),
            used_today: record.daily_quota.map(|_| used_today),
            delay_ms: record.delay.map(Delay::millis),
            waiting,
            client_limit_per_minute: client_limit,
            allow: record.allow.to_strings(),
            may_sign: record.may_sign,
            created: record.created,
            not_before: record.not_before,
            expires: record.expires,
            revoked: record.revoked,
            last_used: uses.of_key(),
            secrets: secrets.collect(),
            note: record.note.clone(),
            public_key: record
                .secrets
                .public_key(now)
                .map(|registered| PublicKeyView {
                    id: registered.id.0,
                    ed25519: BASE64_STANDARD.encode(registered.key.as_bytes()),
                    created: registered.created,
                    last_used: uses.of(registered.id),
                }),
        }
    }
}

#[cfg(test)]
mod tests;
