//! Rows of requests that nobody sent, for measurements and big counts: written by the code that writes
//! those of real requests, many times faster than those could be sent.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use ipnet::{IpNet, Ipv4Net};
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Environment, SecretId},
    key::{KeyRecord, Secrets},
    limiter::Limit,
    scopes::{ROUTES, Scopes},
    token::RevokedTokens,
};

use crate::{
    audit::{AuditDown, Entry, QueuedRow},
    face::RequestId,
    platform::Arrival,
    server::Running,
    store::{KeyChange, StoreError, Undone},
};

/// How many rows share a write.
const TOGETHER: u64 = 512;
/// After how many rows the index is written.
const INDEXED: u64 = 131_072;
/// How many sources requests come from.
const SOURCES: u64 = 1_000;

/// When the keys end.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum NotRehearsed {
    /// The audit log can't be written.
    #[error("the audit log can't be written")]
    Audit,
    /// The index can't be written.
    #[error("the index of the audit log can't be written: {0}")]
    Index(String),
}

impl From<AuditDown> for NotRehearsed {
    fn from(_: AuditDown) -> Self {
        Self::Audit
    }
}

impl From<StoreError> for NotRehearsed {
    fn from(error: StoreError) -> Self {
        Self::Index(error.to_string())
    }
}

impl Running {
    /// Writes rows of `count` requests of this platform's keys, over the time from `from` to `until`:
    /// each key, route and source in turn by a generator of full period, nine of ten accepted.
    ///
    /// # Errors
    ///
    /// [`NotRehearsed`] if they can't be written.
    pub async fn rehearse(
        &self,
        count: u64,
        from: UnixMillis,
        until: UnixMillis,
    ) -> Result<(), NotRehearsed> {
        let platform = &self.platform;
        let records = platform.keys.records();
        let mut queued: Option<QueuedRow> = None;
        for number in 0..count {
            let at = from.0 + (until.0 - from.0) / count.max(1) * number;
            // Knuth's generator: its upper bits are well spread.
            let spread = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = |shift: u32, of: u64| (spread >> shift) % of.max(1);
            let index = usize::try_from(pick(33, records.len() as u64)).unwrap_or_default();
            let route = usize::try_from(pick(21, ROUTES.len() as u64)).unwrap_or_default();
            let (Some(record), Some(route)) = (records.get(index), ROUTES.get(route)) else {
                break;
            };
            let (status, rule) = outcome(pick(11, 100));
            let source = u32::try_from(pick(40, SOURCES)).unwrap_or_default();
            let arrival = Arrival {
                id: RequestId::at(UnixMillis(at)),
                started: Instant::now(),
                real: UnixMillis(at),
                now: UnixMillis(at),
                peer: IpAddr::from(source.wrapping_add(0x0a00_0000).to_be_bytes()),
            };
            let personal = platform.personal.of_all(record.client);
            queued = Some(platform.audit.queue(&Entry {
                app_id: Some(record.app_id),
                secret: record.secrets.iter().map(|secret| secret.id).next(),
                user_agent: Some(b"rehearsal"),
                method: route.method,
                path: route.path,
                status,
                rule,
                ..Entry::of(arrival, record.client, &personal)
            })?);
            if number % TOGETHER == TOGETHER - 1
                && let Some(row) = queued.take()
            {
                platform.audit.written(row).await?;
            }
            if number % INDEXED == INDEXED - 1 {
                platform.write_index().await?;
            }
        }
        if let Some(row) = queued {
            platform.audit.written(row).await?;
        }
        platform.write_index().await?;
        Ok(())
    }
}

impl Running {
    /// Issues `count` keys, ten for each client, by the code that issues those that are asked for.
    /// They are used once the server has begun anew.
    ///
    /// # Errors
    ///
    /// [`NotRehearsed`] if they can't be written.
    pub async fn rehearse_keys(&self, count: u32) -> Result<(), NotRehearsed> {
        let platform = &self.platform;
        let now = platform.clock.now();
        for number in 0..count {
            let name = format!("rehearsed client {}", number / 10);
            let client = platform
                .store
                .client(&name, &platform.personal, now)
                .await?;
            let app_id = AppId::generate(Environment::Test);
            let (_shown, secret) = platform.rules.new_secret(app_id, SecretId(1), false, now);
            let record = KeyRecord {
                app_id,
                client,
                name: format!("rehearsed {number}"),
                note: String::new(),
                created: now,
                not_before: None,
                expires: Some(now.after(YEAR)),
                revoked: None,
                secrets: Secrets::first(secret),
                limit: Limit::DEFAULT,
                daily_quota: None,
                delay: None,
                allow: networks(number),
                scopes: Scopes::default(),
                may_sign: false,
                revoked_tokens: RevokedTokens::default(),
            };
            let change = KeyChange::Create(Box::new(record));
            let written = platform.store.change_key(app_id, change, || Ok(()));
            written.await.map_err(|undone| match undone {
                Undone::Store(error) => NotRehearsed::from(error),
                Undone::Before(AuditDown) => NotRehearsed::Audit,
            })?;
        }
        Ok(())
    }
}

