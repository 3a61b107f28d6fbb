//! Repairs of what stands in the headers of credentials.

use strongroom_contract::diagnosis::Change;
use strongroom_signing::{
    header_pair::{APP_ID, SECRET_KEY},
    rfc9421::Signature,
    token::{ACCESS_TOKEN, AUTHORIZATION},
};

use super::Repaired;
use crate::{
    defect::{
        BEARER_WORD, CREDENTIAL_PLACE, DUPLICATE, HEADER_NAME, ID_IS_NAME, ID_TYPO, OTHER_KEY,
        SWAPPED, TOKEN_ENCODING, UNFILLED, VALUE_BASE64, VALUE_CASE, VALUE_HEX, VALUE_INVISIBLE,
        VALUE_PERCENT, VALUE_QUOTES, VALUE_TRUNCATED,
    },
    exhibit::View,
    form::percent_decoded,
    judge::Knowledge,
    pieces::is_invisible,
    search::decodings,
};

const CREDENTIALS: [&str; 4] = [APP_ID, SECRET_KEY, ACCESS_TOKEN, AUTHORIZATION];
/// A part shorter than this says nothing about the whole.
const SHORTEST: usize = 8;

pub(super) fn repairs<'v>(view: &View<'v>, knowledge: &Knowledge<'_>) -> Vec<Repaired<'v>> {
    let mut out = Vec::new();
    out.extend(names(view));
    for name in CREDENTIALS {
        out.extend(duplicates(view, name));
        out.extend(values(view, name));
    }
    out.extend(places(view));
    out.extend(words(view));
    out.extend(known(view, knowledge));
    out
}

fn repaired<'v>(change: Change, view: View<'v>) -> Repaired<'v> {
    Repaired {
        changes: vec![change],
        view,
    }
}

/// Headers by other names.
fn names<'v>(view: &View<'v>) -> Option<Repaired<'v>> {
    let mut renamed = view.clone();
    let mut found = Vec::new();
    let has_id = view.header(APP_ID).is_some();
    for (name, _) in &mut renamed.headers {
        let lower = name.to_ascii_lowercase().replace('_', "-");
        let bare = lower.trim_start_matches("http-").trim_start_matches("x-");
        let meant = match bare {
            "app-id" | "appid" | "application-id" | "client-id" | "app-key" => APP_ID,
            "secret-key" | "secretkey" | "secret" | "app-secret" | "client-secret"
            | "api-secret" => SECRET_KEY,
            "api-key" | "apikey" if has_id => SECRET_KEY,
            "access-token" | "accesstoken" | "auth-token" => ACCESS_TOKEN,
            _ => continue,
        };
        if !name.eq_ignore_ascii_case(meant) && view.header(meant).is_none() {
            found.push(name.clone());
            meant.clone_into(name);
        }
    }
    (!found.is_empty()).then(|| repaired(HEADER_NAME.of(&found.join(", ")), renamed))
}

/// A header that is there twice, or whose value is.
fn duplicates<'v>(view: &View<'v>, name: &str) -> Vec<Repaired<'v>> {
    let values: Vec<&[u8]> = view
        .headers
        .iter()
        .filter(|(each, _)| each.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
        .collect();
    let Some((first, rest)) = values.split_first() else {
        return Vec::new();
    };
    let once = |value: &[u8]| {
        let view = view.without(name).with(name, value.to_vec());
        repaired(DUPLICATE.of(name), view)
    };
    if !rest.is_empty() {
        return rest
            .iter()
            .map(|last| once(last))
            .chain([once(first)])
            .collect();
    }
    let mut parts = first.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    match (parts.next(), parts.next()) {
        (Some(one), Some(other)) if one == other => vec![once(one)],
        _ => Vec::new(),
    }
}

