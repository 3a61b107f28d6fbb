//! What made the signature of a token (JWT), and over what?

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use strongroom_contract::diagnosis::Change;
use strongroom_signing::{Algorithm, jwt::algorithm_name};

use super::{Alternative, Facets, Found, mac::decodings, makers::Makers};
use crate::{
    defect::{SIGNATURE_ENCODING, TOKEN_ALGORITHM, TOKEN_ENCODING},
    judge::Secrets,
};

/// What of a token's header is looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// What one alternative changes.
enum Value {
    Maker(usize),
    /// One reading of the signature, and what that could be.
    Mark(usize, usize),
    /// The parts encoded anew.
    Anew,
}

/// Looks for what the signature of `token`, which `algorithm` should have made, was made with.
pub(crate) fn signed_token(algorithm: Algorithm, token: &str, secrets: &Secrets) -> Found {
    let Some((input, signature)) = token.rsplit_once('.') else {
        return Found::default();
    };
    let names_other = other_algorithm(algorithm, input);
    let is_strict = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).is_ok();
    let parts: Vec<&str> = input.split('.').collect();
    let is_odd = !token.split('.').all(is_strict);
    let anew: Vec<String> = parts.iter().map(|part| anew(part)).collect();
    let anew = anew.join(".");

    // A value is read as base64url, and as whatever else it could be.
    let strict = BASE64_URL_SAFE_NO_PAD.decode(signature).ok();
    let other = strict.is_some().then(|| SIGNATURE_ENCODING.change());
    let mut readings: Vec<Vec<u8>> = strict.into_iter().collect();
    for decoded in decodings(signature.as_bytes()) {
        if !readings.contains(&decoded) {
            readings.push(decoded);
        }
    }
    let makers: Vec<Makers> = readings
        .iter()
        .filter(|bytes| !bytes.is_empty())
        .map(|bytes| Makers::new(algorithm, secrets, bytes))
        .collect();
    let Some(first) = makers.first() else {
        return seen(names_other);
    };
    let mut facets = Facets::new();
    facets.push(Alternative::all(first.others(), Value::Maker));
    let mut marks = Vec::new();
    for (reading, makers) in makers.iter().enumerate() {
        if reading > 0 {
            marks.push(Alternative {
                change: other.clone(),
                cost: 1,
                value: Value::Mark(reading, 0),
            });
        }
        // One slip at a time: another encoding that hides another algorithm is not looked for.
        if reading == 0 || other.is_none() {
            let of_reading = makers.marks();
            marks.extend(Alternative::all(of_reading, |at| Value::Mark(reading, at)));
        }
    }
    facets.push(marks);
    if anew != input {
        facets.push(vec![Alternative {
            change: None,
            cost: 1,
            value: Value::Anew,
        }]);
    }
    let (found, search) = facets.search(first.most(), &mut |values| {
        let (mut maker, mut mark, mut over) = (0, (0, 0), input);
        for value in values {
            match value {
                Value::Maker(at) => maker = *at,
                Value::Mark(reading, at) => mark = (*reading, *at),
                Value::Anew => over = &anew,
            }
        }
        let makers = makers.get(mark.0);
        makers.is_some_and(|makers| makers.made(maker, mark.1, over.as_bytes()))
    });
    let Some(found) = found else {
        return Found {
            search: Some(search),
            ..seen(names_other)
        };
    };
    let mut changes: Vec<Change> = Vec::new();
    if is_odd {
        changes.push(TOKEN_ENCODING.of("authorization"));
    }
    for each in &found {
        // A token that says how it was signed has one thing wrong: what it says.
        let is_said = names_other.is_some() && matches!(each.value, Value::Mark(..));
        if !is_said {
            changes.extend(each.change.clone());
        }
    }
    changes.extend(names_other.map(|(name, own)| TOKEN_ALGORITHM.of_two(&name, own)));
    Found {
        changes,
        parts: Vec::new(),
        search: Some(search),
    }
}

/// What the token's header tells where nothing else is found.
fn seen(names_other: Option<(String, &'static str)>) -> Found {
    let change = names_other.map(|(name, own)| Change {
        proven: false,
        ..TOKEN_ALGORITHM.of_two(&name, own)
    });
    Found {
        changes: change.into_iter().collect(),
        ..Found::default()
    }
}

/// The algorithm that the token names and the one that it should, if these differ.
fn other_algorithm(algorithm: Algorithm, input: &str) -> Option<(String, &'static str)> {
    let header = input.split('.').next().unwrap_or_default();
    let mut decoded = decodings(header.as_bytes()).into_iter();
    let named = decoded.find_map(|json| serde_json::from_slice::<Header>(&json).ok())?;
    let own = algorithm_name(algorithm);
    (named.alg != own).then_some((named.alg, own))
}

/// A part in base64url without padding; as it is if it is in no base64 at all.
fn anew(part: &str) -> String {
    part.trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}
