//! Which secret signed a token (JWT, HS256)?

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{Alternative, Facets, Found, mac};
use crate::judge::Secrets;

/// Looks for what the signature of `token` was made with.
pub(crate) fn signed_token(token: &str, secrets: &Secrets) -> Found {
    let Some((signing_input, signature)) = token.rsplit_once('.') else {
        return Found::default();
    };
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else {
        return Found::default();
    };
    if signature.is_empty() {
        return Found::default();
    }
    let used = mac::used(secrets);
    let macs = mac::macs(&signature);
    let mut facets = Facets::new();
    facets.push(
        used.iter()
            .enumerate()
            .map(|(at, used)| Alternative {
                change: used.change.clone(),
                cost: used.cost,
                value: (Some(at), None),
            })
            .collect(),
    );
    facets.push(
        macs.iter()
            .enumerate()
            .map(|(at, (change, _))| Alternative {
                change: change.clone(),
                cost: 1,
                value: (None, Some(at)),
            })
            .collect(),
    );
    let (found, search) = facets.search(&mut |values| {
        let secret = values.iter().find_map(|(secret, _)| *secret).unwrap_or(0);
        let mac = values.iter().find_map(|(_, mac)| *mac).unwrap_or(0);
        used.get(secret)
            .zip(macs.get(mac))
            .is_some_and(|(used, (_, mac))| used.made(mac, signing_input.as_bytes()))
    });
    let changes = found.unwrap_or_default();
    Found {
        changes: changes
            .iter()
            .filter_map(|each| each.change.clone())
            .collect(),
        parts: Vec::new(),
        search: Some(search),
    }
}
