//! The audit log: rows, checkpoints, exports, the proof of all of it, and what is forgotten of it.

use std::{io, time::Duration};

use reqwest::Method;
use strongroom_contract::{
    audit::{
        AuditQuery, AuditReindexed, AuditTail, RetentionView, SetRetention, SignedCheckpoint,
        VerifyAudit,
    },
    clients::{ClientList, ErasedClient},
    error::{ErrorCode, Failure, FailureDocument},
    export::{ExportEnd, ExportFormat, ExportProof, ExportVerification},
    manage::{AuditPage, AuditVerification},
};

use super::{LIMIT, Platform};

/// The longest last line of an export.
const LONGEST_END: usize = 64 * 1024;
/// How long a whole export may take.
const LONGEST_EXPORT: Duration = Duration::from_secs(24 * 3_600);

impl Platform {
    /// A page of the audit log, the newest rows first, from before row `before` on.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn audit(&self, limit: u32, before: Option<u64>) -> Result<AuditPage, Failure> {
        self.search_audit(&AuditQuery::default(), limit, before)
            .await
    }

    /// A page of the rows that are asked for, the newest first, from before row `before` on. It may
    /// have fewer than there are: as long as there is a `next`, there can be more.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn search_audit(
        &self,
        query: &AuditQuery,
        limit: u32,
        before: Option<u64>,
    ) -> Result<AuditPage, Failure> {
        let numbers = [("limit", Some(limit.into())), ("before", before)];
        self.question(&["audit"], query, &numbers).await
    }

    /// Rows that are asked for in the order in which they were written, from row `from_row` on;
    /// waits up to `wait` (at most 30 s) for the first. Without `from_row` it says where the log
    /// ends.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn follow_audit(
        &self,
        query: &AuditQuery,
        from_row: Option<u64>,
        wait: Duration,
    ) -> Result<AuditTail, Failure> {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let numbers = [
            ("limit", Some(1_000)),
            ("from_row", from_row),
            ("wait_ms", Some(wait)),
        ];
        self.question(&["audit", "rows"], query, &numbers).await
    }

    /// Checks the audit log's chain and checkpoints.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn verify_audit(&self) -> Result<AuditVerification, Failure> {
        self.verify_audit_with(&VerifyAudit::default()).await
    }

    /// The same, also against checkpoints that were kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn verify_audit_with(
        &self,
        copies: &VerifyAudit,
    ) -> Result<AuditVerification, Failure> {
        self.call(Method::POST, &["audit", "verify"], Some(copies))
            .await
    }

    /// Signs a checkpoint of the audit log, to be kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn checkpoint_audit(&self) -> Result<SignedCheckpoint, Failure> {
        self.call(Method::POST, &["audit", "checkpoint"], None::<&()>)
            .await
    }

    /// Writes rows that are asked for to `out`, in their order and as they come, and gives their
    /// proof.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Damaged`] if the log does not verify;
    /// [`ErrorCode::Storage`] if `out` can't be written; [`ErrorCode::Network`] if it broke off.
    pub async fn export_audit(
        &self,
        query: &AuditQuery,
        format: ExportFormat,
        out: &mut impl io::Write,
    ) -> Result<ExportProof, Failure> {
        let mut url = self.route(&["audit", "export"])?;
        url.query_pairs_mut()
            .append_pair("format", format.as_str())
            .extend_pairs(query.parameters());
        let request = self.http.get(url).timeout(LONGEST_EXPORT);
        let mut answer = self.sent(request).await?;
        let status = answer.status();
        if !status.is_success() {
            let body = answer.bytes().await;
            return Err(self.refused(status, &body.map_err(|error| self.unavailable(&error))?));
        }
        let mut end = Vec::new();
        while let Some(piece) = self.piece(&mut answer).await? {
            end.extend_from_slice(piece.as_ref());
            // The last line is no row.
            let rows = lines_before_the_last(&end);
            out.write_all(end.get(..rows).unwrap_or_default())
                .map_err(|error| unwritten(&error))?;
            end.drain(..rows);
            if end.len() > LONGEST_END {
                return Err(broken_off());
            }
        }
        out.flush().map_err(|error| unwritten(&error))?;
        match serde_json::from_slice(&end) {
            Ok(ExportEnd { proof }) => Ok(proof),
            Err(_) => Err(serde_json::from_slice(&end)
                .map_or_else(|_| broken_off(), |document: FailureDocument| document.error)),
        }
    }

    async fn piece(
        &self,
        answer: &mut reqwest::Response,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        match tokio::time::timeout(LIMIT, answer.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) if error.is_timeout() => Err(self.unavailable(&error)),
            Ok(Err(_)) => Err(broken_off()),
            Err(_) => Err(Failure::new(
                ErrorCode::Timeout,
                format!("nothing of the export has come for {} s", LIMIT.as_secs()),
            )),
        }
    }

    /// What the platform says to the proof of an export.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn verify_export(&self, proof: &ExportProof) -> Result<ExportVerification, Failure> {
        self.call(Method::POST, &["audit", "export", "verify"], Some(proof))
            .await
    }

    /// Makes the index of the audit log anew.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn reindex_audit(&self) -> Result<AuditReindexed, Failure> {
        self.call(Method::POST, &["audit", "reindex"], None::<&()>)
            .await
    }

    /// For how long rows of the audit log are kept.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn audit_retention(&self) -> Result<RetentionView, Failure> {
        self.ask(&["audit", "retention"]).await
    }

    /// Sets for how long rows of the audit log are kept, and cuts off what is older.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`Damaged`](strongroom_contract::error::ErrorCode::Damaged) if
    /// the log does not verify, and so is not cut.
    pub async fn retain_audit(&self, retention: &SetRetention) -> Result<RetentionView, Failure> {
        self.call(Method::PUT, &["audit", "retention"], Some(retention))
            .await
    }

    /// Lists the clients.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn list_clients(&self) -> Result<ClientList, Failure> {
        self.ask(&["clients"]).await
    }

    /// Ends a client's keys and erases what is personal of it.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`];
    /// [`NotFound`](strongroom_contract::error::ErrorCode::NotFound) for an unknown id.
    pub async fn erase_client(&self, id: &str) -> Result<ErasedClient, Failure> {
        self.call(Method::POST, &["clients", id, "erase"], None::<&()>)
            .await
    }

    async fn question<T: serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
        query: &AuditQuery,
        numbers: &[(&str, Option<u64>)],
    ) -> Result<T, Failure> {
        let mut url = self.route(path)?;
        {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in query.parameters() {
                pairs.append_pair(name, &value);
            }
            for (name, number) in numbers {
                if let Some(number) = number {
                    pairs.append_pair(name, &number.to_string());
                }
            }
        }
        self.exchange(self.http.get(url)).await
    }
}

/// How many bytes there are before the last line, whether or not it has ended.
fn lines_before_the_last(bytes: &[u8]) -> usize {
    let unended = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let last = unended.iter().rposition(|byte| *byte == b'\n');
    last.map_or(0, |at| at + 1)
}

fn broken_off() -> Failure {
    Failure::new(
        ErrorCode::Network,
        "the export broke off before its proof, so it is incomplete",
    )
    .hint("see whether the platform still runs, and export again")
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("the export can't be written: {error}"),
    )
    .hint("choose another place, or make room there")
}
