//! Refused requests with their traces, for explain: the newest in memory, written down behind.
//!
//! Beside the audit log, not part of it: what is not written down yet is lost when the process is
//! killed, and the audit row stays.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use strongroom_contract::{explain::Explanation, manage::CapturedRequest, time::UnixMillis};
use strongroom_crypto::{aead::Cipher, framing::Frame};
use strongroom_policy::key::ClientId;

use crate::{
    face::RequestId,
    store::{PersonalKeys, Store, StoreError, StoredRefusal},
};

/// The most bytes that wait to be written down; beyond, the oldest are let go.
const MAX_WAITING: usize = 64 * 1024 * 1024;

/// A refused request, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// The request as it arrived, credentials replaced.
    pub(crate) request: CapturedRequest,
    /// Why it was refused.
    pub(crate) explanation: Explanation,
}

/// Refused requests.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    bytes: usize,
    order: VecDeque<RequestId>,
    by_id: HashMap<RequestId, StoredRefusal>,
}

impl Waiting {
    fn push(&mut self, id: RequestId, refusal: StoredRefusal, most: usize) {
        self.bytes += refusal.body.len();
        self.order.push_back(id);
        self.by_id.insert(id, refusal);
        while self.order.len() > most || self.bytes > MAX_WAITING {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(gone) = self.by_id.remove(&oldest) {
                self.bytes -= gone.body.len();
            }
        }
    }
}

impl Refusals {
    /// Keeps a refusal, sealed under the personal key of `client`.
    pub(crate) fn keep(
        &self,
        id: RequestId,
        refusal: &Refusal,
        client: ClientId,
        cipher: &Cipher,
        most: usize,
    ) {
        let json = match serde_json::to_vec(refusal) {
            Ok(json) => json,
            Err(error) => {
                tracing::error!(%error, "a refusal can't be written as JSON");
                return;
            }
        };
        let stored = StoredRefusal {
            request_id: id.0,
            at: refusal.request.at,
            client,
            body: cipher.seal(aad(id, client).as_bytes(), &json),
        };
        self.lock().push(id, stored, most);
    }

    /// The refusal of this id; `None` if it was none, or is no longer kept.
    pub(crate) async fn find(
        &self,
        id: RequestId,
        keys: &PersonalKeys,
        store: &Store,
    ) -> Result<Option<Refusal>, StoreError> {
        let waiting = self.lock().by_id.get(&id).cloned();
        let stored = match waiting {
            Some(stored) => Some(stored),
            None => store.refusal(id.0).await?,
        };
        Ok(stored.and_then(|stored| {
            let cipher = keys.of(stored.client)?;
            let json = cipher.open(aad(id, stored.client).as_bytes(), &stored.body);
            serde_json::from_slice(json.ok()?.expose_secret()).ok()
        }))
    }

    /// Writes down what waits, and drops what is too old or too much; if nothing waits, only when
    /// told to `prune`.
    pub(crate) async fn flush(
        &self,
        store: &Store,
        keep: usize,
        since: UnixMillis,
        prune: bool,
    ) -> Result<(), StoreError> {
        let waiting: Vec<_> = {
            let waiting = self.lock();
            let ids = waiting.order.iter();
            ids.filter_map(|id| waiting.by_id.get(id).cloned())
                .collect()
        };
        if waiting.is_empty() && !prune {
            return Ok(());
        }
        // Found in one place or the other at every moment: taken out of memory once written down.
        let written: Vec<_> = waiting.iter().map(|it| RequestId(it.request_id)).collect();
        store.put_refusals(waiting, keep, since).await?;
        let mut waiting = self.lock();
        for id in written {
            if let Some(gone) = waiting.by_id.remove(&id) {
                waiting.bytes -= gone.body.len();
            }
        }
        let Waiting { order, by_id, .. } = &mut *waiting;
        order.retain(|id| by_id.contains_key(id));
        Ok(())
    }

    /// Forgets those of a client that was erased, as far as they wait to be written down.
    pub(crate) fn forget(&self, client: ClientId) {
        let mut waiting = self.lock();
        let Waiting {
            bytes,
            order,
            by_id,
        } = &mut *waiting;
        by_id.retain(|_, refusal| refusal.client != client);
        order.retain(|id| by_id.contains_key(id));
        *bytes = by_id.values().map(|refusal| refusal.body.len()).sum();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn aad(id: RequestId, client: ClientId) -> Frame {
    Frame::of("strongroom refusal v1")
        .bytes(&id.0)
        .bytes(&client.0)
}
