//! Keeping an exchange, and letting go of old ones.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use strongroom_contract::{
    compose::{Composed, ComposedBody, Line},
    error::Failure,
    exchange::{Exchange, SendRequest},
    history::HistoryRow,
    time::UnixMillis,
};
use strongroom_formats::{
    secrets::{Extractor, FoundSecret},
    template,
};
use url::Url;

use crate::{folder::convert, sealed_log::SealedLog, session::Session, settings};

/// How many entries are kept, however young.
const MOST: usize = 5_000;
/// How large the file may grow. Beyond it, the older half goes.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
/// How much of an answer's body is kept.
const BODY_BYTES: usize = 256 * 1024;
/// How much of a request's body is kept.
const SENT_BYTES: usize = 256 * 1024;

/// Shorter values would be found by chance everywhere.
const SHORTEST: usize = 8;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An exchange to be kept, with references in the place of secrets.
pub(crate) struct Kept {
    pub(crate) at: UnixMillis,
    /// As it was composed: unsigned.
    pub(crate) request: Composed,
    /// The URL that it went to.
    pub(crate) url: String,
    /// The name of the key that signed.
    pub(crate) key: Option<String>,
    pub(crate) came_back: Result<Exchange, Failure>,
}

impl Kept {
    /// The exchange of a request: of one that was composed, as it was composed.
    pub(crate) fn sent(
        at: UnixMillis,
        request: &SendRequest,
        composed_as: Option<Composed>,
        key: Option<&str>,
        came_back: Result<Exchange, Failure>,
    ) -> Self {
        let composed = composed_as.unwrap_or_else(|| composed(request));
        Self {
            at,
            url: came_back.as_ref().map_or_else(
                |_| composed.url.clone(),
                |exchange| exchange.sent.url.clone(),
            ),
            request: composed,
            key: key.map(str::to_owned),
            came_back,
        }
    }
}

/// A finished request as it can be composed again.
fn composed(request: &SendRequest) -> Composed {
    let bytes = BASE64.decode(&request.body_base64).unwrap_or_default();
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
    let body = match String::from_utf8(bytes) {
        Ok(text) if text.is_empty() => ComposedBody::None,
        Ok(text) if is_json => ComposedBody::Json {
            text: template::escape(&text),
        },
        Ok(text) => ComposedBody::Text {
            text: template::escape(&text),
            content_type: None,
        },
        Err(_) => ComposedBody::Binary {
            base64: request.body_base64.clone(),
            content_type: None,
        },
    };
    Composed {
        method: request.method.clone(),
        url: template::escape(&request.url),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| Line {
                name: name.clone(),
                value: template::escape(value),
                enabled: true,
            })
            .collect(),
        body,
        key: request.key.clone(),
        scheme: request.scheme.clone(),
        settings: request.settings.clone(),
        follow_redirects: request.options.follow_redirects,
        timeout_ms: Some(request.timeout_ms),
        ..Composed::default()
    }
}

/// What an entry has beside its row.
#[derive(Serialize, Deserialize)]
pub(super) struct Detail {
    pub(super) request: Composed,
    pub(super) exchange: Option<Exchange>,
    pub(super) failure: Option<Failure>,
}

/// Keeps an exchange; `None` if the vault is not open. That the history cannot be written is logged, and
/// stops nobody.
pub(crate) fn keep(session: &Session, kept: Kept) -> Option<u64> {
    let oldest = oldest(session, kept.at);
    let kept = super::with_log(session, |log| {
        let_go(log, oldest).map_err(|error| super::unusable(&error))?;
        add(log, kept)
    });
    match kept {
        Ok(number) => Some(number),
        Err(failure) if !session.is_open() => {
            tracing::debug!(%failure, "not kept: the vault is locked");
            None
        }
        Err(failure) => {
            tracing::warn!(%failure, "an exchange is not in the history");
            None
        }
    }
}

/// From when on entries are kept, as the settings have it.
pub(super) fn oldest(session: &Session, now: UnixMillis) -> UnixMillis {
    let days = settings::read(session.home())
        .unwrap_or_default()
        .history_days;
    let kept = u64::try_from((DAY * days).as_millis()).unwrap_or(u64::MAX);
    UnixMillis(now.0.saturating_sub(kept))
}

fn add(log: &mut SealedLog, kept: Kept) -> Result<u64, Failure> {
    let Kept { request, .. } = kept;
    let (request, found) = without_credentials(request);
    let request = shortened(request);
    let hide = |text: &mut String| {
        for FoundSecret { name, value, .. } in &found {
            if value.len() >= SHORTEST && text.contains(value.expose_secret()) {
                *text = text.replace(value.expose_secret(), &format!("{{{{secret:{name}}}}}"));
            }
        }
    };
    let (exchange, failure) = match kept.came_back {
        Ok(exchange) => (Some(cut(hidden(exchange, hide))), None),
        Err(failure) => (None, Some(failure)),
    };
    let mut url = kept.url;
    hide(&mut url);
    let row = HistoryRow {
        id: 0,
        at: kept.at,
        name: Some(request.name.clone()).filter(|name| !name.is_empty()),
        method: request.method.clone(),
        host: host(&url),
        url,
        key: kept.key,
        status: exchange.as_ref().map(|exchange| exchange.status),
        failure: failure.as_ref().map(|failure| failure.message.clone()),
        total_ms: exchange
            .as_ref()
            .map_or(0.0, |exchange| exchange.timings.total_ms),
        request_id: exchange
            .as_ref()
            .and_then(|exchange| exchange.request_id.clone()),
    };
    let detail = Detail {
        request,
        exchange,
        failure,
    };
    let row = json(&row)?;
    let detail = json(&detail)?;
    log.append(&row, &detail)
        .map_err(|error| super::unusable(&error))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| super::unusable(&error.into()))
}

