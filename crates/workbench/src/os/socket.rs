//! The owner's socket: where it lies, who holds it, and who is at the other end.
//!
//! The socket of a home lies in `$XDG_RUNTIME_DIR`, or in a 0700 directory of ours in the system's
//! temporary directory. Its name is a hash of the canonical home. Beside it lies a lock file: whoever
//! holds its `flock(2)` is the owner, and alone may remove a socket that a dead owner left behind and
//! bind a new one. The lock ends with its process, however that ends, and its file is never removed:
//! removing it would let two processes hold locks on two files of one name.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    os::{
        fd::AsFd,
        unix::{
            fs::{MetadataExt as _, OpenOptionsExt as _},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use rustix::{fs::FlockOperation, net::sockopt::socket_peercred};
use strongroom_crypto::hash;

use crate::os::{
    files::{self, Privacy},
    process,
};

/// `sun_path` of a socket address holds 108 bytes, with the final zero (unix(7)).
const LONGEST_PATH: usize = 107;

/// Where the owner of a home listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketPath {
    socket: PathBuf,
    lock: PathBuf,
}

impl SocketPath {
    /// The place for the home at `canonical_home`; its directory is made if it is missing.
    ///
    /// # Errors
    ///
    /// The directory cannot be made, or belongs to somebody else.
    pub fn of(canonical_home: &Path) -> io::Result<Self> {
        Self::within(
            canonical_home,
            env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).as_deref(),
            &env::temp_dir(),
        )
    }

    fn within(canonical_home: &Path, runtime: Option<&Path>, temporary: &Path) -> io::Result<Self> {
        let digest = hash::sha256(&[canonical_home.as_os_str().as_encoded_bytes()]);
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let usable = runtime.filter(|directory| {
            directory.is_absolute()
                && matches!(files::privacy(directory), Ok(Privacy::OursAlone))
                && Self::named(directory, &name).fits()
        });
        if let Some(directory) = usable {
            return Ok(Self::named(directory, &name));
        }
        let directory = temporary.join(format!("strongroom-{}", process::uid()));
        files::create_private_directory(&directory)?;
        match files::privacy(&directory)? {
            Privacy::OursAlone => {}
            Privacy::OursShared => files::make_private(&directory)?,
            Privacy::NotOurs => {
                return Err(not_ours(&directory));
            }
        }
        let path = Self::named(&directory, &name);
        if path.fits() {
            Ok(path)
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is too long for a socket", path.socket.display()),
            ))
        }
    }

    fn named(directory: &Path, name: &str) -> Self {
        Self {
            socket: directory.join(format!("strongroom-{name}.sock")),
            lock: directory.join(format!("strongroom-{name}.lock")),
        }
    }

    fn fits(&self) -> bool {
        self.socket.as_os_str().len() <= LONGEST_PATH
    }

    /// The socket's file.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Connects to the owner; `None` if none listens.
    ///
    /// # Errors
    ///
    /// The connection fails for another reason, or another user's process answers.
    pub fn connect(&self) -> io::Result<Option<UnixStream>> {
        let stream = match UnixStream::connect(&self.socket) {
            Ok(stream) => stream,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                    _ => Err(error),
                };
            }
        };
        check_peer(&stream)?;
        Ok(Some(stream))
    }

    /// Becomes the owner and listens.
    ///
    /// # Errors
    ///
    /// [`BindError::Owned`] if another process is the owner.
    pub fn bind(&self) -> Result<Bound, BindError> {
        let lock = self.claim_lock()?;
        let listener = self.listen()?;
        let file = FileId::at(&self.socket)?;
        Ok(Bound {
            listener,
            claim: Claim {
                place: self.clone(),
                file,
                lock,
            },
        })
    }

    /// Takes the lock and writes down who has it.
    fn claim_lock(&self) -> Result<File, BindError> {
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.lock)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder)?;
                return Err(BindError::Owned {
                    pid: holder.trim().parse().ok(),
                });
            }
            Err(error) => return Err(BindError::Io(error.into())),
        }
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())?;
        Ok(lock)
    }

    /// Whoever holds the lock may do this.
    fn listen(&self) -> io::Result<UnixListener> {
        match fs::remove_file(&self.socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&self.socket)?;
        files::make_file_private(&self.socket)?;
        Ok(listener)
    }
}

/// A socket that this process listens on. Dropping it removes the socket, then frees the lock.
#[derive(Debug)]
pub struct Bound {
    listener: UnixListener,
    claim: Claim,
}

impl Bound {
    /// The listener.
    #[must_use]
    pub fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// Listens anew if the files of the socket and the lock are gone, as after somebody has cleared a
    /// temporary directory; whether they were. What is connected stays so.
    ///
    /// # Errors
    ///
    /// [`BindError::Owned`] if another process has become the owner in the meantime.
    pub fn restore(&mut self) -> Result<bool, BindError> {
        let Claim { place, file, lock } = &mut self.claim;
        let is_locked = FileId::at(&place.lock).ok() == Some(FileId::of(&lock.metadata()?));
        if is_locked && FileId::at(&place.socket).ok() == Some(*file) {
            return Ok(false);
        }
        if let Some(directory) = place.socket.parent() {
            files::create_private_directory(directory)?;
            // Whoever cleared it away may have put one of their own in its place.
            if files::privacy(directory)? != Privacy::OursAlone {
                return Err(BindError::Io(not_ours(directory)));
            }
        }
        if !is_locked {
            *lock = place.claim_lock()?;
        }
        self.listener = place.listen()?;
        *file = FileId::at(&place.socket)?;
        Ok(true)
    }
}

