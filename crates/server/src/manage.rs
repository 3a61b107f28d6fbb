//! The management API: `/manage/v1/…`.
//!
//! Every route has an operation, and every operation a row in [`strongroom_policy::roles`] that
//! says who may do it. Whoever calls presents a management key as `Authorization: Bearer`. Every
//! act leaves an audit row, allowed or refused; one that changes something is written before the
//! change is committed, so that nothing is changed in silence.

mod allowlist;
mod audit;
mod clients;
mod clock;
mod exhibit;
mod export;
mod keys;
mod limits;
mod public_key;
mod requests;
mod retention;
mod rotation;

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use http::{StatusCode, header::ALLOW, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_contract::{
    error::{ErrorCode, Failure, FailureDocument},
    explain::Rule,
};
use strongroom_policy::{
    credential::{AppId, ManagementKey, SecretId, StoredTag},
    key::ClientId,
    roles::{self, Operation, Role},
};
use strongroom_signing::{Field, token};

use crate::{
    audit::{AuditDown, Entry},
    face::Answer,
    platform::{Arrival, Platform, user_agent},
    store::{StoreError, Undone},
};

/// A route of the management API. `{}` stands for one segment.
struct Route {
    method: &'static str,
    path: &'static str,
    operation: Operation,
}

const fn route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route {
        method,
        path,
        operation,
    }
}

const ROUTES: &[Route] = &[
    route("POST", "/manage/v1/keys", Operation::KeyCreate),
    route("GET", "/manage/v1/keys", Operation::KeyList),
    route("GET", "/manage/v1/keys/{}", Operation::KeyList),
    route("POST", "/manage/v1/keys/{}/revoke", Operation::KeyRevoke),
    route("POST", "/manage/v1/keys/{}/rotate", Operation::KeyRotate),
    route("POST", "/manage/v1/keys/{}/retire", Operation::KeyRetire),
    route("PUT", "/manage/v1/keys/{}/note", Operation::KeyNote),
    route("PUT", "/manage/v1/keys/{}/name", Operation::KeyRename),
    route("PUT", "/manage/v1/keys/{}/expiry", Operation::KeyExpire),
    route(
        "PUT",
        "/manage/v1/keys/{}/public-key",
        Operation::KeyRegister,
    ),
    route("PUT", "/manage/v1/keys/{}/limit", Operation::KeyLimit),
    route("PUT", "/manage/v1/keys/{}/quota", Operation::KeyQuota),
    route("PUT", "/manage/v1/keys/{}/delay", Operation::KeyDelay),
    route(
        "GET",
        "/manage/v1/keys/{}/limit/suggestion",
        Operation::LimitExplain,
    ),
    route(
        "PUT",
        "/manage/v1/keys/{}/allowlist",
        Operation::KeyAllowlist,
    ),
    route("PUT", "/manage/v1/keys/{}/scopes", Operation::KeyScopes),
    route("GET", "/manage/v1/keys/{}/source", Operation::SourceExplain),
    route("GET", "/manage/v1/allowlist", Operation::AllowAllShow),
    route("PUT", "/manage/v1/allowlist", Operation::AllowAllSet),
    route("GET", "/manage/v1/audit", Operation::AuditList),
    route("GET", "/manage/v1/audit/rows", Operation::AuditList),
    route("POST", "/manage/v1/audit/verify", Operation::AuditVerify),
    route(
        "POST",
        "/manage/v1/audit/checkpoint",
        Operation::AuditCheckpoint,
    ),
    route("GET", "/manage/v1/audit/export", Operation::AuditExport),
    route(
        "POST",
        "/manage/v1/audit/export/verify",
        Operation::AuditExportVerify,
    ),
    route("POST", "/manage/v1/audit/reindex", Operation::AuditReindex),
    route(
        "GET",
        "/manage/v1/audit/retention",
        Operation::AuditRetention,
    ),
    route("PUT", "/manage/v1/audit/retention", Operation::AuditRetain),
    route("GET", "/manage/v1/clients", Operation::ClientList),
    route("PUT", "/manage/v1/clients/{}/limit", Operation::ClientLimit),
    route("GET", "/manage/v1/routes", Operation::RouteList),
    route("PUT", "/manage/v1/routes/cost", Operation::RouteCost),
    route(
        "POST",
        "/manage/v1/clients/{}/erase",
        Operation::ClientErase,
    ),
    route("GET", "/manage/v1/requests/{}", Operation::RequestShow),
    route(
        "GET",
        "/manage/v1/requests/{}/explain",
        Operation::RequestExplain,
    ),
    route("POST", "/manage/v1/explain", Operation::ExhibitExplain),
    route("GET", "/manage/v1/clock", Operation::ClockShow),
    route("POST", "/manage/v1/clock/advance", Operation::ClockAdvance),
];

