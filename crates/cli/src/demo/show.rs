//! How a step is told.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    explain::Explanation,
};

use crate::{
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD, STRONG},
    text::{milliseconds, printable},
};

/// The width of the column in which a step says what it does.
const COLUMN: usize = 48;
/// The width of what stands before that column.
const MARGIN: usize = 16;

/// What a step showed.
pub(super) struct Shown {
    /// What was seen.
    pub(super) proof: String,
    /// Why the platform refused, if it did and should.
    pub(super) reason: Option<Explanation>,
}

impl Shown {
    pub(super) fn proof(proof: impl Into<String>) -> Self {
        Self {
            proof: proof.into(),
            reason: None,
        }
    }
}

/// One line of `demo --json`.
#[derive(Serialize)]
struct StepLine<'a> {
    step: usize,
    chapter: &'a str,
    title: &'a str,
    ok: bool,
    proof: &'a str,
    reason: Option<&'a Explanation>,
    ms: f64,
}

/// The last line of `demo --json`.
#[derive(Serialize)]
struct LastLine {
    ok: bool,
    steps: usize,
    failed: usize,
    ms: f64,
}

/// Tells the steps as they are done.
pub(super) struct Teller {
    /// Whether nobody wants to hear more: it was interrupted.
    over: Arc<AtomicBool>,
    output: Output,
    chapter: &'static str,
    steps: usize,
    failed: usize,
}

impl Teller {
    pub(super) fn new(over: Arc<AtomicBool>, output: Output) -> Self {
        Self {
            over,
            output,
            chapter: "",
            steps: 0,
            failed: 0,
        }
    }

    pub(super) fn opening(&self) -> Result<(), Failure> {
        self.output.text(|out| {
            writeln!(
                out,
                "{STRONG}Strongroom{STRONG:#}: the main job in a throw-away home, over real TLS."
            )
        })
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: &'static str) -> Result<(), Failure> {
        self.chapter = title;
        self.output
            .text(|out| writeln!(out, "\n{STRONG}{title}{STRONG:#}"))
    }

    /// Tells a step that came out as `result` says.
    pub(super) fn step(
        &mut self,
        title: &str,
        result: &Result<Shown, Failure>,
        took: Duration,
    ) -> Result<(), Failure> {
        if self.over.load(Ordering::SeqCst) {
            return Err(Failure::new(ErrorCode::Cancelled, "interrupted"));
        }
        self.steps += 1;
        let (proof, reason) = match result {
            Ok(shown) => (shown.proof.as_str(), shown.reason.as_ref()),
            Err(failure) => (failure.message.as_str(), None),
        };
        let ok = result.is_ok();
        self.failed += usize::from(!ok);
        let ms = took.as_secs_f64() * 1_000.0;
        let line = StepLine {
            step: self.steps,
            chapter: self.chapter,
            title,
            ok,
            proof,
            reason,
            ms,
        };
        self.output.print(&line, |out| write_step(out, &line))
    }

    /// Tells how it all came out; whether every step came out as it must.
    pub(super) fn finish(&self, took: Duration) -> Result<bool, Failure> {
        let last = LastLine {
            ok: self.failed == 0,
            steps: self.steps,
            failed: self.failed,
            ms: took.as_secs_f64() * 1_000.0,
        };
        self.output.print(&last, |out| write_last(out, &last))?;
        Ok(last.ok)
    }
}

fn write_step(out: &mut dyn Write, line: &StepLine<'_>) -> io::Result<()> {
    let (mark, style) = if line.ok { ("✓", GOOD) } else { ("✗", BAD) };
    let StepLine {
        step, title, proof, ..
    } = line;
    let time = milliseconds(line.ms);
    write!(
        out,
        "{DIM}{step:3}  {time:>7}{DIM:#}  {style}{mark}{style:#} {title:COLUMN$}  "
    )?;
    writeln!(out, "{}", printable(proof, false))?;
    let Some(reason) = line.reason else {
        return Ok(());
    };
    let rule = reason.rule.map_or("", |rule| rule.id());
    let cause = printable(&reason.cause, false);
    writeln!(out, "{:MARGIN$}{ACCENT}{rule}{ACCENT:#}: {cause}", "")
}

fn write_last(out: &mut dyn Write, last: &LastLine) -> io::Result<()> {
    let LastLine { steps, failed, .. } = last;
    let time = milliseconds(last.ms);
    if last.ok {
        writeln!(
            out,
            "\n{GOOD}✓ {steps} of {steps}{GOOD:#} as they must be, in {time}. The home is gone again."
        )?;
        writeln!(
            out,
            "  Your own: {ACCENT}strongroom vault create{ACCENT:#}, then {ACCENT}strongroom unlock{ACCENT:#} and {ACCENT}strongroom serve{ACCENT:#}"
        )
    } else {
        writeln!(
            out,
            "\n{BAD}✗ {failed} of {steps}{BAD:#} came out otherwise than they must."
        )
    }
}