/// Other forms of a header's value.
fn values<'v>(view: &View<'v>, name: &str) -> Vec<Repaired<'v>> {
    let Some(Ok(value)) = view.header(name).map(str::from_utf8) else {
        return Vec::new();
    };
    // The scheme of Authorization is no part of the credential.
    let (word, value) = match value.split_once(' ') {
        Some((word, rest)) if name == AUTHORIZATION => (format!("{word} "), rest.trim()),
        _ => (String::new(), value.trim_matches([' ', '\t'])),
    };
    let mut out = Vec::new();
    let mut offer = |changes: Vec<Change>, other: &str| {
        if other != value && !other.is_empty() {
            out.push(Repaired {
                changes,
                view: view.with(name, format!("{word}{other}").into_bytes()),
            });
        }
    };
    let seen = value.replace(is_invisible, "");
    let seen = seen.trim_end_matches("\\n").trim_end_matches("\\r");
    offer(vec![VALUE_INVISIBLE.of(name)], seen);
    offer(vec![VALUE_QUOTES.of(name)], unquoted(value));
    if let Some(decoded) = percent_decoded(value) {
        offer(vec![VALUE_PERCENT.of(name)], &decoded);
    }
    let is_hex = value.len() % 2 == 0 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let encoding = if is_hex { &VALUE_HEX } else { &VALUE_BASE64 };
    for decoded in decodings(value.as_bytes()) {
        let Ok(text) = str::from_utf8(&decoded) else {
            continue;
        };
        let trimmed = text.trim();
        let mut changes = vec![encoding.of(name)];
        if trimmed != text {
            changes.push(VALUE_INVISIBLE.of(name));
        }
        if trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            offer(changes, trimmed);
        }
    }
    if value.contains('=') || value.contains(['+', '/']) {
        let url_safe: Vec<String> = value
            .split('.')
            .map(|part| {
                part.trim_end_matches('=')
                    .replace('+', "-")
                    .replace('/', "_")
            })
            .collect();
        if url_safe.len() == 3 {
            offer(vec![TOKEN_ENCODING.of(name)], &url_safe.join("."));
        }
    }
    out
}

fn unquoted(value: &str) -> &str {
    for (open, close) in [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('‘', '’'),
        ('<', '>'),
    ] {
        if let Some(inner) = value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
        {
            return inner;
        }
    }
    value
}

/// A credential in another place.
fn places<'v>(view: &View<'v>) -> Vec<Repaired<'v>> {
    let mut out = Vec::new();
    if let (Some(id), Some(secret)) = (view.header(APP_ID), view.header(SECRET_KEY)) {
        let swapped = view.with(APP_ID, secret.to_vec());
        let swapped = swapped.with(SECRET_KEY, id.to_vec());
        out.push(repaired(SWAPPED.change(), swapped));
    }
    let Some(Ok(authorization)) = view.header(AUTHORIZATION).map(str::from_utf8) else {
        return out;
    };
    let Some((word, value)) = authorization.split_once(' ') else {
        return out;
    };
    let moved = || CREDENTIAL_PLACE.of(AUTHORIZATION);
    let without = view.without(AUTHORIZATION);
    if view.header(APP_ID).is_some() && view.header(SECRET_KEY).is_none() {
        let secret = value.trim().as_bytes().to_vec();
        out.push(repaired(moved(), without.with(SECRET_KEY, secret)));
    }
    if word.eq_ignore_ascii_case("basic") {
        for decoded in decodings(value.trim().as_bytes()) {
            if let Ok(Some((id, secret))) = str::from_utf8(&decoded).map(|it| it.split_once(':')) {
                let pair = without
                    .with(APP_ID, id.as_bytes().to_vec())
                    .with(SECRET_KEY, secret.as_bytes().to_vec());
                out.push(repaired(moved(), pair));
            }
        }
    }
    out
}

/// The word before a token.
fn words<'v>(view: &View<'v>) -> Vec<Repaired<'v>> {
    let mut out = Vec::new();
    if let Some(Ok(value)) = view.header(AUTHORIZATION).map(str::from_utf8) {
        let token = value.split([' ', ':']).next_back().unwrap_or_default();
        let bearer = format!("Bearer {token}");
        if bearer != value && !value.starts_with("Basic ") {
            let view = view.with(AUTHORIZATION, bearer.into_bytes());
            out.push(repaired(BEARER_WORD.of(AUTHORIZATION), view));
        }
    }
    if let Some(Ok(value)) = view.header(ACCESS_TOKEN).map(str::from_utf8)
        && let Some((_, token)) = value.trim().rsplit_once(' ')
    {
        let view = view.with(ACCESS_TOKEN, token.as_bytes().to_vec());
        out.push(repaired(BEARER_WORD.of(ACCESS_TOKEN), view));
    }
    out
}

