//! Tokens that a key is exchanged for: fetched when none is held, kept while the vault is open, fetched
//! anew when they end or are refused.

use std::sync::Arc;

use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{SendRequest, Step},
    time::UnixMillis,
};
use strongroom_crypto::{SecretBytes, SecretText};
use strongroom_sender::{Header, Options, Outgoing, Target};
use strongroom_signing::{
    self as signing, Scheme,
    jwt::decode_unverified,
    oauth2::{cache_key, read_answer, token_request},
};

use super::{Credential, fresh_nonce};
use crate::{agent::on_a_thread, os::clock, session::Session};

/// Where the reference platform gives a token for a header pair.
const ACCESS_TOKEN_PATH: &str = "/api/v1/payment_gateways/access_token";

/// A token in the place of the key that it was had with.
pub(super) struct Exchanged {
    pub(super) credential: Credential,
    pub(super) steps: Vec<Step>,
    key: [u8; 32],
}

impl Exchanged {
    /// Drops the token, which was refused.
    pub(super) async fn forget(&self, session: &Arc<Session>) {
        let (session, key) = (Arc::clone(session), self.key);
        // A vault that was locked meanwhile holds no token any more.
        let _ = on_a_thread(move || {
            session.with_open(|open| {
                open.tokens.forget(&key);
                Ok(())
            })
        })
        .await;
    }
}

/// The token that `scheme` sends in the place of `credential`; `None` if the scheme sends the secret
/// itself.
pub(super) async fn exchanged(
    session: &Arc<Session>,
    request: &SendRequest,
    credential: &Credential,
    scheme: Scheme,
    options: &Options,
) -> Result<Option<Exchanged>, Failure> {
    let has_id = credential.public_id.is_some();
    let url = match (scheme, credential.settings.get("token_url")) {
        (Scheme::OAuth2, Some(url)) => url.to_owned(),
        (Scheme::OAuth2, None) if !has_id => return Ok(None),
        (Scheme::OAuth2, None) => {
            return Err(Failure::new(
                ErrorCode::Usage,
                "the scheme oauth2 needs to know where a token is had",
            )
            .hint(
                "say it with --set token_url=https://…, or once for all with `strongroom key set`",
            ));
        }
        (Scheme::AccessToken, Some(url)) => url.to_owned(),
        (Scheme::AccessToken, None) if has_id => {
            let target = Target::parse(&request.url)?;
            format!(
                "{}://{}{ACCESS_TOKEN_PATH}",
                target.scheme(),
                target.authority()
            )
        }
        _ => return Ok(None),
    };
    let reference = credential.reference();
    let mut signer = signing::Credential::new(&credential.secret, &reference)
        .with_settings(&credential.settings);
    if let Some(id) = &credential.public_id {
        signer = signer.with_public_id(id);
    }
    let key = cache_key(scheme, &signer, &url);
    let held = {
        let session = Arc::clone(session);
        let now = clock::now();
        on_a_thread(move || session.with_open(|open| Ok(open.tokens.find(&key, now)))).await?
    };
    let (token, mut steps) = match held {
        Some(token) => (token, Vec::new()),
        None => {
            let (outgoing, shown) = ask(scheme, &signer, &url)?;
            let (token, until) = fetch(&outgoing, options).await?;
            let kept = SecretText::new(token.expose_secret().to_owned());
            let session = Arc::clone(session);
            on_a_thread(move || {
                session.with_open(|open| {
                    open.tokens.hold(key, kept, until);
                    Ok(())
                })
            })
            .await?;
            (token, vec![shown])
        }
    };
    // A token need not be a JWT; where it is one, what it says is no secret, only its signature is.
    if let Ok(decoded) = decode_unverified(token.expose_secret()) {
        let claims = serde_json::Value::Object(decoded.claims).to_string();
        steps.push(step("token_claims", claims));
    }
    Ok(Some(Exchanged {
        credential: Credential {
            name: credential.name.clone(),
            public_id: credential.public_id.clone(),
            secret: token,
            is_token: true,
            session_token: None,
            hosts: credential.hosts.clone(),
            scheme: credential.scheme.clone(),
            settings: credential.settings.clone(),
        },
        steps,
        key,
    }))
}

/// The request for a token, and what is shown of it.
fn ask(
    scheme: Scheme,
    signer: &signing::Credential<'_>,
    url: &str,
) -> Result<(Outgoing, Step), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::new(ErrorCode::Usage, error.to_string());
    let (method, headers, body, shown_body) = if scheme == Scheme::OAuth2 {
        let asked = token_request(signer).map_err(|error| usage(&error))?;
        (asked.method, asked.headers, asked.body, asked.shown_body)
    } else {
        let target = signing::Target::parse(url).map_err(|error| usage(&error))?;
        let request = signing::Request::new("GET", &target, &[], b"");
        let pair = signer.with_settings(const { &signing::Settings::new() });
        let signed = signing::sign_with_nonce(
            &fresh_nonce(),
            Scheme::HeaderPair,
            &request,
            &pair,
            clock::now(),
        )
        .map_err(|error| usage(&error))?;
        (
            "GET",
            signed.headers,
            SecretText::new(String::new()),
            String::new(),
        )
    };
    let mut shown = format!("{method} {url}");
    let mut lines = Vec::with_capacity(headers.len());
    for header in &headers {
        shown.push_str(&format!("\n{}: {}", header.name, header.value.shown()));
        let value = SecretBytes::copy_of(header.value.expose_secret().as_bytes());
        lines.push(Header::new(&header.name, value)?);
    }
    if !shown_body.is_empty() {
        shown.push_str(&format!("\n\n{shown_body}"));
    }
    let outgoing = Outgoing::new(method, Target::parse(url)?, lines, body.into_bytes())?;
    Ok((outgoing, step("token_request", shown)))
}

/// Fetches a token; until when it is used.
async fn fetch(
    outgoing: &Outgoing,
    options: &Options,
) -> Result<(SecretText, UnixMillis), Failure> {
    let answer = strongroom_sender::send(outgoing, options, std::future::pending(), |_| {}).await?;
    let body = SecretBytes::new(answer.body);
    let token = read_answer(answer.status, body.expose_secret()).map_err(|error| {
        Failure::new(ErrorCode::Refused, error.to_string())
            .hint("check the key, and where its token is had")
    })?;
    let until = token.used_until(clock::now());
    Ok((token.access_token, until))
}

fn step(name: &str, value: String) -> Step {
    Step {
        name: name.to_owned(),
        value,
    }
}
