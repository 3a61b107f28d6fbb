//! The audit log: rows, checkpoints, the proof of all of it, and what is forgotten of it.

use std::time::Duration;

use reqwest::Method;
use strongroom_contract::{
    audit::{
        AuditQuery, AuditReindexed, AuditTail, RetentionView, SetRetention, SignedCheckpoint,
        VerifyAudit,
    },
    clients::{ClientList, ErasedClient},
    error::Failure,
    manage::{AuditPage, AuditVerification},
};

use super::Platform;

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
