//! The blocking client of the owner's socket: no runtime, so that a whole `strongroom read` takes
//! milliseconds.
//!
//! A client that goes away (Ctrl-C ends its process) closes its connection, and the owner cancels
//! what it was doing for it.

use std::{
    ffi::OsStr,
    io::{self, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use strongroom_contract::{
    agent::{Hello, HelloArgs, Operation, Progress, VERSION, Welcome},
    error::{ErrorCode, Failure},
};

use crate::{
    frames::{self, FrameError, Kind, ReplyFrame},
    home::{self, Home},
    os::{files, process, socket::SocketPath},
};

/// How long a started owner may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at whether it does.
const START_POLL: Duration = Duration::from_millis(2);
/// How many looks a child that ended gets, for the owner that it lost against.
const LOOKS_AFTER_END: u32 = 200;
/// A log longer than this starts again when an owner is started.
const LOG_LIMIT: u64 = 1024 * 1024;
/// How long the owner may take to answer the handshake.
const HELLO_LIMIT: Duration = Duration::from_secs(10);

/// A connection to the owner of a home's vault.
pub struct Client {
    connection: Connection,
    welcome: Welcome,
}

impl Client {
    /// Connects to the owner; `None` if none runs.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Version`] if the owner speaks another version, [`ErrorCode::Failed`] if the
    /// connection fails otherwise or the owner is another user's process.
    pub fn connect(home: &Home) -> Result<Option<Self>, Failure> {
        Self::connect_to(&place(home)?)
    }

    /// Connects to the owner, after starting one with `program agent` if none runs.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`]; [`ErrorCode::Failed`] also if the owner does not come up.
    pub fn connect_or_start(home: &Home, program: &Path) -> Result<Self, Failure> {
        let place = place(home)?;
        if let Some(client) = Self::connect_to(&place)? {
            return Ok(client);
        }
        let mut child = start(home, program)?;
        let deadline = Instant::now() + START_LIMIT;
        // A child that ended may have lost against another owner, which is about to listen: it is
        // looked for a little longer.
        let mut looks_left = LOOKS_AFTER_END;
        loop {
            if let Some(client) = Self::connect_to(&place)? {
                return Ok(client);
            }
            if child.try_wait().map_err(broken)?.is_some() {
                looks_left -= 1;
            }
            if looks_left == 0 || Instant::now() >= deadline {
                return Err(not_started(home, &mut child));
            }
            thread::sleep(START_POLL);
        }
    }

    /// Connects and shakes hands. An owner that ends just then counts as none.
    fn connect_to(place: &SocketPath) -> Result<Option<Self>, Failure> {
        let Some(stream) = place.connect().map_err(broken)? else {
            return Ok(None);
        };
        stream.set_read_timeout(Some(HELLO_LIMIT)).map_err(broken)?;
        let args = HelloArgs {
            client: program_name(),
        };
        let mut connection = Connection { stream, last_id: 0 };
        match connection.call::<Hello>(&args, |_| {}) {
            Ok(welcome) => {
                connection.stream.set_read_timeout(None).map_err(broken)?;
                Ok(Some(Self {
                    connection,
                    welcome,
                }))
            }
            Err(CallError::Gone(_)) => Ok(None),
            Err(CallError::Failed(failure)) => Err(failure),
        }
    }

    /// What the owner said of itself.
    #[must_use]
    pub fn owner(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks for one operation and waits for its answer.
    ///
    /// # Errors
    ///
    /// What the owner answers, or [`ErrorCode::Failed`] if the connection breaks.
    pub fn call<O: Operation>(
        &mut self,
        args: &O::Args,
        on_progress: impl FnMut(Progress),
    ) -> Result<O::Output, Failure> {
        self.connection
            .call::<O>(args, on_progress)
            .map_err(|error| match error {
                CallError::Gone(error) => broken(error),
                CallError::Failed(failure) => failure,
            })
    }
}

/// A stream with requests on it, one after the other.
struct Connection {
    stream: UnixStream,
    last_id: u64,
}

enum CallError {
    /// The other end went away.
    Gone(io::Error),
    Failed(Failure),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Self::Gone(error),
            _ => Self::Failed(broken(error)),
        }
    }
}

impl From<FrameError> for CallError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => error.into(),
            FrameError::TooLong(_) => {
                Self::Failed(Failure::new(ErrorCode::Failed, error.to_string()))
            }
        }
    }
}

impl Connection {
    fn call<O: Operation>(
        &mut self,
        args: &O::Args,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<O::Output, CallError> {
        self.last_id += 1;
        let id = self.last_id;
        let frame = frames::request(id, O::NAME, args)?;
        self.stream.write_all(frame.as_bytes())?;
        drop(frame);
        loop {
            let Some(body) = frames::read(&mut self.stream)? else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            };
            let reply: ReplyFrame<'_> =
                serde_json::from_slice(&body).map_err(|error| frames::malformed(&error))?;
            // An answer to nothing (id 0) concerns the connection as a whole.
            if reply.id != id && reply.id != 0 {
                continue;
            }
            match (reply.kind, reply.progress, reply.result, reply.error) {
                (Kind::Err, _, _, Some(failure)) => return Err(failure.into()),
                _ if reply.v != VERSION => return Err(other_version(reply.v).into()),
                (Kind::Progress, Some(progress), _, _) => on_progress(progress),
                (Kind::Ok, _, Some(result), _) => return Ok(frames::parse(result)?),
                _ => {
                    let failure =
                        Failure::new(ErrorCode::Failed, "the owner's answer has no content");
                    return Err(failure.into());
                }
            }
        }
    }
}

fn place(home: &Home) -> Result<SocketPath, Failure> {
    SocketPath::of(home.path()).map_err(|error| {
        Failure::new(
            ErrorCode::Storage,
            format!("there is no private place for the socket: {error}"),
        )
        .hint("set XDG_RUNTIME_DIR to a directory of mode 0700 that you own")
    })
}

fn start(home: &Home, program: &Path) -> Result<Child, Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            ErrorCode::Failed,
            format!("{} agent could not be started: {error}", program.display()),
        )
    };
    let log = files::open_log(&home.agent_log(), LOG_LIMIT).map_err(failed)?;
    process::start_detached(
        program,
        &[OsStr::new("agent")],
        &[(home::VARIABLE, home.path().as_os_str())],
        log,
    )
    .map_err(failed)
}

fn not_started(home: &Home, child: &mut Child) -> Failure {
    let how = match child.try_wait() {
        Ok(Some(status)) => format!("it ended with {status}"),
        _ => {
            // It would go on trying behind our back.
            drop(child.kill());
            drop(child.wait());
            format!("it did not listen within {} s", START_LIMIT.as_secs())
        }
    };
    Failure::new(
        ErrorCode::Failed,
        format!("the process that owns the vault did not start: {how}"),
    )
    .hint(format!(
        "its last words are in {}",
        home.agent_log().display()
    ))
}

fn program_name() -> String {
    std::env::args_os()
        .next()
        .and_then(|program| {
            Path::new(&program)
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_default()
}

fn broken(error: io::Error) -> Failure {
    let failure = Failure::new(
        ErrorCode::Failed,
        format!("the connection to the vault's owner broke: {error}"),
    );
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            failure.hint("the socket belongs to another user: remove it, or use another home")
        }
        _ => failure.hint("try again; its log is agent.log in the home"),
    }
}

fn other_version(theirs: u32) -> Failure {
    Failure::new(
        ErrorCode::Version,
        format!("the running owner speaks protocol {theirs}, this program {VERSION}"),
    )
    .hint("run `strongroom lock` with the program that started it, or wait a minute, and try again")
}
