//! Questions to the platform's audit log, and what is answered: pages, a tail, checkpoints,
//! retention and exports. A row is [`AuditRowView`].

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{explain::Rule, manage::AuditRowView, time::UnixMillis};

/// Which rows are asked for: those that fit everything that is given. In a URL each field is a
/// parameter of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// The key concerned, by its public id.
    pub key: Option<String>,
    /// The route: a path, or method and path; with `*` at the end all that begin like it.
    pub route: Option<String>,
    /// The status that was answered, or a class such as `4xx`.
    pub status: Option<StatusQuery>,
    /// The rule that refused it.
    pub rule: Option<RuleQuery>,
    /// [`AuditRowView::REQUEST`], or a management act.
    pub act: Option<String>,
    /// The source address.
    pub source: Option<IpAddr>,
    /// What the act, the route, the key's id or name, the rule or the request's id contain, in
    /// letters of either case.
    pub text: Option<String>,
    /// Not before this time of the platform.
    pub from: Option<UnixMillis>,
    /// Before this time of the platform.
    pub until: Option<UnixMillis>,
}

/// A rule, or any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleQuery {
    /// Whichever refused.
    Any,
    /// This one.
    One(Rule),
}

impl RuleQuery {
    /// What stands for [`RuleQuery::Any`].
    const ANY: &'static str = "any";

    /// Whether a row is meant that `rule` refused, if one did.
    #[must_use]
    pub fn takes(self, rule: Option<Rule>) -> bool {
        match self {
            Self::Any => rule.is_some(),
            Self::One(wanted) => rule == Some(wanted),
        }
    }
}

impl FromStr for RuleQuery {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        if text == Self::ANY {
            return Ok(Self::Any);
        }
        Rule::named(text).map(Self::One).ok_or_else(|| {
            let ids = Rule::ALL.map(Rule::id).join(", ");
            QueryError::new("rule", text, format!("any, or one of {ids}"))
        })
    }
}

impl fmt::Display for RuleQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => Self::ANY,
            Self::One(rule) => rule.id(),
        })
    }
}

/// A status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusQuery {
    /// This one.
    Exactly(u16),
    /// All of one class: the first digit.
    Class(u16),
}

impl StatusQuery {
    /// Whether `status` is meant.
    #[must_use]
    pub const fn takes(self, status: u16) -> bool {
        match self {
            Self::Exactly(wanted) => status == wanted,
            Self::Class(class) => status / 100 == class,
        }
    }
}

