//! Files of other programs: read into a folder of saved requests, and written of one.

mod disk;
mod export;
mod import;

use strongroom_contract::{
    compose::Composed,
    error::{ErrorCode, Failure},
    requests::{FileProblem, SecretTaken},
};
use strongroom_formats::{Place, Problem, foreign::Format, secrets::FoundSecret};

use crate::folder::convert;

pub use export::export;
pub(crate) use export::written;
pub use import::{Source, import};

/// A text that was pasted, as far as it was understood.
pub(crate) struct Pasted {
    /// What it is written in.
    pub(crate) format: &'static str,
    /// The requests in order, with a placeholder in the place of each secret.
    pub(crate) requests: Vec<Composed>,
    /// What was taken out.
    pub(crate) found: Vec<FoundSecret>,
    /// What was not understood.
    pub(crate) problems: Vec<FileProblem>,
}

/// Reads a text that was pasted, or a file of that name.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if it can't be told what it is written in.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Pasted, Failure> {
    let format = Format::of(name, bytes).ok_or_else(|| {
        Failure::new(ErrorCode::Usage, "it can't be told what this is written in")
            .hint("paste a whole curl command, a raw request with its first line, or a whole file")
    })?;
    let (import, found) = format.parse(bytes).without_secrets();
    let requests = import.requests.into_iter();
    Ok(Pasted {
        format: format.id(),
        requests: requests
            .map(|imported| convert::composed(imported.request))
            .collect(),
        found,
        problems: import.problems.into_iter().map(shown).collect(),
    })
}

pub(crate) fn taken(found: &FoundSecret) -> SecretTaken {
    SecretTaken {
        variable: format!("secret:{}", found.name),
        place: found.place.clone(),
        kind: found.kind.to_owned(),
    }
}

fn shown(problem: Problem) -> FileProblem {
    FileProblem {
        file: problem.file.unwrap_or_default(),
        place: match problem.place {
            Place::Whole => None,
            place => Some(place.to_string()),
        },
        message: problem.message,
    }
}
