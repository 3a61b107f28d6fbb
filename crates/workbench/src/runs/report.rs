//! The report of a run as one HTML file: no script, nothing from elsewhere, light and dark by the system.

use std::fmt::Write as _;

use strongroom_contract::run::{CheckResult, Outcome, RunReport, RunStep};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c1f24;--dim:#5c6470;--page:#fff;--line:#dfe3e8;--good:#116329;--bad:#a40e26;--code:#f4f6f8}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#9aa3af;--page:#14171b;--line:#2b3038;--good:#57c271;--bad:#ff8a80;--code:#1d2127}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:62rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem;margin:0}p{margin:.3rem 0}.dim{color:var(--dim)}.good{color:var(--good)}.bad{color:var(--bad)}\
section{border-top:1px solid var(--line);padding:.8rem 0}h2{font-size:1rem;margin:0}\
code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%;margin-top:.4rem}td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0;font-weight:normal}th{color:var(--dim)}";

/// A run's report as a whole HTML document.
#[must_use]
pub fn html(report: &RunReport) -> String {
    let mut page = String::new();
    let verdict = if report.failed == 0 {
        "passed"
    } else {
        "failed"
    };
    let title = format!("{}: {verdict}", report.name);
    let environment = report
        .environment
        .as_ref()
        .map_or_else(String::new, |name| format!(" with {}", escaped(name)));
    // Writing to a text can't fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n\
         <p class=\"dim\">{} passed, {} failed, {} skipped, in {:.0} ms{environment}, begun {}</p>\n",
        report.passed,
        report.failed,
        report.skipped,
        report.total_ms,
        report.started,
        title = escaped(&title),
    );
    for step in &report.steps {
        section(&mut page, step);
    }
    page.push_str("</body></html>\n");
    page
}

fn section(page: &mut String, step: &RunStep) {
    let (class, word) = match step.outcome {
        Outcome::Passed => ("good", "✓ passed"),
        Outcome::Failed => ("bad", "✗ failed"),
        Outcome::Skipped => ("dim", "– skipped"),
    };
    let _ = write!(
        page,
        "<section><h2>{} <span class=\"{class}\">{word}</span></h2>\n\
         <p><code>{} {}</code></p>\n",
        escaped(&step.name),
        escaped(&step.method),
        escaped(&step.url),
    );
    if let Some(status) = step.status {
        let id = step
            .request_id
            .as_ref()
            .map_or_else(String::new, |id| format!(", request {}", escaped(id)));
        let _ = writeln!(
            page,
            "<p class=\"dim\">{status} in {:.0} ms{id}</p>",
            step.total_ms
        );
    }
    if let Some(failure) = &step.failure {
        let hint = failure.hint.as_deref().unwrap_or_default();
        let _ = writeln!(
            page,
            "<p class=\"bad\">{}</p><p class=\"dim\">{}</p>",
            escaped(&failure.message),
            escaped(hint)
        );
    }
    if !step.checks.is_empty() {
        page.push_str("<table><tr><th></th><th>what</th><th>expected</th><th>observed</th></tr>\n");
        for check in &step.checks {
            row(page, check);
        }
        page.push_str("</table>\n");
    }
    if !step.captured.is_empty() {
        let _ = writeln!(
            page,
            "<p class=\"dim\">carried on: {}</p>",
            escaped(&step.captured.join(", "))
        );
    }
    page.push_str("</section>\n");
}

fn row(page: &mut String, check: &CheckResult) {
    let (class, mark) = if check.passed {
        ("good", "✓")
    } else {
        ("bad", "✗")
    };
    let _ = writeln!(
        page,
        "<tr><td class=\"{class}\">{mark}</td><td>{}</td><td><code>{}</code></td><td><code>{}</code></td></tr>",
        escaped(&check.what),
        escaped(&check.expected),
        escaped(&check.observed)
    );
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && c != '\n' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use strongroom_contract::time::UnixMillis;

    use super::*;

    #[test]
    fn what_an_answer_says_is_text_and_nothing_else() {
        let hostile = "<script>alert(1)</script>\"'&\u{1b}";
        let step = RunStep {
            path: "a.request.toml".to_owned(),
            name: hostile.to_owned(),
            method: "GET".to_owned(),
            url: hostile.to_owned(),
            outcome: Outcome::Failed,
            status: Some(200),
            total_ms: 1.0,
            request_id: Some(hostile.to_owned()),
            checks: vec![CheckResult {
                what: hostile.to_owned(),
                expected: hostile.to_owned(),
                observed: hostile.to_owned(),
                passed: false,
            }],
            captured: vec![hostile.to_owned()],
            failure: None,
        };
        let report = RunReport {
            name: hostile.to_owned(),
            environment: Some(hostile.to_owned()),
            started: UnixMillis(0),
            total_ms: 1.0,
            passed: 0,
            failed: 1,
            skipped: 0,
            steps: vec![step],
        };
        let page = html(&report);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{fffd}"));
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(page.contains("prefers-color-scheme:dark"));
    }
}
