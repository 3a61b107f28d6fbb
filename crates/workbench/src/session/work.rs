//! What an operation is told beside its arguments.

use strongroom_contract::{
    agent::Progress,
    error::{ErrorCode, Failure},
};

use crate::cancel::Cancellation;

/// Who asks for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A program of the same user, over the socket.
    Program,
    /// The person at the window of this process.
    Window,
}

/// On whose behalf an operation works, whether it is still wanted, and who hears of its progress.
pub(crate) struct Work {
    /// The program that asked, as it calls itself.
    pub(crate) client: String,
    pub(crate) caller: Caller,
    pub(crate) cancellation: Cancellation,
    /// Hears what is being done now.
    pub(crate) progress: Box<dyn Fn(&Progress) + Send + Sync>,
}

impl Work {
    /// Refuses to go on once the work was cancelled.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.cancellation.is_cancelled() {
            return Err(Failure::new(
                ErrorCode::Cancelled,
                "stopped before it was done; nothing was changed",
            ));
        }
        Ok(())
    }

    /// Passes the vault's progress on.
    pub(crate) fn hear(&self) -> impl FnMut(strongroom_vault::Progress) + '_ {
        |progress| {
            (self.progress)(&Progress {
                stage: progress.stage.to_owned(),
                done: progress.done,
                total: Some(progress.total),
                event: None,
            });
        }
    }

    /// Tells of a stage whose length is not known.
    pub(crate) fn stage(&self, stage: &str) {
        (self.progress)(&Progress {
            stage: stage.to_owned(),
            done: 0,
            total: None,
            event: None,
        });
    }
}
