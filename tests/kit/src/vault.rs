//! A vault and everything that opens it.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use strongroom_crypto::totp::{Codes, Step};

use crate::{Home, Outcome};

/// The passphrase of every vault made here.
const PASSPHRASE: &str = "correct horse battery staple";

/// A vault in a home, with its factors. Every unlocking takes a step later than the one before, by
/// `--at`, so that no test waits for one.
pub struct Vault<'home> {
    home: &'home Home,
    codes: Codes,
    next: Cell<Step>,
    passphrase_file: String,
    /// The recovery code.
    pub recovery_code: String,
    /// The vault's id.
    pub id: String,
}

impl<'home> Vault<'home> {
    /// Creates a vault whose device secret lies in a file and whose Argon2id is as cheap as allowed.
    #[must_use]
    pub fn create(home: &'home Home) -> Self {
        let passphrase_file = home.file("passphrase", PASSPHRASE);
        let device = format!("file:{}", home.beside("device.key").display());
        let created = home
            .run(&[
                "vault",
                "create",
                "--json",
                "--passphrase-file",
                &passphrase_file,
                "--device-secret",
                &device,
                "--kdf-memory",
                "64",
            ])
            .document();
        Self::enrolled(home, &created, passphrase_file)
    }

    /// The factors that `created` (the answer to `vault create` or `vault recover`) tells of.
    #[must_use]
    pub fn enrolled(home: &'home Home, created: &Value, passphrase_file: String) -> Self {
        let text = |name: &str| created[name].as_str().expect("text").to_owned();
        Self {
            home,
            codes: Codes::from_otpauth_uri(&text("otpauth_uri")).expect("an otpauth URI"),
            next: Cell::new(this_step()),
            passphrase_file,
            recovery_code: text("recovery_code"),
            id: text("vault_id"),
        }
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: Step) -> String {
        format!("{:06}", self.codes.at(step).expose_secret())
    }

    /// A step that no unlocking has taken yet.
    #[must_use]
    pub fn next_step(&self) -> Step {
        let step = self.next.get();
        self.next.set(Step(step.0 + 1));
        step
    }

    /// Unlocks with the code of the next step.
    #[must_use]
    pub fn unlock(&self, arguments: &[&str]) -> Outcome {
        let step = self.next_step();
        self.unlock_at(step, &self.code(step), arguments)
    }

    /// Unlocks with `code` as if it were the time of `step`.
    #[must_use]
    pub fn unlock_at(&self, step: Step, code: &str, arguments: &[&str]) -> Outcome {
        let at = step.begins().to_string();
        let mut command = vec![
            "unlock",
            "--json",
            "--passphrase-file",
            &self.passphrase_file,
            "--code-stdin",
            "--at",
            &at,
        ];
        command.extend(arguments);
        self.home.run_with(code, &command)
    }
}

/// The step that it is now.
fn this_step() -> Step {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Step::at(now.as_secs())
}
