//! For how long rows of the audit log are kept.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use strongroom_contract::{
    audit::{RetentionView, SetRetention},
    error::{ErrorCode, Failure},
    time::Span,
};

use super::{Call, Done, NotDone};
use crate::{audit::NotCut, background::cut_old_rows, platform::AUDIT_KEPT_MS};

impl From<NotCut> for NotDone {
    fn from(error: NotCut) -> Self {
        match error {
            NotCut::Changed(_) => {
                let failure = Failure::new(ErrorCode::Damaged, error.to_string()).hint(
                    "see `platform audit verify`; the rows stay until somebody has looked into it",
                );
                Self::new(StatusCode::CONFLICT, failure)
            }
            NotCut::Store(error) => error.into(),
            NotCut::File(error) => {
                tracing::error!(%error, "the audit log can't be cut");
                Self::unavailable()
            }
        }
    }
}

pub(super) async fn show(call: Call<'_>) -> Result<Done, NotDone> {
    Ok(Done::shown(&view(call).await?))
}

pub(super) async fn set(call: Call<'_>) -> Result<Done, NotDone> {
    let SetRetention { keep_ms } = call.body()?;
    let keep = keep_ms.map(Duration::from_millis);
    if keep.is_some_and(|keep| keep < SetRetention::SHORTEST) {
        let shortest = Span(SetRetention::SHORTEST);
        return Err(NotDone::usage(format!(
            "rows of the audit log are kept for at least {shortest}"
        )));
    }
    let platform = call.platform;
    let recorder = call.recorder(StatusCode::OK, None, None);
    {
        let mut kept = platform.audit_kept.lock().await;
        platform
            .store
            .put_setting(AUDIT_KEPT_MS, keep_ms, recorder)
            .await?;
        *kept = keep;
    }
    platform.write_index().await?;
    cut_old_rows(platform).await?;
    Ok(Done::changed(StatusCode::OK, None, &view(call).await?))
}

async fn view(call: Call<'_>) -> Result<RetentionView, NotDone> {
    let keep = *call.platform.audit_kept.lock().await;
    let audit = Arc::clone(&call.platform.audit);
    let viewed = tokio::task::spawn_blocking(move || audit.retention(keep)).await;
    let viewed = viewed.map_err(std::io::Error::other).flatten();
    viewed.map_err(|error| NotCut::File(error).into())
}

#[cfg(test)]
mod tests;
