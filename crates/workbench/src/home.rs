//! `STRONGROOM_HOME`: the directory that holds the vault and what belongs to it.
//!
//! ```text
//! vault.strongroom   the vault (docs/FORMAT.md)
//! device.json        where the device secret of which vault lies; no secret
//! platform.json      the running local platform: its origin, CA, process, state directory
//! platform/          the local platform's state, unless `serve --state` says otherwise
//! device.key         the device secret, where the window found no keyring
//! settings.toml      what a person has chosen for the window
//! history.strongroom the history of requests, sealed under a key of the vault's root (docs/FORMAT.md)
//! agent.log          what the owner process said on stderr
//! ```

use std::{
    env, io,
    path::{Path, PathBuf},
};

use strongroom_contract::error::{ErrorCode, Failure};

use crate::os::files::{self, Privacy};

/// The variable that names the directory.
pub const VARIABLE: &str = "STRONGROOM_HOME";

/// A home: an existing directory of ours that nobody else may enter, by its canonical path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home that the environment names: `$STRONGROOM_HOME`, or `strongroom` in
    /// `$XDG_DATA_HOME`, or in `~/.local/share`. Made if it is missing.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if no variable names a place; otherwise as [`Home::at`].
    pub fn from_environment() -> Result<Self, Failure> {
        let set = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let place = set(VARIABLE)
            .or_else(|| {
                // The XDG specification: a relative path is to be ignored.
                set("XDG_DATA_HOME")
                    .filter(|path| path.is_absolute())
                    .map(|path| path.join("strongroom"))
            })
            .or_else(|| set("HOME").map(|path| path.join(".local/share/strongroom")));
        match place {
            Some(place) => Self::at(&place),
            None => Err(Failure::new(
                ErrorCode::Usage,
                "there is no home directory to keep a vault in",
            )
            .hint(format!("set {VARIABLE} to a directory"))),
        }
    }

    /// The home at `directory`, which is made (0700) if it is missing, and closed to others if it
    /// is not.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it cannot be made or belongs to somebody else.
    pub fn at(directory: &Path) -> Result<Self, Failure> {
        let refused = |error: io::Error| {
            Failure::new(
                ErrorCode::Storage,
                format!("the home {} cannot be used: {error}", directory.display()),
            )
            .hint(format!("set {VARIABLE} to a directory that you own"))
        };
        files::create_private_directory(directory).map_err(refused)?;
        let root = directory.canonicalize().map_err(refused)?;
        match files::privacy(&root).map_err(refused)? {
            Privacy::OursAlone => {}
            Privacy::OursShared => {
                files::make_private(&root).map_err(refused)?;
                tracing::info!(home = %root.display(), "closed to other users (0700)");
            }
            Privacy::NotOurs => {
                return Err(refused(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "it belongs to another user",
                )));
            }
        }
        Ok(Self { root })
    }

    /// The directory, canonical.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The vault's file.
    #[must_use]
    pub fn vault_file(&self) -> PathBuf {
        self.root.join("vault.strongroom")
    }

    /// Where it is written which vault's device secret lies where.
    #[must_use]
    pub fn device_file(&self) -> PathBuf {
        self.root.join("device.json")
    }

    /// Where the window keeps the device secret when there is no keyring.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.root.join("device.key")
    }

    /// Where a running platform writes its address.
    #[must_use]
    pub fn platform_file(&self) -> PathBuf {
        self.root.join("platform.json")
    }

    /// The platform's state directory, if nothing else is said.
    #[must_use]
    pub fn platform_state(&self) -> PathBuf {
        self.root.join("platform")
    }

    /// What a person has chosen for the window.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.root.join("settings.toml")
    }

    /// The history of requests.
    #[must_use]
    pub fn history_file(&self) -> PathBuf {
        self.root.join("history.strongroom")
    }

    /// What an owner process that was started in the background says on stderr.
    #[must_use]
    pub fn agent_log(&self) -> PathBuf {
        self.root.join("agent.log")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_home_is_made_private_and_canonical() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(&dir.path().join("home")).unwrap();
        assert_eq!(Home::at(&home.path().join("../home")).unwrap(), home);
        let mode = fs::metadata(home.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(home.path(), &link).unwrap();
        assert_eq!(Home::at(&link).unwrap(), home);
        assert!(home.vault_file().ends_with("home/vault.strongroom"));
    }

    #[test]
    fn an_open_directory_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o775)).unwrap();
        let home = Home::at(dir.path()).unwrap();
        assert_eq!(files::privacy(home.path()).unwrap(), Privacy::OursAlone);
    }

    #[test]
    fn a_file_or_a_strangers_directory_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let refused = Home::at(&file).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Storage);
        assert!(refused.hint.unwrap().contains(VARIABLE));
    }
}
