//! A run: the requests of a folder in order, what their answers must be, and what is carried on.
//!
//! How a request is sent is the caller's business: `Runner` says which comes next and is told what came back.

mod checks;
mod report;
mod secret_values;

pub use report::html;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use strongroom_contract::{
    compose::{Capture, CaptureSource, Composed, ComposedSend},
    error::{ErrorCode, Failure},
    exchange::Exchange,
    run::{CheckResult, Outcome, RunArgs, RunReport, RunStep},
};
use strongroom_crypto::SecretText;

use self::{checks::Answer, secret_values::SecretValues};
use crate::{
    folder::{Entry, Folder, convert},
    os::clock,
};

/// A run under way. It says which request comes next, is told what came back, and so on to the end.
pub(crate) struct Runner {
    args: RunArgs,
    folder: Folder,
    left: VecDeque<Entry>,
    /// What the environment sets and is no secret of the vault: an expectation may name it.
    set: BTreeMap<String, String>,
    captured: BTreeMap<String, String>,
    secrets: SecretValues,
    began: Instant,
    report: RunReport,
}

impl Runner {
    /// Reads what is to be run.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] if there is no such folder or environment, or nothing in it to run;
    /// [`ErrorCode::Usage`] for a file that is malformed.
    pub(crate) fn new(args: RunArgs) -> Result<Self, Failure> {
        let folder = Folder::open(&args.folder)?;
        let environment = args
            .environment
            .as_deref()
            .map(|called| folder.environment(called))
            .transpose()?;
        let left = chosen(&folder, &args.only)?.into();
        let (name, mut set) = environment.map_or_else(Default::default, |environment| {
            (Some(environment.name), environment.variables)
        });
        set.retain(|_, value| !value.contains("sr://"));
        Ok(Self {
            report: RunReport {
                name: folder.name(),
                environment: name,
                started: clock::now(),
                total_ms: 0.0,
                passed: 0,
                failed: 0,
                skipped: 0,
                steps: Vec::new(),
            },
            args,
            folder,
            left,
            set,
            captured: BTreeMap::new(),
            secrets: SecretValues::default(),
            began: Instant::now(),
        })
    }

    /// The request that comes next, and the secrets among its variables, each with what is shown in its
    /// place; `None` at the end.
    pub(crate) fn next_request(&self) -> Option<(ComposedSend, Vec<(SecretText, String)>)> {
        if self.args.bail && self.report.failed > 0 {
            return None;
        }
        let entry = self.left.front()?;
        let request = (**entry.request.as_ref()?).clone();
        let sent = ComposedSend {
            request: convert::composed(request),
            folder: Some(self.args.folder.clone()),
            path: Some(entry.path.clone()),
            environment: self.args.environment.clone(),
            variables: self.variables(),
            options: self.args.options.clone(),
        };
        Some((sent, self.secrets.copies()))
    }

    /// Looks at what came back for the request that came next.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Cancelled`], which ends the run. That a request fails is no error.
    pub(crate) fn answered(
        &mut self,
        came_back: Result<Exchange, Failure>,
    ) -> Result<Option<&RunStep>, Failure> {
        let Some(entry) = self.left.pop_front() else {
            return Ok(None);
        };
        let mut step = skipped(&entry);
        match came_back {
            Ok(exchange) => self.look_at(&exchange, &entry, &mut step)?,
            Err(failure) if failure.code == ErrorCode::Cancelled => return Err(failure),
            Err(failure) => {
                step.outcome = Outcome::Failed;
                step.failure = Some(failure);
            }
        }
        if step.outcome == Outcome::Passed {
            self.report.passed += 1;
        } else {
            self.report.failed += 1;
        }
        self.report.steps.push(step);
        Ok(self.report.steps.last())
    }

    /// How it went.
    pub(crate) fn finish(mut self) -> RunReport {
        for entry in &self.left {
            self.report.skipped += 1;
            self.report.steps.push(skipped(entry));
        }
        self.report.total_ms = self.began.elapsed().as_secs_f64() * 1_000.0;
        self.report
    }