/// Removes what is too old or too much.
pub(super) fn let_go(log: &mut SealedLog, oldest: UnixMillis) -> std::io::Result<()> {
    /// The part of a row that decides.
    #[derive(Deserialize)]
    struct Age {
        at: UnixMillis,
    }
    let count = log.rows().count();
    let mut first_kept = None;
    // Many at a time: the file is written anew for it.
    let mut too_many = if count < MOST { 0 } else { MOST / 10 };
    if log.len_bytes() > MOST_BYTES {
        too_many = count / 2;
    }
    for (at, (number, row)) in log.rows().enumerate() {
        let is_old = serde_json::from_slice::<Age>(row).is_ok_and(|row| row.at < oldest);
        if at >= too_many && !is_old {
            first_kept = Some(number);
            break;
        }
    }
    // A clock that was set back leaves nothing but order to go by: what comes before stays or goes as one.
    match first_kept {
        Some(first) => log.retain(|number| number >= first).map(drop),
        None if count > 0 => log.clear().map(drop),
        None => Ok(()),
    }
}

/// The request with `{{secret:NAME}}` in the place of credentials that were typed by hand, and what else of
/// it looks like a secret.
fn without_credentials(mut request: Composed) -> (Composed, Vec<FoundSecret>) {
    for line in &mut request.headers {
        let is_credential = CREDENTIALS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&line.name));
        let is_typed = !line.value.contains("{{") && !line.value.starts_with("sr://");
        if is_credential && is_typed && !line.value.is_empty() {
            line.value = format!("{{{{secret:{}}}}}", line.name.to_ascii_lowercase());
        }
    }
    let mut extractor = Extractor::new();
    match convert::saved(request.clone()) {
        Ok(mut saved) => {
            extractor.request(&mut saved);
            (convert::composed(saved), extractor.finish().0)
        }
        // It could not be sent either.
        Err(_) => (request, Vec::new()),
    }
}

/// The exchange with secrets hidden wherever it shows text.
fn hidden(mut exchange: Exchange, hide: impl Fn(&mut String)) -> Exchange {
    hide(&mut exchange.sent.url);
    for (_, value) in exchange
        .sent
        .headers
        .iter_mut()
        .chain(&mut exchange.headers)
    {
        hide(value);
    }
    for step in &mut exchange.steps {
        hide(&mut step.value);
    }
    for redirect in &mut exchange.redirects {
        hide(&mut redirect.from);
        hide(&mut redirect.to);
    }
    if let Some(body) = &mut exchange.body {
        hide(body);
    }
    exchange
}

/// Headers that carry credentials.
const CREDENTIALS: [&str; 6] = [
    "access-token",
    "authorization",
    "cookie",
    "proxy-authorization",
    "secret-key",
    "x-api-key",
];

/// The request without a body that is too long to be kept.
fn shortened(mut request: Composed) -> Composed {
    let length = match &request.body {
        ComposedBody::Json { text } | ComposedBody::Text { text, .. } => text.len(),
        ComposedBody::Binary { base64, .. } => base64.len(),
        ComposedBody::None
        | ComposedBody::Form { .. }
        | ComposedBody::Multipart { .. }
        | ComposedBody::File { .. } => 0,
    };
    if length > SENT_BYTES {
        request.body = ComposedBody::None;
        request.description = Some(format!(
            "Its body of {length} bytes was too long for the history."
        ));
    }
    request
}

/// The exchange with the beginning of its body.
pub(super) fn cut(mut exchange: Exchange) -> Exchange {
    if let Some(body) = &mut exchange.body
        && body.len() > BODY_BYTES
    {
        let end = (0..=BODY_BYTES)
            .rev()
            .find(|end| body.is_char_boundary(*end))
            .unwrap_or_default();
        body.truncate(end);
        exchange.body_truncated = true;
    }
    if let Some(body) = &mut exchange.body_base64
        && body.len() > BODY_BYTES
    {
        // A multiple of four characters is base64 still.
        body.truncate(BODY_BYTES);
        exchange.body_truncated = true;
    }
    exchange
}

fn host(url: &str) -> String {
    Url::parse(url)
        .ok()
        .and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            })
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::Key;

    use super::*;

    #[test]
    fn what_is_older_than_the_settings_say_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let key = Key::random();
        let open = || SealedLog::open(&path, &key, &[1; 16], 1).unwrap();
        let mut log = open();
        for at in [1_000, 2_000, 3_000] {
            let row = format!("{{\"at\":\"{}\"}}", UnixMillis(at));
            log.append(row.as_bytes(), b"{}").unwrap();
        }
        let mut kept_from = |oldest: u64| -> Vec<u64> {
            let_go(&mut log, UnixMillis(oldest)).unwrap();
            log.rows().map(|(number, _)| number).collect()
        };
        assert_eq!(kept_from(1_000), [1, 2, 3]);
        assert_eq!(kept_from(2_001), [3]);
        assert_eq!(open().rows().count(), 1);
        assert_eq!(kept_from(3_001), [0; 0]);
    }
}
