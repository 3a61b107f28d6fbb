//! Rows of the audit log on their way elsewhere, and whether they are what was exported.

use std::sync::Arc;

use strongroom_contract::{
    error::{ErrorCode, Failure, FailureDocument},
    export::{ExportEnd, ExportFormat, ExportProof},
};

use super::{Call, Done, NotDone, audit::Asked};
use crate::{
    audit::{Exporting, Filter, NotExported},
    face::{Answer, Growing, Maker, NobodyReads},
    platform::Platform,
};

impl From<NobodyReads> for NotExported {
    fn from(_: NobodyReads) -> Self {
        Self::Gone
    }
}

/// The rows as they are read; the last line is the proof, or why there is none.
pub(super) async fn export(call: Call<'_>) -> Result<Done, NotDone> {
    let asked = Asked::read(call, &["format"])?;
    let platform = Arc::clone(call.platform);
    let filter = Filter::of(&asked.query, &platform.keys);
    let part = platform.audit.part(&platform.store, &filter).await?;
    let what = Exporting {
        format: asked.format.unwrap_or(ExportFormat::Jsonl),
        query: asked.query,
        filter: Arc::new(filter),
        keys: Arc::clone(&platform.personal),
    };
    let media = match what.format {
        ExportFormat::Jsonl => "application/x-ndjson",
        ExportFormat::Csv => "text/csv; charset=utf-8",
    };
    let (body, mut maker) = Growing::new(platform.limits.header);
    tokio::task::spawn_blocking(move || {
        let exported = platform.audit.export(&what, part, |piece| {
            if platform.is_stopping() {
                return Err(NotExported::Gone);
            }
            Ok(maker.piece(piece)?)
        });
        end(maker, exported, &platform);
    });
    Ok(Done {
        answer: Answer::growing(media, body),
        app_id: None,
        recorded: false,
    })
}

/// Says the last line.
fn end(mut maker: Maker, exported: Result<ExportProof, NotExported>, platform: &Platform) {
    let line = match exported {
        Ok(proof) => serde_json::to_vec(&ExportEnd { proof }),
        Err(NotExported::Gone) => return maker.break_off(),
        Err(error) => {
            tracing::error!(%error, "the audit log can't be exported");
            let code = match error {
                NotExported::Changed(_) => ErrorCode::Damaged,
                NotExported::File(_) | NotExported::Gone => ErrorCode::Storage,
            };
            let failure = Failure::new(code, error.to_string())
                .hint("see `platform audit verify`; nothing of this export is vouched for");
            serde_json::to_vec(&FailureDocument { error: failure })
        }
    };
    let mut line = line.unwrap_or_default();
    line.push(b'\n');
    if maker.piece(line.into()).is_err() {
        tracing::debug!(
            stopping = platform.is_stopping(),
            "nobody has read the proof"
        );
    }
}

/// What the platform says to a proof.
pub(super) async fn verify(call: Call<'_>) -> Result<Done, NotDone> {
    let proof: ExportProof = call.body()?;
    let audit = Arc::clone(&call.platform.audit);
    let verified = tokio::task::spawn_blocking(move || audit.verify_export(&proof)).await;
    let verified = verified.map_err(|error| {
        tracing::error!(%error, "an export can't be verified");
        NotDone::unavailable()
    })?;
    Ok(Done::shown(&verified))
}

#[cfg(test)]
mod tests;