impl Route {
    /// The segment that `{}` stands for, if the path fits; empty if there is no `{}`.
    fn matches<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.path.split_once("{}") {
            None => (self.path == path).then_some(""),
            Some((before, after)) => {
                let segment = path.strip_prefix(before)?.strip_suffix(after)?;
                (!segment.is_empty() && !segment.contains('/')).then_some(segment)
            }
        }
    }
}

/// Every route: its method, and its path with `{}` for one segment.
#[cfg(test)]
pub(crate) fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.path))
}

/// One call, of someone who may make it.
#[derive(Clone, Copy)]
struct Call<'a> {
    platform: &'a Arc<Platform>,
    arrival: Arrival,
    parts: &'a Parts,
    body: &'a Bytes,
    route: &'static Route,
    /// The segment that `{}` stands for.
    segment: &'a str,
}

/// What a call did.
struct Done {
    answer: Answer,
    app_id: Option<AppId>,
    /// Whether its audit row was written with the change.
    recorded: bool,
}

impl Done {
    /// Something was shown.
    fn shown(value: &impl Serialize) -> Self {
        Self {
            answer: Answer::json(StatusCode::OK, value),
            app_id: None,
            recorded: false,
        }
    }

    /// The same, about a key.
    fn about(mut self, app_id: AppId) -> Self {
        self.app_id = Some(app_id);
        self
    }

    /// Something was changed, and its audit row written.
    fn changed(status: StatusCode, app_id: Option<AppId>, value: &impl Serialize) -> Self {
        Self {
            answer: Answer::json(status, value),
            app_id,
            recorded: true,
        }
    }
}

/// Why a call was not done.
struct NotDone {
    status: StatusCode,
    failure: Failure,
    rule: Option<Rule>,
}

impl NotDone {
    fn new(status: StatusCode, failure: Failure) -> Self {
        Self {
            status,
            failure,
            rule: None,
        }
    }

    fn by(rule: Rule, status: StatusCode, failure: Failure) -> Self {
        Self {
            status,
            failure,
            rule: Some(rule),
        }
    }

    /// What was asked for does not make sense.
    fn usage(message: impl Into<String>) -> Self {
        let failure = Failure::new(ErrorCode::Usage, message);
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, failure)
    }

    /// What is there forbids it.
    fn conflict(message: impl Into<String>) -> Self {
        let failure = Failure::new(ErrorCode::Conflict, message);
        Self::new(StatusCode::CONFLICT, failure)
    }

    fn not_found(message: impl Into<String>) -> Self {
        let failure = Failure::new(ErrorCode::NotFound, message);
        Self::new(StatusCode::NOT_FOUND, failure)
    }

    fn unavailable() -> Self {
        let failure = Failure::new(
            ErrorCode::Storage,
            "the platform can't write to its disk now; nothing was changed",
        )
        .hint("free some space on the disk of its state directory; it goes on by itself");
        Self::by(Rule::Audit, StatusCode::SERVICE_UNAVAILABLE, failure)
    }
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a management call failed");
        Self::unavailable()
    }
}

impl From<Undone<AuditDown>> for NotDone {
    fn from(undone: Undone<AuditDown>) -> Self {
        match undone {
            Undone::Store(error) => error.into(),
            Undone::Before(AuditDown) => Self::unavailable(),
        }
    }
}

