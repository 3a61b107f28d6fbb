//! Requests as programs and files of others, with every secret as an environment variable.

mod fill;
mod language;
mod plan;
mod programs;

pub use fill::fill;
pub use language::{Language, UnknownLanguage};
pub use plan::{Payload, PayloadContent, PayloadPart, Plan, env_name};
pub use programs::{go, javascript, python, rust};
