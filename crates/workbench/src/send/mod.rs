//! `send`: sign a request with a key of the vault, send it, show what came back.
//!
//! ```text
//! SendRequest -> Draft (parsed; hosts checked) -> signed last, on the final bytes -> sender::send
//!             -> Exchange, with the secret replaced by its reference wherever it stands
//! ```
//!
//! Without a key nothing of this needs the vault, and it runs in the caller's process.

mod burst;
mod composed;
mod draft;
mod dynamic;
mod fill;
mod limit;
mod preview;
mod redact;
mod redirect;
mod route;
mod sign;
mod token;

use std::{sync::Arc, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL},
};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{Exchange, SendOptions, SendRequest, Sent, Step},
    time::UnixMillis,
    vault::Environment,
};
use strongroom_crypto::{SecretText, random};
use strongroom_sender::{Answer, HostRules, Options, Phase, SendError, Target};
use strongroom_signing::{self as signing, Scheme, Settings};
use strongroom_vault::Item;
use url::Url;

use self::draft::Draft;
pub(crate) use self::{
    burst::burst,
    composed::{Filled, filled, preview as preview_composed},
    preview::preview,
    redact::Redaction,
    route::Route,
    sign::sign_with_key,
};
pub use self::{route::needs_the_vault, sign::with_typed_credential};
use crate::{
    activity::{self, Act, Activity, EntryId},
    home::Home,
    manage::Platform,
    os::clock,
    problem::shown,
    running,
    session::{Session, Work},
};

/// What an item gives to a request.
pub(crate) struct Credential {
    /// The item's name; none if the credential was typed for this call.
    pub(crate) name: Option<String>,
    pub(crate) public_id: Option<String>,
    pub(crate) secret: SecretText,
    /// Whether that is a token which the key was exchanged for.
    pub(crate) is_token: bool,
    pub(crate) session_token: Option<SecretText>,
    /// The hosts that the secret may be sent to.
    pub(crate) hosts: Vec<String>,
    /// The scheme's id, if the item has one.
    pub(crate) scheme: Option<String>,
    /// What the scheme is told beside.
    pub(crate) settings: Settings,
}

impl Credential {
    fn reference(&self) -> String {
        match &self.name {
            Some(name) if self.is_token => format!("(a token of {name})"),
            Some(name) => format!("sr://{name}/secret"),
            None => "(the secret that was typed)".to_owned(),
        }
    }
}

/// Sends a request that is not signed, in this process. `cancel` stops it when it completes.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if the request needs the vault (then the vault's owner sends it) or makes no
/// sense; otherwise what [`strongroom_sender::send`] says.
pub async fn without_key(
    home: &Home,
    request: &SendRequest,
    cancel: impl Future<Output = ()> + Send,
) -> Result<Exchange, Failure> {
    if needs_the_vault(home, request) {
        return Err(Failure::new(
            ErrorCode::Usage,
            "a request that takes something out of the vault is sent by the vault's owner",
        ));
    }
    let route = Route::without_vault(home, request)?;
    let none = Redaction::default();
    deliver(home, request, None, &route, &none, cancel, |_| {}).await
}

/// What signs a request.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    /// Keeps the tokens that were fetched.
    pub(crate) session: &'a Arc<Session>,
    pub(crate) credential: &'a Credential,
}

/// Sends a request, signed with a credential if there is one, and follows redirects if that was asked for.
/// `secrets` are in the request already; the credential's is added to them. `route` is the way there.
///
/// # Errors
///
/// [`ErrorCode::Refused`] if a secret may not go there; [`ErrorCode::Usage`] if the request or the scheme
/// makes no sense; otherwise what [`strongroom_sender::send`] says.
pub(crate) async fn deliver(
    home: &Home,
    request: &SendRequest,
    signer: Option<Signer<'_>>,
    route: &Route,
    secrets: &Redaction,
    cancel: impl Future<Output = ()> + Send,
    mut progress: impl FnMut(Phase) + Send,
) -> Result<Exchange, Failure> {
    let mut cancel = std::pin::pin!(cancel);
    let mut all = Redaction::default();
    all.absorb(secrets);
    if let Some(Signer { credential, .. }) = signer {
        let copy = SecretText::new(credential.secret.expose_secret().to_owned());
        all.push(copy, credential.reference());
    }
    let mut redirects = Vec::new();
    let mut followed: Option<SendRequest> = None;
    loop {
        let request = followed.as_ref().unwrap_or(request);
        let signer = signer.filter(|_| request.key.is_some());
        let mut exchange = once(
            home,
            request,
            signer,
            route,
            &all,
            cancel.as_mut(),
            &mut progress,
        )
        .await?;
        let Some((redirect, next)) = redirect::next(request, &exchange, &all, redirects.len())
        else {
            exchange.redirects = redirects;
            return Ok(exchange);
        };
        redirects.push(redirect);
        match next {
            Some(next) => followed = Some(next),
            None => {
                exchange.redirects = redirects;
                return Ok(exchange);
            }
        }
    }
}

