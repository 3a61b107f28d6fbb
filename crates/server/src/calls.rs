//! The way of a key's request: read, decided, answered, and written to the audit log in between.

mod create;
mod delay;
mod oauth;

use std::sync::Arc;

use bytes::Bytes;
use http::{StatusCode, request::Parts};
use serde_json::json;
use strongroom_contract::explain::Rule;
use strongroom_policy::{
    credential::SecretId,
    decide::{self, Accepted, Next, Refused, RequestFacts},
    key::KeyRecord,
    rate::Admitted,
    replay::{NonceAnswer, NonceClaim},
    scopes::Route,
    token,
};
use strongroom_signing::{Field, Request, Target, UriScheme, rfc9421::SIGNATURE_INPUT};

pub(crate) use delay::{Delayed, wait};

use delay::Waited;

use crate::{
    audit::{AuditDown, Entry, QueuedRow},
    face::{Answer, Face, Problem, not_kept, rate_headers},
    keys::IssuedKey,
    openapi,
    platform::{Arrival, Platform, user_agent},
    refusals::Share,
    resources::Kind,
    routes::{Resource, resource},
};

/// A request of a key, read whole.
#[derive(Clone, Copy)]
struct Call<'a> {
    platform: &'a Platform,
    arrival: Arrival,
    face: Face,
    parts: &'a Parts,
    body: &'a Bytes,
    route: Route,
    /// What is known of it if it has waited for a slot.
    waited: Option<Waited>,
}

/// Whose request was let through, and what it took.
struct Caller {
    key: Arc<IssuedKey>,
    record: Arc<KeyRecord>,
    secret: SecretId,
    nonce: Option<NonceClaim>,
    cost: u32,
    admitted: Admitted,
    source: std::net::IpAddr,
}

/// How far a request is.
pub(crate) enum Passed {
    /// Let through, or refused.
    Decided(Decided),
    /// Over a limit, and to wait for a slot.
    Delayed(Delayed),
}

/// How far a request is that was let through or refused.
pub(crate) enum Decided {
    /// Answered, and written to the audit log.
    Answered(Answer),
    /// Answered, once its row is written.
    Queued(Answer, QueuedRow),
    /// Let through; its answer needs the store.
    NeedsStore(Rest),
}

/// What is left to do for a request that was let through.
pub(crate) struct Rest {
    route: Route,
    resource: Resource,
    caller: Caller,
}

impl Rest {
    /// Answers the request.
    pub(crate) async fn answer(
        self,
        platform: &Platform,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        body: &Bytes,
    ) -> Answer {
        let call = Call {
            platform,
            arrival,
            face,
            parts,
            body,
            route: self.route,
            waited: None,
        };
        match self.resource {
            Resource::Create(kind) => create::create(call, &self.caller, kind).await,
            Resource::OauthRevoke => oauth::revoke(call, &self.caller).await,
            resource => call.detail(&self.caller, resource).await,
        }
    }
}

/// Answers a request to `/api/`, `/std/`, `/oauth/`, or to nowhere, as far as it goes without
/// waiting.
pub(crate) fn answer(
    platform: &Platform,
    arrival: Arrival,
    face: Face,
    parts: &Parts,
    body: &Bytes,
) -> Passed {
    let call = Call::new(platform, arrival, face, parts, body);
    call.attempt()
        .unwrap_or_else(|refused| Passed::Decided(call.refuse(*refused)))
}

/// Where a request goes, by its `Host` and its line. Only a signature looks at it: it is not built
/// for a request without one whose target is plainly well formed.
pub(crate) fn target(parts: &Parts) -> Result<Option<Target>, String> {
    let mut hosts = parts.headers.get_all(http::header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map_err(|_| "the Host header is not ASCII")?,
        // Also where the line names a host: RFC 9112, section 3.2.
        (None, _) => return Err("the Host header is missing".to_owned()),
        (Some(_), Some(_)) => return Err("the Host header is there more than once".to_owned()),
    };
    let path_and_query = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let is_absolute = parts.uri.authority().is_some();
    let is_signed = parts.headers.contains_key(SIGNATURE_INPUT);
    if !is_signed && !is_absolute && is_plain_host(host) && is_plain(path_and_query, b"/-_.?=&") {
        return Ok(None);
    }
    let received = |target: &str| {
        Target::received(UriScheme::Https, host, target).map_err(|error| error.to_string())
    };
    if is_absolute {
        // It gives way to the line, and must be well formed all the same.
        received("/")?;
        return received(&parts.uri.to_string()).map(Some);
    }
    received(path_and_query).map(Some)
}

