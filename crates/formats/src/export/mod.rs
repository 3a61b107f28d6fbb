//! Requests as programs and files of others, with every secret as an environment variable.

mod plan;

pub use plan::{Payload, PayloadContent, PayloadPart, Plan, env_name};
