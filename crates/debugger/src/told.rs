//! Requests whose scheme is not told by their headers, but by their key: a provider's own HMAC form, API
//! keys, Basic, tokens that are made for a request, and RFC 9421 with key pairs.
//!
//! Whether one is genuine, `signing::verify` says. If it is not, the search verifies it again with another
//! use of the secret, with other keys, and over other forms of the body. What a key pair signed is searched
//! for as with RFC 9421 and a shared secret, and tokens are looked at by themselves (`bearer`).

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use strongroom_contract::{diagnosis::Change, explain::Explanation, time::UnixMillis};
use strongroom_crypto::{SecretBytes, SecretText};
use strongroom_signing::{
    Credential, Request, Scheme, Settings, Target, content_digest::ContentDigest,
    token::AUTHORIZATION, verify,
};

use crate::{
    bearer,
    defect::{
        API_KEY_PLACE, BASIC_COLON, BASIC_PLAIN, BASIC_SWAPPED, FORM_ALGORITHM, FORM_ENCODING,
        METHOD_CASE, OTHER_KEY, SECRET_DECODED, SECRET_SPACE, SECRET_TEXT, VALUE_INVISIBLE,
    },
    exhibit::View,
    form::url,
    judge::{HeldKey, Knowledge, Question, Times},
    search::{
        Alternative, Facets, Found, MOST,
        digest::{bodies, part_of_body},
        signed_request,
    },
};

pub(crate) const SECRET_ENCODING: &str = "secret_encoding";
const ALGORITHM: &str = "algorithm";
const ENCODING: &str = "encoding";
/// How many bytes the search may verify.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The scheme that `key` tells, if a request of that scheme is judged here.
pub(crate) fn scheme(key: &HeldKey) -> Option<Scheme> {
    key.scheme.filter(|scheme| match scheme {
        Scheme::HmacTemplate | Scheme::ApiKey | Scheme::Basic | Scheme::JwtHs256 => true,
        _ => scheme.needs_private_key(),
    })
}

/// When the request says that it was made, in Unix seconds, if it is genuine.
pub(crate) fn made(scheme: Scheme, view: &View<'_>, key: &HeldKey) -> Option<u64> {
    if scheme.jwt().is_some() {
        return bearer::decoded(view)?.time("nbf");
    }
    let secret = key.secret.as_ref()?;
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    let credential = Credential::new(secret, "the secret").with_settings(&key.settings);
    let made = verify(scheme, &request, &credential).ok()?.made;
    made.map(UnixMillis::secs)
}

/// Says which rule of a receiver refuses the request.
pub(crate) fn judge(
    scheme: Scheme,
    view: &View<'_>,
    key: &HeldKey,
    now: UnixMillis,
) -> Explanation {
    let (expected, fix) = advice(scheme);
    let question = Question {
        scheme,
        settings: &key.settings,
        nobodys: SecretText::new("-".to_owned()),
        names_key: true,
        is_altered: is_altered(view),
        times: match scheme {
            Scheme::ApiKey | Scheme::Basic => Times::None,
            _ if scheme.jwt().is_some() => Times::Token,
            _ => Times::Signed(None),
        },
        expected,
        fix,
    };
    question.judge(view, Some(key), now)
}

/// Whether the body is not the one whose digest the request has.
fn is_altered(view: &View<'_>) -> bool {
    let digest = ContentDigest::read(&view.fields());
    matches!(digest, Ok(Some(digest)) if digest.verify(view.body).is_err())
}