async fn once(
    home: &Home,
    request: &SendRequest,
    signer: Option<Signer<'_>>,
    route: &Route,
    secrets: &Redaction,
    cancel: impl Future<Output = ()> + Send,
    progress: impl FnMut(Phase) + Send,
) -> Result<Exchange, Failure> {
    if let (Some(scheme), None) = (&request.scheme, signer) {
        return Err(Failure::new(
            ErrorCode::Usage,
            format!("the scheme {scheme} needs a key to sign with"),
        )
        .hint("name one of the vault's keys with --key"));
    }
    let mut all = Redaction::default();
    all.absorb(secrets);
    let mut draft = Draft::read_with(request, secrets)?;
    let Some(Signer {
        session,
        credential,
    }) = signer
    else {
        let options = options(home, request, &draft, None, route)?;
        return finish(draft, &options, &all, Vec::new(), cancel, progress).await;
    };
    check_hosts(request, &credential.hosts)?;
    let options = options(home, request, &draft, Some(&credential.hosts), route)?;
    let scheme = scheme(request, credential)?;
    let mut cancel = std::pin::pin!(cancel);
    let exchanged = tokio::select! {
        exchanged = token::exchanged(session, request, credential, scheme, &options) => exchanged?,
        () = cancel.as_mut() => {
            return Err(Failure::new(
                ErrorCode::Cancelled,
                "cancelled while a token was fetched; the request was not sent",
            ));
        }
    };
    let now = time_to_sign_with(home, &draft, scheme).await?;
    let own = exchanged
        .as_ref()
        .map_or(credential, |held| &held.credential);
    let (made, added) = draft.sign(&fresh_nonce(), scheme, own, now)?;
    all.absorb(&added);
    let text = SecretText::new(own.secret.expose_secret().to_owned());
    all.push(text, own.reference());
    let mut steps = exchanged
        .as_ref()
        .map_or_else(Vec::new, |held| held.steps.clone());
    steps.extend(made);
    let exchange = finish(draft, &options, &all, steps, cancel, progress).await?;
    if let (401, Some(held)) = (exchange.status, &exchanged) {
        held.forget(session).await;
    }
    Ok(exchange)
}

async fn finish(
    draft: Draft,
    options: &Options,
    secrets: &Redaction,
    steps: Vec<Step>,
    cancel: impl Future<Output = ()> + Send,
    progress: impl FnMut(Phase) + Send,
) -> Result<Exchange, Failure> {
    let (outgoing, sent) = draft.finish()?;
    let answer = strongroom_sender::send(&outgoing, options, cancel, progress).await?;
    Ok(exchange(answer, sent, steps, secrets))
}

/// Takes what a request's key gives to it out of the open vault, after checking that the secret may
/// go where the request goes; `None` for a request without a key.
///
/// # Errors
///
/// [`ErrorCode::Refused`] if it may not; [`ErrorCode::Locked`], [`ErrorCode::NotFound`],
/// [`ErrorCode::Ambiguous`].
pub(crate) fn credential(
    session: &Session,
    request: &SendRequest,
    work: &Work,
) -> Result<Option<Credential>, Failure> {
    let Some(selector) = &request.key else {
        return Ok(None);
    };
    work.check()?;
    session.with_open(|open| {
        let item = open.vault.find(selector).map_err(shown)?;
        check_hosts(request, item.hosts())?;
        check_production(item.name(), item.view().environment, &request.options)?;
        Ok(Some(Credential {
            name: Some(item.name().to_owned()),
            public_id: item.public_id().map(str::to_owned),
            hosts: item.hosts().to_vec(),
            scheme: item.scheme().map(str::to_owned),
            settings: told(item, request),
            session_token: None,
            is_token: false,
            secret: open
                .vault
                .secret(&item.id().to_string(), "secret", None)
                .map_err(shown)?,
        }))
    })
}

/// Notes in Activity that a request is about to be sent.
pub(crate) fn record(
    activity: &Activity,
    request: &SendRequest,
    credential: Option<&Credential>,
    secrets: &Redaction,
    client: &str,
) -> EntryId {
    let mut url = request.url.clone();
    secrets.apply_to_text(&mut url);
    let url = Url::parse(&url).map(|mut url| {
        url.set_query(None);
        url.set_fragment(None);
        // A URL that can't have a user has none to show.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.to_string()
    });
    let told = activity::Request {
        method: request.method.clone(),
        url: url.unwrap_or_default(),
        answer: None,
    };
    let (act, name) = match credential {
        Some(credential) => (Act::Used, credential.name.as_deref()),
        None => (Act::Sent, None),
    };
    activity.record_request(act, clock::now(), name, client, told)
}

fn check_hosts(request: &SendRequest, hosts: &[String]) -> Result<(), Failure> {
    let target = Target::parse(&request.url)?;
    if HostRules::parse(hosts)?.allow(&target) {
        return Ok(());
    }
    Err(Failure::from(SendError::HostNotAllowed {
        host: target.authority(),
        allowed: hosts.to_vec(),
    }))
}

