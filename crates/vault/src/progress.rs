//! How far long work is.

/// How far long work is, for a caller that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, such as `deriving the key`.
    pub stage: &'static str,
    /// How many units are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Argon2id runs.
pub(crate) const DERIVING: &str = "deriving the key";
/// The table of codes is made.
pub(crate) const TABLE: &str = "preparing the codes";
