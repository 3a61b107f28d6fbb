//! curl command lines, as people really write them: bash, Windows cmd and PowerShell.

mod data;
mod names;
mod options;
mod words;
mod write;

pub use options::parse;
pub use write::write;
