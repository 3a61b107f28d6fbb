//! Repairs of how a signature and a digest are written.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::diagnosis::Change;
use strongroom_signing::{
    content_digest::CONTENT_DIGEST,
    rfc9421::{SIGNATURE, SIGNATURE_INPUT},
};

use super::Repaired;
use crate::{
    defect::{
        COMPONENT_QUOTES, DIGEST_ALGORITHM, DIGEST_ENCODING, DIGEST_SYNTAX, DUPLICATE, LABEL,
        PARAMETER_QUOTES, SIGNATURE_ENCODING, SIGNATURE_SYNTAX, VALUE_INVISIBLE,
    },
    exhibit::View,
    pieces::is_invisible,
    search::decodings,
};

pub(super) fn repairs<'v>(view: &View<'v>) -> Vec<Repaired<'v>> {
    let mut out = Vec::new();
    let mut offer = |change: Change, name: &str, value: String| {
        if view.header(name) != Some(value.as_bytes()) {
            out.push(Repaired {
                changes: vec![change],
                view: view.with(name, value.into_bytes()),
            });
        }
    };
    for name in [SIGNATURE, SIGNATURE_INPUT, CONTENT_DIGEST] {
        let Some(Ok(value)) = view.header(name).map(str::from_utf8) else {
            continue;
        };
        if value.contains(is_invisible) {
            offer(
                VALUE_INVISIBLE.of(name),
                name,
                value.replace(is_invisible, ""),
            );
        }
        if let Some((one, other)) = value.split_once(", ")
            && one == other
        {
            offer(DUPLICATE.of(name), name, one.to_owned());
        }
    }
    let text = |name| {
        view.header(name)
            .and_then(|value| str::from_utf8(value).ok())
    };
    if let Some(input) = text(SIGNATURE_INPUT) {
        offer(
            PARAMETER_QUOTES.change(),
            SIGNATURE_INPUT,
            requoted(input).unwrap_or_else(|| input.to_owned()),
        );
        offer(
            COMPONENT_QUOTES.change(),
            SIGNATURE_INPUT,
            components_quoted(input).unwrap_or_else(|| input.to_owned()),
        );
    }
    if let Some((label, value)) = text(SIGNATURE).and_then(|value| value.split_once('=')) {
        let bare = value.trim().trim_matches([':', '"', '\'']);
        offer(
            SIGNATURE_SYNTAX.change(),
            SIGNATURE,
            format!("{label}=:{bare}:"),
        );
        if bare.contains(['-', '_']) {
            let plain = bare.replace('-', "+").replace('_', "/");
            offer(
                SIGNATURE_ENCODING.change(),
                SIGNATURE,
                format!("{label}=:{plain}:"),
            );
        }
        if let Some((other, _)) = text(SIGNATURE_INPUT).and_then(|input| input.split_once('=')) {
            offer(LABEL.change(), SIGNATURE, format!("{other}={value}"));
        }
    }
    if let Some((algorithm, value)) = text(CONTENT_DIGEST).and_then(|it| it.split_once('=')) {
        let bare = value.trim().trim_matches([':', '"', '\'']);
        let algorithm = algorithm.trim().to_ascii_lowercase();
        offer(
            DIGEST_SYNTAX.change(),
            CONTENT_DIGEST,
            format!("{algorithm}=:{bare}:"),
        );
        for decoded in decodings(bare.as_bytes()) {
            let name = match decoded.len() {
                32 => "sha-256",
                64 => "sha-512",
                _ => "",
            };
            if !name.is_empty() && name != algorithm {
                // Only what is not the hex text of a shorter digest.
                let is_text = decoded.iter().all(u8::is_ascii_hexdigit);
                if !is_text {
                    offer(
                        DIGEST_ALGORITHM.change(),
                        CONTENT_DIGEST,
                        format!("{name}=:{bare}:"),
                    );
                }
            }
            for twice in decodings(&decoded).into_iter().chain([decoded]) {
                let fits = matches!(
                    (algorithm.as_str(), twice.len()),
                    ("sha-256", 32) | ("sha-512", 64)
                );
                if fits {
                    let plain = BASE64_STANDARD.encode(&twice);
                    offer(
                        DIGEST_ENCODING.change(),
                        CONTENT_DIGEST,
                        format!("{algorithm}=:{plain}:"),
                    );
                }
            }
        }
    }
    out
}

/// `Signature-Input` with quotes where they belong, and none where they don't.
fn requoted(input: &str) -> Option<String> {
    let (list, params) = input.split_at_checked(input.find(')')? + 1)?;
    let mut out = list.to_owned();
    for param in params.split(';').skip(1) {
        out.push(';');
        let Some((name, value)) = param.split_once('=') else {
            out.push_str(param);
            continue;
        };
        let name = name.trim();
        let bare = value.trim().trim_matches(['"', '\'']);
        match name {
            "created" | "expires" => out.push_str(&format!("{name}={bare}")),
            "keyid" | "alg" | "nonce" | "tag" => out.push_str(&format!("{name}=\"{bare}\"")),
            _ => out.push_str(param),
        }
    }
    Some(out)
}

/// `Signature-Input` with quotes around each covered component.
fn components_quoted(input: &str) -> Option<String> {
    let (begin, rest) = input.split_once('(')?;
    let (list, params) = rest.split_once(')')?;
    let names: Vec<String> = list
        .split([' ', ','])
        .filter(|name| !name.is_empty())
        .map(|name| {
            format!(
                "\"{}\"",
                name.trim_matches(['"', '\'']).to_ascii_lowercase()
            )
        })
        .collect();
    Some(format!("{begin}({}){params}", names.join(" ")))
}