fn advice(scheme: Scheme) -> (&'static str, &'static str) {
    match scheme {
        Scheme::HmacTemplate => (
            "the headers that the provider's form names, each once",
            "Sign exactly the provider's form, last, on the final bytes, with this key's secret; nothing on \
             the way may change what is signed.",
        ),
        Scheme::ApiKey => (
            "the key in the place that the provider names, once",
            "Send this key's secret, whole and as it was issued.",
        ),
        Scheme::Basic => (
            "Authorization: Basic and base64 of user name, colon and password",
            "Send this key's user name and password, in UTF-8, joined by a colon and in base64.",
        ),
        _ if scheme.jwt().is_some() => (
            "Authorization: Bearer and a token in three parts",
            "Sign the token with this key and with the algorithm of its kind, and send it whole and \
             unchanged.",
        ),
        _ => (
            "the headers Signature-Input and Signature",
            "Sign last, on the final bytes, with this key pair; nothing on the way may change method, host, \
             path, query, a covered header or the body.",
        ),
    }
}

/// What one alternative changes.
enum Value {
    Secret(SecretText),
    Other(usize),
    Setting(&'static str, &'static str),
    Method(String),
    Target(Target),
    Body(usize),
    Header(String, Vec<u8>),
}

/// Looks for what makes the request match. `original` is the request before its headers were repaired, if
/// they were.
pub(crate) fn search(
    scheme: Scheme,
    view: &View<'_>,
    original: &View<'_>,
    key: &HeldKey,
    knowledge: &Knowledge<'_>,
) -> Found {
    if let Some(algorithm) = scheme.rfc9421() {
        let secrets = knowledge.secrets(key.id.as_deref());
        return signed_request(algorithm, view, original, &secrets);
    }
    let others = match knowledge {
        Knowledge::Held { others, .. } => others,
        Knowledge::Platform(_) => &[][..],
    };
    let Some(algorithm) = scheme.jwt() else {
        return verified(scheme, view, key, others);
    };
    if let Some(found) = bearer::for_somebody_else(view, &key.settings) {
        return found;
    }
    let found = verified(scheme, view, key, others);
    if found.changes.is_empty() {
        bearer::search(algorithm, view, key, knowledge)
    } else {
        found
    }
}

/// Looks for what makes `signing::verify` take the request.
fn verified(scheme: Scheme, view: &View<'_>, key: &HeldKey, others: &[HeldKey]) -> Found {
    let Some(secret) = &key.secret else {
        return Found::default();
    };
    let is_signed = scheme.holds_time();
    // A token does not stand for the request that it comes with.
    let covers_body = is_signed && scheme.jwt().is_none();
    let bodies = if covers_body {
        bodies(view.body)
    } else {
        Vec::new()
    };
    let mut facets = Facets::new();
    facets.push(secrets(scheme, key, secret, others));
    if covers_body {
        let lower = view.method.to_ascii_lowercase();
        let lower = Alternative::new(METHOD_CASE.change(), 1, Value::Method(lower));
        facets.push(vec![lower]);
        let bodies = bodies.iter().enumerate().map(|(at, variant)| Alternative {
            change: None,
            cost: if variant.changes.len() > 1 { 3 } else { 1 },
            value: Value::Body(at),
        });
        facets.push(bodies.collect());
    }
    if scheme == Scheme::HmacTemplate {
        facets.push(targets(view, &key.settings));
        facets.push(form(
            &key.settings,
            ENCODING,
            "hex",
            &["hex", "base64", "base64url"],
        ));
        let hashes = ["hmac-sha256", "hmac-sha512"];
        facets.push(form(&key.settings, ALGORITHM, hashes[0], &hashes));
    }
    facets.push(match scheme {
        Scheme::Basic => basic(view),
        Scheme::ApiKey => api_key(view, secret, &key.settings),
        _ => Vec::new(),
    });

    let mut bytes = 0;
    let (found, mut search) = facets.search(MOST, &mut |values| {
        if bytes > MOST_BYTES {
            return false;
        }
        let mut tried = view.clone();
        let (mut used, mut settings, mut id) = (secret, key.settings.clone(), key.id.as_deref());
        let lowered;
        let mut method = None;
        for value in values {
            match value {
                Value::Secret(other) => used = other,
                Value::Other(at) => {
                    let other = others.get(*at);
                    used = other
                        .and_then(|other| other.secret.as_ref())
                        .unwrap_or(used);
                    // A signature names the key that it should be made with; a user name is the key's own.
                    if scheme == Scheme::Basic {
                        id = other.and_then(|other| other.id.as_deref());
                    }
                }
                Value::Setting(name, value) => {
                    let one = [((*name).to_owned(), (*value).to_owned())];
                    settings = settings.overridden_by(one.into_iter().collect());
                }
                Value::Method(other) => method = Some(other.clone()),
                Value::Target(other) => tried.target = other,
                Value::Body(at) => {
                    tried.body = bodies.get(*at).map_or(tried.body, |variant| &variant.body);
                }
                Value::Header(name, value) => tried = tried.with(name, value.clone()),
            }
        }
        if let Some(method) = method {
            lowered = method;
            tried.method = &lowered;
        }
        bytes += tried.body.len();
        let fields = tried.fields();
        let request = Request::new(tried.method, tried.target, &fields, tried.body);
        let mut credential = Credential::new(used, "the secret").with_settings(&settings);
        if let Some(id) = id {
            credential = credential.with_public_id(id);
        }
        verify(scheme, &request, &credential).is_ok()
    });
    search.complete &= bytes <= MOST_BYTES || found.is_some();

    let mut changes: Vec<Change> = Vec::new();
    let mut signed_body = None;
    for each in found.iter().flatten() {
        changes.extend(each.change.clone());
        if let Value::Body(at) = each.value {
            signed_body = bodies.get(at);
        }
    }
    changes.extend(signed_body.into_iter().flat_map(|it| it.changes.clone()));
    let parts = covers_body.then(|| part_of_body(view.body, signed_body, found.is_some()));
    Found {
        changes,
        parts: parts.into_iter().collect(),
        search: Some(search),
    }
}

