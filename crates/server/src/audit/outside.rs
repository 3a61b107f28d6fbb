//! Copies of checkpoints in a file outside of the state directory: one line of hex for each, the
//! newest last. They show whether the log's end was cut off since.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use strongroom_policy::audit::{AuditKey, Checkpoint};

use crate::{error::StartError, state::write_private};

/// How many copies are kept.
const KEPT: usize = 100;

/// The file.
pub(crate) struct OutsideCheckpoints {
    path: PathBuf,
    lines: Mutex<Vec<String>>,
}

impl OutsideCheckpoints {
    /// Reads the copies that are there already.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StartError> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(StartError::File { path, source }),
        };
        // Fails now rather than at the first checkpoint, a minute after the start.
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        if let Err(source) = File::open(parent.unwrap_or_else(|| ".".as_ref())) {
            return Err(StartError::File { path, source });
        }
        let lines = text.lines().map(str::to_owned).collect();
        Ok(Self {
            path,
            lines: Mutex::new(lines),
        })
    }

    /// Adds a signed checkpoint.
    pub(super) fn add(&self, signed: &[u8]) -> io::Result<()> {
        let line = hex(signed);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
        let surplus = lines.len().saturating_sub(KEPT);
        lines.drain(..surplus);
        let mut text = lines.join("\n");
        text.push('\n');
        write_private(&self.path, text.as_bytes()).map_err(io::Error::other)
    }

    /// The checkpoints in the file as it is now, or what is wrong with it.
    pub(super) fn read(&self, key: &AuditKey) -> Result<Vec<Checkpoint>, String> {
        let shown = self.path.display();
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            // None was written yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("the checkpoints in {shown} can't be read: {error}")),
        };
        let checkpoints = text.lines().enumerate().map(|(index, line)| {
            checkpoint(line, key).ok_or_else(|| {
                let line = index + 1;
                format!("line {line} of {shown} is no checkpoint that this platform has signed")
            })
        });
        checkpoints.collect()
    }
}

/// The checkpoint in a line of hex, if this platform has signed it.
pub(super) fn checkpoint(line: &str, key: &AuditKey) -> Option<Checkpoint> {
    Checkpoint::open(&from_hex(line)?, key).ok()
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hex; `None` if it is none.
pub(super) fn from_hex(line: &str) -> Option<Vec<u8>> {
    let digits = line.trim().as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let text = str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
        u8::from_str_radix(text, 16).ok()
    });
    pairs.collect()
}
