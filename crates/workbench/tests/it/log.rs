//! Everything that anything logs, at its most talkative.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps what is logged from here on, by every thread and crate of this process.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(Said)
            .init();
    });
}

/// What was logged so far.
pub(crate) fn said() -> String {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&said).into_owned()
}

struct Said;

impl MakeWriter<'_> for Said {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
