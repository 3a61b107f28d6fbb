//! What is done, in order, and what must come of it.

mod platform;
mod vault;

use std::{future, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use strongroom_contract::{
    agent::{Operation, Send},
    error::{ErrorCode, Failure},
    exchange::{Exchange, SendOptions, SendRequest},
    explain::Rule,
    secret::Revealed,
};
use strongroom_crypto::totp::{Codes, Step};
use strongroom_workbench::send;

use super::{
    show::{Shown, Teller},
    stage::Cast,
};
use crate::runtime;

const HEADER_PAIR: &str = "header-pair";
const RFC9421: &str = "rfc9421-hmac-sha256";

/// What the steps have in their hands.
struct Play<'a> {
    cast: Cast,
    teller: &'a mut Teller,
    /// The passphrase of the demo's vault.
    passphrase: Revealed,
    /// The authenticator app, once it has scanned.
    authenticator: Option<Codes>,
    /// The step whose code was typed last.
    step: Step,
}

/// Plays every step, and tells each. One that comes out otherwise than it must is told as well, and
/// the play goes on.
pub(super) fn play(cast: Cast, teller: &mut Teller) -> Result<(), Failure> {
    let mut play = Play {
        cast,
        teller,
        passphrase: vault::passphrase(),
        authenticator: None,
        step: Step(0),
    };
    play.teller.opening()?;
    vault::play(&mut play)?;
    platform::play(&mut play)?;
    vault::close(&mut play)
}

impl Play<'_> {
    /// Does one step and tells it.
    fn step(
        &mut self,
        title: &str,
        action: impl FnOnce(&mut Self) -> Result<Shown, Failure>,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let result = action(self);
        self.teller.step(title, &result, begun.elapsed())
    }

    fn call<O: Operation>(&mut self, args: &O::Args) -> Result<O::Output, Failure> {
        self.cast.vault.call::<O>(args, |_| {})
    }

    /// Sends a request; the vault's owner does if it is to be signed.
    fn send(&mut self, request: &Request<'_>) -> Result<Exchange, Failure> {
        let signs = request.key.is_some();
        let request = self.request(request);
        if signs {
            return self.call::<Send>(&request);
        }
        let home = &self.cast.home;
        runtime::block_on(send::without_key(home, &request, future::pending()))
    }

    fn request(&self, request: &Request<'_>) -> SendRequest {
        SendRequest {
            method: request.method.to_owned(),
            url: format!("{}{}", self.cast.address.url, request.path),
            headers: request.headers.clone(),
            body_base64: STANDARD.encode(request.body),
            key: request.key.map(|(key, _)| key.to_owned()),
            scheme: request.key.map(|(_, scheme)| scheme.to_owned()),
            settings: std::collections::BTreeMap::new(),
            ca_pem: Vec::new(),
            timeout_ms: 10_000,
            body_limit: 64 * 1024,
            allow_plain_http: false,
            options: SendOptions::default(),
        }
    }

    /// What a refusal shows: the status, and the rule that the platform's explanation names.
    fn refused(&self, exchange: &Exchange, status: u16, rule: Rule) -> Result<Shown, Failure> {
        let id = exchange.request_id.as_deref().unwrap_or_default();
        let reason = runtime::block_on(self.cast.platform.explain(id))?;
        expect_status(exchange, status)?;
        if reason.rule != Some(rule) {
            let seen = reason.rule.map_or("no rule", Rule::id);
            let expected = rule.id();
            return Err(otherwise(format!("refused by {seen}, expected {expected}")));
        }
        Ok(Shown {
            proof: status_line(status),
            reason: Some(reason),
        })
    }
}

/// A request to the demo's platform.
#[derive(Clone, Default)]
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a str,
    headers: Vec<(String, String)>,
    /// The vault's item that signs it, and the scheme.
    key: Option<(&'a str, &'a str)>,
}

/// `200 OK`, coloured by nobody: proofs are plain text.
fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    format!("{status} {reason}")
}

fn expect_status(exchange: &Exchange, status: u16) -> Result<(), Failure> {
    if exchange.status == status {
        return Ok(());
    }
    let seen = status_line(exchange.status);
    let body = exchange.body.as_deref().unwrap_or_default();
    Err(otherwise(format!("{seen}, expected {status}: {body}")))
}

/// A refusal of `result` with `code`, which is what must come.
fn expect_failure<T>(result: Result<T, Failure>, code: ErrorCode) -> Result<Shown, Failure> {
    match result {
        Err(failure) if failure.code == code => Ok(Shown::proof(failure.message)),
        Err(failure) => Err(failure),
        Ok(_) => Err(otherwise("it was let through".to_owned())),
    }
}

fn otherwise(message: String) -> Failure {
    Failure::new(ErrorCode::Failed, message)
}
