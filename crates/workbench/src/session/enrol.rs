//! Creating a vault, and recovering one: two steps each, so that a person can scan and type a code
//! in between.
//!
//! ```text
//! begin:   everything that could be refused is refused; factors are drawn; nothing is written
//! finish:  device secret stored under its new name and read back -> its place noted in device.json
//!          -> the vault written -> (recovery: reopened, the old device secret deleted) -> anchor
//! ```
//!
//! What a failure leaves is cleared away; what a crash leaves is a device secret that no vault needs.

use std::{sync::atomic::Ordering, time::Instant};

use strongroom_contract::{
    agent::{EnrolFinish, RecoverArgs},
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::{self as contract, EnrolmentStarted},
};
use strongroom_crypto::{Key, SecretText, totp::Code};
use strongroom_vault::{
    DeviceSecret, Enrolled, Horizon, KdfCost, Locked, RecoveryDraft, Refused, Reopener,
};

use super::{Open, Removals, Seen, Session, Tokens, Work};
use crate::{
    activity::Act,
    keyring::{Place, Places, SecretName},
    os::clock,
    problem::shown,
};

/// An enrolment that was begun: it can be finished, or dropped.
pub(crate) struct Draft {
    place: Place,
    kind: Kind,
}

enum Kind {
    Creation(strongroom_vault::Draft),
    Recovery(Box<RecoveryDraft>),
}

/// An enrolment that could not be finished, and can be tried again unless its draft is gone.
pub(crate) struct Unfinished {
    pub(crate) draft: Option<Draft>,
    pub(crate) failure: Failure,
}

impl Unfinished {
    fn with(draft: Draft, failure: Failure) -> Box<Self> {
        Box::new(Self {
            draft: Some(draft),
            failure,
        })
    }
}

impl Session {
    /// Draws the factors of a new vault.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Conflict`] if there is a vault or a key file already; [`ErrorCode::Usage`],
    /// [`ErrorCode::Storage`] or [`ErrorCode::Keyring`] if what was chosen cannot be.
    pub(crate) fn begin_creation(
        &self,
        args: contract::Enrolment,
        work: &Work,
    ) -> Result<(Draft, EnrolmentStarted), Failure> {
        let path = self.home.vault_file();
        if path.exists() {
            return Err(Failure::new(
                ErrorCode::Conflict,
                format!("there is a vault already: {}", path.display()),
            )
            .hint("use it, or set STRONGROOM_HOME to another directory"));
        }
        let chosen = Chosen::of(args, work)?;
        let draft = strongroom_vault::Draft::new(
            chosen.passphrase,
            DeviceSecret::random(),
            chosen.cost,
            chosen.horizon,
        )
        .map_err(shown)?;
        let started = started(draft.otpauth_uri());
        let kind = Kind::Creation(draft);
        Ok((
            Draft {
                place: chosen.place,
                kind,
            },
            started,
        ))
    }

    /// Opens the vault's root with its recovery code and draws new factors. The vault's file belongs
    /// to the draft until that is finished or dropped. An open vault is closed first.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if the code has a typing error, [`ErrorCode::WrongFactors`] if it is not
    /// this vault's, [`ErrorCode::RolledBack`] if a newer copy was seen and that is not accepted;
    /// otherwise as [`Session::begin_creation`].
    pub(crate) fn begin_recovery(
        &self,
        args: RecoverArgs,
        work: &Work,
    ) -> Result<(Draft, EnrolmentStarted), Failure> {
        self.lock(&work.client)?;
        let chosen = Chosen::of(args.enrolment, work)?;
        let newest = self.newest_seen();
        let _quiet = self.state();
        let locked = self.open_locked()?;
        self.remember(&locked);
        let draft = locked
            .recover(
                &SecretText::new(args.recovery_code.into_exposed()),
                chosen.passphrase,
                DeviceSecret::random(),
                chosen.cost,
                chosen.horizon,
            )
            .map_err(|refused| shown(refused.error))?;
        if !args.accept_older {
            draft.freshness(newest).map_err(shown)?;
        }
        let started = started(draft.otpauth_uri());
        let kind = Kind::Recovery(Box::new(draft));
        Ok((
            Draft {
                place: chosen.place,
                kind,
            },
            started,
        ))
    }

