//! Removals that can still be undone: the item is hidden at once and removed a little later, or when
//! the vault is closed. Should the process break off before, the item is still there.

use std::time::Duration;

use strongroom_contract::{error::Failure, vault::ItemView};
use strongroom_vault::{Item, ItemId};

use super::{Open, Session};
use crate::{activity::Act, os::clock, problem::shown, session::OWNER};

/// For how long a removal can be undone.
const UNDO: Duration = Duration::from_secs(10);

/// The removals of an open vault that are not carried out yet.
#[derive(Default)]
pub(super) struct Removals(Vec<Removal>);

struct Removal {
    id: ItemId,
    name: String,
    /// On the clock that runs through sleep.
    due: Duration,
}

impl Session {
    /// Hides an item, to be removed when it can't be undone any more; answers with what it is.
    ///
    /// # Errors
    ///
    /// There is no such item, the vault is locked or can't be written.
    pub(crate) fn remove_soon(&self, selector: &str) -> Result<ItemView, Failure> {
        self.with_open(|open| {
            let view = open.vault.set_aside(selector).map_err(shown)?;
            if let Ok(id) = view.id.parse() {
                open.removals.0.push(Removal {
                    id,
                    name: view.name.clone(),
                    due: clock::awake_or_asleep() + UNDO,
                });
            }
            Ok(view)
        })
    }

    /// Puts an item back that was to be removed.
    ///
    /// # Errors
    ///
    /// None of this name or id is waiting to be removed; the vault is locked.
    pub(crate) fn put_back(&self, selector: &str) -> Result<ItemView, Failure> {
        self.with_open(|open| {
            let view = open
                .vault
                .put_back(selector)
                .map(Item::view)
                .map_err(|error| {
                    shown(error)
                        .hint("a removal can be undone for ten seconds, while the vault is open")
                })?;
            open.removals
                .0
                .retain(|waiting| waiting.id.to_string() != view.id);
            Ok(view)
        })
    }

    /// Carries out the removals that are due. An item that cannot be removed is put back.
    pub(super) fn carry_out_removals(&self, open: &mut Open, is_due: impl Fn(Duration) -> bool) {
        let waiting = std::mem::take(&mut open.removals.0);
        let (due, waiting) = waiting.into_iter().partition(|it| is_due(it.due));
        open.removals.0 = waiting;
        let due: Vec<Removal> = due;
        for Removal { id, name, .. } in due {
            let Err(error) = open.vault.remove_aside(id) else {
                continue;
            };
            tracing::warn!(%error, "an item could not be removed; it is back");
            if open.vault.put_back(&id.to_string()).is_ok() {
                let now = clock::now();
                self.activity
                    .record(Act::RemovalFailed, now, Some(&name), OWNER);
                self.changed();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use strongroom_contract::{
        agent::EnrolFinish,
        secret::Revealed,
        vault::{DeviceSecretPlace, Enrolment, NewKey},
    };

    use super::*;
    use crate::{
        cancel::Cancellation,
        home::Home,
        keys,
        session::{Caller, Closing, Work},
    };

    fn work() -> Work {
        Work {
            client: "test".into(),
            caller: Caller::Window,
            cancellation: Cancellation::new(),
            progress: Box::new(|_| {}),
        }
    }

    fn session(folder: &Path) -> Session {
        let session = Session::new(Home::at(&folder.join("home")).unwrap());
        let key_file = folder.join("device.key").display().to_string();
        let enrolment = Enrolment {
            passphrase: Revealed::new("passphrase".into()),
            device_secret: DeviceSecretPlace::File(key_file),
            kdf_memory_mib: Some(64),
            totp_horizon_days: 365,
        };
        let (draft, _) = session.begin_creation(enrolment, &work()).unwrap();
        let finish = EnrolFinish {
            code: None,
            open: true,
        };
        let finished = session.finish(draft, &finish, &work());
        assert!(finished.is_ok());
        for name in ["one", "two"] {
            let key = NewKey {
                name: name.into(),
                provider: None,
                environment: None,
                public_id: None,
                base_url: None,
                hosts: Vec::new(),
                scheme: None,
                settings: std::collections::BTreeMap::new(),
                preset: None,
                tags: Vec::new(),
                secret: Revealed::new("secret".into()),
                certificate: None,
            };
            keys::add(&session, key, &work()).unwrap();
        }
        session
    }

    fn waiting(session: &Session) -> usize {
        session.with_open(|open| Ok(open.removals.0.len())).unwrap()
    }

    #[test]
    fn a_removal_is_carried_out_when_its_time_has_come_and_no_sooner() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(folder.path());
        session.remove_soon("one").unwrap();
        session.remove_soon("two").unwrap();
        assert_eq!(session.close_if_due(), Closing::Open);
        assert_eq!(waiting(&session), 2);
        session
            .with_open(|open| {
                open.removals.0[0].due = Duration::ZERO;
                Ok(())
            })
            .unwrap();
        assert_eq!(session.close_if_due(), Closing::Open);
        assert_eq!(waiting(&session), 1);
        assert!(session.put_back("one").is_err(), "it is gone");
        session.put_back("two").unwrap();
        assert_eq!(waiting(&session), 0);
        assert_eq!(session.status().unwrap().items, Some(1));
    }
}
