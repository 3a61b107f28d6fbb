//! Webhooks that a receiver refuses: Standard Webhooks 1.0, and `t=TIME,v1=SIGNATURE` as Stripe signs them.
//!
//! Whether one is genuine, `signing::verify` says. If it is not, the search asks what was signed: another
//! form of the body, other pieces than the scheme joins, with another secret or another way to use it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    diagnosis::{Change, Search},
    explain::Explanation,
    time::UnixMillis,
};
use strongroom_crypto::SecretText;
use strongroom_signing::{Scheme, Settings};

use crate::{
    defect::{
        ALGORITHM, OTHER_KEY, SECRET_DECODED, SECRET_PREFIX, SECRET_TEXT, SECRET_UNDECODED,
        WEBHOOK_CONTENT, WEBHOOK_ENCODING, WEBHOOK_VERSION,
    },
    exhibit::View,
    judge::{HeldKey, Question, Secrets, Times},
    pieces,
    search::{
        Alternative, Facets, Found, MOST,
        digest::{bodies, part_of_body},
        mac::{self, Mac, Used},
    },
    told::{SECRET_ENCODING, key_bytes},
};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const STRIPE: &str = "stripe-signature";
const PREFIX: &[u8] = b"whsec_";
/// How many bytes the search may authenticate.
const MOST_BYTES: usize = 24 * 1024 * 1024;

const EXPECTED: &str = "webhook-id, webhook-timestamp and webhook-signature, or stripe-signature with \
                        t=TIME,v1=SIGNATURE";
/// The scheme of the webhook that a request is, by its key or by its headers; `None` if it is none.
pub(crate) fn scheme(view: &View<'_>, key: Option<&HeldKey>) -> Option<Scheme> {
    let told = key.and_then(|key| key.scheme);
    match told {
        Some(Scheme::TV1 | Scheme::StandardWebhooks) => told,
        _ if view.header(SIGNATURE).is_some() => Some(Scheme::StandardWebhooks),
        _ => view.header(STRIPE).map(|_| Scheme::TV1),
    }
}

/// The header that carries `t=TIME,v1=SIGNATURE`.
fn carrier(key: Option<&HeldKey>) -> &str {
    let told = key.and_then(|key| key.settings.get("header"));
    told.unwrap_or(STRIPE)
}

/// Says which rule of a receiver refuses the webhook.
pub(crate) fn judge(
    scheme: Scheme,
    view: &View<'_>,
    key: Option<&HeldKey>,
    now: UnixMillis,
) -> Explanation {
    let none = Settings::new();
    let question = Question {
        scheme,
        settings: key.map_or(&none, |key| &key.settings),
        nobodys: SecretText::new(BASE64_STANDARD.encode([0; 32])),
        names_key: false,
        is_altered: false,
        times: Times::Signed(made(scheme, view, key)),
        expected: EXPECTED,
        fix: "Verify the body's bytes as they arrived, before anything parses them, with this endpoint's \
              secret.",
    };
    question.judge(view, key, now)
}

/// When the webhook says that it was signed, in Unix seconds.
pub(crate) fn made(scheme: Scheme, view: &View<'_>, key: Option<&HeldKey>) -> Option<u64> {
    match scheme {
        Scheme::TV1 => pairs(view, key).find(|(name, _)| *name == "t")?.1,
        _ => text(view, TIMESTAMP)?,
    }
    .parse()
    .ok()
}

fn text<'v>(view: &'v View<'_>, name: &str) -> Option<&'v str> {
    str::from_utf8(view.header(name)?).ok()
}

/// `t=…` and `v1=…` of the one header.
fn pairs<'v>(
    view: &'v View<'_>,
    key: Option<&HeldKey>,
) -> impl Iterator<Item = (&'v str, &'v str)> {
    let value = text(view, carrier(key)).unwrap_or_default();
    value
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='))
}

/// What one alternative changes.
#[derive(Clone, Copy)]
enum Value {
    Body(usize),
    Content(&'static [Element]),
    Secret(usize),
    Mac(usize),
}

/// A piece of what is signed; the pieces are joined by dots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Id,
    Time,
    Body,
}

use Element::{Body, Id, Time};

/// What the schemes sign, and what is signed in its place.
const STANDARD: [&[Element]; 5] = [
    &[Id, Time, Body],
    &[Body],
    &[Time, Body],
    &[Id, Body],
    &[Time, Id, Body],
];
const T_V1: [&[Element]; 2] = [&[Time, Body], &[Body]];