    /// Finishes what was begun. The vault is left locked, or opened if that was asked for; what keeps
    /// it from being opened is logged alone, since the vault is there.
    ///
    /// # Errors
    ///
    /// [`Unfinished`], with [`ErrorCode::WrongFactors`] for a code that the new authenticator entry
    /// does not show; the draft can be tried again.
    pub(crate) fn finish(
        &self,
        draft: Draft,
        args: &EnrolFinish,
        work: &Work,
    ) -> Result<contract::Enrolled, Box<Unfinished>> {
        let code = match args
            .code
            .as_ref()
            .map(|code| Code::parse(code.expose_secret()))
        {
            None => None,
            Some(Ok(code)) => Some(code),
            Some(Err(error)) => {
                let failure = Failure::new(ErrorCode::Usage, error.to_string());
                return Err(Unfinished::with(draft, failure));
            }
        };
        let Draft { place, kind } = draft;
        let enrolled = match kind {
            Kind::Creation(draft) => self.create(place.clone(), draft, code.as_ref(), work),
            Kind::Recovery(draft) => self.recover(place.clone(), draft, code.as_ref(), work),
        }?;
        // Whoever is gone would leave an open vault behind that waits for nobody.
        if args.open && !work.cancellation.is_cancelled() {
            self.open_enrolled(place, enrolled.reopener, work);
        }
        self.changed();
        Ok(contract::Enrolled {
            otpauth_uri: None,
            recovery_code: Revealed::new(enrolled.recovery_code.expose_secret().to_owned()),
            vault_id: enrolled.vault_id.to_string(),
            last_code_day: enrolled.last_code_day,
        })
    }

    fn open_enrolled(&self, place: Place, reopener: Reopener, work: &Work) {
        let mut state = self.state();
        if state.is_some() {
            return;
        }
        let opened = self.open_locked().and_then(|locked| {
            let reopened = locked.reopen(reopener);
            reopened.map_err(|refused| shown(refused.error))
        });
        match opened {
            Ok(vault) => {
                self.activity.unseal(&vault.history_key().0);
                *state = Some(Open {
                    place,
                    vault,
                    reveal_allowed: false,
                    last_seen: Seen::now(),
                    removals: Removals::default(),
                    tokens: Tokens::default(),
                    history: None,
                });
                self.is_open.store(true, Ordering::Release);
                let now = clock::now();
                self.activity.record(Act::Unlocked, now, None, &work.client);
            }
            Err(failure) => tracing::warn!(%failure, "the new vault could not be opened"),
        }
    }

    fn create(
        &self,
        place: Place,
        draft: strongroom_vault::Draft,
        code: Option<&Code>,
        work: &Work,
    ) -> Result<Enrolled, Box<Unfinished>> {
        let name = SecretName::new(draft.vault_id(), draft.generation());
        let made = self
            .store_device_secret(&place, &name, draft.device_secret(), work)
            .and_then(|()| {
                let _quiet = self.state();
                draft
                    .create(
                        &self.home.vault_file(),
                        code,
                        clock::now(),
                        &mut work.hear(),
                    )
                    .map_err(shown)
            });
        let enrolled = match made {
            Ok(enrolled) => enrolled,
            Err(failure) => {
                self.forget_device_secret(&place, &name);
                let kind = Kind::Creation(draft);
                return Err(Unfinished::with(Draft { place, kind }, failure));
            }
        };
        if work.cancellation.is_cancelled() {
            // Nobody has seen the recovery code, and nothing is in the vault.
            if let Err(error) = std::fs::remove_file(self.home.vault_file()) {
                tracing::warn!(%error, "a vault that nobody asked for any more stays");
            }
            self.forget_device_secret(&place, &name);
            return Err(Box::new(Unfinished {
                draft: None,
                failure: Failure::new(ErrorCode::Cancelled, "stopped; no vault was created"),
            }));
        }
        self.activity
            .record(Act::Created, clock::now(), None, &work.client);
        self.anchors.store(&place, &name.vault_id, &enrolled.anchor);
        Ok(enrolled)
    }