/// Whether a host is a name or an IPv4 address, with a port or without.
fn is_plain_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    is_plain(name, b"-.") && is_plain(port, b"") && port.parse::<u16>().is_ok()
}

/// Whether a text has letters, digits and `others` alone.
fn is_plain(text: &str, others: &[u8]) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

impl<'a> Call<'a> {
    fn new(
        platform: &'a Platform,
        arrival: Arrival,
        face: Face,
        parts: &'a Parts,
        body: &'a Bytes,
    ) -> Self {
        let route = platform.costs.find(parts.method.as_str(), parts.uri.path());
        Self {
            platform,
            arrival,
            face,
            parts,
            body,
            route,
            waited: None,
        }
    }

    /// Decides the request, and answers it as far as it goes without waiting.
    fn attempt(&self) -> Result<Passed, Box<Refused>> {
        let Self {
            platform,
            arrival,
            parts,
            body,
            ..
        } = *self;
        let read = match target(parts) {
            Ok(target) => target,
            Err(problem) => {
                let answer = platform.refuse_target(arrival, self.face, parts, problem);
                return Ok(Passed::Decided(Decided::Answered(answer)));
            }
        };
        let target = read.as_ref().unwrap_or(&platform.plain_target);
        let fields: Vec<_> = parts
            .headers
            .iter()
            .map(|(name, value)| Field::new(name.as_str(), value.as_bytes()))
            .collect();
        let request = Request::new(parts.method.as_str(), target, &fields, body);
        self.decide(RequestFacts {
            request: &request,
            peer: arrival.peer,
            route: &self.route,
            now: arrival.now,
        })
    }