/// The secret itself, where what was presented is a part of it or has another case.
fn known<'v>(view: &View<'v>, knowledge: &Knowledge<'_>) -> Vec<Repaired<'v>> {
    let Some(presented) = view.header(SECRET_KEY).map(<[u8]>::trim_ascii) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for own in knowledge.secrets(presented_id(view).as_deref()).own {
        let secret = own.bytes.expose_secret();
        let is_part = presented.len() >= SHORTEST
            && (secret.starts_with(presented) || secret.ends_with(presented));
        let defect = if presented == secret {
            continue;
        } else if is_part {
            &VALUE_TRUNCATED
        } else if presented.eq_ignore_ascii_case(secret) {
            &VALUE_CASE
        } else {
            continue;
        };
        let view = view.with(SECRET_KEY, secret.to_vec());
        out.push(repaired(defect.of(SECRET_KEY), view));
    }
    out
}

/// The id that a request names.
pub(crate) fn presented_id(view: &View<'_>) -> Option<String> {
    if let Some(id) = view.header(APP_ID) {
        return Some(String::from_utf8_lossy(id).trim().to_owned());
    }
    let signatures = Signature::read_all(&view.fields()).ok()?;
    signatures.first()?.input().params().keyid.clone()
}

/// What can be seen without another look by the rules: a variable, another key, a mistyped id.
pub(crate) fn seen(view: &View<'_>, knowledge: &Knowledge<'_>) -> Vec<Change> {
    let id = presented_id(view);
    for name in CREDENTIALS {
        if let Some(Ok(value)) = view.header(name).map(str::from_utf8)
            && is_variable(value.split(' ').next_back().unwrap_or_default())
        {
            return vec![UNFILLED.seen(name)];
        }
    }
    if let Some(id) = &id
        && is_variable(id)
    {
        return vec![UNFILLED.seen("keyid")];
    }
    if let Some(secret) = view.header(SECRET_KEY)
        && let Some(owner) = knowledge.owner(secret.trim_ascii(), id.as_deref())
    {
        return vec![OTHER_KEY.of(&owner)];
    }
    let place = match view.header(APP_ID) {
        Some(_) => APP_ID,
        None => "the signature's keyid",
    };
    let Some(id) = id else { return Vec::new() };
    let ids = knowledge.ids();
    if ids.iter().any(|(known, _)| *known == id) {
        return Vec::new();
    }
    if ids.iter().any(|(_, name)| *name == id) {
        return vec![ID_IS_NAME.seen(place)];
    }
    let near = |known: &str| known.len() >= SHORTEST && distance(known, &id, 2) <= 2;
    if ids.iter().any(|(known, _)| near(known)) {
        return vec![ID_TYPO.seen(place)];
    }
    Vec::new()
}

fn is_variable(value: &str) -> bool {
    let value = value.trim();
    let named = matches!(
        value.to_ascii_lowercase().as_str(),
        "undefined" | "null" | "none" | "nil" | "nan" | "[object object]" | "changeme" | "todo"
    );
    let braced = [
        ("{{", "}}"),
        ("${", "}"),
        ("<", ">"),
        ("%", "%"),
        ("#{", "}"),
        ("[", "]"),
    ]
    .iter()
    .any(|(open, close)| {
        value.len() > open.len() + close.len() && value.starts_with(open) && value.ends_with(close)
    });
    let shell = value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    named || braced || shell || value.to_ascii_uppercase().starts_with("YOUR_")
}

/// The edit distance, or something above `most`.
fn distance(left: &str, right: &str, most: usize) -> usize {
    if left.len().abs_diff(right.len()) > most {
        return most + 1;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, one) in left.chars().enumerate() {
        let mut before = at + 1;
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), before);
        for (other, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(one != *other);
            diagonal = *cell;
            before = replaced.min(before + 1).min(diagonal + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_from_values() {
        for value in [
            "{{secret}}",
            "${SECRET}",
            "$SECRET_KEY",
            "<secret>",
            "undefined",
            "YOUR_KEY",
            "%SECRET%",
        ] {
            assert!(is_variable(value), "{value}");
        }
        for value in ["", "$", "sr_sk_test_1", "{}", "a{{b}}", "$5.00"] {
            assert!(!is_variable(value), "{value}");
        }
    }

    #[test]
    fn the_distance_is_the_number_of_edits() {
        for (left, right, edits) in [
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "acb", 2),
            ("abc", "ab", 1),
            ("", "ab", 2),
        ] {
            assert_eq!(distance(left, right, 2), edits);
        }
        assert!(distance("a", "abcdef", 2) > 2);
    }
}
