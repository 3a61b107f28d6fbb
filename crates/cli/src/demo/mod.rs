//! `demo`: the main job, end to end, in a throw-away home, over real TLS.
//!
//! ```text
//!   stage    a temporary home; in it a real owner of the vault and a real platform, served by
//!            threads of this process, so that nothing can outlive it
//!   steps    what is done, in order, and what must come of it
//!   show     how a step is told: a line for people, a JSON line for programs
//! ```

mod show;
mod stage;
mod steps;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use strongroom_contract::error::{ErrorCode, Failure};
use tokio::sync::oneshot;

use self::{show::Teller, stage::Stage};
use crate::{output::Output, runtime, signals};

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, output: Output) -> Result<ExitCode, Failure> {
    let runtime = runtime::on_every_core()?;
    let begun = Instant::now();
    // Listened for from the start: from here on there is something to clean up.
    let interrupted = {
        let _context = runtime.enter();
        signals::told_to_stop()?
    };
    let (stage, runtime, cast) = Stage::open(runtime)?;
    let (done, wait) = oneshot::channel();
    let over = Arc::new(AtomicBool::new(false));
    let mut teller = Teller::new(Arc::clone(&over), output);
    // The steps block, on a thread of their own, so that Ctrl-C is heard meanwhile.
    thread::spawn(move || {
        let result = steps::play(cast, &mut teller).and_then(|()| teller.finish(begun.elapsed()));
        // Nobody listens any more once it was interrupted.
        let _ = done.send(result);
    });
    let result = runtime.block_on(async {
        tokio::select! {
            result = wait => result.unwrap_or_else(|_| Err(failed("a step of the demo broke off"))),
            () = interrupted => Err(Failure::new(
                ErrorCode::Cancelled,
                "interrupted; the throw-away home is gone",
            )),
        }
    });
    over.store(true, Ordering::SeqCst);
    stage.close(runtime);
    match result? {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}

fn failed(message: &str) -> Failure {
    Failure::new(ErrorCode::Failed, message)
}
