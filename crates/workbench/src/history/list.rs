//! Looking at the history.

use strongroom_contract::{
    compose::Composed,
    error::{ErrorCode, Failure},
    history::{HistoryEntry, HistoryFilter, HistoryId, HistoryPage, HistoryRow},
};

use super::{
    keep::{Detail, let_go, oldest},
    no_such, unusable, with_log,
};
use crate::{os::clock, sealed_log::SealedLog, session::Session};

/// How many entries a page has if nothing is said.
const PAGE: u32 = 100;
/// How many at most.
const LARGEST_PAGE: u32 = 1_000;

/// The entries that fit a filter, the newest first.
///
/// # Errors
///
/// [`ErrorCode::Locked`]; [`ErrorCode::Storage`] if the file cannot be read.
pub(crate) fn list(session: &Session, filter: &HistoryFilter) -> Result<HistoryPage, Failure> {
    let limit = filter.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE) as usize;
    let text = filter.text.as_deref().map(str::to_lowercase);
    with_log(session, |log| {
        // What is too old goes also where nothing is sent any more.
        if let Err(error) = let_go(log, oldest(session, clock::now())) {
            tracing::warn!(%error, "old entries stay in the history");
        }
        let mut page = HistoryPage {
            unreadable: log.unreadable(),
            total: log.rows().count() as u64,
            ..HistoryPage::default()
        };
        for (number, row) in log.rows().rev() {
            if filter.before.is_some_and(|before| number >= before) {
                continue;
            }
            let Some(row) = parsed(number, row) else {
                page.unreadable += 1;
                continue;
            };
            if !fits(&row, filter, text.as_deref()) {
                continue;
            }
            if page.rows.len() == limit {
                page.more = true;
                break;
            }
            page.rows.push(row);
        }
        Ok(page)
    })
}

/// One entry, whole.
///
/// # Errors
///
/// [`ErrorCode::NotFound`], [`ErrorCode::Locked`]; [`ErrorCode::Damaged`] if it does not open.
pub(crate) fn show(session: &Session, args: HistoryId) -> Result<HistoryEntry, Failure> {
    with_log(session, |log| entry(log, args.id))
}

/// An entry's request, ready to be sent again or changed.
///
/// # Errors
///
/// As [`show`].
pub(crate) fn resend(session: &Session, args: HistoryId) -> Result<Composed, Failure> {
    Ok(show(session, args)?.request)
}

pub(super) fn entry(log: &SealedLog, id: u64) -> Result<HistoryEntry, Failure> {
    let damaged = || {
        Failure::new(
            ErrorCode::Damaged,
            format!("entry {id} of the history is damaged: it does not open"),
        )
        .hint("remove it with `strongroom history clear`; the vault itself is not concerned")
    };
    let row = log.row(id).ok_or_else(|| no_such(id))?;
    let row = parsed(id, row).ok_or_else(damaged)?;
    let detail = match log.detail(id) {
        Ok(detail) => detail.ok_or_else(|| no_such(id))?,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Err(damaged()),
        Err(error) => return Err(unusable(&error)),
    };
    let detail: Detail = serde_json::from_slice(detail.expose_secret()).map_err(|_| damaged())?;
    Ok(HistoryEntry {
        row,
        request: detail.request,
        exchange: detail.exchange,
        failure: detail.failure,
    })
}

fn parsed(number: u64, row: &[u8]) -> Option<HistoryRow> {
    let row: HistoryRow = serde_json::from_slice(row).ok()?;
    Some(HistoryRow { id: number, ..row })
}

fn fits(row: &HistoryRow, filter: &HistoryFilter, text: Option<&str>) -> bool {
    let has_text = |text: &str| {
        [
            Some(row.method.as_str()),
            Some(row.url.as_str()),
            row.name.as_deref(),
            row.key.as_deref(),
            row.request_id.as_deref(),
        ]
        .into_iter()
        .flatten()
        .any(|field| field.to_lowercase().contains(text))
    };
    let has_host = |host: &String| {
        let name = row
            .host
            .rsplit_once(':')
            .map_or(&*row.host, |(name, _)| name);
        row.host.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(host)
    };
    let class = |class: u8| row.status.map_or(0, |status| status / 100) == u16::from(class);
    text.is_none_or(has_text)
        && filter
            .key
            .as_ref()
            .is_none_or(|key| row.key.as_ref() == Some(key))
        && filter.status_class.is_none_or(class)
        && filter.host.as_ref().is_none_or(has_host)
        && filter.since.is_none_or(|since| row.at >= since)
}
