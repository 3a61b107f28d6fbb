//! One client's connection: the handshake, then requests side by side.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use strongroom_contract::{
    agent::{
        Cancel, CancelArgs, Hello, HelloArgs, Nothing, Operation as _, Progress, VERSION, Welcome,
    },
    error::{ErrorCode, Failure},
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{UnixStream, unix::OwnedReadHalf},
    sync::mpsc,
    task::JoinSet,
};
use zeroize::Zeroizing;

use crate::{
    agent::{Owner, dispatch, lifetime::Hold},
    answers::Answers,
    cancel::Cancellation,
    frames::{self, AnyVersion, Encoded, FrameError, RequestFrame},
    session::{Caller, Draft},
};

/// How long a client may take for its handshake.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// How many requests of one connection may be under way.
const MAX_REQUESTS: usize = 16;
/// How many answers may wait for a client that does not read.
const OUTBOX: usize = 64;

/// What the requests of one connection share.
pub(crate) struct Peer {
    /// The client's program, as it calls itself.
    pub(crate) client: String,
    pub(crate) caller: Caller,
    /// The enrolment that was begun here, and by which operation: it ends with the connection.
    draft: Mutex<Option<(&'static str, Draft, Hold)>>,
    /// The bodies of the answers that the window shows.
    pub(crate) answers: Arc<Answers>,
}

impl Peer {
    pub(crate) fn new(client: String, caller: Caller) -> Self {
        Self {
            client,
            caller,
            draft: Mutex::new(None),
            answers: Arc::default(),
        }
    }

    /// Gives up the enrolment that was begun here, if one was.
    pub(crate) fn drop_draft(&self) {
        let draft = self
            .draft
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(draft);
    }

    pub(crate) fn hold_draft(&self, begun_by: &'static str, draft: Draft, hold: Hold) {
        *self.draft.lock().unwrap_or_else(PoisonError::into_inner) = Some((begun_by, draft, hold));
    }

    /// Takes the draft that operation `begun_by` left here.
    pub(crate) fn take_draft(&self, begun_by: &str) -> Result<(Draft, Hold), Failure> {
        let mut held = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        match held.take_if(|(operation, _, _)| *operation == begun_by) {
            Some((_, draft, hold)) => Ok((draft, hold)),
            None => Err(Failure::new(
                ErrorCode::Usage,
                format!("nothing was begun on this connection: ask for {begun_by} first"),
            )),
        }
    }
}

/// Where a request's answers go.
#[derive(Clone)]
pub(crate) struct Outbox {
    id: u64,
    frames: mpsc::Sender<Encoded>,
}

impl Outbox {
    pub(crate) fn new(id: u64, frames: mpsc::Sender<Encoded>) -> Self {
        Self { id, frames }
    }

    pub(crate) async fn send(&self, frame: Result<Encoded, Failure>) {
        let frame = match frame {
            Ok(frame) => frame,
            Err(failure) => match frames::err(self.id, &failure) {
                Ok(frame) => frame,
                Err(_) => return,
            },
        };
        // A client that is gone needs no answer.
        drop(self.frames.send(frame).await);
    }

    /// Tells how far the request is, unless the client reads too slowly to care.
    pub(crate) fn progress(&self, progress: &Progress) {
        if let Ok(frame) = frames::progress(self.id, progress) {
            drop(self.frames.try_send(frame));
        }
    }
}

/// Serves one client until it goes.
pub(crate) async fn serve(stream: UnixStream, owner: Arc<Owner>) {
    let (mut reader, mut writer) = stream.into_split();
    let (frames, mut outgoing) = mpsc::channel::<Encoded>(OUTBOX);
    let mut requests = Requests {
        owner,
        frames,
        tasks: JoinSet::new(),
        under_way: Arc::default(),
    };
    let write = async {
        while let Some(frame) = outgoing.recv().await {
            if let Err(error) = writer.write_all(frame.as_bytes()).await {
                tracing::debug!(%error, "a client went away");
                return;
            }
        }
    };
    // The reading side owns every sender: when it ends, the writing side sends the rest and ends.
    let read = async move {
        if let Err(failure) = requests.read(&mut reader).await {
            tracing::debug!(%failure, "a connection was closed");
            requests.outbox(0).send(frames::err(0, &failure)).await;
        }
        requests.cancel_all();
        requests.tasks.shutdown().await;
    };
    tokio::join!(read, write);
}

struct Requests {
    owner: Arc<Owner>,
    frames: mpsc::Sender<Encoded>,
    tasks: JoinSet<()>,
    under_way: Arc<Mutex<HashMap<u64, Cancellation>>>,
}

impl Requests {
    /// Reads until the client closes the connection; a failure closes it as well.
    async fn read(&mut self, reader: &mut OwnedReadHalf) -> Result<(), Failure> {
        let first = tokio::time::timeout(HELLO_LIMIT, next(reader)).await;
        let Some(body) = first.unwrap_or_else(|_| {
            Err(Failure::new(
                ErrorCode::Timeout,
                "no handshake came in time",
            ))
        })?
        else {
            return Ok(());
        };
        let peer = Arc::new(self.greet(&body).await?);
        drop(body);
        while let Some(body) = next(reader).await? {
            while self.tasks.try_join_next().is_some() {}
            self.take(body, &peer).await?;
        }
        Ok(())
    }

