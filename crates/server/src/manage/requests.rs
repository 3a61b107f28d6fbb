//! One request: as it arrived, and why it was refused.

use strongroom_contract::diagnosis::Diagnosis;
use strongroom_policy::trace::{explain_accepted, explain_forgotten};

use super::{Call, Done, NotDone, exhibit};
use crate::face::RequestId;

pub(super) async fn show(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let id = named(call)?;
    let kept = platform
        .refusals
        .find(id, &platform.personal, &platform.store)
        .await?;
    match kept {
        Some(refusal) => Ok(Done::shown(&refusal.request)),
        None => {
            let row = platform.audit.find(&platform.store, id).await?;
            Err(NotDone::not_found(match row {
                Some(_) => format!(
                    "request {id} is in the audit log, but is not kept: only refused requests are, for a limited time and number"
                ),
                None => unknown(id),
            }))
        }
    }
}

pub(super) async fn explain(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let id = named(call)?;
    let kept = platform
        .refusals
        .find(id, &platform.personal, &platform.store)
        .await?;
    if let Some(refusal) = kept {
        let diagnosis = exhibit::deepen(platform, &refusal.request, refusal.explanation).await?;
        return Ok(Done::shown(&diagnosis));
    }
    match platform.audit.find(&platform.store, id).await? {
        Some(row) => Ok(Done::shown(&Diagnosis::from(match row.rule {
            Some(rule) => explain_forgotten(id.to_string(), rule),
            None => explain_accepted(id.to_string()),
        }))),
        None => Err(NotDone::not_found(unknown(id))),
    }
}

fn unknown(id: RequestId) -> String {
    format!(
        "this platform has no request {id}, or turned it away unheard: what the caps before \
         authentication turn away is counted, a row for each source and second (rule flood)"
    )
}

fn named(call: Call<'_>) -> Result<RequestId, NotDone> {
    call.segment
        .parse()
        .map_err(|error| NotDone::not_found(format!("no request has this id: {error}")))
}
