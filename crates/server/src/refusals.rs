//! Refused requests with their traces, for explain: the newest in memory, written down behind.
//!
//! Beside the audit log, not part of it: what is not written down yet is lost when the process is
//! killed, and the audit row stays.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize};
use strongroom_contract::{
    explain::{Explanation, Remedy},
    manage::CapturedRequest,
    time::UnixMillis,
};
use strongroom_crypto::{aead::Cipher, framing::Frame};
use strongroom_policy::{credential::AppId, key::ClientId};
use tokio::task::spawn_blocking;

use crate::{
    capture::{Arrived, capture},
    face::{Face, RequestId},
    platform::{Arrival, Platform},
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

/// How much of what is kept a refusal may count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// All of it.
    Whole,
    /// What this key may have in a second, so that the flood of one neither drives out what was refused
    /// of others nor keeps them waiting: to keep a refusal takes longer than to refuse.
    OfKey(AppId),
}

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
    /// How many were taken of each key since the last were written down.
    taken: HashMap<AppId, usize>,
}

impl Waiting {
    fn push(&mut self, id: RequestId, refusal: Fresh, most: usize) {
        self.bytes += refusal.bytes;
        match self.by_id.insert(id, refusal) {
            // Refused by a rule, and then because its row could not be written.
            Some(before) => self.bytes -= before.bytes,
            None => self.order.push_back(id),
        }
        while self.order.len() > most || self.bytes > MAX_WAITING {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(gone) = self.by_id.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }

    /// Takes refusals out that were written down.
    fn take_out(&mut self, written: &[RequestId]) -> Vec<Fresh> {
        let by_id = &mut self.by_id;
        let gone: Vec<_> = written.iter().filter_map(|id| by_id.remove(id)).collect();
        self.bytes -= gone.iter().map(|fresh| fresh.bytes).sum::<usize>();
        self.order.retain(|id| by_id.contains_key(id));
        gone
    }
}

impl Refusals {
    /// Whether one more refusal of the key is kept, of which `most` are in a second.
    fn takes(&self, app_id: AppId, most: usize) -> bool {
        let mut waiting = self.lock();
        let taken = waiting.taken.entry(app_id).or_default();
        let is_one_more = *taken < most;
        *taken += usize::from(is_one_more);
        is_one_more
    }

    /// Keeps a refusal, to be sealed under the personal key of `client`.
    fn keep(
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
            let mut waiting = self.lock();
            waiting.taken.clear();
            let ids = waiting.order.iter();
            ids.filter_map(|id| Some((*id, waiting.by_id.get(id)?.clone())))
                .collect()
        };
        if waiting.is_empty() && !prune {
            return Ok(());
        }
        let written: Vec<_> = waiting.iter().map(|(id, _)| *id).collect();
        // Sealed by the store's thread: the requests that come meanwhile do not wait for it.
        let sealed = waiting.into_iter().filter_map(|(id, fresh)| fresh.seal(id));
        store.put_refusals(sealed, keep, since).await?;
        // Found in one place or the other at every moment: taken out of memory once written down.
        let gone = self.lock().take_out(&written);
        // Thousands of them are a while in going.
        let _dropped = spawn_blocking(move || drop(gone)).await;
        Ok(())
    }

    /// Forgets those of a client that was erased, as far as they wait to be written down.
    pub(crate) fn forget(&self, client: ClientId) {
        let mut waiting = self.lock();
        let Waiting {
            bytes,
            order,
            by_id,
            ..
        } = &mut *waiting;
        by_id.retain(|_, refusal| refusal.client != client);
        order.retain(|id| by_id.contains_key(id));
        *bytes = by_id.values().map(|refusal| refusal.bytes).sum();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platform {
    /// Keeps a refused request for explain, sealed under the personal key of a client, unless its share
    /// is used up.
    pub(crate) fn keep(
        &self,
        (client, personal): (ClientId, &Arc<Cipher>),
        id: RequestId,
        share: Share,
        refusal: impl FnOnce() -> Refusal,
    ) {
        let limits = &self.limits;
        let is_kept = match share {
            Share::Whole => true,
            Share::OfKey(app_id) => self.refusals.takes(app_id, limits.captured_a_second),
        };
        if is_kept {
            let most = limits.captured_requests;
            self.refusals.keep(id, refusal(), client, personal, most);
        }
    }

    /// A refused request with its explanation, ready to be kept.
    pub(crate) fn kept(
        &self,
        arrival: Arrival,
        parts: &Parts,
        body: &[u8],
        status: StatusCode,
        mut explanation: Explanation,
    ) -> Refusal {
        explanation.remedy = explanation.remedy.filter(|remedy| match remedy {
            Remedy::AdvanceClock { by_ms } => self.clock.can_advance(Duration::from_millis(*by_ms)),
            _ => true,
        });
        // A body of OAuth 2.0 may hold a client secret or a token.
        let keeps_body = self.capture_bodies
            && body.len() <= self.limits.captured_body
            && Face::of(parts.uri.path()) != Face::Oauth;
        let arrived = Arrived {
            id: arrival.id,
            method: parts.method.as_str(),
            target: parts.uri.path_and_query().map_or("", |it| it.as_str()),
            headers: &parts.headers,
            body: keeps_body.then_some(body),
            at: arrival.now,
        };
        Refusal {
            request: capture(&arrived, status.as_u16()),
            explanation,
        }
    }
}

fn aad(id: RequestId, client: ClientId) -> Frame {
    Frame::of("strongroom refusal v1")
        .bytes(&id.0)
        .bytes(&client.0)
}
