//! How a decision reads: each rule's look at the request, the cause, the fix.
//!
//! Nothing here holds a secret. Sentences with parts of a request in them go through `redacted`,
//! which leaves out what has the look of a credential: it could stand anywhere by mistake.

use strongroom_contract::explain::{Check, Decision, Explanation, Outcome, Remedy, Rule};

/// What a rule saw of a request that it let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// What was seen.
    pub observed: String,
    /// What lets a request through.
    pub expected: String,
}

impl Passed {
    pub(crate) fn new(observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            observed: observed.into(),
            expected: expected.into(),
        }
    }
}

/// What a rule saw of a request that it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One sentence: what the cause was.
    pub cause: String,
    /// What was seen.
    pub observed: String,
    /// What would have passed.
    pub expected: String,
    /// What to change.
    pub fix: String,
    /// The change, where it is the platform's owner who can make it.
    pub remedy: Option<Box<Remedy>>,
}

impl Finding {
    /// A finding of a rule that stands before or behind the pipeline.
    #[must_use]
    pub fn new(
        cause: impl Into<String>,
        observed: impl Into<String>,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            cause: cause.into(),
            observed: observed.into(),
            expected: expected.into(),
            fix: fix.into(),
            remedy: None,
        }
    }

    /// The same with a change that the platform's owner can make.
    pub(crate) fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(Box::new(remedy));
        self
    }
}

/// Why a request was refused: every rule's look at it, the cause and the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The rule that refused.
    pub rule: Rule,
    /// Each rule, in order.
    pub checks: Vec<Check>,
    /// One sentence: what the cause was.
    pub cause: String,
    /// What to change.
    pub fix: String,
    /// The change, where it is the platform's owner who can make it.
    pub remedy: Option<Remedy>,
}

impl Trace {
    /// The trace of a refusal by `rule`, with what the rules before it saw; `None` of them for a
    /// rule that does not apply to this request.
    pub(crate) fn of_pipeline(
        rule: Rule,
        finding: Finding,
        passed: impl Fn(Rule) -> Option<Passed>,
    ) -> Self {
        let checks = Rule::PIPELINE.into_iter().map(|each| {
            if each < rule {
                passed(each).map_or_else(|| skipped(each), |seen| passing(each, seen))
            } else if each == rule {
                failing(each, &finding)
            } else {
                skipped(each)
            }
        });
        Self {
            checks: checks.collect(),
            rule,
            cause: finding.cause,
            fix: finding.fix,
            remedy: finding.remedy.map(|remedy| *remedy),
        }
    }

    /// The trace of a refusal by a rule that stands before the pipeline, or of an audit row that
    /// could not be written after all of it had passed.
    #[must_use]
    pub fn outside_pipeline(rule: Rule, finding: Finding) -> Self {
        let failed = failing(rule, &finding);
        let pipeline = Rule::PIPELINE.into_iter();
        let checks = if rule == Rule::Audit {
            pipeline.map(unkept).chain([failed]).collect()
        } else {
            std::iter::once(failed)
                .chain(pipeline.map(skipped))
                .collect()
        };
        Self {
            checks,
            rule,
            cause: finding.cause,
            fix: finding.fix,
            remedy: finding.remedy.map(|remedy| *remedy),
        }
    }

    /// The explanation to show for the request.
    #[must_use]
    pub fn into_explanation(self, request_id: Option<String>) -> Explanation {
        Explanation {
            request_id,
            decision: Decision::Refused,
            rule: Some(self.rule),
            cause: self.cause,
            checks: self.checks,
            fix: Some(self.fix),
            remedy: self.remedy,
        }
    }
}

/// The explanation of a request that was accepted: no trace of one is made.
#[must_use]
pub fn explain_accepted(request_id: String) -> Explanation {
    Explanation {
        request_id: Some(request_id),
        decision: Decision::Accepted,
        rule: None,
        cause: "Every rule let the request through.".to_owned(),
        checks: Rule::PIPELINE.into_iter().map(unkept).collect(),
        fix: None,
        remedy: None,
    }
}