    fn recover(
        &self,
        place: Place,
        draft: Box<RecoveryDraft>,
        code: Option<&Code>,
        work: &Work,
    ) -> Result<Enrolled, Box<Unfinished>> {
        let name = SecretName::new(draft.vault_id(), draft.generation());
        let old = SecretName::new(draft.vault_id(), draft.old_generation());
        let secret = key(draft.device_secret());
        let stored = self.store_device_secret(&place, &name, draft.device_secret(), work);
        if let Err(failure) = stored.and_then(|()| work.check()) {
            self.forget_device_secret(&place, &name);
            let kind = Kind::Recovery(draft);
            return Err(Unfinished::with(Draft { place, kind }, failure));
        }
        let finished = {
            let _quiet = self.state();
            draft.finish(code, clock::now(), &mut work.hear())
        };
        let enrolled = match finished {
            Ok((_closed, enrolled)) => enrolled,
            Err(refused) => {
                let Refused { back, error } = *refused;
                self.forget_device_secret(&place, &name);
                let kind = Kind::Recovery(Box::new(back));
                return Err(Unfinished::with(Draft { place, kind }, shown(error)));
            }
        };
        self.activity
            .record(Act::Recovered, clock::now(), None, &work.client);
        self.anchors.forget();
        self.anchors.store(&place, &name.vault_id, &enrolled.anchor);
        self.retire(&old, &secret);
        Ok(enrolled)
    }

    /// Deletes the old device secret, once the file has been seen to open with the new one. What
    /// cannot be deleted (its stick is not there, its keyring is gone) is of no use for this file.
    fn retire(&self, old: &SecretName, new: &Key) {
        let opens = {
            let _quiet = self.state();
            let secret = DeviceSecret::from_slice(new.expose_secret());
            let locked = Locked::open(&self.home.vault_file());
            matches!((secret, locked), (Some(secret), Ok(locked)) if locked.device_secret_fits(&secret))
        };
        if !opens {
            tracing::error!("the recovered vault does not reopen; the old device secret is kept");
            return;
        }
        match Places::read(&self.home.device_file()).and_then(|places| places.of(old)) {
            Ok(place) => self.forget_device_secret(&place, old),
            Err(failure) => tracing::warn!(%failure, "the old device secret is kept"),
        }
    }

    /// Stores a new device secret, reads it back, and notes its place.
    fn store_device_secret(
        &self,
        place: &Place,
        name: &SecretName,
        secret: &DeviceSecret,
        work: &Work,
    ) -> Result<(), Failure> {
        work.check()?;
        work.stage("storing the device secret");
        place.store(name, &key(secret))?;
        Places::read(&self.home.device_file())?.add(name, place, &self.home.device_file())
    }

    fn forget_device_secret(&self, place: &Place, name: &SecretName) {
        let file = self.home.device_file();
        let forgotten = place
            .delete(name)
            .and_then(|()| Places::read(&file)?.remove(name, &file));
        if let Err(failure) = forgotten {
            tracing::warn!(%failure, "a device secret that is of no use any more stays");
        }
    }
}

/// What was chosen for an enrolment, checked.
struct Chosen {
    passphrase: SecretText,
    place: Place,
    cost: KdfCost,
    horizon: Horizon,
}

impl Chosen {
    fn of(args: contract::Enrolment, work: &Work) -> Result<Self, Failure> {
        let place = Place::of(&args.device_secret)?;
        let horizon = Horizon::days(args.totp_horizon_days).map_err(shown)?;
        let cost = args
            .kdf_memory_mib
            .map(KdfCost::memory_mib)
            .transpose()
            .map_err(shown)?;
        if args.passphrase.expose_secret().is_empty() {
            return Err(shown(strongroom_vault::PassphraseError::Empty));
        }
        place.check_free()?;
        let cost = match cost {
            Some(cost) => cost,
            None => calibrated(work)?,
        };
        Ok(Self {
            passphrase: SecretText::new(args.passphrase.into_exposed()),
            place,
            cost,
            horizon,
        })
    }
}

/// The cost that takes this machine half a second to a second.
fn calibrated(work: &Work) -> Result<KdfCost, Failure> {
    work.stage("measuring how fast this machine is");
    KdfCost::calibrate(|cost| {
        let begun = Instant::now();
        cost.trial()?;
        Ok(begun.elapsed())
    })
    .map_err(shown)
}

fn key(secret: &DeviceSecret) -> Key {
    // Both are 32 bytes; a random key would be found when it is read back.
    Key::from_slice(secret.expose_secret()).unwrap_or_else(Key::random)
}

fn started(otpauth_uri: SecretText) -> EnrolmentStarted {
    EnrolmentStarted {
        otpauth_uri: Revealed::new(otpauth_uri.expose_secret().to_owned()),
    }
}
