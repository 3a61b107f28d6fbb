//! Which rows are asked for.

use strongroom_contract::{
    audit::AuditQuery,
    error::{ErrorCode, Failure},
};

/// Rows that fit all of it.
#[derive(clap::Args)]
#[command(next_help_heading = "Which rows")]
pub(super) struct QueryArgs {
    /// Of this key, by its public id
    #[arg(long, value_name = "APP_ID")]
    key: Option<String>,
    /// Of this route: a path, or "METHOD PATH"; with * at the end, all that begin like it
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// With this status, such as 429 or 4xx
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Refused by this rule, such as rate; by whichever: any
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Of this management act, such as key.revoke; or `request`
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// From this address
    #[arg(long, value_name = "ADDRESS")]
    source: Option<String>,
    /// With this text in the route, the act, the rule, or the key's id or name; or the request's id
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// From this time on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl QueryArgs {
    /// The question, if it makes sense.
    pub(super) fn query(&self) -> Result<AuditQuery, Failure> {
        let mut query = AuditQuery::default();
        for (name, value) in [
            ("key", &self.key),
            ("route", &self.route),
            ("status", &self.status),
            ("rule", &self.rule),
            ("act", &self.act),
            ("source", &self.source),
            ("text", &self.text),
            ("from", &self.from),
            ("until", &self.until),
        ] {
            let Some(value) = value else { continue };
            query
                .set(name, value)
                .map_err(|error| Failure::new(ErrorCode::Usage, format!("--{error}")))?;
        }
        Ok(query)
    }
}
