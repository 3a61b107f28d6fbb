//! A body that is made while it is sent, by a thread that may wait.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use tokio::runtime::Handle;

/// How many pieces wait for their reader.
const WAITING: usize = 4;

/// The body as hyper sends it.
pub(crate) type Grown = Channel<Bytes, io::Error>;

/// A body that somebody makes.
pub(crate) struct Growing {
    /// What is sent.
    pub(super) body: Grown,
    maker: Weak<()>,
}

/// Where its pieces go. The body ends when this is dropped.
pub(crate) struct Maker {
    sender: Sender<Bytes, io::Error>,
    patience: Duration,
    runtime: Handle,
    _is_at_work: Arc<()>,
}

/// Nobody takes the body any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NobodyReads;

impl Growing {
    /// A body, and where its pieces go; a reader is waited for as long as `patience`. To be called
    /// on the server's runtime.
    pub(crate) fn new(patience: Duration) -> (Self, Maker) {
        let (sender, body) = Channel::new(WAITING);
        let at_work = Arc::new(());
        let growing = Self {
            body,
            maker: Arc::downgrade(&at_work),
        };
        let maker = Maker {
            sender,
            patience,
            runtime: Handle::current(),
            _is_at_work: at_work,
        };
        (growing, maker)
    }

    /// What is alive as long as somebody makes the body.
    pub(crate) fn maker(&self) -> Weak<()> {
        Weak::clone(&self.maker)
    }
}

impl Maker {
    /// Hands a piece on. To be called from a thread that may wait.
    ///
    /// # Errors
    ///
    /// [`NobodyReads`] if the peer is gone, or does not read.
    pub(crate) fn piece(&mut self, piece: Bytes) -> Result<(), NobodyReads> {
        let Self {
            sender, patience, ..
        } = self;
        let sent = async { tokio::time::timeout(*patience, sender.send_data(piece)).await };
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NobodyReads),
        }
    }

    /// Breaks the body off, so that nobody takes it for whole.
    pub(crate) fn break_off(self) {
        let aborted = io::Error::from(io::ErrorKind::ConnectionAborted);
        self.sender.abort(aborted);
    }
}