/// Answers a request to `/manage/`.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    arrival: Arrival,
    parts: &Parts,
    body: &Bytes,
) -> Answer {
    let path = parts.uri.path();
    let fitting = || {
        ROUTES
            .iter()
            .filter_map(|route| Some((route, route.matches(path)?)))
    };
    let found = fitting().find(|(route, _)| route.method == parts.method.as_str());
    // Who is nobody learns nothing about what is here.
    let role = match authenticate(platform, parts) {
        Ok(role) => role,
        Err(not_done) => {
            platform.failures.failed(arrival.peer, arrival.now);
            let route = found.map(|(route, _)| route);
            return refuse(platform, arrival, parts, route, not_done);
        }
    };
    let Some((route, segment)) = found else {
        let methods: Vec<_> = fitting().map(|(route, _)| route.method).collect();
        let not_done = nothing_here(&methods);
        let mut answer = refuse(platform, arrival, parts, None, not_done);
        if !methods.is_empty() {
            answer = answer.with(ALLOW, &methods.join(", "));
        }
        return answer;
    };
    if !roles::may(role, route.operation) {
        let not_done = forbidden(role, route.operation);
        return refuse(platform, arrival, parts, Some(route), not_done);
    }
    let call = Call {
        platform,
        arrival,
        parts,
        body,
        route,
        segment,
    };
    match call.run().await {
        Ok(done) if done.recorded => done.answer,
        Ok(done) => {
            let (client, personal) = platform.personal.unknown();
            let written = platform.audit.append(&Entry {
                status: done.answer.status.as_u16(),
                app_id: done.app_id,
                ..entry(arrival, parts, Some(route), client, &personal)
            });
            match written {
                Ok(()) => done.answer,
                Err(AuditDown) => worded(NotDone::unavailable()),
            }
        }
        Err(not_done) => refuse(platform, arrival, parts, Some(route), not_done),
    }
}

/// Who calls.
fn authenticate(platform: &Platform, parts: &Parts) -> Result<Role, NotDone> {
    let unauthorized = || {
        let failure = Failure::new(
            ErrorCode::Refused,
            "the management key is missing, malformed or wrong",
        )
        .hint("send Authorization: Bearer with the key in owner.key of the state directory");
        NotDone::by(Rule::Authenticate, StatusCode::UNAUTHORIZED, failure)
    };
    let fields: Vec<_> = parts
        .headers
        .get_all(http::header::AUTHORIZATION)
        .iter()
        .map(|value| Field::new(token::AUTHORIZATION, value.as_bytes()))
        .collect();
    let presented = match token::read(&fields) {
        Ok([Some(bearer), _]) => bearer.token.expose_secret().as_bytes(),
        _ => return Err(unauthorized()),
    };
    // A malformed key takes the same work as a wrong one.
    let well_formed = ManagementKey::check(presented).is_ok();
    let tag = platform.rules.pepper().tag(presented);
    let members = platform
        .members
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let matching = |stored: &StoredTag| stored.matches(&tag);
    let found = members.iter().fold(None, |found, member| {
        // All are compared, whichever fits.
        if matching(&member.tag) {
            Some(member.role)
        } else {
            found
        }
    });
    found.filter(|_| well_formed).ok_or_else(unauthorized)
}

fn forbidden(role: Role, operation: Operation) -> NotDone {
    let allowed: Vec<_> = operation.roles().iter().map(|role| role.as_str()).collect();
    let failure = Failure::new(
        ErrorCode::Refused,
        format!("a {role} may not do {}", operation.act()),
    )
    .hint(format!("ask one of these: {}", allowed.join(", ")));
    NotDone::by(Rule::Permission, StatusCode::FORBIDDEN, failure)
}

fn nothing_here(methods: &[&str]) -> NotDone {
    if methods.is_empty() {
        return NotDone::not_found("the management API has nothing at this path");
    }
    let failure = Failure::new(
        ErrorCode::Usage,
        format!("this path takes {} only", methods.join(", ")),
    );
    NotDone::new(StatusCode::METHOD_NOT_ALLOWED, failure)
}

fn refuse(
    platform: &Platform,
    arrival: Arrival,
    parts: &Parts,
    route: Option<&'static Route>,
    not_done: NotDone,
) -> Answer {
    let (client, personal) = platform.personal.unknown();
    let written = platform.audit.append(&Entry {
        status: not_done.status.as_u16(),
        rule: not_done.rule,
        ..entry(arrival, parts, route, client, &personal)
    });
    match written {
        Ok(()) => worded(not_done),
        Err(AuditDown) => worded(NotDone::unavailable()),
    }
}

fn worded(not_done: NotDone) -> Answer {
    let document = FailureDocument {
        error: not_done.failure,
    };
    Answer::json(not_done.status, &document)
}