/// The explanation of a refusal whose trace is no longer kept, from its audit row.
#[must_use]
pub fn explain_forgotten(request_id: String, rule: Rule) -> Explanation {
    let unknown = "not kept: traces of refusals are kept for a limited time and number";
    let checks = Rule::PIPELINE.into_iter().map(|each| {
        if each < rule {
            unkept(each)
        } else if each == rule {
            check(each, Outcome::Failed, unknown, "", None)
        } else {
            skipped(each)
        }
    });
    Explanation {
        request_id: Some(request_id),
        decision: Decision::Refused,
        rule: Some(rule),
        cause: format!("The rule {} refused the request.", rule.id()),
        checks: checks.collect(),
        fix: Some("Send the request again and explain that one.".to_owned()),
        remedy: None,
    }
}

pub(crate) fn passing(rule: Rule, seen: Passed) -> Check {
    check(rule, Outcome::Passed, seen.observed, seen.expected, None)
}

fn failing(rule: Rule, finding: &Finding) -> Check {
    let Finding {
        observed,
        expected,
        fix,
        ..
    } = finding;
    check(rule, Outcome::Failed, observed, expected, Some(fix.clone()))
}

pub(crate) fn skipped(rule: Rule) -> Check {
    check(rule, Outcome::Skipped, "", "", None)
}

/// A rule that passed, of which nothing more is known.
fn unkept(rule: Rule) -> Check {
    let observed = "passed; what was seen is kept for refusals alone";
    check(rule, Outcome::Passed, observed, "", None)
}

fn check(
    rule: Rule,
    outcome: Outcome,
    observed: impl Into<String>,
    expected: impl Into<String>,
    fix: Option<String>,
) -> Check {
    Check {
        rule,
        outcome,
        observed: observed.into(),
        expected: expected.into(),
        fix,
    }
}

/// A sentence with parts of a request in it, as parsers write them, without whatever looks like a
/// credential: runs of 20 and more letters, digits and underscores, and what begins with `sr_`.
#[must_use]
pub fn redacted(sentence: &str) -> String {
    let mut shown = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while !rest.is_empty() {
        let of_word = |character: char| character.is_alphanumeric() || character == '_';
        let end = rest.find(|character| !of_word(character));
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        if word.len() >= 20 || word.starts_with("sr_") {
            shown.push_str(&format!("[{} bytes]", word.len()));
        } else {
            shown.push_str(word);
        }
        let gap = after.find(of_word).unwrap_or(after.len());
        let (gap, after) = after.split_at(gap);
        shown.push_str(gap);
        rest = after;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_not_shown() {
        for (sentence, shown) in [
            ("\"x-note\" is not covered", "\"x-note\" is not covered"),
            ("alg \"sr_sk\"", "alg \"[5 bytes]\""),
            ("0123456789abcdef0123: no", "[20 bytes]: no"),
            ("é0123456789abcdef0123", "[22 bytes]"),
            ("", ""),
        ] {
            assert_eq!(redacted(sentence), shown);
        }
    }

    #[test]
    fn a_rule_before_the_pipeline_comes_first_and_the_audit_last() {
        let finding = Finding::new("c", "o", "e", "f");
        let flood = Trace::outside_pipeline(Rule::Flood, finding.clone());
        assert_eq!(flood.checks.first().unwrap().rule, Rule::Flood);
        assert!(
            flood.checks[1..]
                .iter()
                .all(|it| it.outcome == Outcome::Skipped)
        );
        let audit = Trace::outside_pipeline(Rule::Audit, finding);
        assert_eq!(audit.checks.last().unwrap().rule, Rule::Audit);
        assert!(
            audit.checks[..8]
                .iter()
                .all(|it| it.outcome == Outcome::Passed)
        );
    }
}
