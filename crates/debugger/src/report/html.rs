//! For tickets that take a file: one page, in light and dark, that loads nothing.

use std::fmt::Write as _;

use strongroom_contract::{
    diagnosis::{Diagnosis, Part, Piece},
    explain::{Check, Outcome},
};

use super::markdown::{outcome, verdict};

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Why the request was refused</title>
<style>
:root { --ink: #1b1f24; --dim: #59636e; --page: #ffffff; --line: #d1d9e0; --mark: #ffe2b8; --name: #0b57b0; --bad: #b3261e; --good: #1a6b34; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --dim: #9aa4af; --page: #14171b; --line: #363c44; --mark: #5a4211; --name: #8ab8ff; --bad: #ff9d95; --good: #7fd89a; }
}
body { margin: 2rem auto; padding: 0 1rem; max-width: 60rem; color: var(--ink); background: var(--page); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { margin-top: 2rem; font-size: 1.1rem; }
blockquote { margin: 1rem 0; padding: .5rem 1rem; border-left: .25rem solid var(--name); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; }
code, .bytes { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
mark { color: inherit; background: var(--mark); text-decoration: underline; }
.name { color: var(--name); border: 1px solid currentColor; border-radius: .2rem; padding: 0 .15rem; font-size: .75em; }
.failed { color: var(--bad); font-weight: 600; } .passed { color: var(--good); } .dim { color: var(--dim); }
</style>
</head>
<body>
<h1>Why the request was refused</h1>
"#;

/// The diagnosis as one HTML page.
#[must_use]
pub fn html(diagnosis: &Diagnosis) -> String {
    let Diagnosis {
        explanation,
        scheme,
        changes,
        parts,
        sentence,
        search,
    } = diagnosis;
    let mut out = HEAD.to_owned();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!(
        "<p><strong>{}</strong>. {}</p>",
        escaped(&verdict(diagnosis)),
        escaped(&explanation.cause)
    ));
    if let Some(fix) = &explanation.fix {
        line(format!("<p><strong>Fix:</strong> {}</p>", escaped(fix)));
    }
    if let Some(sentence) = sentence {
        line(format!("<blockquote>{}</blockquote>", escaped(sentence)));
    }
    if let Some(scheme) = scheme {
        line(format!("<p>Scheme: <code>{}</code></p>", escaped(scheme)));
    }
    if !changes.is_empty() {
        line("<h2>What would make it match</h2>\n<ul>".to_owned());
        for change in changes {
            let how = if change.proven {
                "proven by a match"
            } else {
                "read off the request"
            };
            line(format!(
                "<li><code>{}</code> <span class=\"dim\">({how})</span>: {}</li>",
                escaped(&change.id),
                escaped(&change.what)
            ));
        }
        line("</ul>".to_owned());
    }
    line("<h2>The rules</h2>\n<table>\n<tr><th>Rule</th><th>Outcome</th><th>Observed</th><th>Expected</th></tr>".to_owned());
    for check in &explanation.checks {
        line(row(check));
    }
    line("</table>".to_owned());
    if !parts.is_empty() {
        line("<h2>What was received and what was signed</h2>\n<p class=\"dim\">Letters and digits of values are masked. What differs is marked; what can't be seen stands as its name.</p>\n<table>\n<tr><th>Part</th><th>Received</th><th>Signed</th></tr>".to_owned());
        for part in parts {
            line(compared(part));
        }
        line("</table>".to_owned());
    }
    if let Some(search) = search {
        let bound = if search.complete {
            ""
        } else {
            ", where the search stopped"
        };
        line(format!(
            "<p class=\"dim\">{} forms were tried{bound}.</p>",
            search.tried
        ));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn row(check: &Check) -> String {
    let class = match check.outcome {
        Outcome::Failed => "failed",
        Outcome::Passed => "passed",
        Outcome::Skipped | Outcome::Unknown => "dim",
    };
    format!(
        "<tr><td>{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}</td></tr>",
        check.rule.id(),
        outcome(check.outcome),
        escaped(&check.observed),
        escaped(&check.expected)
    )
}

fn compared(part: &Part) -> String {
    let signed = match (&part.signed, part.same) {
        (_, Some(true)) => "<span class=\"dim\">the same</span>".to_owned(),
        (Some(signed), _) => format!("<span class=\"bytes\">{}</span>", pieces(signed)),
        (None, _) => "<span class=\"dim\">not known</span>".to_owned(),
    };
    format!(
        "<tr><td><code>{}</code></td><td class=\"bytes\">{}</td><td>{signed}</td></tr>",
        escaped(&part.name),
        pieces(&part.received)
    )
}

fn pieces(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let text = if piece.invisible {
            format!("<span class=\"name\">{}</span>", escaped(&piece.text))
        } else {
            escaped(&piece.text)
        };
        // Writing to a String can't fail.
        let _ = match piece.differs {
            true => write!(out, "<mark>{text}</mark>"),
            false => write!(out, "{text}"),
        };
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}