/// The secret in other uses, and those of other keys.
fn secrets(
    scheme: Scheme,
    key: &HeldKey,
    secret: &SecretText,
    others: &[HeldKey],
) -> Vec<Alternative<Value>> {
    let mut out = Vec::new();
    let settings = scheme.settings();
    if settings
        .iter()
        .any(|setting| setting.name == SECRET_ENCODING)
    {
        let told = key.settings.get(SECRET_ENCODING).unwrap_or("utf8");
        for encoding in ["utf8", "base64", "base64url", "hex"] {
            let change = match (told, encoding) {
                (told, other) if told == other => continue,
                (_, "utf8") => SECRET_TEXT.of(told),
                ("utf8", _) => SECRET_DECODED.change(),
                _ => continue,
            };
            let value = Value::Setting(SECRET_ENCODING, encoding);
            out.push(Alternative::new(change, 1, value));
        }
    }
    if scheme.holds_time() && !scheme.needs_private_key() {
        let text = secret.expose_secret();
        for other in [
            format!("{text}\n"),
            format!("{text}\r\n"),
            text.trim().to_owned(),
        ] {
            if other != text {
                let value = Value::Secret(SecretText::new(other));
                out.push(Alternative::new(SECRET_SPACE.change(), 1, value));
            }
        }
    }
    for (at, other) in others.iter().enumerate() {
        let change = OTHER_KEY.of(&other.name);
        out.push(Alternative::new(change, 1, Value::Other(at)));
    }
    out
}

/// The bytes that a secret's text stands for, where the key says that it is encoded.
pub(crate) fn key_bytes(text: &SecretBytes, settings: &Settings) -> Option<SecretBytes> {
    let text = text.expose_secret();
    let bytes = match settings.get(SECRET_ENCODING)? {
        "hex" => hex::decode(text).ok(),
        "base64" => BASE64_STANDARD.decode(text).ok(),
        "base64url" => BASE64_URL_SAFE_NO_PAD.decode(text).ok(),
        _ => None,
    };
    bytes.map(SecretBytes::new)
}

