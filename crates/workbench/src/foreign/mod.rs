//! Files of other programs: read into a folder of saved requests, and written of one.

mod disk;
mod export;
mod import;

use strongroom_contract::requests::{FileProblem, SecretTaken};
use strongroom_formats::{Place, Problem, secrets::FoundSecret};

pub use export::export;
pub use import::{Source, import};

fn taken(found: &FoundSecret) -> SecretTaken {
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