fn named(content: &[Element]) -> String {
    let names = content.iter().map(|element| match element {
        Id => "id",
        Time => "time",
        Body => "body",
    });
    names.collect::<Vec<_>>().join(".")
}

/// Looks for what the signature of a webhook is over.
pub(crate) fn search(
    scheme: Scheme,
    view: &View<'_>,
    key: Option<&HeldKey>,
    secrets: &Secrets,
) -> Found {
    let contents: &[&'static [Element]] = match scheme {
        Scheme::TV1 => &T_V1,
        _ => &STANDARD,
    };
    let Some((content, others)) = contents.split_first() else {
        return Found::default();
    };
    let time = match scheme {
        Scheme::TV1 => pairs(view, key)
            .find(|(name, _)| *name == "t")
            .map(|pair| pair.1),
        _ => text(view, TIMESTAMP),
    };
    let (id, time) = (text(view, ID).unwrap_or_default(), time.unwrap_or_default());
    let used = match scheme {
        Scheme::TV1 => used_as_told(secrets, key),
        _ => used_decoded(secrets),
    };
    let macs = macs(scheme, view, key);
    let bodies = bodies(view.body);

    let mut facets = Facets::new();
    facets.push(alternatives(
        &used,
        |used| used.change.clone(),
        Value::Secret,
    ));
    facets.push(
        others
            .iter()
            .map(|other| {
                let change = WEBHOOK_CONTENT.of(&named(other));
                Alternative::new(change, 2, Value::Content(other))
            })
            .collect(),
    );
    facets.push(alternatives(
        &macs,
        |(change, _)| change.clone(),
        Value::Mac,
    ));
    facets.push(
        bodies
            .iter()
            .enumerate()
            .map(|(at, variant)| Alternative {
                change: None,
                cost: if variant.changes.len() > 1 { 3 } else { 1 },
                value: Value::Body(at),
            })
            .collect(),
    );
    let mut bytes = 0;
    let (found, mut search) = facets.search(MOST, &mut |values| {
        if bytes > MOST_BYTES {
            return false;
        }
        let (mut body, mut content) = (view.body, *content);
        let (mut secret, mut mac) = (None, None);
        for value in values {
            match **value {
                Value::Body(at) => {
                    body = bodies.get(at).map_or(body, |variant| &variant.body);
                }
                Value::Content(other) => content = other,
                Value::Secret(at) => secret = Some(at),
                Value::Mac(at) => mac = Some(at),
            }
        }
        let mut signed: Vec<&[u8]> = Vec::with_capacity(2 * content.len());
        for element in content {
            if !signed.is_empty() {
                signed.push(b".");
            }
            signed.push(match element {
                Id => id.as_bytes(),
                Time => time.as_bytes(),
                Body => body,
            });
        }
        let length: usize = signed.iter().map(|piece| piece.len()).sum();
        let used = used.iter().enumerate().filter(|(at, used)| match secret {
            Some(secret) => *at == secret,
            None => used.change.is_none(),
        });
        let mut matches = false;
        for (_, used) in used {
            let macs = macs.iter().enumerate();
            let mut macs = macs.filter(|(at, (change, _))| match mac {
                Some(mac) => *at == mac,
                None => change.is_none(),
            });
            bytes += length;
            matches |= macs.any(|(_, (_, mac))| used.made(mac, &signed));
        }
        matches
    });
    search.complete &= bytes <= MOST_BYTES || found.is_some();

    let mut changes: Vec<Change> = Vec::new();
    let (mut signed_body, mut signed_content) = (None, *content);
    for each in found.iter().flatten() {
        changes.extend(each.change.clone());
        match each.value {
            Value::Body(at) => signed_body = bodies.get(at),
            Value::Content(other) => signed_content = other,
            Value::Secret(_) | Value::Mac(_) => {}
        }
    }
    changes.extend(signed_body.into_iter().flat_map(|it| it.changes.clone()));
    let mut parts = Vec::new();
    if signed_content != *content {
        let (is, was) = (named(content), named(signed_content));
        parts.push(pieces::part_in_clear("the signed content", &is, &was));
    }
    parts.push(part_of_body(view.body, signed_body, found.is_some()));
    Found {
        changes,
        parts,
        search: Some(Search { ..search }),
    }
}

