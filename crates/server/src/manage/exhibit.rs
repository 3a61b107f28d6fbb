//! A request that is pasted, judged by the platform's own rules: nothing of it is kept, no nonce is spent
//! and no slot is taken.

use std::sync::Arc;

use http::StatusCode;
use strongroom_contract::{
    diagnosis::{Diagnosis, Exhibit as Pasted},
    error::{ErrorCode, Failure},
    explain::{Explanation, Rule},
    manage::CapturedRequest,
    time::UnixMillis,
};
use strongroom_debugger::{Exhibit, Knowledge, PlatformFacts, Slot, diagnose, diagnose_refused};
use strongroom_policy::{
    key::KeyRecord,
    rate::{Meter, Wanted},
};
use strongroom_signing::{Target, UriScheme, content_digest::CONTENT_DIGEST, rfc9421::SIGNATURE};

use super::{Call, Done, NotDone};
use crate::platform::Platform;

pub(super) async fn explain(call: Call<'_>) -> Result<Done, NotDone> {
    let pasted: Pasted = call.body()?;
    let exhibit = Exhibit::read(&pasted)
        .map_err(|error| NotDone::usage(format!("the request can't be looked at: {error}")))?;
    let platform = Arc::clone(call.platform);
    let now = platform.clock.now();
    let is_now = exhibit.at.is_none();
    let look = move || {
        with_facts(&platform, now, is_now, |knowledge| {
            diagnose(&exhibit, knowledge, now)
        })
    };
    Ok(Done::shown(&apart(look).await?))
}

/// Runs a search on a thread of its own: requests of others must not wait for it.
async fn apart(look: impl FnOnce() -> Diagnosis + Send + 'static) -> Result<Diagnosis, NotDone> {
    tokio::task::spawn_blocking(look).await.map_err(|error| {
        tracing::error!(%error, "a request can't be diagnosed");
        let failure = Failure::new(ErrorCode::Failed, "the request can't be diagnosed")
            .hint("the platform's log says why");
        NotDone::new(StatusCode::INTERNAL_SERVER_ERROR, failure)
    })
}

/// Looks further into a refusal whose request was kept: what would have made its signature match.
pub(super) async fn deepen(
    platform: &Arc<Platform>,
    request: &CapturedRequest,
    explanation: Explanation,
) -> Result<Diagnosis, NotDone> {
    let is_signature = explanation.rule == Some(Rule::Authenticate)
        && request.headers.iter().any(|(name, _)| name == SIGNATURE);
    let Some(exhibit) = is_signature.then(|| kept(request)).flatten() else {
        return Ok(Diagnosis::from(explanation));
    };
    let (platform, at) = (Arc::clone(platform), request.at);
    apart(move || {
        with_facts(&platform, at, false, |knowledge| {
            diagnose_refused(explanation, &exhibit, knowledge)
        })
    })
    .await
}

/// A kept request as it arrived; `None` if what was signed of it was not kept.
fn kept(request: &CapturedRequest) -> Option<Exhibit> {
    let header = |wanted: &str| {
        let mut headers = request.headers.iter();
        headers
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    if request.body_base64.is_none() && header(CONTENT_DIGEST).is_some() {
        return None;
    }
    let host = header("host").unwrap_or_default();
    let target = Target::received(UriScheme::Https, host, &request.target).ok()?;
    Exhibit::read(&Pasted {
        method: request.method.clone(),
        url: target.to_string(),
        headers: request.headers.clone(),
        body_base64: request.body_base64.clone().unwrap_or_default(),
        peer: None,
        at: Some(request.at),
    })
    .ok()
}

/// What the platform knows. Nonces and slots are those of this moment, and of no other.
fn with_facts<T>(
    platform: &Platform,
    now: UnixMillis,
    is_now: bool,
    look: impl FnOnce(&Knowledge<'_>) -> T,
) -> T {
    let records = platform.keys.records();
    let allow_all = platform.allow_all.list();
    let records: Vec<&KeyRecord> = records.iter().map(AsRef::as_ref).collect();
    look(&Knowledge::Platform(PlatformFacts {
        platform: &platform.rules,
        records: &records,
        allow_all: Some(&allow_all),
        nonce: &|claim| {
            let key = platform.keys.find(claim.app_id).filter(|_| is_now)?;
            let limit = key.snapshot().limit;
            let answer = key.used().nonces.peek(claim, limit, now);
            Some(answer)
        },
        cost: &|route| platform.costs.find(route.method, route.path).cost,
        slot: &|record, cost| match platform.keys.find(record.app_id).filter(|_| is_now) {
            Some(key) => {
                let wanted = Wanted::new(cost, record.daily_quota);
                let look =
                    |meter: &mut Meter, client: Option<&mut _>| meter.peek(wanted, client, now);
                Slot::Known(key.used().with_client(look))
            }
            None => Slot::Unknown,
        },
    }))
}
