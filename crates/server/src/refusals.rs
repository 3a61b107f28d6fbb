//! Refused requests with their traces, for explain: the newest in memory, written down behind.
//!
//! Beside the audit log, not part of it: what is not written down yet is lost when the process is
//! killed, and the audit row stays.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
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

/// One that is not written down yet. It is put into words and sealed by whoever writes it down, so that
/// no answer waits for it: an answer that came sooner where there is less to say would tell why.
#[derive(Clone)]
struct Fresh {
    refusal: Arc<Refusal>,
    client: ClientId,
    cipher: Arc<Cipher>,
    bytes: usize,
}

impl Fresh {
    /// Sealed, as it is written down.
    fn seal(&self, id: RequestId) -> Option<StoredRefusal> {
        match serde_json::to_vec(&*self.refusal) {
            Ok(json) => Some(StoredRefusal {
                request_id: id.0,
                at: self.refusal.request.at,
                client: self.client,
                body: self.cipher.seal(aad(id, self.client).as_bytes(), &json),
            }),
            Err(error) => {
                tracing::error!(%error, "a refusal can't be written as JSON");
                None
            }
        }
    }
}

/// What a refusal takes beside what its sender wrote, about.
const EXPLAINED: usize = 2_048;

/// How much memory a refusal takes, about.
fn size(refusal: &Refusal) -> usize {
    let CapturedRequest {
        target,
        headers,
        body_base64,
        ..
    } = &refusal.request;
    let headers = headers.iter().map(|(name, value)| name.len() + value.len());
    let body = body_base64.as_ref().map_or(0, String::len);
    EXPLAINED + target.len() + headers.sum::<usize>() + body
}

#[derive(Default)]
struct Waiting {
    bytes: usize,
    order: VecDeque<RequestId>,
    by_id: HashMap<RequestId, Fresh>,
}

impl Waiting {
    fn push(&mut self, id: RequestId, refusal: Fresh, most: usize) {
        self.bytes += refusal.bytes;
        self.order.push_back(id);
        self.by_id.insert(id, refusal);
        while self.order.len() > most || self.bytes > MAX_WAITING {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(gone) = self.by_id.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

impl Refusals {
    /// Keeps a refusal, to be sealed under the personal key of `client`.
    pub(crate) fn keep(
        &self,
        id: RequestId,
        refusal: Refusal,
        client: ClientId,
        cipher: &Arc<Cipher>,
        most: usize,
    ) {
        let bytes = size(&refusal);
        let fresh = Fresh {
            refusal: Arc::new(refusal),
            client,
            cipher: Arc::clone(cipher),
            bytes,
        };
        self.lock().push(id, fresh, most);
    }

    /// The refusal of this id; `None` if it was none, or is no longer kept.
    pub(crate) async fn find(
        &self,
        id: RequestId,
        keys: &PersonalKeys,
        store: &Store,
    ) -> Result<Option<Refusal>, StoreError> {
        let waiting = self.lock().by_id.get(&id).cloned();
        if let Some(fresh) = waiting {
            return Ok(Some(Refusal::clone(&fresh.refusal)));
        }
        Ok(store.refusal(id.0).await?.and_then(|stored| {
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
            ids.filter_map(|id| Some((*id, waiting.by_id.get(id)?.clone())))
                .collect()
        };
        if waiting.is_empty() && !prune {
            return Ok(());
        }
        let sealed = waiting.iter().filter_map(|(id, fresh)| fresh.seal(*id));
        store.put_refusals(sealed.collect(), keep, since).await?;
        // Found in one place or the other at every moment: taken out of memory once written down.
        let written = waiting.into_iter().map(|(id, _)| id);
        let mut waiting = self.lock();
        for id in written {
            if let Some(gone) = waiting.by_id.remove(&id) {
                waiting.bytes -= gone.bytes;
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
        *bytes = by_id.values().map(|refusal| refusal.bytes).sum();
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
