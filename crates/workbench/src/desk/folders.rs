//! Saved requests, as the window opens, saves and arranges them.
//!
//! The page names a folder, and may read none but those that a person has chosen in the system's dialog.

use strongroom_contract::{
    agent::{
        CollectionDuplicate, CollectionLoad, CollectionMove, CollectionRemove, CollectionRestore,
        CollectionSave, EnvironmentLoad, EnvironmentSave, KeyName, KeyShow,
    },
    collection::{
        EnvironmentView, MoveEntry, PathArgs, Placed, RemovedEntry, SaveEnvironment, SaveRequest,
        SavedRequest,
    },
    compose::Composed,
    error::{ErrorCode, Failure},
    window::{Draft, DraftHome},
};
use strongroom_formats::secrets::Extractor;

use super::{Desk, drafts};
use crate::{agent::on_a_thread, folder::convert};

impl Desk {
    /// A saved request as a draft that knows where it is from.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; else as [`CollectionLoad`].
    pub async fn open_saved(&self, place: PathArgs) -> Result<Draft, Failure> {
        self.check_folder(&place.folder)?;
        let folder = place.folder.clone();
        let loaded = self.call::<CollectionLoad>(place).await?;
        Ok(at_home(
            &loaded.request,
            folder,
            loaded.path,
            loaded.version,
        ))
    }

    /// Saves a draft where it is from, or as a new request called `name` in the folder at `place`. What
    /// the window does not show of a saved request stays as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen, or a draft with a secret in it; else as
    /// [`CollectionSave`]: the file was changed by somebody else since it was opened.
    pub async fn save_draft(
        &self,
        draft: Draft,
        place: PathArgs,
        name: Option<String>,
    ) -> Result<Draft, Failure> {
        self.check_folder(&place.folder)?;
        let home = draft.home.as_ref();
        let known = home.filter(|home| name.is_none() && home.folder == place.folder);
        let mut request = match known {
            Some(_) => {
                let loaded = self.call::<CollectionLoad>(place.clone()).await?;
                drafts::merged(loaded.request, &draft, &self.0.chosen)?
            }
            None => drafts::composed(&draft, &self.0.chosen)?,
        };
        if let Some(name) = name {
            request.name = name;
        }
        request.key = self.named(request.key).await;
        let environment = home.and_then(|home| home.environment.clone());
        let saved = SaveRequest {
            folder: place.folder.clone(),
            path: place.path,
            request: without_secrets(request.clone()).await?,
            version: known.map(|home| home.version.clone()),
        };
        let Placed { path, version } = self.call::<CollectionSave>(saved).await?;
        let mut draft = Draft {
            key: draft.key,
            ..at_home(&request, place.folder, path, version.unwrap_or_default())
        };
        if let Some(home) = &mut draft.home {
            home.environment = environment;
        }
        Ok(draft)
    }

    /// A key as files name it, so that another vault's key of the same name fits too.
    async fn named(&self, key: Option<String>) -> Option<String> {
        let key = key?;
        match self.call::<KeyShow>(KeyName { name: key.clone() }).await {
            Ok(item) => Some(format!("sr://{}", item.name)),
            Err(_) => Some(key),
        }
    }

    /// Makes a copy of a saved request beside it.
    ///
    /// # Errors
    ///
    /// As [`Desk::open_saved`].
    pub async fn duplicate_saved(&self, place: PathArgs) -> Result<SavedRequest, Failure> {
        self.check_folder(&place.folder)?;
        self.call::<CollectionDuplicate>(place).await
    }

    /// Renames or moves a saved request or a folder of them.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; else as [`CollectionMove`].
    pub async fn move_saved(&self, args: MoveEntry) -> Result<Placed, Failure> {
        self.check_folder(&args.folder)?;
        self.call::<CollectionMove>(args).await
    }

    /// Removes a saved request or a folder of them; the answer puts it back.
    ///
    /// # Errors
    ///
    /// As [`Desk::open_saved`].
    pub async fn remove_saved(&self, place: PathArgs) -> Result<RemovedEntry, Failure> {
        self.check_folder(&place.folder)?;
        self.call::<CollectionRemove>(place).await
    }

    /// Puts back what was removed.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; [`ErrorCode::Conflict`] if something else
    /// is there by now.
    pub async fn restore_saved(&self, removed: RemovedEntry) -> Result<(), Failure> {
        self.check_folder(&removed.folder)?;
        self.call::<CollectionRestore>(removed).await.map(drop)
    }

    /// One environment of a chosen folder.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; else as [`EnvironmentLoad`].
    pub async fn environment_of(&self, place: PathArgs) -> Result<EnvironmentView, Failure> {
        self.check_folder(&place.folder)?;
        self.call::<EnvironmentLoad>(place).await
    }

    /// Saves an environment of a chosen folder, over its file or as a new one.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen, or a value that looks like a secret; else as
    /// [`EnvironmentSave`]: the file was changed by somebody else since it was loaded.
    pub async fn save_environment(&self, args: SaveEnvironment) -> Result<Placed, Failure> {
        self.check_folder(&args.folder)?;
        self.call::<EnvironmentSave>(args).await
    }
}

fn at_home(request: &Composed, folder: String, path: String, version: String) -> Draft {
    Draft {
        home: Some(DraftHome {
            folder,
            path,
            name: request.name.clone(),
            version,
            environment: None,
        }),
        ..drafts::taken_up(request)
    }
}

/// The request, if no secret stands in it: a file is no place for one.
async fn without_secrets(request: Composed) -> Result<Composed, Failure> {
    let copy = request.clone();
    on_a_thread(move || {
        let mut saved = convert::saved(copy)?;
        let mut extractor = Extractor::new();
        extractor.request(&mut saved);
        let (found, _) = extractor.finish();
        match found.first() {
            None => Ok(()),
            Some(secret) => Err(Failure::new(
                ErrorCode::Refused,
                format!(
                    "{} is {}, and a file is not for secrets",
                    secret.place, secret.kind
                ),
            )
            .hint("put it into the vault, and write {{sr://NAME/secret}} in its place")),
        }
    })
    .await?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use strongroom_contract::compose::Line;

    use super::*;

    #[tokio::test]
    async fn no_secret_gets_into_a_file() {
        let with = |value: &str| Composed {
            method: "GET".into(),
            url: "https://h/".into(),
            headers: vec![Line {
                name: "secret-key".into(),
                value: value.into(),
                enabled: true,
            }],
            ..Composed::default()
        };
        let refused = without_secrets(with("hunter2-hunter2")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Refused);
        assert!(refused.message.contains("secret-key"), "{refused}");
        assert!(!refused.message.contains("hunter2"), "{refused}");
        let reference = with("{{sr://acme/secret}}");
        assert_eq!(without_secrets(reference.clone()).await.unwrap(), reference);
    }
}