fn alternatives<T>(
    all: &[T],
    change: impl Fn(&T) -> Option<Change>,
    value: impl Fn(usize) -> Value,
) -> Vec<Alternative<Value>> {
    let all = all.iter().enumerate();
    all.filter_map(|(at, each)| Some(Alternative::new(change(each)?, 1, value(at))))
        .collect()
}

/// The key as the settings say that the secret's text stands for it.
fn used_as_told(secrets: &Secrets, key: Option<&HeldKey>) -> Vec<Used> {
    let Some(settings) = key.map(|key| &key.settings) else {
        return used_as_text(secrets);
    };
    let mut out = Vec::new();
    for own in &secrets.own {
        let Some(bytes) = key_bytes(&own.bytes, settings) else {
            return used_as_text(secrets);
        };
        let text = own.bytes.expose_secret().to_vec();
        let told = settings.get(SECRET_ENCODING).unwrap_or_default();
        out.push(Used::new(None, 0, bytes.expose_secret().to_vec()));
        out.push(Used::new(Some(SECRET_TEXT.of(told)), 1, text));
    }
    for other in &secrets.others {
        let change = OTHER_KEY.of(&other.name);
        let bytes = key_bytes(&other.bytes, settings);
        out.extend(bytes.map(|it| Used::new(Some(change), 1, it.expose_secret().to_vec())));
    }
    out
}

/// The secret's text is the key.
fn used_as_text(secrets: &Secrets) -> Vec<Used> {
    let mut out = mac::used(secrets);
    for own in &secrets.own {
        if let Some(rest) = own.bytes.expose_secret().strip_prefix(PREFIX) {
            let prefix = SECRET_PREFIX.change();
            out.push(Used::new(Some(prefix), 1, rest.to_vec()));
            for decoded in mac::decodings(rest) {
                out.push(Used::new(Some(SECRET_DECODED.change()), 1, decoded));
            }
        }
    }
    out
}

/// What the secret's text decodes to is the key.
fn used_decoded(secrets: &Secrets) -> Vec<Used> {
    let rest = |written: &'_ [u8]| -> Vec<u8> {
        let rest = written.strip_prefix(PREFIX);
        rest.unwrap_or(written).to_vec()
    };
    let decoded = |written: &[u8]| BASE64_STANDARD.decode(rest(written)).ok();
    let mut out = Vec::new();
    for own in &secrets.own {
        let written = own.bytes.expose_secret();
        out.extend(decoded(written).map(|key| Used::new(None, 0, key)));
        for text in [written.to_vec(), rest(written)] {
            out.push(Used::new(Some(SECRET_UNDECODED.change()), 1, text));
        }
    }
    for other in &secrets.others {
        let change = OTHER_KEY.of(&other.name);
        let key = decoded(other.bytes.expose_secret());
        out.extend(key.map(|key| Used::new(Some(change), 1, key)));
    }
    out
}

/// The signatures, as they could be meant.
fn macs(scheme: Scheme, view: &View<'_>, key: Option<&HeldKey>) -> Vec<(Option<Change>, Mac)> {
    let mut written: Vec<(&str, bool)> = Vec::new();
    if scheme == Scheme::TV1 {
        let of_v1 = pairs(view, key).filter(|(name, _)| *name == "v1");
        written.extend(of_v1.map(|(_, value)| (value, true)));
    } else {
        let all = text(view, SIGNATURE).unwrap_or_default().split(' ');
        written.extend(all.filter_map(|each| match each.split_once(',') {
            Some(("v1", value)) => Some((value, true)),
            Some(_) => None,
            None => Some((each, false)),
        }));
    }
    let mut out = Vec::new();
    for (value, has_version) in written {
        let own = match scheme {
            Scheme::TV1 => hex::decode(value).ok(),
            _ => BASE64_STANDARD.decode(value).ok(),
        };
        for bytes in mac::decodings(value.as_bytes()) {
            let change = if own.as_ref() != Some(&bytes) {
                Some(WEBHOOK_ENCODING.change())
            } else if !has_version {
                Some(WEBHOOK_VERSION.change())
            } else if bytes.len() == 64 {
                Some(ALGORITHM.change())
            } else {
                None
            };
            out.extend(Mac::of(&bytes).map(|mac| (change, mac)));
        }
    }
    out
}
