//! Why a request was accepted or refused: the shape that every form of explain keeps.

use serde::{Deserialize, Serialize};

/// A rule of the platform's pipeline, or what stands before and behind it. Declared in the order in
/// which a request meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Before authentication: too many connections, requests or failures from one source (429), or
    /// a request too slow or malformed to be read (400, 408, 431).
    Flood,
    /// Before authentication: the body is over its cap (413).
    Body,
    /// The scenario that the platform plays let it be (500, 503, or a connection that is cut).
    Scenario,
    /// A credential was presented, well formed, of one key (401).
    Identify,
    /// The credential is genuine (401).
    Authenticate,
    /// The key is active now (401).
    State,
    /// The request or its token was made recently enough (401).
    Freshness,
    /// The request was not seen before (401).
    Replay,
    /// The source address is allowed (403).
    Source,
    /// The rate limit and quota leave room (429).
    Rate,
    /// The key has the scope that the route asks for (403).
    Permission,
    /// The audit row could be written (503).
    Audit,
}

impl Rule {
    /// The pipeline's rules in their order.
    pub const PIPELINE: [Rule; 8] = [
        Rule::Identify,
        Rule::Authenticate,
        Rule::State,
        Rule::Freshness,
        Rule::Replay,
        Rule::Source,
        Rule::Rate,
        Rule::Permission,
    ];

    /// Every rule, in the order in which a request meets them.
    pub const ALL: [Rule; 12] = [
        Rule::Flood,
        Rule::Body,
        Rule::Scenario,
        Rule::Identify,
        Rule::Authenticate,
        Rule::State,
        Rule::Freshness,
        Rule::Replay,
        Rule::Source,
        Rule::Rate,
        Rule::Permission,
        Rule::Audit,
    ];

    /// The rule of this id.
    #[must_use]
    pub fn named(id: &str) -> Option<Rule> {
        Self::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// The rule's id, as it stands in traces, audit rows and documentation.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Rule::Flood => "flood",
            Rule::Body => "body",
            Rule::Scenario => "scenario",
            Rule::Identify => "identify",
            Rule::Authenticate => "authenticate",
            Rule::State => "state",
            Rule::Freshness => "freshness",
            Rule::Replay => "replay",
            Rule::Source => "source",
            Rule::Rate => "rate",
            Rule::Permission => "permission",
            Rule::Audit => "audit",
        }
    }
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule let the request through.
    Passed,
    /// The rule refused the request.
    Failed,
    /// A rule before it had refused already, or it does not apply to this way in.
    Skipped,
    /// The facts to tell are lacking. Never a guess.
    Unknown,
}

/// One rule's look at a request. Holds no secret: credentials are named, not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Check {
    /// Which rule.
    pub rule: Rule,
    /// How it came out.
    pub outcome: Outcome,
    /// What was seen, in words and values; empty if skipped.
    pub observed: String,
    /// What would have passed; empty if skipped.
    pub expected: String,
    /// What to change, for a check that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub fix: Option<String>,
}

/// Whether the request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every rule let it through.
    Accepted,
    /// A rule refused it.
    Refused,
    /// No rule refused it, but facts were lacking for at least one.
    Unknown,
}

/// The whole explanation of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Explanation {
    /// The request's id, as in `X-Request-Id`; `null` for a request that was pasted.
    pub request_id: Option<String>,
    /// Whether it was let through.
    pub decision: Decision,
    /// The first rule that refused, if one did.
    pub rule: Option<Rule>,
    /// One sentence for a person: what the cause was.
    pub cause: String,
    /// Every rule of the pipeline, in order.
    pub checks: Vec<Check>,
    /// What to change, in one sentence, if it was refused.
    pub fix: Option<String>,
    /// The change that whoever runs the platform can make, if it is one that would have let the
    /// request pass this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub remedy: Option<Remedy>,
}

/// A change to a key, or to the clock, that would have let a refused request pass the rule that refused
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Remedy {
    /// Allow the address that the request came from.
    AllowSource {
        /// The key.
        app_id: String,
        /// The address.
        address: String,
    },
    /// Give the key a scope.
    GrantScope {
        /// The key.
        app_id: String,
        /// The scope.
        scope: String,
    },
    /// Raise the key's limit.
    RaiseLimit {
        /// The key.
        app_id: String,
        /// The new limit for every rolling minute.
        per_minute: u32,
    },
    /// Raise the key's daily quota.
    RaiseQuota {
        /// The key.
        app_id: String,
        /// The new quota for a day (UTC).
        per_day: u32,
    },
    /// Raise the limit that a client's keys share.
    RaiseClientLimit {
        /// The client's id.
        client: String,
        /// The new limit for every rolling minute.
        per_minute: u32,
    },
    /// Let the platform's virtual clock follow the one that the request was signed by. A clock that
    /// is ahead is not set back: windows and nonces are kept by it.
    AdvanceClock {
        /// How far, in milliseconds.
        by_ms: u64,
    },
}