    /// The handshake: the first frame, in our version.
    async fn greet(&self, body: &[u8]) -> Result<Peer, Failure> {
        let request = request(body)?;
        if request.op != Hello::NAME {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!("the first request must be {}", Hello::NAME),
            ));
        }
        let HelloArgs { client } = frames::parse(request.args)?;
        let welcome = Welcome {
            protocol: VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        };
        self.outbox(request.id)
            .send(frames::ok(request.id, &welcome))
            .await;
        Ok(Peer::new(printable(&client), Caller::Program))
    }

    /// Starts one request. What is wrong with it alone is answered to it alone; what leaves the two
    /// ends without a common language closes the connection.
    async fn take(&mut self, body: Zeroizing<Vec<u8>>, peer: &Arc<Peer>) -> Result<(), Failure> {
        let (id, cancels) = match request(&body) {
            Ok(request) if request.op == Cancel::NAME => {
                (request.id, Some(frames::parse(request.args)))
            }
            Ok(request) => (request.id, None),
            Err(failure) if failure.code == ErrorCode::Version => return Err(failure),
            Err(failure) => {
                self.outbox(0).send(frames::err(0, &failure)).await;
                return Ok(());
            }
        };
        let outbox = self.outbox(id);
        match cancels {
            Some(Ok(CancelArgs { id: other })) => {
                if let Some(work) = self.lock().get(&other) {
                    work.cancel();
                }
                outbox.send(frames::ok(id, &Nothing {})).await;
            }
            Some(Err(failure)) => outbox.send(Err(failure)).await,
            None => match self.admit(id) {
                Ok(cancellation) => {
                    let hold = self.owner.lifetime.hold();
                    let owner = Arc::clone(&self.owner);
                    let peer = Arc::clone(peer);
                    let under_way = Arc::clone(&self.under_way);
                    self.tasks.spawn(async move {
                        let answer =
                            dispatch::answer(&body, &owner, &peer, &cancellation, &outbox).await;
                        drop(body);
                        under_way
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .remove(&id);
                        owner.lifetime.touch();
                        drop(hold);
                        outbox.send(answer).await;
                    });
                }
                Err(failure) => outbox.send(Err(failure)).await,
            },
        }
        Ok(())
    }

    fn admit(&self, id: u64) -> Result<Cancellation, Failure> {
        let mut under_way = self.lock();
        if id == 0 || under_way.contains_key(&id) {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!("the request id {id} is 0 or in use: choose another"),
            ));
        }
        if under_way.len() >= MAX_REQUESTS {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!("{MAX_REQUESTS} requests of this connection are under way: wait for one"),
            ));
        }
        let cancellation = Cancellation::new();
        under_way.insert(id, cancellation.clone());
        Ok(cancellation)
    }

    fn cancel_all(&self) {
        for work in self.lock().values() {
            work.cancel();
        }
    }

    fn outbox(&self, id: u64) -> Outbox {
        Outbox::new(id, self.frames.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Cancellation>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn next(reader: &mut OwnedReadHalf) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    match frames::read_async(reader).await {
        Ok(body) => Ok(body),
        Err(error @ FrameError::TooLong(_)) => {
            Err(Failure::new(ErrorCode::Usage, error.to_string()))
        }
        Err(error @ FrameError::Io(_)) => Err(Failure::new(ErrorCode::Failed, error.to_string())),
    }
}

/// A request of our version. The version is looked at first: the rest may look different in another.
fn request(body: &[u8]) -> Result<RequestFrame<'_>, Failure> {
    let front: AnyVersion =
        serde_json::from_slice(body).map_err(|error| frames::malformed(&error))?;
    if front.v != VERSION {
        return Err(Failure::new(
            ErrorCode::Version,
            format!(
                "the client speaks protocol {}, this owner {VERSION}",
                front.v
            ),
        )
        .hint("use the strongroom that the owner was started with, or lock it and wait a minute"));
    }
    serde_json::from_slice(body).map_err(|error| frames::malformed(&error))
}

/// A client's name goes into logs and Activity: no control characters, and not too much of it.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
