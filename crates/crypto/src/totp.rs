//! TOTP (RFC 6238) with SHA-1, six digits and steps of 30 s: what every authenticator supports.
//!
//! `code(s) = Truncate(HMAC-SHA1(seed, u64be(s))) mod 10^6`, `s = floor(unix seconds / 30)`

use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroize;

use crate::{SecretBytes, SecretText, random};

/// Seconds that a step lasts.
pub const STEP_SECONDS: u64 = 30;
/// How many codes there are: 10^6.
pub const CODES: u32 = 1_000_000;

/// The number of a 30-second step since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u64);

impl Step {
    /// The step that `unix_seconds` falls into.
    #[must_use]
    pub fn at(unix_seconds: u64) -> Self {
        Self(unix_seconds / STEP_SECONDS)
    }

    /// The Unix second at which the step begins.
    #[must_use]
    pub fn begins(self) -> u64 {
        self.0.saturating_mul(STEP_SECONDS)
    }
}

/// A six-digit code. Secret until it is used.
#[derive(Zeroize)]
#[zeroize(drop)]
pub struct Code(u32);

impl Code {
    /// Reads what a person types: six digits, with spaces or a dash in the middle allowed.
    ///
    /// # Errors
    ///
    /// [`MalformedCode`] for anything else.
    pub fn parse(typed: &str) -> Result<Self, MalformedCode> {
        let mut code = Self(0);
        let mut digits = 0;
        for character in typed.trim().chars() {
            match character {
                ' ' | '-' => {}
                _ => {
                    let digit = character.to_digit(10).ok_or(MalformedCode)?;
                    digits += 1;
                    if digits > 6 {
                        return Err(MalformedCode);
                    }
                    code.0 = code.0 * 10 + digit;
                }
            }
        }
        if digits == 6 {
            Ok(code)
        } else {
            Err(MalformedCode)
        }
    }

    /// The code as a number below [`CODES`].
    #[must_use]
    pub fn expose_secret(&self) -> u32 {
        self.0
    }
}

/// What was typed is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits")]
pub struct MalformedCode;

/// The seed that an authenticator app holds: 160 random bits.
pub struct Seed(SecretBytes);

impl Seed {
    /// Length in bytes (RFC 4226, section 4 recommends 160 bits).
    pub const LEN: usize = 20;

    /// A fresh seed.
    #[must_use]
    pub fn random() -> Self {
        Self(SecretBytes::new(random::bytes::<{ Self::LEN }>().to_vec()))
    }

    /// A seed out of exactly [`Seed::LEN`] bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == Self::LEN).then(|| Self(SecretBytes::copy_of(bytes)))
    }

    /// The seed's bytes, to be sealed.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The generator for this seed: make it once for many codes.
    #[must_use]
    pub fn codes(&self) -> Codes {
        Codes(self.builder().build_noncompliant())
    }

    /// The `otpauth://totp/…` URI that an authenticator scans, for `account` at `issuer`.
    ///
    /// # Errors
    ///
    /// [`LabelError`] if the account or issuer contains a colon or is empty.
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Result<SecretText, LabelError> {
        if issuer.is_empty() || account.is_empty() {
            return Err(LabelError);
        }
        let totp = self
            .builder()
            .with_issuer(Some(issuer))
            .with_account_name(account)
            .build()
            .map_err(|_| LabelError)?;
        totp.to_url().map(SecretText::new).map_err(|_| LabelError)
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new(self.expose_secret().into()))
    }
}

/// An account or issuer cannot stand in an otpauth URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an otpauth label must not be empty or contain a colon")]
pub struct LabelError;

/// Generates the codes of one seed.
pub struct Codes(Totp);

impl Codes {
    /// The generator that an authenticator makes of an `otpauth://totp/…` URI: for machines that
    /// have to type codes themselves, as demonstrations and tests do.
    ///
    /// # Errors
    ///
    /// [`MalformedUri`] if it is not such a URI, or asks for another algorithm, length or step.
    pub fn from_otpauth_uri(uri: &str) -> Result<Self, MalformedUri> {
        let totp = Totp::from_url(uri).map_err(|_| MalformedUri)?;
        let ours = totp.algorithm() == Algorithm::SHA1
            && totp.digits() == 6
            && totp.step() == STEP_SECONDS;
        if ours {
            Ok(Self(totp))
        } else {
            Err(MalformedUri)
        }
    }

    /// The code of `step`.
    #[must_use]
    pub fn at(&self, step: Step) -> Code {
        Code(truncate(self.0.sign(step.begins()).as_ref()))
    }
}

/// The text is not the `otpauth://totp/…` URI of a seed of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an otpauth URI with SHA-1, six digits and steps of 30 s")]
pub struct MalformedUri;

/// RFC 4226, section 5.3: four bytes from where the last nibble says, without the sign bit.
fn truncate(mac: &[u8]) -> u32 {
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0x0f);
    let window = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>());
    (u32::from_be_bytes(window.copied().unwrap_or_default()) & 0x7fff_ffff) % CODES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authenticator_reads_the_uri_as_we_mean_it() {
        let seed = Seed::random();
        let uri = seed.otpauth_uri("Strongroom", "home").unwrap();
        let scanned = Codes::from_otpauth_uri(uri.expose_secret()).unwrap();
        for step in [Step(1), Step::at(1_793_534_400), Step(u64::from(u32::MAX))] {
            assert_eq!(
                scanned.at(step).expose_secret(),
                seed.codes().at(step).expose_secret()
            );
        }
    }

    #[test]
    fn uris_of_other_kinds_are_refused() {
        let uri =
            |rest: &str| format!("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ{rest}");
        assert!(Codes::from_otpauth_uri(&uri("")).is_ok());
        for rest in ["&digits=8", "&period=60", "&algorithm=SHA256"] {
            assert!(Codes::from_otpauth_uri(&uri(rest)).is_err(), "{rest}");
        }
        assert!(Codes::from_otpauth_uri("https://example.com").is_err());
    }
}
