//! The platform: what it lets through, what it refuses, and why.

use std::{collections::BTreeMap, time::Duration};

use strongroom_contract::{
    agent::{KeyAdd, Read, ReadArgs, Send},
    error::{ErrorCode, Failure},
    exchange::{Exchange, SendRequest},
    explain::Rule,
    manage::{CreateKey, SetAllowlist},
    secret::Revealed,
    vault::NewKey,
};
use strongroom_workbench::platform::create_and_store;

use super::{
    HEADER_PAIR, Play, RFC9421, Request, expect_failure, expect_status, otherwise, status_line,
};
use crate::{
    demo::{show::Shown, stage::Cast},
    runtime,
};

/// Items of the demo's vault.
const PAYMENTS: &str = "payments";
const MIXED_UP: &str = "payments-mixed-up";
const REPORTS: &str = "reports";

/// Requests a minute of [`REPORTS`].
const SMALL_LIMIT: u32 = 3;
/// A network that is not this machine (RFC 5737).
const ELSEWHERE: &str = "192.0.2.0/24";

const PAYIN: &str = r#"{"currency":"AUD","gst":false,"amount":10.00,"name":"A. Payer","email":"payer@example.com","payin_method_name":"au_payid_npp_aud"}"#;

/// A signed request to make a payin.
const SIGNED: Request<'static> = Request {
    method: "POST",
    path: "/api/v2/payins",
    body: PAYIN,
    headers: Vec::new(),
    key: Some((PAYMENTS, RFC9421)),
};

const PING: Request<'static> = Request {
    method: "GET",
    path: "/api/v1/ping",
    body: "",
    headers: Vec::new(),
    key: Some((PAYMENTS, HEADER_PAIR)),
};

pub(super) fn play(play: &mut Play<'_>) -> Result<(), Failure> {
    play.teller.chapter("The platform: what it lets through")?;
    let app_id = issue(play)?;
    let signed = accept(play)?;
    play.teller.chapter("What it refuses, and why")?;
    refuse(play, &app_id)?;
    tamper(play, signed)?;
    limit(play)?;
    play.teller.chapter("What stays")?;
    remain(play)
}

fn issue(play: &mut Play<'_>) -> Result<String, Failure> {
    let url = play.cast.address.url.clone();
    play.step("it runs, with a certificate authority of its own", |_| {
        Ok(Shown::proof(url))
    })?;
    let mut app_id = String::new();
    play.step("it issues a key, straight into the vault", |play| {
        let scopes = ["payins:read", "payins:write"].map(str::to_owned).to_vec();
        app_id = store(play, PAYMENTS, scopes, None)?;
        Ok(Shown::proof(format!("{app_id}, held as {PAYMENTS}")))
    })?;
    Ok(app_id)
}

fn store(
    play: &mut Play<'_>,
    name: &str,
    scopes: Vec<String>,
    limit_per_minute: Option<u32>,
) -> Result<String, Failure> {
    let wanted = CreateKey {
        name: name.to_owned(),
        client: None,
        scopes,
        limit_per_minute,
        allow: Vec::new(),
        may_sign: true,
        ..CreateKey::default()
    };
    let Cast {
        vault, platform, ..
    } = &mut play.cast;
    let stored = runtime::block_on(create_and_store(platform, vault, &wanted, name))?;
    Ok(stored.created.app_id)
}

/// Requests that are as they should be. The signed one is kept: it will be tampered with.
fn accept(play: &mut Play<'_>) -> Result<Option<Exchange>, Failure> {
    play.step("a request with app-id and secret-key", |play| {
        let exchange = play.send(&PING)?;
        expect_status(&exchange, 200)?;
        let tls = exchange
            .tls
            .map_or_else(String::new, |tls| format!(" over {}", tls.version));
        Ok(Shown::proof(format!("{}{tls}", status_line(200))))
    })?;
    let mut signed = None;
    play.step("a request signed by RFC 9421", |play| {
        let exchange = play.send(&SIGNED)?;
        let status = exchange.status;
        if !(200..300).contains(&status) {
            expect_status(&exchange, 201)?;
        }
        signed = Some(exchange);
        Ok(Shown::proof(status_line(status)))
    })?;
    Ok(signed)
}

