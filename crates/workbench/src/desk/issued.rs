//! Changes to a key that the local platform issued, as the window makes them.

use strongroom_contract::{
    agent::{KeyAdd, KeyCheck, KeyList, KeyName, KeyRenew, KeyRenewArgs, Nothing},
    error::Failure,
    manage::{KeyView, RotateKey, SetExpiry, SetName, SetNote},
    vault::ItemView,
    window::EditIssued,
};

use super::Desk;
use crate::{activity::Act, platform};

impl Desk {
    /// Rotates an issued key. The new secret goes straight into the vault: to the item that holds the
    /// key, or into a new one of the key's name.
    ///
    /// # Errors
    ///
    /// As [`platform::rotate_and_store`]; the vault is asked first whether it can take the secret.
    pub async fn rotate_key(&self, app_id: &str, overlap_ms: u64) -> Result<KeyView, Failure> {
        let platform = self.manage().await?;
        let items = self.call::<KeyList>(Nothing {}).await?.items;
        let holds = |item: &ItemView| item.public_id.as_deref() == Some(app_id);
        let held = items.into_iter().find(holds).map(|item| item.name);
        let rotate = RotateKey {
            overlap_ms: Some(overlap_ms),
        };
        let rotated = match held {
            Some(name) => {
                let store = async |secret| {
                    let args = KeyRenewArgs { name, secret };
                    self.call::<KeyRenew>(args).await
                };
                platform::rotate_then_store(&platform, app_id, &rotate, store).await?
            }
            None => {
                let key = platform.key(app_id).await?;
                let name = key.name.clone();
                self.call::<KeyCheck>(KeyName { name: name.clone() })
                    .await?;
                let store = async |secret| {
                    let item = platform::item_of(&name, platform.url(), &key, secret);
                    self.call::<KeyAdd>(item).await
                };
                platform::rotate_then_store(&platform, app_id, &rotate, store).await?
            }
        };
        self.note(Act::KeyRotated, Some(&rotated.item.name));
        Ok(rotated.rotated.key)
    }

    /// Changes a key's name, note or end.
    ///
    /// # Errors
    ///
    /// What the platform answers.
    pub async fn edit_issued(&self, app_id: &str, edit: EditIssued) -> Result<KeyView, Failure> {
        let platform = self.manage().await?;
        match edit {
            EditIssued::Name(name) => platform.set_name(app_id, &SetName { name }).await,
            EditIssued::Note(note) => platform.set_note(app_id, &SetNote { note }).await,
            EditIssued::Expires(expires) => {
                platform.set_expiry(app_id, &SetExpiry { expires }).await
            }
        }
    }
}
