//! Activity in words.

use strongroom_contract::window::{ActivityKind, ActivityRow};

use crate::{
    activity::{Act, Answer, Entry, Request, Subject},
    agent::WINDOW,
    session::OWNER,
};

/// One entry as a person reads it.
pub(super) fn row(entry: Entry) -> ActivityRow {
    let item = entry
        .subject
        .as_ref()
        .and_then(Subject::known)
        .map(|subject| {
            let name = subject.strip_prefix("sr://").unwrap_or(subject);
            let reference = subject.starts_with("sr://");
            let cut = if reference { name.rfind('/') } else { None };
            name[..cut.unwrap_or(name.len())].to_owned()
        });
    let (kind, text) = told(&entry);
    let request = entry.request;
    ActivityRow {
        at: entry.at,
        kind,
        text,
        item,
        request_id: request.and_then(|request| request.answer?.request_id),
    }
}

fn told(entry: &Entry) -> (ActivityKind, String) {
    let subject = entry
        .subject
        .as_ref()
        .map_or("", |it| it.known().unwrap_or("a key"));
    let first = entry
        .subject
        .as_ref()
        .map_or("", |it| it.known().unwrap_or("A key"));
    // What was done here needs nobody's name.
    let by = match entry.client.as_str() {
        WINDOW | OWNER | "" => String::new(),
        client => format!(" by {client}"),
    };
    match entry.act {
        Act::Created => (ActivityKind::Created, format!("The vault was created{by}")),
        Act::Recovered => (
            ActivityKind::Created,
            format!("The vault was recovered with its recovery code{by}"),
        ),
        Act::Unlocked => (
            ActivityKind::Unlocked,
            format!("The vault was unlocked{by}"),
        ),
        Act::UnlockRefused => (
            ActivityKind::Refused,
            format!("An attempt to unlock the vault failed{by}"),
        ),
        Act::Locked if entry.client == OWNER => (
            ActivityKind::Locked,
            "The vault locked itself: nobody used it, or the machine slept".to_owned(),
        ),
        Act::Locked => (ActivityKind::Locked, format!("The vault was locked{by}")),
        Act::Added => (ActivityKind::Changed, format!("{first} was added{by}")),
        Act::Edited => (ActivityKind::Changed, format!("{first} was changed{by}")),
        Act::Removed => (ActivityKind::Changed, format!("{first} was removed{by}")),
        Act::Restored => (
            ActivityKind::Changed,
            format!("The removal of {subject} was undone{by}"),
        ),
        Act::Renewed => (
            ActivityKind::Changed,
            format!("{first} got a new secret{by}"),
        ),
        Act::RemovalFailed => (
            ActivityKind::Refused,
            format!("{first} could not be removed: it is back"),
        ),
        Act::Used | Act::Sent => sent(entry, &by),
        Act::Compared => (
            ActivityKind::Used,
            format!("{first} was compared with a request that failed{by}"),
        ),
        Act::Copied => (ActivityKind::Copied, format!("{first} was copied")),
        Act::Revealed => (ActivityKind::Revealed, format!("{first} was shown{by}")),
        Act::RevealRefused => (
            ActivityKind::Refused,
            format!("{} was not shown {subject}", named(&entry.client)),
        ),
        Act::PlatformStarted => (
            ActivityKind::Platform,
            format!("The local platform was started at {subject}"),
        ),
        Act::PlatformStopped => (
            ActivityKind::Platform,
            "The local platform was stopped".to_owned(),
        ),
        Act::KeyIssued => (
            ActivityKind::Platform,
            format!("The local platform issued {subject}"),
        ),
        Act::KeyRotated => (
            ActivityKind::Platform,
            format!("The local platform gave {subject} a new secret"),
        ),
    }
}

fn named(client: &str) -> &str {
    if client.is_empty() {
        "A program"
    } else {
        client
    }
}

fn sent(entry: &Entry, by: &str) -> (ActivityKind, String) {
    let with = match &entry.subject {
        Some(subject) => format!(" with {}", subject.known().unwrap_or("a key")),
        None => String::new(),
    };
    let Some(Request {
        method,
        url,
        answer,
    }) = &entry.request
    else {
        return (ActivityKind::Used, format!("A request was sent{with}{by}"));
    };
    match answer {
        None => (
            ActivityKind::Used,
            format!("{method} {url}{with}{by}: no answer"),
        ),
        Some(Answer { status, .. }) => {
            let kind = match status {
                401 | 403 | 429 => ActivityKind::Refused,
                _ => ActivityKind::Sent,
            };
            (kind, format!("{method} {url}{with}{by}: {status}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use strongroom_contract::time::UnixMillis;

    use super::*;

    fn entry(act: Act, subject: Option<&str>, client: &str) -> Entry {
        Entry {
            at: UnixMillis(1),
            act,
            subject: subject.map(|name| Subject::Known(name.to_owned())),
            client: client.to_owned(),
            request: None,
        }
    }

    #[test]
    fn a_name_that_is_sealed_is_a_key() {
        let mut entry = entry(Act::Copied, None, WINDOW);
        for subject in [Subject::Sealed(b"payments".to_vec()), Subject::Forgotten] {
            entry.subject = Some(subject);
            let row = row(entry.clone());
            assert_eq!((row.text.as_str(), row.item), ("A key was copied", None));
        }
        entry.act = Act::Used;
        assert_eq!(row(entry).text, "A request was sent with a key");
    }

    #[test]
    fn rows_name_the_program_unless_it_is_this_one() {
        let text = |act, subject, client| row(entry(act, subject, client)).text;
        assert_eq!(
            text(Act::Unlocked, None, "strongroom"),
            "The vault was unlocked by strongroom"
        );
        assert_eq!(text(Act::Unlocked, None, WINDOW), "The vault was unlocked");
        assert!(text(Act::Locked, None, OWNER).contains("itself"));
        assert_eq!(
            text(Act::RevealRefused, Some("sr://k/secret"), "thief"),
            "thief was not shown sr://k/secret"
        );
    }

    #[test]
    fn a_row_leads_to_its_item_and_its_request() {
        let shown = row(entry(Act::Revealed, Some("sr://payments/secret"), WINDOW));
        assert_eq!(shown.item.as_deref(), Some("payments"));
        assert_eq!(shown.kind, ActivityKind::Revealed);
        let mut refused = entry(Act::Used, Some("payments"), "strongroom");
        let request = |answer| Request {
            method: "GET".into(),
            url: "https://localhost:8443/api/v1/ping".into(),
            answer,
        };
        refused.request = Some(request(None));
        let unanswered = row(refused.clone());
        assert_eq!(unanswered.kind, ActivityKind::Used);
        assert!(unanswered.text.ends_with("by strongroom: no answer"));
        refused.request = Some(request(Some(Answer {
            status: 429,
            request_id: Some("req_1".into()),
        })));
        let row = row(refused);
        assert_eq!(row.kind, ActivityKind::Refused);
        assert_eq!(row.request_id.as_deref(), Some("req_1"));
        assert_eq!(row.item.as_deref(), Some("payments"));
        assert!(row.text.ends_with("with payments by strongroom: 429"));
    }
}