/// Production is not a place for tests by mistake.
fn check_production(
    item: &str,
    environment: Option<Environment>,
    options: &SendOptions,
) -> Result<(), Failure> {
    if environment == Some(Environment::Production) && !options.confirm_production {
        return Err(production(&format!("the key {item}")));
    }
    Ok(())
}

fn production(what: &str) -> Failure {
    Failure::new(
        ErrorCode::Refused,
        format!("{what} is of production, and sending there was not agreed to"),
    )
    .hint("send it with --confirm-production if that is what you want")
    .details(serde_json::json!({ "rule": "production" }))
}

/// The scheme that was asked for, or the item's, or the simplest that fits the item.
fn scheme(request: &SendRequest, credential: &Credential) -> Result<Scheme, Failure> {
    let named = request.scheme.as_deref().or(credential.scheme.as_deref());
    match named {
        Some(id) => id.parse().map_err(|error: signing::scheme::UnknownScheme| {
            Failure::new(ErrorCode::Usage, error.to_string())
        }),
        None if credential.public_id.is_some() => Ok(Scheme::HeaderPair),
        None => Ok(Scheme::Bearer),
    }
}

/// The wall clock, or a local platform's own one if that is virtual: a signature holds the time at
/// which it was made, and the platform that verifies it goes by its clock.
async fn time_to_sign_with(
    home: &Home,
    draft: &Draft,
    scheme: Scheme,
) -> Result<UnixMillis, Failure> {
    if scheme.holds_time()
        && let Some(address) = running::platform(home)?
        && address.virtual_clock
        && draft.goes_to(&address.url)
    {
        return Ok(Platform::at(&address)?.clock().await?.now);
    }
    Ok(clock::now())
}

fn options(
    home: &Home,
    request: &SendRequest,
    draft: &Draft,
    hosts: Option<&[String]>,
    route: &Route,
) -> Result<Options, Failure> {
    let mut extra_roots = Vec::new();
    let trusted = request.ca_pem.iter().chain(&request.options.ca_pem);
    for pem in trusted.chain(&route.trusted) {
        extra_roots.extend(strongroom_sender::roots_from_pem(pem)?);
    }
    if draft.target().is_loopback() {
        extra_roots.extend(running::authority(home));
    }
    if request.timeout_ms == 0 {
        return Err(
            Failure::new(ErrorCode::Usage, "a timeout of 0 lets nothing happen")
                .hint("give a duration such as 30s"),
        );
    }
    Ok(Options {
        timeout: Duration::from_millis(request.timeout_ms),
        body_limit: usize::try_from(request.body_limit).unwrap_or(usize::MAX),
        extra_roots,
        allow_plain_http_on_loopback: request.allow_plain_http,
        allowed_hosts: hosts.map(HostRules::parse).transpose()?,
        proxy: route.proxy.clone(),
        // It stays behind where a redirect leads to another origin.
        identity: route
            .identity
            .clone()
            .filter(|_| request.options.client_cert.is_some()),
        ..Options::default()
    })
}

fn exchange(
    mut answer: Answer,
    mut sent: Sent,
    mut steps: Vec<Step>,
    secrets: &Redaction,
) -> Exchange {
    secrets.apply(&mut answer.body);
    for (_, value) in &mut answer.headers {
        secrets.apply(value);
    }
    secrets.apply_to_text(&mut sent.url);
    for (_, value) in &mut sent.headers {
        secrets.apply_to_text(value);
    }
    for step in &mut steps {
        secrets.apply_to_text(&mut step.value);
    }
    let headers = answer.text_headers();
    let request_id = answer.header("x-request-id").map(str::to_owned);
    let (body, body_base64) = match String::from_utf8(answer.body) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    };
    Exchange {
        status: answer.status,
        headers,
        body,
        body_base64,
        held: None,
        body_truncated: answer.body_truncated,
        request_id,
        steps,
        timings: answer.timings,
        tls: answer.tls,
        sent,
        http_version: answer.http_version.to_owned(),
        peer: answer.peer.to_string(),
        local: answer.local.to_string(),
        proxy: answer.proxy,
        redirects: Vec::new(),
        decoded: answer.decoded,
        undecoded: answer.undecoded.as_ref().map(ToString::to_string),
    }
}

/// A nonce that no other signature has.
fn fresh_nonce() -> String {
    BASE64_URL.encode(random::bytes::<16>())
}

/// What the scheme is told: by the item, if the request goes out with the item's own scheme, and by the
/// request, which has the last word.
fn told(item: &Item, request: &SendRequest) -> Settings {
    let asked = Settings::from(&request.settings);
    match &request.scheme {
        Some(scheme) if Some(scheme.as_str()) != item.scheme() => asked,
        _ => Settings::from(item.settings()).overridden_by(asked),
    }
}