/// What a provider's form could say in another way.
fn form(
    settings: &Settings,
    name: &'static str,
    default: &str,
    values: &[&'static str],
) -> Vec<Alternative<Value>> {
    let told = settings.get(name).unwrap_or(default);
    let defect = if name == ENCODING {
        &FORM_ENCODING
    } else {
        &FORM_ALGORITHM
    };
    let others = values.iter().filter(|value| **value != told);
    others
        .map(|value| Alternative::new(defect.of(told), 1, Value::Setting(name, value)))
        .collect()
}

/// Where the request could have gone to where it was signed, as far as the provider's form says so.
fn targets(view: &View<'_>, settings: &Settings) -> Vec<Alternative<Value>> {
    let content = settings.get("content").unwrap_or_default();
    let names = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| content.contains(&format!("{{{name}}}")))
    };
    let own = view.target;
    let mut out = Vec::new();
    let mut offer = |change: Change, cost, authority: &str, path: &str, query: Option<&str>| {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}://{authority}{path}{query}", own.scheme().as_str());
        if let Ok(target) = Target::parse(&url) {
            out.push(Alternative::new(change, cost, Value::Target(target)));
        }
    };
    let (authority, path, query) = (own.authority(), own.path(), own.query());
    if names(&["path", "path_and_query", "url"]) {
        for other in url::paths(view) {
            offer(other.change, other.cost, authority, &other.value, query);
        }
    }
    if names(&["query", "path_and_query", "url"]) {
        for other in url::queries(view) {
            let value = other.value.as_deref();
            offer(other.change, other.cost, authority, path, value);
        }
    }
    if names(&["host", "url"]) {
        for other in url::authorities(view) {
            offer(other.change, other.cost, &other.value, path, query);
        }
    }
    out
}

/// What the header of Basic could have been meant to be.
fn basic(view: &View<'_>) -> Vec<Alternative<Value>> {
    let header = view.header(AUTHORIZATION).map(String::from_utf8_lossy);
    let Some(written) = header.as_deref().and_then(|value| value.split_once(' ')) else {
        return Vec::new();
    };
    let written = written.1.trim();
    let mut out = Vec::new();
    let mut offer = |change: Change, user_pass: &str| {
        let value = format!("Basic {}", BASE64_STANDARD.encode(user_pass)).into_bytes();
        out.push(Alternative::new(
            change,
            1,
            Value::Header(AUTHORIZATION.to_owned(), value),
        ));
    };
    offer(BASIC_PLAIN.change(), written);
    let decoded = BASE64_STANDARD.decode(written).ok();
    let Some(decoded) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return out;
    };
    offer(VALUE_INVISIBLE.of(AUTHORIZATION), decoded.trim());
    match decoded.trim().split_once(':') {
        Some((user, password)) => offer(BASIC_SWAPPED.change(), &format!("{password}:{user}")),
        None => offer(BASIC_COLON.change(), &format!("{}:", decoded.trim())),
    }
    out
}

/// The key in another header, or with another word before it.
fn api_key(view: &View<'_>, secret: &SecretText, settings: &Settings) -> Vec<Alternative<Value>> {
    // In a query it is found, or it is not.
    if settings.get("query").is_some() {
        return Vec::new();
    }
    let name = settings.get("header").unwrap_or("x-api-key");
    let prefix = settings.get("prefix").unwrap_or_default();
    let key = secret.expose_secret();
    let holds = |value: &[u8]| {
        let value = String::from_utf8_lossy(value);
        value.trim().split([' ', '=']).next_back() == Some(key)
    };
    let headers = view.headers.iter().filter(|(_, value)| holds(value));
    headers
        .map(|(found, _)| {
            let value = format!("{prefix}{key}").into_bytes();
            let value = Value::Header(name.to_owned(), value);
            Alternative::new(API_KEY_PLACE.of(found), 1, value)
        })
        .collect()
}
