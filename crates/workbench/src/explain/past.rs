//! A request of the history as it was sent: the history has references in the place of secrets, and here
//! the vault's owner puts the secrets back, for as long as the request is looked at.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    diagnosis::Exhibit,
    error::{ErrorCode, Failure},
    history::HistoryEntry,
};
use strongroom_crypto::SecretText;
use strongroom_formats::{
    export::{Payload, Plan},
    template::Reference,
};
use zeroize::Zeroize as _;

use crate::folder::convert;

/// How a reference begins.
const REFERENCE: &str = "sr://";
/// How the history shows a Basic credential: `Basic base64(USER:sr://NAME/FIELD)`.
const BASIC: (&str, &str) = ("Basic base64(", ")");
/// What stands where a credential is not kept: one that was typed, a token that was fetched, a signature
/// that is a credential by itself.
const NOT_KEPT: [&str; 5] = [
    "{{secret:",
    "(a credential that was typed",
    "(a token of ",
    "(signature with ",
    "(the secret that was typed)",
];

/// The request with its secrets in it again; the caller wipes it. `field` gives the value of a reference, if
/// the vault has one.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if it got no answer, or if what was sent is not kept as it was.
pub(super) fn exhibit(
    entry: &HistoryEntry,
    field: &dyn Fn(&Reference) -> Option<SecretText>,
) -> Result<Exhibit, Failure> {
    let Some(exchange) = &entry.exchange else {
        return Err(Failure::new(
            ErrorCode::Usage,
            "that request got no answer, so nothing refused it",
        )
        .hint("the history says why there was none"));
    };
    let sent = &exchange.sent;
    let body = body(entry, sent.body_bytes)?;
    let mut exhibit = Exhibit {
        method: sent.method.clone(),
        url: sent.url.clone(),
        headers: sent.headers.clone(),
        body_base64: BASE64_STANDARD.encode(body),
        peer: None,
        at: Some(entry.row.at),
    };
    put_back(&mut exhibit.url, field);
    for (name, value) in &mut exhibit.headers {
        put_back(value, field);
        if NOT_KEPT.iter().any(|mark| value.contains(mark)) {
            let failure = not_kept(&format!("the header {name}"));
            wipe(&mut exhibit);
            return Err(failure);
        }
    }
    if NOT_KEPT.iter().any(|mark| exhibit.url.contains(mark)) {
        wipe(&mut exhibit);
        return Err(not_kept("a part of its URL"));
    }
    Ok(exhibit)
}

/// Wipes what of a request could be a secret.
pub(super) fn wipe(exhibit: &mut Exhibit) {
    exhibit.url.zeroize();
    exhibit.body_base64.zeroize();
    for (_, value) in &mut exhibit.headers {
        value.zeroize();
    }
}

fn not_kept(what: &str) -> Failure {
    Failure::new(
        ErrorCode::Usage,
        format!("the history does not keep {what} as it was sent"),
    )
    .hint("paste the request itself: as a curl command, raw HTTP, or a HAR file")
}

/// The body's bytes, if they are those that were sent.
fn body(entry: &HistoryEntry, length: u64) -> Result<Vec<u8>, Failure> {
    let plan = convert::saved(entry.request.clone())
        .ok()
        .and_then(|saved| Plan::of(&saved).ok());
    let bytes = match plan.map(|plan| plan.payload) {
        Some(Payload::None) => Some(Vec::new()),
        Some(Payload::Text(text)) => text.literal().map(|text| text.as_bytes().to_vec()),
        Some(Payload::Bytes(bytes)) => Some(bytes),
        Some(Payload::File(_) | Payload::Multipart(_)) | None => None,
    };
    bytes
        .filter(|bytes| bytes.len() as u64 == length)
        .ok_or_else(|| not_kept("its body"))
}

/// Replaces the references in a text by what they stand for.
fn put_back(text: &mut String, field: &dyn Fn(&Reference) -> Option<SecretText>) {
    if !text.contains(REFERENCE) {
        return;
    }
    let inner = text
        .strip_prefix(BASIC.0)
        .and_then(|rest| rest.strip_suffix(BASIC.1));
    let mut whole = resolved(inner.unwrap_or(text), field);
    let encoded = inner.is_some().then(|| BASE64_STANDARD.encode(&whole));
    text.zeroize();
    *text = match encoded {
        Some(encoded) => {
            whole.zeroize();
            format!("Basic {encoded}")
        }
        None => whole,
    };
}

fn resolved(text: &str, field: &dyn Fn(&Reference) -> Option<SecretText>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(REFERENCE) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = end_of_reference(from);
        let (reference, behind) = from.split_at(end);
        match Reference::parse(reference).as_ref().and_then(field) {
            Some(secret) => out.push_str(secret.expose_secret()),
            None => out.push_str(reference),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Where a reference at the beginning of `text` ends: its field is a word.
fn end_of_reference(text: &str) -> usize {
    let name = text.get(REFERENCE.len()..).unwrap_or_default();
    let Some(slash) = name.find('/') else {
        return REFERENCE.len();
    };
    let field = name.get(slash + 1..).unwrap_or_default();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = field.find(|c| !is_word(c)).unwrap_or(field.len());
    REFERENCE.len() + slash + 1 + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(reference: &Reference) -> Option<SecretText> {
        let known = reference.item() == "pay ments" && reference.field() == "secret";
        known.then(|| SecretText::new("hunter2".to_owned()))
    }

    fn put(text: &str) -> String {
        let mut text = text.to_owned();
        put_back(&mut text, &field);
        text
    }

    #[test]
    fn references_become_what_they_stand_for_and_nothing_else_changes() {
        assert_eq!(put("sr://pay ments/secret"), "hunter2");
        assert_eq!(
            put("Bearer sr://pay ments/secret, sr://other/secret"),
            "Bearer hunter2, sr://other/secret"
        );
        assert_eq!(
            put("https://h/?a=sr://pay ments/secret&b=sr://"),
            "https://h/?a=hunter2&b=sr://"
        );
        assert_eq!(put("plain"), "plain");
        let basic = BASE64_STANDARD.encode("app-1:hunter2");
        assert_eq!(
            put("Basic base64(app-1:sr://pay ments/secret)"),
            format!("Basic {basic}")
        );
    }
}