fn refuse(play: &mut Play<'_>, app_id: &str) -> Result<(), Failure> {
    play.step("the secret of another key", |play| {
        let mixed_up = NewKey {
            name: MIXED_UP.to_owned(),
            provider: None,
            environment: None,
            public_id: Some(app_id.to_owned()),
            base_url: None,
            hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            scheme: None,
            settings: BTreeMap::new(),
            preset: None,
            tags: Vec::new(),
            secret: other_secret(play)?,
            certificate: None,
        };
        play.call::<KeyAdd>(&mixed_up)?;
        let key = Some((MIXED_UP, HEADER_PAIR));
        let exchange = play.send(&Request { key, ..PING })?;
        play.refused(&exchange, 401, Rule::Authenticate)
    })?;
    play.step("from an address that is not allowed", |play| {
        allow(play, app_id, &[ELSEWHERE])?;
        let exchange = play.send(&PING);
        allow(play, app_id, &[])?;
        play.refused(&exchange?, 403, Rule::Source)
    })?;
    play.step("without the scope that it takes", |play| {
        let path = "/api/v2/payouts";
        let key = Some((PAYMENTS, HEADER_PAIR));
        let exchange = play.send(&Request {
            path,
            key,
            ..SIGNED
        })?;
        play.refused(&exchange, 403, Rule::Permission)
    })
}

/// The secret of a second key, which is there for the limit.
fn other_secret(play: &mut Play<'_>) -> Result<Revealed, Failure> {
    store(play, REPORTS, Vec::new(), Some(SMALL_LIMIT))?;
    let reference = format!("sr://{REPORTS}/secret");
    Ok(play.call::<Read>(&ReadArgs { reference })?.value)
}

fn allow(play: &Play<'_>, app_id: &str, sources: &[&str]) -> Result<(), Failure> {
    let list = SetAllowlist {
        allow: sources.iter().map(|source| (*source).to_owned()).collect(),
    };
    runtime::block_on(play.cast.platform.set_allowlist(app_id, &list))?;
    Ok(())
}

/// A signed request that was seen on its way, and what can be done with it.
fn tamper(play: &mut Play<'_>, signed: Option<Exchange>) -> Result<(), Failure> {
    let headers = signed
        .map(|exchange| exchange.sent.headers)
        .unwrap_or_default();
    let seen = Request {
        headers: without_transport(headers),
        key: None,
        ..SIGNED
    };
    play.step("a signed body, altered on its way", |play| {
        let body = SIGNED.body.replace("10.00", "99.00");
        let exchange = play.send(&Request {
            body: &body,
            ..seen.clone()
        })?;
        play.refused(&exchange, 401, Rule::Authenticate)
    })?;
    play.step("the signed request once more, unaltered", |play| {
        let exchange = play.send(&seen)?;
        play.refused(&exchange, 401, Rule::Replay)
    })?;
    play.step("the secret, to a host that is not its own", |play| {
        let request = SendRequest {
            url: "https://api.example.com/".to_owned(),
            ..play.request(&PING)
        };
        let sent = play.call::<Send>(&request);
        expect_failure(sent, ErrorCode::Refused)
    })
}

/// What a sender sets by itself, from the request that it sends.
fn without_transport(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers
        .into_iter()
        .filter(|(name, _)| !["host", "content-length"].contains(&name.to_lowercase().as_str()))
        .collect()
}

fn limit(play: &mut Play<'_>) -> Result<(), Failure> {
    let ping = Request {
        key: Some((REPORTS, HEADER_PAIR)),
        ..PING
    };
    let mut wait = None;
    play.step(
        &format!("one request more than {SMALL_LIMIT} a minute"),
        |play| {
            for _ in 0..SMALL_LIMIT {
                expect_status(&play.send(&ping)?, 200)?;
            }
            let exchange = play.send(&ping)?;
            let shown = play.refused(&exchange, 429, Rule::Rate)?;
            let seconds = retry_after(&exchange)?;
            wait = Some(seconds);
            Ok(Shown {
                proof: format!("{}, wait {seconds} s", shown.proof),
                ..shown
            })
        },
    )?;
    play.step("the same after that wait, on the virtual clock", |play| {
        let seconds = wait.ok_or_else(|| otherwise("no wait was named".to_owned()))?;
        runtime::block_on(
            play.cast
                .platform
                .advance_clock(Duration::from_secs(seconds)),
        )?;
        let exchange = play.send(&ping)?;
        expect_status(&exchange, 200)?;
        Ok(Shown::proof(status_line(200)))
    })
}

/// The wait that an answer names, in seconds (RFC 9110, section 10.2.3).
fn retry_after(exchange: &Exchange) -> Result<u64, Failure> {
    exchange
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .and_then(|(_, value)| value.parse().ok())
        .ok_or_else(|| otherwise("the answer names no wait (Retry-After)".to_owned()))
}

fn remain(play: &mut Play<'_>) -> Result<(), Failure> {
    play.step("check the audit log of all that happened", |play| {
        let verification = runtime::block_on(play.cast.platform.verify_audit())?;
        match verification.problem {
            Some(problem) => Err(otherwise(problem)),
            None => Ok(Shown::proof(format!("whole, {} rows", verification.rows))),
        }
    })
}
