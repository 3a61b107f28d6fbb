//! The history of requests as the window shows it: an entry with its answer's body held, sent again, or
//! taken up as a draft.

use strongroom_contract::{
    agent::{ComposedSendNow, HistoryGet, HistoryResend},
    compose::{Composed, ComposedBody, ComposedSend},
    error::Failure,
    exchange::{Exchange, SendOptions},
    history::{HistoryEntry, HistoryId},
    window::Reopened,
};

use super::{Desk, compose, drafts};

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
    let mut draft = drafts::taken_up(&request);
    // An entry has the time that it was sent with; the usual one need not be said.
    draft.options.timeout_ms =
        (draft.options.timeout_ms).filter(|milliseconds| *milliseconds != compose::SEND_LIMIT_MS);
    let mut missing = Vec::new();
    let mut lacks = |what: String| missing.push(what);
    if draft.url.contains(NOT_KEPT) {
        lacks("A part of the URL that looks like a secret is not kept: put it in again.".into());
    }
    for line in &mut draft.headers {
        if line.value.contains(NOT_KEPT) {
            lacks(format!(
                "The value of the header {} is not kept: put it in again.",
                line.name
            ));
            line.value.clear();
        }
    }
    match &request.body {
        ComposedBody::File { path, .. } => {
            lacks(format!("The body was the file {path}: choose it again."));
            draft.body.file = None;
        }
        ComposedBody::Binary { .. } => {
            lacks("The body is no text: choose the file that it came from.".into());
        }
        _ if draft.body.text.contains(NOT_KEPT) => {
            lacks(
                "A part of the body that looks like a secret is not kept: put it in again.".into(),
            );
        }
        _ => {}
    }
    Reopened { draft, missing }
}

#[cfg(test)]
mod tests {
    use strongroom_contract::{compose::Line, window::BodyKind};

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
        assert_eq!(draft.headers[0].value, "\\{{text}}");
        assert_eq!(draft.body.text, "{\"a\":\\{{}}");
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
