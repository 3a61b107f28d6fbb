//! The audit log on disk: one row for every request and management act, written before the answer.
//!
//! ```text
//! a decision --queue--> one record and write(2) to the newest segment, for all that are ready --> the answer
//!                                |  each second: fsync, and where runs of rows lie goes to the store
//!                                |  each minute: fsync, then a signed checkpoint, here and outside
//! ```
//!
//! The bytes are [`strongroom_policy::audit`]'s. A row that can't be written is taken back whole,
//! so that the log goes on from the row before it once there is room again.
//!
//! Source address and user agent are sealed under the personal key of the key's client, once for all
//! rows that are written together, and bound to the id of the first of these requests:
//! `AES-256-GCM(personal key, aad = request id, address (16) | user agent)`. Requests that no client
//! is known for belong to a client of their day.

mod block;
mod export;
mod filter;
mod log;
mod outside;
mod queue;
mod read;
mod recover;
mod reindex;
mod retain;
mod search;
mod segments;
#[cfg(test)]
mod tests;
mod verify;

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Instant};

use strongroom_contract::{explain::Rule, manage::AuditRowView, time::UnixMillis};
use strongroom_crypto::aead::Cipher;
use strongroom_policy::{
    audit::{Personal, RequestId as RowId, Row, SpentNonce},
    credential::{AppId, SecretId},
    key::ClientId,
    replay::NonceClaim,
};

pub(crate) use export::{Exporting, NotExported};
pub(crate) use filter::Filter;
pub(crate) use log::{AuditDown, AuditLog};
pub(crate) use outside::OutsideCheckpoints;
pub(crate) use queue::QueuedRow;
pub(crate) use read::{FoundRow, ReadError, is_at};
pub(crate) use recover::{Opening, Recovered, first_row, open};
pub(crate) use retain::NotCut;
pub(crate) use search::Search;

use crate::{face::RequestId, platform::Arrival, reserve::with_reserve, store::Facet};

/// The longest part of a user agent that is kept, in bytes.
const MAX_USER_AGENT: usize = 400;

/// One request or management act, about to be answered.
pub(crate) struct Entry<'a> {
    /// Its id.
    pub(crate) id: RequestId,
    /// When its head had been read.
    pub(crate) started: Instant,
    /// The real time then.
    pub(crate) real: UnixMillis,
    /// The platform's time then.
    pub(crate) now: UnixMillis,
    /// [`AuditRowView::REQUEST`], or the management act.
    pub(crate) act: &'static str,
    /// The key that was named.
    pub(crate) app_id: Option<AppId>,
    /// The secret that was used.
    pub(crate) secret: Option<SecretId>,
    /// Whose it is.
    pub(crate) client: ClientId,
    /// The personal key of `client`.
    pub(crate) personal: &'a Cipher,
    /// Where it came from.
    pub(crate) source: IpAddr,
    /// What its sender says it is.
    pub(crate) user_agent: Option<&'a [u8]>,
    /// The route's method.
    pub(crate) method: &'static str,
    /// The route's path.
    pub(crate) path: &'static str,
    /// The status that is answered.
    pub(crate) status: u16,
    /// The rule that refused it.
    pub(crate) rule: Option<Rule>,
    /// How many slots were taken.
    pub(crate) cost: u32,
    /// The nonce that was spent.
    pub(crate) nonce: Option<NonceClaim>,
    /// How many requests it stands for.
    pub(crate) count: u32,
}

impl<'a> Entry<'a> {
    /// A request of which nothing more is known than that it arrived.
    pub(crate) fn of(arrival: Arrival, client: ClientId, personal: &'a Cipher) -> Self {
        Self {
            id: arrival.id,
            started: arrival.started,
            real: arrival.real,
            now: arrival.now,
            act: AuditRowView::REQUEST,
            app_id: None,
            secret: None,
            client,
            personal,
            source: arrival.peer,
            user_agent: None,
            method: "*",
            path: "(unread)",
            status: 0,
            rule: None,
            cost: 0,
            nonce: None,
            count: 1,
        }
    }

    /// The same with all that must not outlive the request copied, and sealed unless it was already.
    fn prepare(&self, sender: Arc<Sender>) -> PreparedRow {
        PreparedRow {
            id: self.id,
            started: self.started,
            real: self.real,
            now: self.now,
            act: self.act,
            app_id: self.app_id,
            secret: self.secret,
            sender,
            method: self.method,
            path: self.path,
            status: self.status,
            rule: self.rule,
            cost: self.cost,
            nonce: self.nonce,
            count: self.count,
        }
    }

    fn kept_agent(&self) -> &[u8] {
        let agent = self.user_agent.unwrap_or_default();
        agent.get(..MAX_USER_AGENT).unwrap_or(agent)
    }
}

/// Where requests came from, sealed once for the rows of all of them that are written together.
struct Sender {
    client: ClientId,
    source: IpAddr,
    agent: Box<[u8]>,
    bound: RequestId,
    sealed: Vec<u8>,
}

impl Sender {
    fn of(entry: &Entry<'_>) -> Self {
        let agent = entry.kept_agent();
        let mut plain = [0; 16 + MAX_USER_AGENT];
        let address = match entry.source {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        plain[..16].copy_from_slice(&address.octets());
        plain[16..16 + agent.len()].copy_from_slice(agent);
        let plain = &plain[..16 + agent.len()];
        let bound = entry.id;
        let sealed = with_reserve(|reserve| entry.personal.seal_from(reserve, &bound.0, plain));
        Self {
            client: entry.client,
            source: entry.source,
            agent: agent.into(),
            bound,
            sealed,
        }
    }

    fn has_sent(&self, entry: &Entry<'_>) -> bool {
        self.client == entry.client
            && self.source == entry.source
            && *self.agent == *entry.kept_agent()
    }
}

/// A row that only lacks its place in the chain.
pub(crate) struct PreparedRow {
    id: RequestId,
    started: Instant,
    real: UnixMillis,
    now: UnixMillis,
    act: &'static str,
    app_id: Option<AppId>,
    secret: Option<SecretId>,
    sender: Arc<Sender>,
    method: &'static str,
    path: &'static str,
    status: u16,
    rule: Option<Rule>,
    cost: u32,
    nonce: Option<NonceClaim>,
    count: u32,
}

impl PreparedRow {
    /// What it is about. An app-id is short: as text it is made by whoever writes the index.
    fn facet(&self) -> Facet {
        Facet {
            app_id: self.app_id,
            act: Cow::Borrowed(self.act),
            method: Cow::Borrowed(self.method),
            path: Cow::Borrowed(self.path),
            status: self.status,
            rule: self.rule,
        }
    }

    /// As it is written at the time `now`.
    fn row(&self, now: Instant) -> Row<'_> {
        let duration = now.saturating_duration_since(self.started);
        Row {
            real: self.real.after(duration),
            platform: self.now,
            request: RowId(self.id.0),
            act: self.act,
            key: self.app_id.as_ref().map(AppId::as_str),
            client: Some(self.sender.client),
            secret: self.secret,
            personal: Some(Personal {
                key_id: self.sender.client.0,
                bound: RowId(self.sender.bound.0),
                sealed: &self.sender.sealed,
            }),
            method: self.method,
            path: self.path,
            status: self.status,
            rule: self.rule,
            duration_us: u32::try_from(duration.as_micros()).unwrap_or(u32::MAX),
            count: self.count,
            cost: self.cost,
            slot_taken: self.cost > 0,
            nonce: self.nonce.map(|claim| SpentNonce {
                hash: claim.hash,
                expires: claim.expires,
            }),
        }
    }
}