impl FromStr for StatusQuery {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let wrong = || {
            QueryError::new(
                "status",
                text,
                "a status such as 429, or a class such as 4xx",
            )
        };
        let is_class = text.len() == 3
            && text
                .get(1..)
                .is_some_and(|rest| rest.eq_ignore_ascii_case("xx"));
        let digits = if is_class {
            text.get(..1).unwrap_or_default()
        } else {
            text
        };
        let number: u16 = digits.parse().map_err(|_| wrong())?;
        match (is_class, number) {
            (true, 1..=5) => Ok(Self::Class(number)),
            (false, 100..=599) => Ok(Self::Exactly(number)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for StatusQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

/// A parameter of a question does not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value:?}, not {expected}")]
pub struct QueryError {
    name: &'static str,
    value: String,
    expected: String,
}

impl QueryError {
    fn new(name: &'static str, value: &str, expected: impl Into<String>) -> Self {
        Self {
            name,
            value: value.to_owned(),
            expected: expected.into(),
        }
    }
}

impl AuditQuery {
    /// Whether every row fits.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in a parameter. `false` if there is none of this name.
    ///
    /// # Errors
    ///
    /// [`QueryError`] if its value is not what the parameter takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, QueryError> {
        let time = |name| {
            value
                .parse()
                .map_err(|_| QueryError::new(name, value, "a time: RFC 3339 or Unix seconds"))
        };
        match name {
            "key" => self.key = Some(value.to_owned()),
            "route" => self.route = Some(value.to_owned()),
            "status" => self.status = Some(value.parse()?),
            "rule" => self.rule = Some(value.parse()?),
            "act" => self.act = Some(value.to_owned()),
            "source" => {
                let address: IpAddr = value
                    .parse()
                    .map_err(|_| QueryError::new("source", value, "an IP address"))?;
                self.source = Some(address.to_canonical());
            }
            "text" => self.text = Some(value.to_owned()),
            "from" => self.from = Some(time("from")?),
            "until" => self.until = Some(time("until")?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What is given, as parameters.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let Self {
            key,
            route,
            status,
            rule,
            act,
            source,
            text,
            from,
            until,
        } = self;
        [
            ("key", key.clone()),
            ("route", route.clone()),
            ("status", status.map(|it| it.to_string())),
            ("rule", rule.map(|it| it.to_string())),
            ("act", act.clone()),
            ("source", source.map(|it| it.to_string())),
            ("text", text.clone()),
            ("from", from.map(|it| it.to_string())),
            ("until", until.map(|it| it.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// `GET /manage/v1/audit/rows?from_row=N&limit=N&wait_ms=N` with the parameters of [`AuditQuery`]:
/// rows in the order in which they were written. Without `from_row`, none: where the log ends now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditTail {
    /// The rows, the oldest first.
    pub rows: Vec<AuditRowView>,
    /// What to pass as `from_row` for what follows.
    pub next: u64,
    /// Whether there was nothing more when it was answered.
    pub is_end: bool,
}

/// The answer to `POST /manage/v1/audit/checkpoint`: what to keep elsewhere. With it,
/// [`VerifyAudit`] finds that the log's end was cut off, or that it is another log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedCheckpoint {
    /// How many rows the log had.
    pub rows: u64,
    /// The real time.
    pub at: UnixMillis,
    /// The log's id, in hex.
    pub log: String,
    /// The signed bytes (docs/AUDIT-FORMAT.md), in hex: 208 digits.
    pub signed: String,
}

/// `POST /manage/v1/audit/verify`; the body may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyAudit {
    /// Checkpoints that were kept elsewhere: [`SignedCheckpoint::signed`] of each.
    #[serde(default)]
    pub checkpoints: Vec<String>,
}

/// The answer to `POST /manage/v1/audit/reindex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditReindexed {
    /// How many rows were read.
    pub rows: u64,
    /// How many runs of rows the index has now.
    pub runs: u64,
}

/// `PUT /manage/v1/audit/retention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// For how long rows are kept, in milliseconds, by the platform's clock: at least
    /// [`SetRetention::SHORTEST`]; for ever if null.
    pub keep_ms: Option<u64>,
}

impl SetRetention {
    /// The shortest time for which rows are kept: quotas of a day are known from them.
    pub const SHORTEST: Duration = Duration::from_secs(2 * 86_400);
}

/// `GET /manage/v1/audit/retention`, and the answer to [`SetRetention`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetentionView {
    /// For how long rows are kept, in milliseconds; for ever if absent. They go in whole segments, up
    /// to an eighth of that time later.
    pub keep_ms: Option<u64>,
    /// The first row that is still there.
    pub first_row: u64,
    /// How many rows there are, those that were cut off included.
    pub rows: u64,
    /// How many segments are still there.
    pub segments: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// The real time of the newest cut.
    pub cut_at: Option<UnixMillis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_reads_back_from_its_parameters() {
        let mut asked = AuditQuery::default();
        assert!(asked.is_everything());
        for (name, value) in [
            ("key", "sr_app_test_1"),
            ("route", "POST /api/v2/*"),
            ("status", "4XX"),
            ("rule", "rate"),
            ("act", "request"),
            ("source", "::ffff:203.0.113.7"),
            ("text", "Pay & go"),
            ("from", "2026-11-23T10:00:00Z"),
            ("until", "1795428000"),
        ] {
            assert_eq!(asked.set(name, value), Ok(true), "{name}");
        }
        assert_eq!(asked.source.unwrap().to_string(), "203.0.113.7");
        let mut again = AuditQuery::default();
        for (name, value) in asked.parameters() {
            assert_eq!(again.set(name, &value), Ok(true));
        }
        assert_eq!(asked, again);
        assert_eq!(asked.parameters().len(), 9);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let mut asked = AuditQuery::default();
        for (name, value) in [
            ("status", "4x"),
            ("status", "9xx"),
            ("status", "42"),
            ("rule", "luck"),
            ("source", "localhost"),
            ("from", "yesterday"),
        ] {
            let error = asked.set(name, value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
        assert!(asked.is_everything());
        assert_eq!(asked.set("colour", "red"), Ok(false));
        assert!(StatusQuery::Class(4).takes(429) && !StatusQuery::Class(4).takes(503));
        assert!(StatusQuery::Exactly(429).takes(429) && !StatusQuery::Exactly(429).takes(428));
    }
}
