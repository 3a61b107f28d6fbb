//! The window: a client of the owner inside of its process. Requests and answers are frames as on the
//! socket, so that there is one way in.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use strongroom_contract::{
    agent::{BurstStart, ComposedSendNow, Operation, Progress, RunStart, Send as SendRequest},
    error::{ErrorCode, Failure},
};
use tokio::sync::mpsc;

use crate::{
    agent::{
        Agent, Owner,
        connection::{Outbox, Peer},
        dispatch,
    },
    answers::Answers,
    cancel::Cancellation,
    frames::{self, Kind, ReplyFrame},
    session::Caller,
};

/// How the window calls itself in Activity.
pub(crate) const CLIENT: &str = "window";
/// How much progress may wait for the window to look at it.
const OUTBOX: usize = 64;

/// The window's end.
pub(crate) struct Window {
    owner: Arc<Owner>,
    peer: Arc<Peer>,
    last_id: AtomicU64,
    /// Requests that are being sent.
    sends: Mutex<HashMap<u64, Cancellation>>,
}

impl Window {
    pub(crate) fn of(agent: &Agent) -> Self {
        Self {
            owner: Arc::clone(&agent.owner),
            peer: Arc::new(Peer::new(CLIENT.to_owned(), Caller::Window)),
            last_id: AtomicU64::new(0),
            sends: Mutex::default(),
        }
    }

    /// Asks for one operation. Whoever drops the answer cancels it, as by closing a connection.
    pub(crate) async fn call<O: Operation>(
        &self,
        args: &O::Args,
        on_progress: impl FnMut(Progress) + Send,
    ) -> Result<O::Output, Failure> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let request = frames::request(id, O::NAME, args);
        self.carry_out::<O>(id, request?, on_progress).await
    }

    async fn carry_out<O: Operation>(
        &self,
        id: u64,
        request: frames::Encoded,
        mut on_progress: impl FnMut(Progress) + Send,
    ) -> Result<O::Output, Failure> {
        let (sender, mut replies) = mpsc::channel(OUTBOX);
        let outbox = Outbox::new(id, sender);
        let under_way = UnderWay::begin(self, id, O::NAME);
        let _hold = self.owner.lifetime.hold();
        let body = request.body();
        let answer = dispatch::answer(body, &self.owner, &self.peer, &under_way.work, &outbox);
        let mut answer = pin!(answer);
        let answer = loop {
            tokio::select! {
                biased;
                Some(reply) = replies.recv() => {
                    if let Some(progress) = parse(&reply)?.progress {
                        on_progress(progress);
                    }
                }
                answer = &mut answer => break answer?,
            }
        };
        // What was told last may have come together with the answer.
        while let Ok(reply) = replies.try_recv() {
            if let Some(progress) = parse(&reply)?.progress {
                on_progress(progress);
            }
        }
        match parse(&answer)? {
            ReplyFrame {
                kind: Kind::Ok,
                result: Some(result),
                ..
            } => frames::parse(result),
            ReplyFrame {
                error: Some(failure),
                ..
            } => Err(failure),
            _ => Err(Failure::new(
                ErrorCode::Failed,
                "the owner's answer has no content",
            )),
        }
    }

    /// Stops every request that is being sent.
    pub(crate) fn cancel_sends(&self) {
        for work in self.sends().values() {
            work.cancel();
        }
    }

    /// The bodies of the answers that the window shows.
    pub(crate) fn answers(&self) -> Arc<Answers> {
        Arc::clone(&self.peer.answers)
    }

    /// Gives up the enrolment that was begun, if one was.
    pub(crate) fn abandon_enrolment(&self) {
        self.peer.drop_draft();
    }

    fn sends(&self) -> MutexGuard<'_, HashMap<u64, Cancellation>> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(reply: &frames::Encoded) -> Result<ReplyFrame<'_>, Failure> {
    serde_json::from_slice(reply.body()).map_err(|error| frames::malformed(&error))
}

/// A request under way; it is cancelled when nobody waits for it any more.
struct UnderWay<'a> {
    window: &'a Window,
    id: u64,
    work: Cancellation,
}

impl<'a> UnderWay<'a> {
    fn begin(window: &'a Window, id: u64, operation: &str) -> Self {
        let work = Cancellation::new();
        let sends = [
            SendRequest::NAME,
            ComposedSendNow::NAME,
            RunStart::NAME,
            BurstStart::NAME,
        ];
        if sends.contains(&operation) {
            window.sends().insert(id, work.clone());
        }
        Self { window, id, work }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.work.cancel();
        self.window.sends().remove(&self.id);
    }
}
