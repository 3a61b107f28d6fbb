//! The audit log: its newest rows, and the proof of all of it.

use std::sync::Arc;

use strongroom_contract::manage::AuditPage;

use super::{Call, Done, NotDone};
use crate::audit::ReadError;

/// Rows on a page that was not told another number.
const DEFAULT_LIMIT: usize = 100;
/// The most rows on a page.
const MAX_LIMIT: usize = 1_000;

impl From<ReadError> for NotDone {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "the audit log can't be read");
        Self::unavailable()
    }
}

pub(super) async fn list(call: Call<'_>) -> Result<Done, NotDone> {
    let query = call.parts.uri.query().unwrap_or_default();
    let (mut limit, mut before) = (DEFAULT_LIMIT, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let wrong = |what: &str| NotDone::usage(format!("{name} is {value:?}, not {what}"));
        match &*name {
            "limit" => {
                let parsed = value.parse().ok();
                limit = parsed
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| wrong("a number from 1 to 1000"))?;
            }
            "before" => {
                before = Some(value.parse().map_err(|_| wrong("the number of a row"))?);
            }
            _ => return Err(NotDone::usage(format!("there is no parameter {name:?}"))),
        }
    }
    let platform = call.platform;
    let found = platform.audit.page(&platform.store, limit, before).await?;
    let last = found.last().map(|row| row.sequence());
    let rows = found.iter().map(|row| row.view(&platform.personal));
    Ok(Done::shown(&AuditPage {
        rows: rows.collect(),
        next: last.filter(|sequence| *sequence > 0 && found.len() == limit),
    }))
}

pub(super) async fn verify(call: Call<'_>) -> Result<Done, NotDone> {
    let audit = Arc::clone(&call.platform.audit);
    let verified = tokio::task::spawn_blocking(move || audit.verify()).await;
    let verification = verified.map_err(|error| {
        tracing::error!(%error, "the audit log can't be verified");
        NotDone::unavailable()
    })?;
    Ok(Done::shown(&verification))
}
