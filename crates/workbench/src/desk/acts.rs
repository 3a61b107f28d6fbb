//! What the window does with one click and the protocol with two steps.

use strongroom_contract::{
    agent::{Lock, Nothing},
    error::Failure,
    manage::KeyView,
    secret::Revealed,
    vault::{DeviceSecretPlace, Enrolment},
    window::Settings,
};

use super::Desk;
use crate::{platform, settings};

/// Two years of codes, as `vault create` has it.
const HORIZON_DAYS: u32 = 730;

impl Desk {
    /// Closes the vault.
    ///
    /// # Errors
    ///
    /// As [`Lock`]; the vault is closed all the same.
    pub async fn lock(&self) -> Result<(), Failure> {
        self.call::<Lock>(Nothing {}).await.map(|_| ())
    }

    /// Whether the vault is open.
    #[must_use]
    pub fn is_unlocked(&self) -> bool {
        self.0.session.is_open()
    }

    /// What a first run or a recovery starts from, with the defaults: the keyring for the device
    /// secret or, where there is none, a key file in the home; the cost that this machine bears; the
    /// usual horizon.
    pub async fn enrolment(&self, passphrase: Revealed) -> Enrolment {
        let device_secret = match self.keyring_available().await {
            Ok(()) => DeviceSecretPlace::Keyring,
            Err(failure) => {
                tracing::warn!(%failure, "the device secret goes into a key file");
                DeviceSecretPlace::File(self.0.home.key_file().display().to_string())
            }
        };
        Enrolment {
            passphrase,
            device_secret,
            kdf_memory_mib: None,
            totp_horizon_days: HORIZON_DAYS,
        }
    }

    /// Adds one address to what a key may be used from, whatever that is by now.
    ///
    /// # Errors
    ///
    /// What the platform answers.
    pub async fn allow_source(&self, app_id: &str, address: &str) -> Result<KeyView, Failure> {
        platform::allow_source(&self.manage().await?, app_id, address).await
    }

    /// Gives a key one more scope, whatever it has by now.
    ///
    /// # Errors
    ///
    /// What the platform answers.
    pub async fn grant_scope(&self, app_id: &str, scope: &str) -> Result<KeyView, Failure> {
        platform::grant_scope(&self.manage().await?, app_id, scope).await
    }

    /// The settings of the home.
    ///
    /// # Errors
    ///
    /// The file is not what was written; the defaults are in force.
    pub fn settings(&self) -> Result<Settings, Failure> {
        settings::read(&self.0.home)
    }

    /// Writes the settings and follows them.
    ///
    /// # Errors
    ///
    /// A value is out of its range, or the file cannot be written; the old ones are in force.
    pub fn save_settings(&self, settings: &Settings) -> Result<(), Failure> {
        settings::write(&self.0.home, settings)?;
        self.apply(settings);
        Ok(())
    }
}
