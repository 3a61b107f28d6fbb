//! Where the demo plays: a temporary home with a real owner of its vault and a real platform.

use std::{path::PathBuf, time::Duration};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    platform::PlatformAddress,
};
use strongroom_workbench::{
    agent::{Agent, Options},
    client::Client,
    home::Home,
    os::socket::SocketPath,
    platform::{self, Platform, ServeOptions},
};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// How long closing may take before the rest is left to the end of the process.
const CLOSING: Duration = Duration::from_secs(3);

/// A temporary home, and what serves in it.
pub(super) struct Stage {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<Result<(), Failure>>>,
    /// The lock beside the owner's socket. Elsewhere it stays for ever, so that two owners can't
    /// hold two files of one name; of this home there is no second owner.
    lock: PathBuf,
    directory: TempDir,
}

/// What the steps play with.
pub(super) struct Cast {
    pub(super) home: Home,
    pub(super) vault: Client,
    pub(super) platform: Platform,
    pub(super) address: PlatformAddress,
}

impl Stage {
    /// Opens a temporary home, with an owner for its vault and a platform with a virtual clock.
    pub(super) fn open(runtime: Runtime) -> Result<(Self, Runtime, Cast), Failure> {
        let directory = tempfile::Builder::new()
            .prefix("strongroom-demo-")
            .tempdir()
            .map_err(|error| failed(format!("no temporary directory: {error}")))?;
        let home = Home::at(&directory.path().join("home"))?;
        let lock = SocketPath::of(home.path())
            .map_err(|error| failed(format!("no place for a socket: {error}")))?
            .socket()
            .with_extension("lock");
        let (stop, stopped) = watch::channel(false);
        let mut stage = Self {
            stop,
            tasks: Vec::new(),
            lock,
            directory,
        };
        match stage.serve(&runtime, &home, &stopped) {
            Ok(cast) => Ok((stage, runtime, cast)),
            Err(failure) => {
                stage.close(runtime);
                Err(failure)
            }
        }
    }

    fn serve(
        &mut self,
        runtime: &Runtime,
        home: &Home,
        stopped: &watch::Receiver<bool>,
    ) -> Result<Cast, Failure> {
        let agent = Agent::bind(home.clone(), Options::default())?;
        self.tasks
            .push(runtime.spawn(agent.serve(told(stopped.clone()))));

        let (announce, announced) = oneshot::channel();
        let (place, stopped) = (home.clone(), stopped.clone());
        let options = ServeOptions {
            port: 0,
            or_any_port: false,
            state: None,
            virtual_clock: true,
            capture_bodies: true,
            checkpoint: None,
            ..ServeOptions::default()
        };
        let server = runtime.spawn(async move {
            let ready = |address: &PlatformAddress, _| {
                // The demo waits for this; if it does not any more, it is over.
                let _ = announce.send(address.clone());
                Ok(())
            };
            platform::serve(&place, options, ready, told(stopped)).await
        });
        let address = match runtime.block_on(announced) {
            Ok(address) => address,
            Err(_) => return Err(why_it_ended(runtime, server)),
        };
        self.tasks.push(server);

        let vault = Client::connect(home)?
            .ok_or_else(|| failed("the owner of the vault does not answer".to_owned()))?;
        Ok(Cast {
            home: home.clone(),
            vault,
            platform: Platform::of_home(home)?,
            address,
        })
    }

    /// Ends what serves, and the runtime with it; then removes the home.
    pub(super) fn close(self, runtime: Runtime) {
        let Self {
            stop,
            tasks,
            lock,
            directory,
        } = self;
        // Whoever is not listening any more has ended by itself.
        let _ = stop.send(true);
        runtime.block_on(async {
            let all = async {
                for task in tasks {
                    if let Ok(Err(failure)) = task.await {
                        tracing::warn!(%failure, "at the end of the demo");
                    }
                }
            };
            let _ = tokio::time::timeout(CLOSING, all).await;
        });
        // What was interrupted may still be writing into the home.
        runtime.shutdown_timeout(CLOSING);
        for removed in [directory.close(), std::fs::remove_file(lock)] {
            if let Err(error) = removed {
                tracing::warn!(%error, "something of the throw-away home stays behind");
            }
        }
    }
}

async fn told(mut stopped: watch::Receiver<bool>) {
    // The sender is gone only when the stage is: that is an end as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn why_it_ended(runtime: &Runtime, server: JoinHandle<Result<(), Failure>>) -> Failure {
    match runtime.block_on(server) {
        Ok(Err(failure)) => failure,
        _ => failed("the platform ended before it accepted connections".to_owned()),
    }
}

fn failed(message: String) -> Failure {
    Failure::new(ErrorCode::Failed, message)
}
