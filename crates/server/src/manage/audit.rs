//! The audit log: its newest rows, and the proof of all of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use strongroom_contract::{
    audit::{AuditQuery, AuditTail, VerifyAudit},
    export::{ExportFormat, UnknownFormat},
    manage::{AuditPage, AuditRowView},
};
use strongroom_policy::roles::Operation;

use super::{Call, Done, NotDone};
use crate::audit::{Filter, FoundRow, ReadError, Search};

/// Rows on a page that was not told another number.
const DEFAULT_LIMIT: usize = 100;
/// The most rows on a page.
const MAX_LIMIT: usize = 1_000;
/// The longest time that new rows are waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often the log is looked at meanwhile: nobody who writes rows has to know who waits.
const LOOK: Duration = Duration::from_millis(200);

impl From<ReadError> for NotDone {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "the audit log can't be read");
        Self::unavailable()
    }
}

/// What a question says beside which rows.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) query: AuditQuery,
    pub(super) format: Option<ExportFormat>,
    limit: Option<usize>,
    before: Option<u64>,
    from_row: Option<u64>,
    wait: Duration,
}

impl Asked {
    /// Reads the parameters of a URL, of which `known` are taken beside those of [`AuditQuery`].
    pub(super) fn read(call: Call<'_>, known: &[&str]) -> Result<Self, NotDone> {
        let query = call.parts.uri.query().unwrap_or_default();
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let wrong = |what: &str| NotDone::usage(format!("{name} is {value:?}, not {what}"));
            let row = || value.parse().map_err(|_| wrong("the number of a row"));
            match &*name {
                name if !known.contains(&name) => {
                    let is_known = asked.query.set(name, &value);
                    if !is_known.map_err(|error| NotDone::usage(error.to_string()))? {
                        return Err(NotDone::usage(format!("there is no parameter {name:?}")));
                    }
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|it| (1..=MAX_LIMIT).contains(it));
                    asked.limit = Some(limit.ok_or_else(|| wrong("a number from 1 to 1000"))?);
                }
                "format" => {
                    let format: Result<_, UnknownFormat> = value.parse();
                    asked.format = Some(format.map_err(|error| NotDone::usage(error.to_string()))?);
                }
                "before" => asked.before = Some(row()?),
                "from_row" => asked.from_row = Some(row()?),
                _ => {
                    let wait = value.parse().ok().map(Duration::from_millis);
                    let wait = wait.filter(|wait| *wait <= LONGEST_WAIT);
                    asked.wait = wait.ok_or_else(|| wrong("a time of at most 30000 ms"))?;
                }
            }
        }
        Ok(asked)
    }

    fn search<'a>(&self, call: Call<'a>, filter: &'a Arc<Filter>) -> Search<'a> {
        Search {
            store: &call.platform.store,
            keys: &call.platform.personal,
            filter,
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
        }
    }
}

fn views(call: Call<'_>, rows: &[FoundRow]) -> Vec<AuditRowView> {
    let rows = rows.iter().map(|row| row.view(&call.platform.personal));
    rows.collect()
}

pub(super) async fn list(call: Call<'_>) -> Result<Done, NotDone> {
    let asked = Asked::read(call, &["limit", "before"])?;
    let platform = call.platform;
    let filter = Arc::new(Filter::of(&asked.query, &platform.keys));
    let search = asked.search(call, &filter);
    let found = platform.audit.newest(search, asked.before).await?;
    Ok(Done::shown(&AuditPage {
        rows: views(call, &found.rows),
        next: found.rest,
    }))
}

/// Rows in their order, waiting for some if there are none.
pub(super) async fn rows(call: Call<'_>) -> Result<Done, NotDone> {
    let asked = Asked::read(call, &["limit", "from_row", "wait_ms"])?;
    let platform = call.platform;
    let Some(mut from) = asked.from_row else {
        return Ok(Done::shown(&AuditTail {
            rows: Vec::new(),
            next: platform.audit.rows(),
            is_end: true,
        }));
    };
    let mut filter = Filter::of(&asked.query, &platform.keys);
    if !asked.wait.is_zero() {
        // A look at the log is a row: who follows it would follow themselves.
        filter = filter.except(Operation::AuditList.act());
    }
    let filter = Arc::new(filter);
    let deadline = Instant::now() + asked.wait;
    loop {
        let end = platform.audit.rows();
        let search = asked.search(call, &filter);
        let found = platform.audit.following(search, from, end).await?;
        let is_over = Instant::now() >= deadline || platform.is_stopping();
        if !found.rows.is_empty() || found.rest.is_some() || is_over {
            return Ok(Done::shown(&AuditTail {
                rows: views(call, &found.rows),
                next: found.rest.unwrap_or(end.max(from)),
                is_end: found.rest.is_none(),
            }));
        }
        from = end.max(from);
        while platform.audit.rows() <= from && Instant::now() < deadline && !platform.is_stopping()
        {
            tokio::time::sleep(LOOK).await;
        }
    }
}

pub(super) async fn verify(call: Call<'_>) -> Result<Done, NotDone> {
    let VerifyAudit { checkpoints } = match call.body.is_empty() {
        true => VerifyAudit::default(),
        false => call.body()?,
    };
    let audit = Arc::clone(&call.platform.audit);
    let verified = tokio::task::spawn_blocking(move || audit.verify(&checkpoints)).await;
    let verification = verified.map_err(|error| {
        tracing::error!(%error, "the audit log can't be verified");
        NotDone::unavailable()
    })?;
    Ok(Done::shown(&verification))
}

/// Signs a checkpoint, to be kept elsewhere.
pub(super) async fn checkpoint(call: Call<'_>) -> Result<Done, NotDone> {
    let audit = Arc::clone(&call.platform.audit);
    let vouched = tokio::task::spawn_blocking(move || audit.vouch()).await;
    let vouched = vouched.map_err(std::io::Error::other).flatten();
    Ok(Done::shown(&vouched.map_err(ReadError::File)?))
}

/// Makes the index anew from the log.
pub(super) async fn reindex(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let made = platform.audit.reindex(&platform.store, &platform.personal);
    Ok(Done::shown(&made.await?))
}

#[cfg(test)]
mod tests;
