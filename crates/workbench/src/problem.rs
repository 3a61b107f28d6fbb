//! The vault's errors on their way out.

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_vault::OpenError;

/// An error of the vault as every face shows it.
pub(crate) fn shown<E>(error: E) -> Failure
where
    Failure: for<'e> From<&'e E>,
{
    Failure::from(&error)
}

/// Why a vault's file could not be opened. The process that has it may be this one: then a recovery
/// that was begun on another connection has it for itself.
pub(crate) fn not_opened(error: &OpenError) -> Failure {
    if is_ours(error) {
        return Failure::new(
            ErrorCode::InUse,
            "a recovery of this vault is under way on another connection",
        )
        .hint("finish it, or close the program that began it");
    }
    Failure::from(error)
}

/// Whether it is this process that has the file open.
pub(crate) fn is_ours(error: &OpenError) -> bool {
    matches!(error, OpenError::InUse { pid: Some(pid) } if *pid == std::process::id())
}
