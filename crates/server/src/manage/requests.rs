//! One request: as it arrived, and why it was refused.

use strongroom_contract::diagnosis::Diagnosis;
use strongroom_policy::trace::{explain_accepted, explain_forgotten};

use super::{Call, Done, NotDone, exhibit};
use crate::{audit::FoundRow, face::RequestId, faults};

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
    let rows = platform.audit.find_all(&platform.store, id).await?;
    let injected = rows.iter().find(|row| faults::is_scenario(&row.act));
    if let Some(mut refusal) = kept {
        if let Some(FoundRow { act, .. }) = injected {
            faults::add_to(&mut refusal.explanation, act);
        }
        let diagnosis = exhibit::deepen(platform, &refusal.request, refusal.explanation).await?;
        return Ok(Done::shown(&diagnosis));
    }
    let answered = rows.iter().rfind(|row| !faults::is_scenario(&row.act));
    let mut explanation = match answered {
        Some(row) => match row.rule {
            Some(rule) => explain_forgotten(id.to_string(), rule),
            None => explain_accepted(id.to_string()),
        },
        None => return Err(NotDone::not_found(unknown(id))),
    };
    if let Some(FoundRow { act, .. }) = injected {
        faults::add_to(&mut explanation, act);
    }
    Ok(Done::shown(&Diagnosis::from(explanation)))
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