/// Where a key may be used from: a network and an address, as is usual.
fn networks(number: u32) -> Allowlist {
    let [_, second, third, fourth] = number.to_be_bytes();
    let office = Ipv4Net::new_assert([10, second, third, 0].into(), 24);
    let server = Ipv4Net::new_assert([192, 168, third, fourth].into(), 32);
    [office, server].map(IpNet::V4).into_iter().collect()
}

/// What a request comes to.
fn outcome(percent: u64) -> (u16, Option<Rule>) {
    match percent {
        0..90 => (200, None),
        90..94 => (429, Some(Rule::Rate)),
        94..97 => (403, Some(Rule::Permission)),
        97..99 => (401, Some(Rule::Authenticate)),
        _ => (401, Some(Rule::State)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};
    use strongroom_contract::{
        audit::AuditTail,
        manage::{AuditPage, AuditRowView},
    };

    use super::*;
    use crate::testing::Stage;

    /// `make soak` makes ten million of them.
    const ROWS: u64 = 200_000;

    fn rows() -> u64 {
        let factor = std::env::var("STRONGROOM_SOAK").map(|factor| factor.parse::<u64>());
        ROWS * factor.map_or(1, |factor| factor.unwrap())
    }

    async fn page(stage: &Stage, question: &str) -> AuditPage {
        let reply = stage
            .manage("GET", &format!("/audit?{question}"), Value::Null)
            .await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Over many segments, each question is answered as somebody who reads the whole log would, before
    /// and after the index was made anew.
    #[tokio::test]
    async fn questions_to_a_long_log_find_what_is_in_it() {
        let stage = Stage::with(|config| config.virtual_clock = true).await;
        let mut keys = Vec::new();
        for number in 0..20 {
            keys.push(
                stage
                    .key(json!({ "name": format!("shop {number}") }))
                    .await
                    .0,
            );
        }
        let until = stage.running.platform.clock.now();
        let from = UnixMillis(until.0 - 30 * 86_400_000);
        stage.running.rehearse(rows(), from, until).await.unwrap();

        // The oracle reads every row once.
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut newest: HashMap<String, AuditRowView> = HashMap::new();
        let mut from_row = 0;
        let end = stage.running.platform.audit.rows();
        while from_row < end {
            let target = format!("/audit/rows?from_row={from_row}&limit=1000");
            let reply = stage.manage("GET", &target, Value::Null).await;
            let tail: AuditTail = serde_json::from_slice(&reply.body).unwrap();
            for row in tail.rows.into_iter().filter(|row| row.sequence < end) {
                let mut asked = vec![
                    format!("key={}", row.app_id.as_deref().unwrap_or_default()),
                    format!("route={}", row.route.replace(' ', "%20")),
                    format!("status={}", row.status),
                    format!("source={}", row.source.as_deref().unwrap_or_default()),
                ];
                asked.extend(row.rule.map(|rule| format!("rule={}", rule.id())));
                for question in asked {
                    *counts.entry(question.clone()).or_default() += 1;
                    newest.insert(question, row.clone());
                }
            }
            from_row = tail.next;
        }
        let of_key = format!("key={}", keys[7]);
        let asked = [
            of_key.as_str(),
            "route=POST%20/api/v2/payins",
            "status=429",
            "rule=state",
            "source=10.0.0.77",
        ];
        for is_new in [false, true] {
            if is_new {
                let made = stage
                    .manage("POST", "/audit/reindex", Value::Null)
                    .await
                    .json();
                assert!(made["rows"].as_u64().unwrap() >= rows());
            }
            for question in asked {
                let mut found = 0;
                let mut before = end;
                let mut first = None;
                loop {
                    let target = format!("{question}&limit=1000&before={before}");
                    let page = page(&stage, &target).await;
                    found += page.rows.len() as u64;
                    first = first.or_else(|| page.rows.first().cloned());
                    match page.next {
                        Some(next) => before = next,
                        None => break,
                    }
                }
                assert_eq!(found, counts[question], "{question}");
                assert_eq!(first.as_ref(), newest.get(question), "{question}");
            }
        }
        let verified = stage
            .manage("POST", "/audit/verify", Value::Null)
            .await
            .json();
        assert_eq!(verified["ok"], true, "{verified}");
    }
}