    /// Runs the rules. What can be answered without the store is answered, and its row gets its place
    /// in the audit log, while the key's record is held.
    fn decide(&self, facts: RequestFacts<'_>) -> Result<Passed, Box<Refused>> {
        let platform = self.platform;
        let ask = decide::begin(facts, &platform.rules)?;
        let Some(key) = platform.keys.find(ask.app_id()) else {
            // Refused, after the same work as for a wrong secret.
            let refused = ask.answer(None);
            return refused
                .map(|_| Passed::Decided(Decided::Answered(self.problem(&Problem::Unauthorized))));
        };
        let held = key.hold();
        let record: &KeyRecord = &held;
        let allow_all = platform.allow_all.narrowing();
        let ask = match &allow_all {
            None => ask,
            Some(list) => ask.within(list),
        };
        let ask = match &self.waited {
            None => ask,
            Some(waited) => ask.arrived(waited.arrived),
        };
        let ask = match ask.answer(Some(record))? {
            // It was spent by this request itself.
            Next::Nonce(ask) if self.waited.is_some() => ask.answer(NonceAnswer::Fresh)?,
            Next::Nonce(ask) => {
                let spent = key
                    .used()
                    .nonces
                    .spend(ask.claim(), ask.key().limit, facts.now);
                ask.answer(spent)?
            }
            Next::Slot(ask) => ask,
        };
        let slot = key.try_admit(record, ask.cost(), self.waited.is_some(), facts.now);
        let delay = slot
            .as_ref()
            .err()
            .and_then(|it| self.delay(&key, record, it));
        let accepted = match (ask.answer(slot), delay) {
            (Err(refused), Some(delay)) => return Ok(Passed::Delayed(delay.of(refused))),
            (answer, _) => answer?,
        };
        key.note_use(accepted.secret, facts.now);
        let caller = |accepted: Accepted<'_>| Caller {
            record: Arc::clone(&held),
            key: Arc::clone(&key),
            secret: accepted.secret,
            nonce: accepted.nonce,
            cost: accepted.cost.slots(),
            admitted: accepted.admitted,
            source: accepted.source,
        };
        let found = resource(&self.route);
        if let Some(resource) = found.filter(|resource| resource.needs_store()) {
            return Ok(Passed::Decided(Decided::NeedsStore(Rest {
                route: self.route,
                resource,
                caller: caller(accepted),
            })));
        }
        let answer = self.answer_at_once(found, &accepted);
        let queued = platform.audit.queue(&Entry {
            status: answer.status.as_u16(),
            source: accepted.source,
            app_id: Some(record.app_id),
            secret: Some(accepted.secret),
            cost: accepted.cost.slots(),
            nonce: accepted.nonce,
            now: accepted.admitted.at,
            ..self.entry(record.client, &key.personal)
        });
        Ok(Passed::Decided(match queued {
            Ok(row) => Decided::Queued(with_rate(answer, &accepted.admitted), row),
            Err(AuditDown) => Decided::Answered(self.unrecorded()),
        }))
    }

    /// What needs no store.
    fn answer_at_once(&self, resource: Option<Resource>, accepted: &Accepted<'_>) -> Answer {
        match resource {
            Some(Resource::Ping) => Answer::json_bytes(
                StatusCode::OK,
                Bytes::from_static(b"{\"message\":\"pong\"}"),
            ),
            Some(Resource::AccessToken) => {
                let (app_id, now) = (accepted.key.app_id, self.arrival.now);
                let rules = &self.platform.rules;
                let token = token::issue(app_id, accepted.secret, None, now, rules);
                let seconds = token::LIFETIME.as_secs();
                not_kept(Answer::json(
                    StatusCode::OK,
                    &json!({ "access_token": token.expose_secret(), "expires_in": seconds }),
                ))
            }
            Some(Resource::OauthToken) => {
                oauth::token(self, accepted).unwrap_or_else(|problem| self.problem(&problem))
            }
            Some(Resource::Create(_) | Resource::Detail(_) | Resource::OauthRevoke) | None => {
                let path = self.parts.uri.path();
                let mut methods: Vec<_> = Route::at(path).map(|route| route.method).collect();
                if path == openapi::PATH {
                    methods.push("GET");
                }
                if methods.is_empty() {
                    self.problem(&Problem::NotFound)
                } else {
                    let allow = methods.join(", ");
                    self.problem(&Problem::Method { allow })
                }
            }
        }
    }

    /// Shows one of the client's own resources.
    async fn detail(&self, caller: &Caller, resource: Resource) -> Answer {
        let kind = match resource {
            Resource::Detail(kind) => kind,
            _ => Kind::Payin,
        };
        let query = self.parts.uri.query().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let Some((_, uuid)) = pairs.find(|(name, _)| name == "uuid") else {
            let missing = vec![("uuid".to_owned(), "can't be blank".to_owned())];
            return self.record(caller, self.problem(&Problem::Invalid(missing)));
        };
        let platform = self.platform;
        let client = caller.record.client;
        let answer = match platform.store.resource(client, kind.name(), &uuid).await {
            Ok(Some(sealed)) => {
                let aad = create::aad(client, &uuid);
                match caller.key.personal.open(aad.as_bytes(), &sealed) {
                    Ok(json) => Answer::json_bytes(StatusCode::OK, json.expose_secret().to_vec()),
                    Err(error) => {
                        tracing::error!(%error, %uuid, "a resource does not open");
                        self.problem(&Problem::Unavailable)
                    }
                }
            }
            Ok(None) => self.problem(&Problem::NotFound),
            Err(error) => {
                tracing::error!(%error, "a resource can't be read");
                self.problem(&Problem::Unavailable)
            }
        };
        self.record(caller, answer)
    }

    /// Writes the audit row of an answer to a request that was let through.
    fn record(&self, caller: &Caller, answer: Answer) -> Answer {
        let written = self
            .platform
            .audit
            .append(&self.caller_entry(caller, answer.status));
        match written {
            Ok(()) => with_rate(answer, &caller.admitted),
            Err(AuditDown) => self.unrecorded(),
        }
    }

    /// Refuses the request: its row gets its place in the audit log, and what was refused is kept.
    fn refuse(&self, refused: Refused) -> Decided {
        let platform = self.platform;
        let rule = refused.rule();
        let problem = match (rule, refused.throttled) {
            (_, Some(throttled)) => Problem::TooMany(throttled),
            (Rule::Source | Rule::Permission, _) => Problem::Forbidden,
            _ => Problem::Unauthorized,
        };
        if matches!(rule, Rule::Identify | Rule::Authenticate) {
            platform
                .failures
                .failed(self.arrival.peer, self.arrival.now);
        }
        if let (Some(app_id), Some(secret)) = (refused.app_id, refused.secret)
            && let Some(key) = platform.keys.find(app_id)
        {
            key.note_use(secret, self.arrival.now);
        }
        // What was tried against a key is its client's to see, and to have erased. Both are looked up,
        // so that it takes no longer where there is such a key.
        let nobody = platform.personal.unknown();
        let client = refused.client.unwrap_or(nobody.0);
        let (client, personal) = match platform.personal.of(client) {
            Some(personal) => (client, personal),
            None => nobody,
        };
        let queued = platform.audit.queue(&Entry {
            status: problem.status().as_u16(),
            rule: Some(rule),
            source: refused.source,
            app_id: refused.app_id,
            secret: refused.secret,
            cost: refused.slot.map_or(0, |(cost, _)| cost.slots()),
            now: refused.slot.map_or(self.arrival.now, |(_, at)| at),
            nonce: refused.nonce,
            ..self.entry(client, &personal)
        });
        let row = match queued {
            Ok(row) => row,
            Err(AuditDown) => return Decided::Answered(self.unrecorded()),
        };
        // Who has not proven who they are is bounded by their source, before it comes to this. A share
        // of the key's would tell that there is such a key.
        let share = match (rule, refused.app_id) {
            (Rule::Identify | Rule::Authenticate, _) | (_, None) => Share::Whole,
            (_, Some(app_id)) => Share::OfKey(app_id),
        };
        let (arrival, parts, body) = (self.arrival, self.parts, self.body);
        platform.keep((client, &personal), arrival.id, share, || {
            let explanation = refused.trace.into_explanation(Some(arrival.id.to_string()));
            platform.kept(arrival, parts, body, problem.status(), explanation)
        });
        Decided::Queued(self.problem(&problem), row)
    }

    fn problem(&self, problem: &Problem) -> Answer {
        self.face.problem(problem, self.arrival.id)
    }

    fn unrecorded(&self) -> Answer {
        self.platform
            .unrecorded(self.arrival, self.face, self.parts, self.body)
    }

    fn entry<'e>(
        &'e self,
        client: strongroom_policy::key::ClientId,
        personal: &'e strongroom_crypto::aead::Cipher,
    ) -> Entry<'e> {
        Entry {
            method: self.route.method,
            path: self.route.path,
            user_agent: user_agent(self.parts),
            ..Entry::of(self.arrival, client, personal)
        }
    }

    fn caller_entry<'e>(&'e self, caller: &'e Caller, status: StatusCode) -> Entry<'e> {
        Entry {
            status: status.as_u16(),
            source: caller.source,
            app_id: Some(caller.record.app_id),
            secret: Some(caller.secret),
            cost: caller.cost,
            now: caller.admitted.at,
            nonce: caller.nonce,
            ..self.entry(caller.record.client, &caller.key.personal)
        }
    }
}

/// Tells what is left of the limits, if the answer does not already.
fn with_rate(mut answer: Answer, admitted: &Admitted) -> Answer {
    answer.rate = Some(rate_headers(&admitted.left, None));
    answer
}

#[cfg(test)]
mod tests;
