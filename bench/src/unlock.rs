//! Unlocking a vault of 10,000 items, whole, beside the Argon2id call that it can't do without; and
//! that call beside libargon2's.

use std::{
    hint::black_box,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{
    SecretText,
    password::{Cost, argon2id},
    totp::{Code, Codes, Step},
};
use strongroom_vault::{Anchor, Attempt, DeviceSecret, Draft, Horizon, KdfCost, Locked, Unlocked};

use crate::{
    add::Items,
    harness::{Goal, Pair, Row, Stopped, Unit, seconds},
};

const ROUNDS: usize = 9;
const ITEMS: u32 = 10_000;
const HORIZON_DAYS: u32 = 730;
const PASSPHRASE: &str = "correct horse battery staple";
const START: Step = Step(60_000_000);

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    Ok(vec![whole()?, derivation()?])
}

fn whole() -> Result<Row, Stopped> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("vault.strongroom");
    let cost = KdfCost::calibrate(|cost| {
        let begun = Instant::now();
        cost.trial().map(|()| begun.elapsed())
    })?;
    let mut vault = Vault::create(&path, cost)?;
    let mut items = Items::default();
    let mut open = vault.unlock(&path)?;
    items.add(&mut open, ITEMS)?;
    vault.lock(open);
    let alone = Cost {
        memory_kib: cost.mib() * 1024,
        passes: 3,
        lanes: 4,
    };
    let pair = Pair::alternate(
        ROUNDS,
        || {
            let begun = Instant::now();
            let open = vault.unlock(&path)?;
            let took = begun.elapsed().as_secs_f64();
            if open.len() != ITEMS as usize {
                return Err(Stopped::because("items are missing"));
            }
            vault.lock(open);
            Ok(took)
        },
        || {
            seconds(|| {
                let _ = black_box(argon2id(PASSPHRASE.as_bytes(), &[7; 32], alone)?);
                Ok(())
            })
        },
    )?;
    Ok(Row {
        what: format!("unlock, 10,000 items, {} MiB", cost.mib()),
        peer: "the Argon2id call alone".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.10),
    })
}

/// The factors of a vault, and the next step that it takes a code of.
struct Vault {
    codes: Codes,
    next: Step,
    device: DeviceSecret,
    anchor: Anchor,
}

impl Vault {
    fn create(path: &Path, cost: KdfCost) -> Result<Self, Stopped> {
        let device = DeviceSecret::random();
        let copy = DeviceSecret::from_slice(device.expose_secret());
        let draft = Draft::new(
            SecretText::new(PASSPHRASE.to_owned()),
            device,
            cost,
            Horizon::days(HORIZON_DAYS)?,
        )?;
        let created = draft.create(path, None, time(START), &mut |_| {})?;
        Ok(Self {
            codes: Codes::from_otpauth_uri(draft.otpauth_uri().expose_secret())?,
            next: START,
            device: copy.ok_or_else(|| Stopped::because("a device secret has 32 bytes"))?,
            anchor: created.anchor,
        })
    }

    fn unlock(&mut self, path: &Path) -> Result<Unlocked, Stopped> {
        let step = self.next;
        self.next = Step(step.0 + 1);
        let code = format!("{:06}", self.codes.at(step).expose_secret());
        let attempt = Attempt {
            passphrase: SecretText::new(PASSPHRASE.to_owned()),
            code: Code::parse(&code)?,
            device_secret: &self.device,
            now: time(step),
            at: None,
            anchor: Some(self.anchor),
            accept_older: false,
        };
        Locked::open(path)?
            .unlock(attempt, &mut |_| {})
            .map_err(|refused| Stopped::because(refused.error.to_string()))
    }

    fn lock(&mut self, open: Unlocked) {
        self.anchor = open.anchor();
        drop(open.lock());
    }
}

fn time(step: Step) -> UnixMillis {
    UnixMillis::from_secs(step.begins())
}

fn derivation() -> Result<Row, Stopped> {
    let cost = Cost {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };
    let pair = Pair::alternate(
        ROUNDS,
        || {
            seconds(|| {
                let _ = black_box(argon2id(PASSPHRASE.as_bytes(), b"saltsaltsaltsalt", cost)?);
                Ok(())
            })
        },
        || {
            seconds(|| {
                let mut argon2 = Command::new("argon2")
                    .args(["saltsaltsaltsalt", "-id", "-t", "3", "-k", "65536"])
                    .args(["-p", "4", "-l", "32", "-r"])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .spawn()?;
                if let Some(mut password) = argon2.stdin.take() {
                    password.write_all(PASSPHRASE.as_bytes())?;
                }
                let status = argon2.wait()?;
                if status.success() {
                    Ok(())
                } else {
                    Err(Stopped::because("argon2 failed"))
                }
            })
        },
    )?;
    Ok(Row {
        what: "Argon2id, 64 MiB, t = 3, p = 4".to_owned(),
        peer: "libargon2's".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.0),
    })
}
