//! Which body was digested?

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use strongroom_contract::diagnosis::{Change, Part, Search};
use strongroom_signing::content_digest::ContentDigest;

use crate::{
    defect::{BODY_LOST, DIGEST_OF_NOTHING},
    form::body::{self, Variant},
    pieces,
};

/// How many bodies are digested.
const MOST: u32 = 400;
/// How many bytes are digested.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// How many bodies are held at once.
const BODIES: usize = 300;

/// What was found out about the body.
pub(super) struct Body {
    pub(super) changes: Vec<Change>,
    pub(super) part: Part,
    pub(super) search: Search,
}

/// Looks for the body that `digest` is the digest of; `None` if it is the one that was received.
pub(super) fn body(digest: &ContentDigest, received: &[u8]) -> Option<Body> {
    digest.verify(received).err()?;
    let mut tried = 1;
    let mut bytes = received.len();
    let mut complete = true;
    let mut seen = HashSet::new();
    let mut found: Option<Variant> = None;
    if digest.verify(b"").is_ok() {
        found = Some(Variant {
            changes: vec![DIGEST_OF_NOTHING.change()],
            body: Vec::new(),
        });
    } else {
        body::variants(received, &mut |variant| {
            if tried >= MOST || bytes >= MOST_BYTES {
                complete = false;
                return true;
            }
            if !seen.insert(cheap(&variant.body)) {
                return false;
            }
            tried += 1;
            bytes += variant.body.len();
            let matches = digest.verify(&variant.body).is_ok();
            if matches {
                found = Some(variant);
            }
            matches
        });
    }
    let lost = received.is_empty() && found.is_none();
    let (received, signed) = match &found {
        Some(variant) => pieces::compare_body(received, &variant.body),
        None => (pieces::shape_of_body(received), None),
    };
    let changes = match found {
        Some(variant) => variant.changes,
        None if lost => vec![BODY_LOST.seen("")],
        None => Vec::new(),
    };
    Some(Body {
        changes,
        part: Part {
            name: "body".to_owned(),
            received,
            same: Some(false),
            signed,
        },
        search: Search { tried, complete },
    })
}

/// A body, and what of it is known to be signed.
pub(crate) fn part_of_body(received: &[u8], signed: Option<&Variant>, is_found: bool) -> Part {
    let name = "body".to_owned();
    let Some(signed) = signed else {
        let shown = pieces::shape_of_body(received);
        return Part {
            name,
            signed: is_found.then(|| shown.clone()),
            received: shown,
            same: is_found.then_some(true),
        };
    };
    let (received, signed) = pieces::compare_body(received, &signed.body);
    Part {
        name,
        received,
        signed,
        same: Some(false),
    }
}

/// What the body could have been, each once.
pub(crate) fn bodies(received: &[u8]) -> Vec<Variant> {
    let mut out: Vec<Variant> = Vec::new();
    let mut bytes = 0;
    body::variants(received, &mut |variant| {
        bytes += variant.body.len();
        if !out.iter().any(|each| each.body == variant.body) {
            out.push(variant);
        }
        out.len() >= BODIES || bytes >= MOST_BYTES
    });
    out
}

/// A number that two different bodies hardly share.
fn cheap(body: &[u8]) -> (usize, u64) {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    (body.len(), hasher.finish())
}
