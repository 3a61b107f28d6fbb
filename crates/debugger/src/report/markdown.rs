//! For tickets that take Markdown.

use std::fmt::Write as _;

use strongroom_contract::{
    diagnosis::{Diagnosis, Piece},
    explain::{Decision, Outcome},
};

/// The diagnosis in Markdown (GitHub's form, with tables).
#[must_use]
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let Diagnosis {
        explanation,
        scheme,
        changes,
        parts,
        sentence,
        search,
    } = diagnosis;
    let mut out = String::from("# Why the request was refused\n\n");
    // Writing to a String can't fail.
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line(&format!("**{}**", verdict(diagnosis)));
    line("");
    line(&escaped(&explanation.cause));
    line("");
    if let Some(fix) = &explanation.fix {
        line(&format!("**Fix:** {}\n", escaped(fix)));
    }
    if let Some(sentence) = sentence {
        line(&format!("> {}\n", escaped(sentence)));
    }
    if let Some(scheme) = scheme {
        line(&format!("Scheme: `{scheme}`\n"));
    }
    if !changes.is_empty() {
        line("## What would make it match\n");
        for change in changes {
            let how = if change.proven {
                "proven by a match"
            } else {
                "read off the request"
            };
            line(&format!(
                "- `{}` ({how}): {}",
                change.id,
                escaped(&change.what)
            ));
        }
        line("");
    }
    line("## The rules\n");
    line("| rule | outcome | observed | expected |");
    line("|---|---|---|---|");
    for check in &explanation.checks {
        line(&format!(
            "| {} | {} | {} | {} |",
            check.rule.id(),
            outcome(check.outcome),
            escaped(&check.observed),
            escaped(&check.expected)
        ));
    }
    if !parts.is_empty() {
        line("\n## What was received and what was signed\n");
        line(
            "Letters and digits of values are masked; «…» marks what differs, ⟨…⟩ what can't be seen.\n",
        );
        line("| part | received | signed |");
        line("|---|---|---|");
        for part in parts {
            let signed = match (&part.signed, part.same) {
                (_, Some(true)) => "the same".to_owned(),
                (Some(signed), _) => pieces(signed),
                (None, _) => "not known".to_owned(),
            };
            let name = escaped(&part.name);
            line(&format!(
                "| {name} | {} | {signed} |",
                pieces(&part.received)
            ));
        }
    }
    if let Some(search) = search {
        let bound = if search.complete {
            ""
        } else {
            ", where the search stopped"
        };
        line(&format!("\n{} forms were tried{bound}.", search.tried));
    }
    out
}

pub(super) fn verdict(diagnosis: &Diagnosis) -> String {
    let explanation = &diagnosis.explanation;
    match (explanation.decision, explanation.rule) {
        (Decision::Refused, Some(rule)) => format!("Refused by the rule {}", rule.id()),
        (Decision::Refused, None) => "Refused".to_owned(),
        (Decision::Accepted, _) => "Accepted".to_owned(),
        (Decision::Unknown, _) => "Not refused by what is known".to_owned(),
    }
}

pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "not looked at",
        Outcome::Unknown => "unknown",
    }
}

fn pieces(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let text = if piece.invisible {
            format!("⟨{}⟩", escaped(&piece.text))
        } else {
            escaped(&piece.text)
        };
        if piece.differs {
            let _ = write!(out, "«{text}»");
        } else {
            out.push_str(&text);
        }
    }
    out
}

/// The text without anything that Markdown or HTML would read as its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}