/// Removes the socket while the lock is still held, so that no successor's socket is removed.
#[derive(Debug)]
struct Claim {
    place: SocketPath,
    /// The socket's own file.
    file: FileId,
    lock: File,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Self { place, file, .. } = self;
        if FileId::at(&place.socket).ok() != Some(*file) {
            tracing::debug!("the socket was gone already");
        } else if let Err(error) = fs::remove_file(&place.socket) {
            tracing::debug!(%error, "the socket stays behind");
        }
    }
}

/// Which file it is, whatever its name: the device and the number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    fn of(file: &fs::Metadata) -> Self {
        Self(file.dev(), file.ino())
    }

    fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|file| Self::of(&file))
    }
}

/// The socket could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process owns this home's vault.
    #[error("another process owns this home's vault")]
    Owned {
        /// Its id, if it wrote it down.
        pid: Option<u32>,
    },
    /// The system's own.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn not_ours(directory: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} belongs to another user", directory.display()),
    )
}

/// Whether the process at the other end belongs to the same user (`SO_PEERCRED`, unix(7)).
///
/// # Errors
///
/// [`io::ErrorKind::PermissionDenied`] if it does not.
pub fn check_peer(stream: impl AsFd) -> io::Result<()> {
    check_uid(socket_peercred(stream)?.uid.as_raw(), process::uid())
}

fn check_uid(peer: u32, ours: u32) -> io::Result<()> {
    if peer == ours {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("the process at the other end belongs to user {peer}, expected {ours}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn place(runtime: &Path) -> SocketPath {
        SocketPath::within(Path::new("/some/home"), Some(runtime), runtime).unwrap()
    }

    #[test]
    fn homes_have_sockets_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let one = place(dir.path());
        assert_eq!(one, place(dir.path()));
        let other = SocketPath::within(Path::new("/other"), Some(dir.path()), dir.path()).unwrap();
        assert_ne!(one, other);
        assert!(one.socket().starts_with(dir.path()));
    }

    #[test]
    fn a_runtime_directory_that_others_may_enter_or_that_is_too_long_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let shared = dir.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
        let long = dir.path().join("x".repeat(100));
        files::create_private_directory(&long).unwrap();
        let private = dir.path().join(format!("strongroom-{}", process::uid()));
        for unusable in [
            Some(shared.as_path()),
            Some(long.as_path()),
            Some(Path::new("run")),
            None,
        ] {
            let place = SocketPath::within(Path::new("/some/home"), unusable, dir.path()).unwrap();
            assert!(place.socket().starts_with(&private), "{unusable:?}");
        }
        assert_eq!(files::privacy(&private).unwrap(), Privacy::OursAlone);
    }

    #[test]
    fn a_temporary_directory_planted_as_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let planted = dir.path().join(format!("strongroom-{}", process::uid()));
        std::os::unix::fs::symlink(elsewhere.path(), planted).unwrap();
        let refused = SocketPath::within(Path::new("/some/home"), None, dir.path()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn one_owner_at_a_time_and_the_next_one_clears_up() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        assert!(place.connect().unwrap().is_none());
        let bound = place.bind().unwrap();
        assert_eq!(fs::metadata(place.socket()).unwrap().mode() & 0o777, 0o600);
        assert!(place.connect().unwrap().is_some());
        match place.bind() {
            Err(BindError::Owned { pid }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(bound);
        assert!(!place.socket().exists());
        // A socket that a killed owner left behind: nobody listens, nobody holds the lock.
        drop(UnixListener::bind(place.socket()).unwrap());
        assert!(place.socket().exists());
        assert!(place.connect().unwrap().is_none());
        let bound = place.bind().unwrap();
        assert!(place.connect().unwrap().is_some());
        drop(bound);
    }

    #[test]
    fn an_owner_whose_files_are_cleared_away_listens_anew_unless_another_one_does() {
        let dir = tempfile::tempdir().unwrap();
        let within = dir.path().join("run");
        files::create_private_directory(&within).unwrap();
        let place = place(&within);
        let mut bound = place.bind().unwrap();
        assert!(!bound.restore().unwrap());

        fs::remove_file(place.socket()).unwrap();
        assert!(bound.restore().unwrap());
        assert!(place.connect().unwrap().is_some());
        assert!(matches!(place.bind(), Err(BindError::Owned { .. })));

        fs::remove_dir_all(&within).unwrap();
        assert!(bound.restore().unwrap());
        assert!(!bound.restore().unwrap());
        assert!(place.connect().unwrap().is_some());
        assert!(matches!(place.bind(), Err(BindError::Owned { .. })));

        fs::remove_file(place.socket()).unwrap();
        fs::remove_file(&place.lock).unwrap();
        let successor = place.bind().unwrap();
        assert!(matches!(bound.restore(), Err(BindError::Owned { .. })));
        drop(bound);
        assert!(
            place.connect().unwrap().is_some(),
            "the successor's socket stays"
        );
        drop(successor);
    }

    #[test]
    fn another_users_process_is_refused() {
        assert!(check_uid(1000, 1000).is_ok());
        let refused = check_uid(1001, 1000).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(check_peer(&one).is_ok());
    }
}
