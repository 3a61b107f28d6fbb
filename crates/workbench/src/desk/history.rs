//! The history of requests as the window shows it: an entry with its answer's body held, sent again, or
//! taken up as a draft.

use std::collections::BTreeMap;

use strongroom_contract::{
    agent::{ComposedSendNow, HistoryGet, HistoryResend},
    compose::{Composed, ComposedBody, ComposedPart, ComposedSend, Line, PartContent},
    error::Failure,
    exchange::{Exchange, SendOptions},
    history::{HistoryEntry, HistoryId},
    window::{BodyKind, Draft, DraftBody, DraftPart, Entry, Reopened},
};
use strongroom_formats::template::Template;
use url::form_urlencoded;

use super::{Desk, compose};

/// How a placeholder begins that stands for a credential which was typed and is not kept.
const NOT_KEPT: &str = "{{secret:";

impl Desk {
    /// One entry of the history, whole. What is kept of its answer's body is held, as a fresh one is.
    ///
    /// # Errors
    ///
    /// As [`HistoryGet`]: there is no such entry, it is damaged, or the vault is locked.
    pub async fn history_entry(&self, id: u64) -> Result<HistoryEntry, Failure> {
        let mut entry = self.call::<HistoryGet>(HistoryId { id }).await?;
        if let Some(exchange) = &mut entry.exchange {
            self.0.window.answers().hold(exchange);
        }
        Ok(entry)
    }

    /// Sends an entry's request again; it becomes a new entry.
    ///
    /// # Errors
    ///
    /// As [`ComposedSendNow`]; something that the history does not keep is needed; the entry goes to
    /// production and that was not agreed to.
    pub async fn send_again(&self, id: u64, confirm_production: bool) -> Result<Exchange, Failure> {
        let request = self.call::<HistoryResend>(HistoryId { id }).await?;
        let options = SendOptions {
            follow_redirects: request.follow_redirects,
            body_limit: Some(compose::BODY_LIMIT),
            confirm_production,
            ..SendOptions::default()
        };
        self.call::<ComposedSendNow>(ComposedSend {
            request,
            options,
            ..ComposedSend::default()
        })
        .await
    }

    /// An entry's request as a draft. What was typed for it and is not kept is named.
    ///
    /// # Errors
    ///
    /// As [`HistoryResend`].
    pub async fn reopen(&self, id: u64) -> Result<Reopened, Failure> {
        let request = self.call::<HistoryResend>(HistoryId { id }).await?;
        Ok(reopened(request))
    }
}

fn reopened(request: Composed) -> Reopened {
    let mut missing = Vec::new();
    let url = url(&request);
    if url.contains(NOT_KEPT) {
        missing.push(
            "A part of the URL that looks like a secret is not kept: put it in again.".into(),
        );
    }
    let headers = request
        .headers
        .into_iter()
        .map(|line| header(line, &mut missing));
    let headers = headers.collect();
    Reopened {
        draft: Draft {
            method: request.method,
            url,
            headers,
            body: body(request.body, &mut missing),
            key: request.key,
            scheme: request.scheme,
            settings: BTreeMap::new(),
            follow_redirects: request.follow_redirects,
        },
        missing,
    }
}

/// The URL with what is sent of its query table.
fn url(request: &Composed) -> String {
    let mut url = plain(&request.url);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for line in request.query.iter().filter(|line| line.enabled) {
        query.append_pair(&plain(&line.name), &plain(&line.value));
    }
    let query = query.finish();
    if !query.is_empty() {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&query.replace('+', "%20"));
    }
    url
}

fn header(line: Line, missing: &mut Vec<String>) -> Entry {
    let mut line = entry(line);
    if line.value.contains(NOT_KEPT) {
        missing.push(format!(
            "The value of the header {} is not kept: put it in again.",
            line.name
        ));
        line.value.clear();
    }
    line
}

fn entry(line: Line) -> Entry {
    Entry {
        name: plain(&line.name),
        value: plain(&line.value),
        enabled: line.enabled,
    }
}

