//! The history of requests: what was sent and what came back, in a sealed file beside the vault.
//!
//! Only the open vault can read it, and a request that is sent while the vault is locked is not kept.
//! What comes here has references in the place of secrets already; a credential that was typed by hand is
//! replaced here.

mod compare;
mod elsewhere;
mod keep;
mod list;

pub(crate) use compare::compare;
pub use elsewhere::hand_over;
pub(crate) use keep::{Kept, keep};
pub(crate) use list::{list, resend, show};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    history::{HistoryRemoveArgs, HistoryRemoved, HistoryRestored},
};

use crate::{sealed_log::SealedLog, session::Session};

/// Removes entries from the file. The newest of them can be put back until the vault is locked.
///
/// # Errors
///
/// [`ErrorCode::Locked`]; [`ErrorCode::Storage`] if the file cannot be written anew.
pub(crate) fn remove(
    session: &Session,
    args: &HistoryRemoveArgs,
) -> Result<HistoryRemoved, Failure> {
    with_log(session, |log| {
        let removed = log.take_out(&args.ids);
        Ok(HistoryRemoved {
            removed: removed.map_err(|error| unusable(&error))?,
        })
    })
}

/// Puts entries back that were removed since the vault was opened.
///
/// # Errors
///
/// [`ErrorCode::NotFound`] if none of them is held any more; else as [`remove`].
pub(crate) fn restore(
    session: &Session,
    args: &HistoryRemoveArgs,
) -> Result<HistoryRestored, Failure> {
    let restored = with_log(session, |log| {
        log.put_back(&args.ids).map_err(|error| unusable(&error))
    })?;
    if restored == 0 {
        return Err(Failure::new(
            ErrorCode::NotFound,
            "what was removed from the history can't be put back any more",
        )
        .hint("a removal can be undone until the vault is locked, and for the newest 50 entries"));
    }
    Ok(HistoryRestored { restored })
}

/// Removes all of it for good.
///
/// # Errors
///
/// As [`remove`].
pub(crate) fn clear(session: &Session) -> Result<HistoryRemoved, Failure> {
    with_log(session, |log| {
        let removed = log.clear().map_err(|error| unusable(&error))?;
        Ok(HistoryRemoved { removed })
    })
}

/// Works with the open vault's history.
fn with_log<T>(
    session: &Session,
    work: impl FnOnce(&mut SealedLog) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let path = session.home().history_file();
    session.with_open(|open| work(open.history(&path).map_err(|error| unusable(&error))?))
}

fn unusable(error: &std::io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("the history of requests can't be used: {error}"),
    )
    .hint("look at history.strongroom in the home: it may lack space or permissions; requests are sent all the same")
}

fn no_such(id: u64) -> Failure {
    Failure::new(
        ErrorCode::NotFound,
        format!("the history has no entry {id}"),
    )
    .hint("list them with `strongroom history list`; old ones go by the settings")
}
