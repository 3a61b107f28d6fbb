//! `.http` files, as the REST Client of VS Code and the HTTP Client of JetBrains' editors read them.

mod read;
mod write;

pub use read::{parse, parse_environments};
pub use write::write;
