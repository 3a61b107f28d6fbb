//! Two answers side by side.

use std::{collections::BTreeMap, time::Duration};

use similar::{Algorithm, ChangeTag, TextDiff};
use strongroom_contract::{
    error::Failure,
    exchange::Exchange,
    history::{Comparison, DiffLine, DiffSide, HeaderDifference, HistoryCompareArgs, HistoryEntry},
};

use super::{list::entry, with_log};
use crate::session::Session;

/// How long two bodies are compared; beyond it the difference is right and not the shortest.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many lines a body may have to be compared.
const MOST_LINES: usize = 20_000;

/// How the answers of two entries differ.
///
/// # Errors
///
/// As [`super::show`], for each of them.
pub(crate) fn compare(session: &Session, args: HistoryCompareArgs) -> Result<Comparison, Failure> {
    let (left, right) = with_log(session, |log| {
        Ok((entry(log, args.left)?, entry(log, args.right)?))
    })?;
    Ok(comparison(&left, &right))
}

fn comparison(left: &HistoryEntry, right: &HistoryEntry) -> Comparison {
    let (left, right) = (left.exchange.as_ref(), right.exchange.as_ref());
    let (same_body, body, body_note) = bodies(left, right);
    Comparison {
        status: (
            left.map(|exchange| exchange.status),
            right.map(|exchange| exchange.status),
        ),
        headers: headers(left, right),
        body,
        same_body,
        body_note,
    }
}

fn headers(left: Option<&Exchange>, right: Option<&Exchange>) -> Vec<HeaderDifference> {
    let mut by_name: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (name, value) in left
        .map(|exchange| exchange.headers.as_slice())
        .unwrap_or_default()
    {
        by_name
            .entry(name.to_ascii_lowercase())
            .or_default()
            .0
            .push(value.clone());
    }
    for (name, value) in right
        .map(|exchange| exchange.headers.as_slice())
        .unwrap_or_default()
    {
        by_name
            .entry(name.to_ascii_lowercase())
            .or_default()
            .1
            .push(value.clone());
    }
    by_name
        .into_iter()
        .filter(|(_, (left, right))| left != right)
        .map(|(name, (left, right))| HeaderDifference { name, left, right })
        .collect()
}

fn bodies(
    left: Option<&Exchange>,
    right: Option<&Exchange>,
) -> (bool, Vec<DiffLine>, Option<String>) {
    let raw = |exchange: Option<&Exchange>| {
        exchange.map_or((None, None), |exchange| {
            (exchange.body.clone(), exchange.body_base64.clone())
        })
    };
    let (left, right) = (raw(left), raw(right));
    if left == right {
        return (true, Vec::new(), None);
    }
    if left.1.is_some() || right.1.is_some() {
        return (
            false,
            Vec::new(),
            Some("one of the bodies is not text".to_owned()),
        );
    }
    let left = set_out(&left.0.unwrap_or_default());
    let right = set_out(&right.0.unwrap_or_default());
    if left.lines().count().max(right.lines().count()) > MOST_LINES {
        let note = format!("one of the bodies has more than {MOST_LINES} lines");
        return (false, Vec::new(), Some(note));
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(PATIENCE)
        .diff_lines(&left, &right);
    let lines = diff
        .iter_all_changes()
        .map(|change| DiffLine {
            side: match change.tag() {
                ChangeTag::Equal => DiffSide::Both,
                ChangeTag::Delete => DiffSide::Left,
                ChangeTag::Insert => DiffSide::Right,
            },
            text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
        })
        .collect();
    let note = (left == right).then(|| "they differ in white space alone".to_owned());
    (false, lines, note)
}

/// JSON in lines, each with its end; other text as it is.
fn set_out(body: &str) -> String {
    let mut text = serde_json::from_str::<serde_json::Value>(body)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| body.to_owned());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
