//! `POST`: a resource is made once, however often the request is sent with the same
//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-06).

use http::{HeaderName, StatusCode, header::LOCATION};
use serde_json::Value;
use strongroom_crypto::{framing::Frame, hash::sha256};
use strongroom_policy::key::ClientId;

use super::{Call, Caller, with_rate};
use crate::{
    audit::AuditDown,
    face::{Answer, Face, Problem},
    resources::{Kind, fresh_uuid},
    store::{Created, Recorded, Undone},
};

/// The header that makes a `POST` repeatable.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest key, in bytes.
const MAX_KEY: usize = 255;

/// What a resource's bytes are bound to.
pub(super) fn aad(client: ClientId, uuid: &str) -> Frame {
    Frame::of("strongroom resource v1")
        .bytes(&client.0)
        .bytes(uuid.as_bytes())
}

/// How a request is recognised: the hash of its key, and of all that it asks for.
#[derive(Clone, Copy)]
struct Identity {
    key: [u8; 32],
    request: [u8; 32],
}

/// Makes a resource, or answers as when it was made.
pub(super) async fn create(call: Call<'_>, caller: &Caller, kind: Kind) -> Answer {
    match try_create(call, caller, kind).await {
        Ok(answer) => answer,
        Err(problem) => call.record(caller, call.problem(&problem)),
    }
}

async fn try_create(call: Call<'_>, caller: &Caller, kind: Kind) -> Result<Answer, Problem> {
    let identity = identity(call)?;
    let client = caller.record.client;
    let store = &call.platform.store;
    let now = call.arrival.now;
    if let Some(identity) = identity {
        let recorded = store.recorded(client, identity.key, now).await;
        if let Some(recorded) = recorded.map_err(|error| unavailable(&error))? {
            return again(call, caller, &recorded, identity);
        }
    }
    let body: Value = serde_json::from_slice(call.body)
        .map_err(|error| Problem::Malformed(format!("The body is not JSON: {error}")))?;
    let uuid = fresh_uuid();
    let resource = kind.create(&body, &uuid, now).map_err(Problem::Invalid)?;
    let status = match call.face {
        Face::Api => StatusCode::OK,
        Face::Standard | Face::Oauth => StatusCode::CREATED,
    };
    let json = resource.to_string();
    let sealed = caller
        .key
        .personal
        .seal(aad(client, &uuid).as_bytes(), json.as_bytes());
    let created = Created {
        client,
        uuid: uuid.clone(),
        kind: kind.name(),
        at: now,
        body: sealed,
        idempotency: identity.map(|it| (it.key, it.request, status.as_u16())),
    };
    let row = call
        .platform
        .audit
        .prepare(&call.caller_entry(caller, status));
    let audit = std::sync::Arc::clone(&call.platform.audit);
    // The audit row comes last before the commit: nothing is made without it.
    let stored = store
        .create(created, move || audit.append_prepared(row))
        .await;
    match (stored, identity) {
        (Ok(None), _) => {
            let answer = Answer::json_bytes(status, json);
            Ok(with_rate(located(call, answer, &uuid), &caller.admitted))
        }
        (Ok(Some(recorded)), Some(identity)) => again(call, caller, &recorded, identity),
        (Ok(Some(_)), None) | (Err(Undone::Before(AuditDown)), _) => Ok(call.unrecorded()),
        (Err(Undone::Store(error)), _) => Err(unavailable(&error)),
    }
}

/// The same answer again, if it is to the same request.
fn again(
    call: Call<'_>,
    caller: &Caller,
    recorded: &Recorded,
    identity: Identity,
) -> Result<Answer, Problem> {
    if recorded.request_hash != identity.request {
        return Err(Problem::Invalid(vec![(
            "Idempotency-Key".to_owned(),
            "was used for another request; use a fresh one".to_owned(),
        )]));
    }
    let aad = aad(caller.record.client, &recorded.uuid);
    let json = caller
        .key
        .personal
        .open(aad.as_bytes(), &recorded.body)
        .map_err(|error| unavailable(&error))?;
    let status = StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::OK);
    let answer = Answer::json_bytes(status, json.expose_secret().to_vec())
        .with(HeaderName::from_static("idempotency-replayed"), "true");
    Ok(call.record(caller, located(call, answer, &recorded.uuid)))
}

/// Says where the resource is, where the standards want it said.
fn located(call: Call<'_>, answer: Answer, uuid: &str) -> Answer {
    match call.face {
        Face::Api => answer,
        Face::Standard | Face::Oauth => {
            let place = format!("{}/detail?uuid={uuid}", call.route.path);
            answer.with(LOCATION, &place)
        }
    }
}

fn identity(call: Call<'_>) -> Result<Option<Identity>, Problem> {
    let mut keys = call.parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(None),
        (Some(key), None) => key.as_bytes(),
        (Some(_), Some(_)) => {
            return Err(Problem::Malformed(
                "The header Idempotency-Key is there more than once".to_owned(),
            ));
        }
    };
    if key.is_empty() || key.len() > MAX_KEY || !key.iter().all(|byte| (0x20..0x7f).contains(byte))
    {
        return Err(Problem::Malformed(format!(
            "The header Idempotency-Key must have 1 to {MAX_KEY} printable characters"
        )));
    }
    let request = Frame::of("strongroom idempotent request v1")
        .bytes(call.route.method.as_bytes())
        .bytes(call.route.path.as_bytes())
        .bytes(call.body);
    Ok(Some(Identity {
        key: sha256(&[key]),
        request: sha256(&[request.as_bytes()]),
    }))
}

fn unavailable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a resource can't be stored or read");
    Problem::Unavailable
}