fn body(body: ComposedBody, missing: &mut Vec<String>) -> DraftBody {
    let text = |kind, text: &str| DraftBody {
        kind,
        text: plain(text),
        ..DraftBody::default()
    };
    let body = match body {
        ComposedBody::None => DraftBody::default(),
        ComposedBody::Json { text: json } => text(BodyKind::Json, &json),
        ComposedBody::Text { text: raw, .. } => text(BodyKind::Raw, &raw),
        ComposedBody::Form { fields } => DraftBody {
            kind: BodyKind::Form,
            fields: fields.into_iter().map(entry).collect(),
            ..DraftBody::default()
        },
        ComposedBody::Multipart { parts } => DraftBody {
            kind: BodyKind::Multipart,
            parts: parts.into_iter().map(part).collect(),
            ..DraftBody::default()
        },
        ComposedBody::File { path, .. } => {
            missing.push(format!("The body was the file {path}: choose it again."));
            DraftBody {
                kind: BodyKind::File,
                ..DraftBody::default()
            }
        }
        ComposedBody::Binary { .. } => {
            missing.push("The body is no text: choose the file that it came from.".into());
            DraftBody {
                kind: BodyKind::File,
                ..DraftBody::default()
            }
        }
    };
    if body.text.contains(NOT_KEPT) {
        missing.push(
            "A part of the body that looks like a secret is not kept: put it in again.".into(),
        );
    }
    body
}

fn part(part: ComposedPart) -> DraftPart {
    let (value, file) = match part.content {
        PartContent::Text { text } => (plain(&text), None),
        PartContent::File { path, .. } => (String::new(), Some(path)),
    };
    DraftPart {
        name: plain(&part.name),
        value,
        file,
        enabled: part.enabled,
    }
}

/// The text that a template without placeholders stands for; any other as it is.
fn plain(template: &str) -> String {
    let parsed = Template::parse(template).ok();
    let literal = parsed.as_ref().and_then(Template::literal);
    literal.unwrap_or(template).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: &str) -> Line {
        Line {
            name: name.into(),
            value: value.into(),
            enabled: true,
        }
    }

    #[test]
    fn what_was_sent_is_composed_again_as_it_was() {
        let request = Composed {
            method: "POST".into(),
            url: "https://localhost/a?b=1".into(),
            query: vec![line("c d", "e&f")],
            headers: vec![line("X-Braces", "\\{{text}}")],
            body: ComposedBody::Json {
                text: "{\"a\":\\{{}}".into(),
            },
            key: Some("payments".into()),
            follow_redirects: true,
            ..Composed::default()
        };
        let Reopened { draft, missing } = reopened(request);
        assert_eq!(missing, Vec::<String>::new());
        assert_eq!(draft.url, "https://localhost/a?b=1&c%20d=e%26f");
        assert_eq!(draft.headers[0].value, "{{text}}");
        assert_eq!(draft.body.text, "{\"a\":{{}}");
        assert_eq!(draft.body.kind, BodyKind::Json);
        assert_eq!(draft.key.as_deref(), Some("payments"));
        assert!(draft.follow_redirects);
    }

    #[test]
    fn what_is_not_kept_is_named_and_never_sent_as_a_placeholder() {
        let request = Composed {
            url: "https://localhost/?token={{secret:token}}".into(),
            headers: vec![line("Cookie", "{{secret:cookie}}"), line("Accept", "*/*")],
            body: ComposedBody::Binary {
                base64: "/w==".into(),
                content_type: None,
            },
            ..Composed::default()
        };
        let Reopened { draft, missing } = reopened(request);
        assert_eq!(missing.len(), 3, "{missing:?}");
        assert!(missing[1].contains("Cookie"), "{missing:?}");
        assert_eq!(draft.headers[0].value, "");
        assert_eq!(draft.headers[1].value, "*/*");
        assert_eq!((draft.body.kind, draft.body.file), (BodyKind::File, None));
    }
}
