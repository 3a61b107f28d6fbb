//! The vault: what opens it, and what does not.

use strongroom_contract::{
    agent::{
        CreateBegin, CreateFinish, EnrolFinish, Lock, Nothing, Read, ReadArgs, Unlock, UnlockArgs,
        Verify,
    },
    error::{ErrorCode, Failure},
    secret::Revealed,
    time::UnixMillis,
    vault::{DeviceSecretPlace, Enrolment},
};
use strongroom_crypto::{
    random,
    totp::{Codes, Step},
};
use strongroom_workbench::os::clock;

use super::{Play, expect_failure, otherwise};
use crate::demo::show::Shown;

/// The least memory that a vault may be created with: nobody waits for a demonstration.
const KDF_MEMORY_MIB: u32 = 64;
/// The least horizon of a vault.
const HORIZON_DAYS: u32 = 365;

/// A passphrase that nobody needs to know.
pub(super) fn passphrase() -> Revealed {
    Revealed::new(
        random::bytes::<16>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

pub(super) fn play(play: &mut Play<'_>) -> Result<(), Failure> {
    play.teller
        .chapter("The vault: a passphrase and a code, both needed")?;
    play.step("create it", create)?;
    play.step("unlock it with the next code", |play| {
        play.step.0 += 1;
        let unlocked = unlock(play)?;
        let day = unlocked.last_code_day.unwrap_or_default();
        Ok(Shown::proof(format!("open; codes work until {day}")))
    })?;
    play.step("lock it, and ask for a secret", |play| {
        play.call::<Lock>(&Nothing {})?;
        let reference = "sr://payments/secret".to_owned();
        let read = play.call::<Read>(&ReadArgs { reference });
        expect_failure(read, ErrorCode::Locked)
    })?;
    play.step("unlock it with the code that was used before", |play| {
        let replayed = unlock(play);
        expect_failure(replayed, ErrorCode::WrongFactors)
    })?;
    play.step("unlock it with the code after that", |play| {
        play.step.0 += 1;
        unlock(play)?;
        Ok(Shown::proof("open again"))
    })
}

/// The end: everything is whole, and closed.
pub(super) fn close(play: &mut Play<'_>) -> Result<(), Failure> {
    play.step("check every record of the vault, and lock it", |play| {
        let verification = play.call::<Verify>(&Nothing {})?;
        play.call::<Lock>(&Nothing {})?;
        if let Some(finding) = verification.findings.first() {
            return Err(otherwise(format!("{}: {}", finding.place, finding.problem)));
        }
        Ok(Shown::proof(format!(
            "intact, {} records; locked",
            verification.records
        )))
    })
}

fn create(play: &mut Play<'_>) -> Result<Shown, Failure> {
    let device_secret = play.cast.home.path().join("device.key");
    let started = play.call::<CreateBegin>(&Enrolment {
        passphrase: copy(&play.passphrase),
        device_secret: DeviceSecretPlace::File(device_secret.to_string_lossy().into_owned()),
        kdf_memory_mib: Some(KDF_MEMORY_MIB),
        totp_horizon_days: HORIZON_DAYS,
    })?;
    let authenticator = Codes::from_otpauth_uri(started.otpauth_uri.expose_secret())
        .map_err(|error| otherwise(error.to_string()))?;
    play.step = Step::at(clock::now().secs());
    play.authenticator = Some(authenticator);
    let code = Some(code(play)?);
    play.call::<CreateFinish>(&EnrolFinish { code, open: false })?;
    Ok(Shown::proof(format!(
        "Argon2id over {KDF_MEMORY_MIB} MiB for each guess; a device secret beside it"
    )))
}

/// Unlocks with the code of `play.step`. Codes of steps to come are typed early, so that nobody
/// waits half a minute for the next one.
fn unlock(play: &mut Play<'_>) -> Result<strongroom_contract::vault::VaultStatus, Failure> {
    let args = UnlockArgs {
        passphrase: copy(&play.passphrase),
        code: code(play)?,
        at: Some(UnixMillis::from_secs(play.step.begins())),
        allow_read: true,
        accept_older: false,
    };
    Ok(play.call::<Unlock>(&args)?.status)
}

fn code(play: &Play<'_>) -> Result<Revealed, Failure> {
    let codes = play
        .authenticator
        .as_ref()
        .ok_or_else(|| otherwise("there is no vault to unlock".to_owned()))?;
    let code = codes.at(play.step);
    Ok(Revealed::new(format!("{:06}", code.expose_secret())))
}

fn copy(secret: &Revealed) -> Revealed {
    Revealed::new(secret.expose_secret().to_owned())
}
