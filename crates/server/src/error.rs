//! Why a server did not start.

use std::{io, net::SocketAddr, path::PathBuf};

use strongroom_contract::error::{ErrorCode, Failure};

/// Why a server did not start. Each says what was wrong; [`Failure`] adds what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process listens there.
    #[error("the address {0} is in use by another process")]
    PortInUse(SocketAddr),
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Another server has the state directory.
    #[error("the state directory {} is in use by {holder}", directory.display())]
    DirectoryInUse {
        /// The directory.
        directory: PathBuf,
        /// Who holds it, as it says itself: process id and address.
        holder: String,
    },
    /// A file of the state directory can't be read or written.
    #[error("can't use {}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the state directory can be read by others.
    #[error("{} can be read by other users (mode {mode:03o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file of the state directory does not hold what belongs there.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The store can't be opened or brought up to date.
    #[error("the store {} can't be used: {problem}", path.display())]
    Store {
        /// The database file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Certificates could not be made.
    #[error("the TLS certificate can't be made: {0}")]
    Tls(String),
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        match error {
            StartError::PortInUse(address) => Failure::new(ErrorCode::InUse, message).hint(
                format!("stop the program that listens on port {}, or choose another with --port (0 lets the system choose)", address.port()),
            ),
            StartError::Listen { .. } => Failure::new(ErrorCode::Network, message)
                .hint("choose another port with --port; ports below 1024 need privileges"),
            StartError::DirectoryInUse { .. } => Failure::new(ErrorCode::InUse, message)
                .hint("stop that server, or give this one a state directory of its own with --state"),
            StartError::File { ref source, .. } => {
                let full = matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                );
                Failure::new(ErrorCode::Storage, message).hint(if full {
                    "free some space on that disk and start again; nothing was lost"
                } else {
                    "check that the directory belongs to you and can be written"
                })
            }
            StartError::Exposed { ref path, .. } => Failure::new(ErrorCode::Refused, message)
                .hint(format!(
                    "if nobody else read it, run: chmod go= {}; if somebody may have, start with a fresh state directory",
                    path.display()
                )),
            StartError::Damaged { .. } => Failure::new(ErrorCode::Damaged, message)
                .hint("restore it from a backup of the state directory, or start with a fresh one"),
            StartError::Store { .. } => Failure::new(ErrorCode::Damaged, message)
                .hint("check free space and permissions; restore the file from a backup if it is damaged"),
            StartError::Tls(_) => Failure::new(ErrorCode::Failed, message)
                .hint("remove ca.pem and ca.key.pem from the state directory: they are made anew, and must be trusted anew"),
        }
    }
}