    /// What was captured comes before what was given.
    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.args.variables.clone();
        variables.extend(self.captured.clone());
        variables
    }

    fn look_at(
        &mut self,
        exchange: &Exchange,
        entry: &Entry,
        step: &mut RunStep,
    ) -> Result<(), Failure> {
        let request = entry.request.as_deref().cloned().unwrap_or_default();
        let composed = convert::composed(request);
        step.url.clone_from(&exchange.sent.url);
        step.status = Some(exchange.status);
        step.total_ms = exchange.timings.total_ms;
        step.request_id.clone_from(&exchange.request_id);
        let answer = Answer::of(exchange);
        let schema = match &composed.expect.schema {
            Some(path) => Some((path.as_str(), self.folder.beside(Some(&entry.path), path)?)),
            None => None,
        };
        let mut known = self.set.clone();
        known.extend(self.variables());
        step.checks = checks::all(&composed.expect, &answer, schema, &known);
        for capture in &composed.capture {
            match value(capture, &answer) {
                Some(value) => {
                    self.secrets.note(capture, &value);
                    self.captured.insert(capture.name.clone(), value);
                    step.captured.push(capture.name.clone());
                }
                None => step.checks.push(checks::not_captured(capture)),
            }
        }
        for check in &mut step.checks {
            self.secrets.hide(&mut check.observed);
            self.secrets.hide(&mut check.expected);
        }
        let held = step.checks.iter().all(|check| check.passed);
        step.outcome = if held {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        Ok(())
    }
}

/// Whether the answer to a request that was sent by itself is as the request expects, and whether what it
/// captures is there.
///
/// # Errors
///
/// There is no such folder or environment, or the schema is named by a path that leads out of the folder.
pub(crate) fn checked(
    sent: &ComposedSend,
    exchange: &Exchange,
) -> Result<Vec<CheckResult>, Failure> {
    let Composed {
        expect, capture, ..
    } = &sent.request;
    let folder = sent.folder.as_deref().map(Folder::open).transpose()?;
    let mut known = BTreeMap::new();
    if let (Some(folder), Some(called)) = (&folder, &sent.environment) {
        known = folder.environment(called)?.variables;
        known.retain(|_, value| !value.contains("sr://"));
    }
    known.extend(sent.variables.clone());
    let schema = match (&expect.schema, &folder) {
        (Some(path), Some(folder)) => {
            Some((path.as_str(), folder.beside(sent.path.as_deref(), path)?))
        }
        (Some(path), None) => Some((path.as_str(), path.into())),
        (None, _) => None,
    };
    let answer = Answer::of(exchange);
    let mut checks = checks::all(expect, &answer, schema, &known);
    for each in capture {
        checks.extend(match value(each, &answer) {
            Some(_) => None,
            None => Some(checks::not_captured(each)),
        });
    }
    Ok(checks)
}

/// What of a folder is run, in order.
fn chosen(folder: &Folder, only: &[String]) -> Result<Vec<Entry>, Failure> {
    let walk = folder.walk()?;
    if let Some((path, problem)) = walk.problems.first() {
        // Leaving it out would make a run pass that has not been made.
        return Err(Failure::new(
            ErrorCode::Usage,
            format!("the folder can't be run: {path}: {problem}"),
        )
        .hint("mend the file; docs/REQUESTS.md says what may stand there"));
    }
    let mut requests: Vec<Entry> = walk
        .entries
        .into_iter()
        .filter(|entry| entry.request.is_some())
        .collect();
    for wanted in only {
        if !requests.iter().any(|entry| is_meant(entry, wanted)) {
            return Err(Failure::new(
                ErrorCode::NotFound,
                format!("nothing in the folder is called {wanted:?}"),
            )
            .hint("give the path of a request or folder, or a request's name; `strongroom requests list` shows them"));
        }
    }
    if !only.is_empty() {
        requests.retain(|entry| only.iter().any(|wanted| is_meant(entry, wanted)));
    }
    if requests.is_empty() {
        return Err(Failure::new(
            ErrorCode::NotFound,
            "there is no saved request in the folder",
        )
        .hint("a request is a file whose name ends with .request.toml"));
    }
    Ok(requests)
}

fn is_meant(entry: &Entry, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches('/');
    let stem = entry.path.strip_suffix(".request.toml");
    entry.path == wanted
        || stem == Some(wanted)
        || entry.name == wanted
        || entry
            .path
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// A request that is not sent, as the report has it.
fn skipped(entry: &Entry) -> RunStep {
    let request = entry.request.as_deref();
    RunStep {
        path: entry.path.clone(),
        name: entry.name.clone(),
        method: request.map_or_else(String::new, |request| request.method.to_string()),
        url: request.map_or_else(String::new, |request| request.url.clone()),
        outcome: Outcome::Skipped,
        status: None,
        total_ms: 0.0,
        request_id: None,
        checks: Vec::new(),
        captured: Vec::new(),
        failure: None,
    }
}

fn value(capture: &Capture, answer: &Answer) -> Option<String> {
    match &capture.from {
        CaptureSource::Json(path) => match checks::nodes(path, answer).ok()?.first()? {
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
        CaptureSource::Header(name) => answer.header(name).next().map(str::to_owned),
        CaptureSource::Body => answer.body.map(str::to_owned),
        CaptureSource::Status => Some(answer.status.to_string()),
    }
}
