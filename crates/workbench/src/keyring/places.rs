//! `device.json`: where the device secrets of this home's vaults lie, so that unlocking needs not be
//! told. Holds no secret.
//!
//! `{"vaults": {VAULT ID: {GENERATION: "keyring" | "file:PATH"}}}`. While a recovery is under way, the
//! old and the new secret both have their place, and the vault's file says which one it needs.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use strongroom_contract::error::{ErrorCode, Failure};

use super::{Place, SecretName};
use crate::os::files;

/// Where the device secrets of this home's vaults lie.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    vaults: BTreeMap<String, BTreeMap<String, String>>,
}

impl Places {
    /// Reads the file; without one, no place is known.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it cannot be read or is not what was written.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let unusable = |problem: String| {
            Failure::new(
                ErrorCode::Storage,
                format!("{} cannot be used: {problem}", path.display()),
            )
            .hint(
                "remove it if the device secret is in the keyring; else write \
                 {\"vaults\": {\"VAULT ID\": {\"GENERATION\": \"file:PATH\"}}} into it",
            )
        };
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unusable(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    /// Where a device secret lies: the keyring if nothing is known, as for a vault whose file alone
    /// was restored from a backup.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if what is written there makes no sense.
    pub(crate) fn of(&self, name: &SecretName) -> Result<Place, Failure> {
        let known = self.vaults.get(&name.vault_id);
        match known.and_then(|places| places.get(&name.generation)) {
            None => Ok(Place::Keyring),
            Some(place) => parse(place).ok_or_else(|| {
                Failure::new(
                    ErrorCode::Storage,
                    format!("device.json says that the device secret lies at {place:?}"),
                )
                .hint("correct it: `keyring`, or `file:` and an absolute path")
            }),
        }
    }

    /// Notes the place of a device secret.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if the file cannot be written; its old content stays.
    pub(crate) fn add(
        mut self,
        name: &SecretName,
        place: &Place,
        file: &Path,
    ) -> Result<(), Failure> {
        self.vaults
            .entry(name.vault_id.clone())
            .or_default()
            .insert(name.generation.clone(), print(place));
        self.write(file)
    }

    /// Forgets the place of a device secret that is gone.
    ///
    /// # Errors
    ///
    /// As [`Places::add`].
    pub(crate) fn remove(mut self, name: &SecretName, file: &Path) -> Result<(), Failure> {
        if let Some(places) = self.vaults.get_mut(&name.vault_id) {
            places.remove(&name.generation);
        }
        self.vaults.retain(|_, places| !places.is_empty());
        self.write(file)
    }

    fn write(&self, file: &Path) -> Result<(), Failure> {
        let unwritable = |problem: String| {
            Failure::new(
                ErrorCode::Storage,
                format!("{} cannot be written: {problem}", file.display()),
            )
        };
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| unwritable(error.to_string()))?;
        files::replace_private(file, &text).map_err(|error| unwritable(error.to_string()))
    }
}

fn print(place: &Place) -> String {
    match place {
        Place::Keyring => "keyring".to_owned(),
        Place::File(path) => format!("file:{}", path.display()),
    }
}

fn parse(place: &str) -> Option<Place> {
    match place.strip_prefix("file:") {
        Some(path) => Some(Place::File(PathBuf::from(path))),
        None => (place == "keyring").then_some(Place::Keyring),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(vault_id: &str, generation: &str) -> SecretName {
        SecretName {
            vault_id: vault_id.into(),
            generation: generation.into(),
        }
    }

    #[test]
    fn places_are_kept_by_vault_and_generation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        let file = Place::File("/media/stick/key".into());
        let read = || Places::read(&path).unwrap();
        read().add(&name("aa", "1"), &file, &path).unwrap();
        read()
            .add(&name("aa", "2"), &Place::Keyring, &path)
            .unwrap();
        assert_eq!(read().of(&name("aa", "1")).unwrap(), file);
        assert_eq!(read().of(&name("aa", "2")).unwrap(), Place::Keyring);
        assert_eq!(read().of(&name("bb", "1")).unwrap(), Place::Keyring);
        read().remove(&name("aa", "1"), &path).unwrap();
        assert_eq!(read().of(&name("aa", "1")).unwrap(), Place::Keyring);
        read().remove(&name("aa", "2"), &path).unwrap();
        assert_eq!(read(), Places::default());
    }

    #[test]
    fn nonsense_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        fs::write(&path, "[]").unwrap();
        let refused = Places::read(&path).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Storage);
        assert!(refused.hint.unwrap().contains("file:PATH"));
        fs::write(&path, r#"{"vaults":{"aa":{"1":"the attic"}}}"#).unwrap();
        let refused = Places::read(&path)
            .unwrap()
            .of(&name("aa", "1"))
            .unwrap_err();
        assert!(refused.message.contains("the attic"));
        assert!(refused.hint.is_some());
    }
}