/// Management acts are of no client: what is personal in their rows belongs to their day.
fn entry<'a>(
    arrival: Arrival,
    parts: &'a Parts,
    route: Option<&'static Route>,
    client: ClientId,
    personal: &'a strongroom_crypto::aead::Cipher,
) -> Entry<'a> {
    let (method, path, act) = match route {
        Some(route) => (route.method, route.path, route.operation.act()),
        None => ("*", "/manage/(none)", "manage.unknown"),
    };
    Entry {
        act,
        method,
        path,
        user_agent: user_agent(parts),
        ..Entry::of(arrival, client, personal)
    }
}

impl<'a> Call<'a> {
    async fn run(self) -> Result<Done, NotDone> {
        match self.route.operation {
            Operation::KeyCreate => keys::create(self).await,
            Operation::KeyList if self.segment.is_empty() => Ok(keys::list(self)),
            Operation::KeyList => keys::show(self),
            Operation::KeyRevoke => keys::revoke(self).await,
            Operation::KeyRotate => rotation::rotate(self).await,
            Operation::KeyRetire => rotation::retire(self).await,
            Operation::KeyNote => keys::set_note(self).await,
            Operation::KeyRename => keys::set_name(self).await,
            Operation::KeyExpire => keys::set_expiry(self).await,
            Operation::KeyRegister => public_key::set(self).await,
            Operation::KeyLimit => limits::set_limit(self).await,
            Operation::KeyQuota => limits::set_quota(self).await,
            Operation::KeyDelay => limits::set_delay(self).await,
            Operation::LimitExplain => limits::suggestion(self).await,
            Operation::ClientLimit => limits::set_client_limit(self).await,
            Operation::RouteList => Ok(limits::routes(self)),
            Operation::RouteCost => limits::set_route_cost(self).await,
            Operation::KeyAllowlist => allowlist::set(self).await,
            Operation::KeyScopes => keys::set_scopes(self).await,
            Operation::SourceExplain => allowlist::explain_source(self),
            Operation::AllowAllShow => Ok(allowlist::show_for_all(self)),
            Operation::AllowAllSet => allowlist::set_for_all(self).await,
            Operation::AuditList if self.route.path.ends_with("/rows") => audit::rows(self).await,
            Operation::AuditList => audit::list(self).await,
            Operation::AuditVerify => audit::verify(self).await,
            Operation::AuditCheckpoint => audit::checkpoint(self).await,
            Operation::AuditExport => export::export(self).await,
            Operation::AuditExportVerify => export::verify(self).await,
            Operation::AuditReindex => audit::reindex(self).await,
            Operation::AuditRetention => retention::show(self).await,
            Operation::AuditRetain => retention::set(self).await,
            Operation::ClientList => clients::list(self).await,
            Operation::ClientErase => clients::erase(self).await,
            Operation::RequestShow => requests::show(self).await,
            Operation::RequestExplain => requests::explain(self).await,
            Operation::ExhibitExplain => exhibit::explain(self).await,
            Operation::ClockShow => Ok(Done::shown(&self.platform.clock.view())),
            Operation::ClockAdvance => clock::advance(self).await,
        }
    }

    /// The body, read as what the operation takes.
    fn body<T: DeserializeOwned>(self) -> Result<T, NotDone> {
        serde_json::from_slice(self.body).map_err(|error| {
            let failure = Failure::new(
                ErrorCode::Usage,
                format!(
                    "the body is not what {} takes: {error}",
                    self.route.operation.act()
                ),
            );
            NotDone::new(StatusCode::BAD_REQUEST, failure)
        })
    }

    /// Writes the audit row of a change of a key, or of one of its secrets, to be called last before it is committed.
    fn recorder(
        self,
        status: StatusCode,
        app_id: Option<AppId>,
        secret: Option<SecretId>,
    ) -> impl FnOnce() -> Result<(), AuditDown> + Send + 'static {
        let (client, personal) = self.platform.personal.unknown();
        let audit = std::sync::Arc::clone(&self.platform.audit);
        let row = audit.prepare(&Entry {
            status: status.as_u16(),
            app_id,
            secret,
            ..entry(
                self.arrival,
                self.parts,
                Some(self.route),
                client,
                &personal,
            )
        });
        move || audit.append_prepared(row)
    }
}

#[cfg(test)]
mod tests;
