//! The recovery code: 256 random bits, printed once.
//!
//! `printed = Crockford base32(code | first 3 bytes of SHA-256(frame("strongroom/v1/recovery-code") | code))`
//! — 56 characters in 14 groups of 4
//!
//! `key = HKDF-SHA256(code, info = frame("strongroom/v1/recovery", vault id, slot id))`

use strongroom_crypto::{Key, SecretBytes, SecretText, framing::Frame, hash::sha256};

use crate::ids::VaultId;

/// <https://www.crockford.com/base32.html>: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_LEN: usize = 3;
/// Characters, without the dashes: 35 bytes of 8 bits are 56 of 5.
const CHARACTERS: usize = (Key::LEN + CHECK_LEN) * 8 / 5;
const GROUP: usize = 4;

/// A recovery code.
pub(crate) struct RecoveryCode(Key);

/// What was typed is not a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// A character that no recovery code contains.
    #[error("a recovery code has only digits and letters, without U: something else is among them")]
    Character,
    /// Too short or too long.
    #[error("a recovery code has 14 groups of 4 characters; {found} characters were found")]
    Length {
        /// How many there are, without dashes and spaces.
        found: usize,
    },
    /// The checksum does not fit.
    #[error("the recovery code has a typing error: its checksum does not fit")]
    Checksum,
}

impl RecoveryCode {
    pub(crate) fn random() -> Self {
        Self(Key::random())
    }

    /// Reads what a person types: either case, O for 0, I and L for 1, dashes and spaces anywhere.
    pub(crate) fn parse(typed: &SecretText) -> Result<Self, RecoveryCodeError> {
        let mut bytes = Vec::with_capacity(Key::LEN + CHECK_LEN + 1);
        let (mut bits, mut held, mut found) = (0_u32, 0_u32, 0_usize);
        for character in typed.expose_secret().chars() {
            if character == '-' || character.is_whitespace() {
                continue;
            }
            let value = digit(character).ok_or(RecoveryCodeError::Character)?;
            found += 1;
            if found > CHARACTERS {
                continue;
            }
            bits = (bits << 5 | value) & 0x1fff;
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held & 0xff) as u8);
            }
        }
        let bytes = SecretBytes::new(bytes);
        if found != CHARACTERS {
            return Err(RecoveryCodeError::Length { found });
        }
        let (code, check) = bytes
            .expose_secret()
            .split_at_checked(Key::LEN)
            .ok_or(RecoveryCodeError::Length { found })?;
        if check != checksum(code) {
            return Err(RecoveryCodeError::Checksum);
        }
        Key::from_slice(code)
            .map(Self)
            .ok_or(RecoveryCodeError::Length { found })
    }

    /// The code as it is printed.
    pub(crate) fn print(&self) -> SecretText {
        let code = self.0.expose_secret();
        let mut text = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
        let (mut bits, mut held, mut printed) = (0_u32, 0_u32, 0_usize);
        for byte in code.iter().copied().chain(checksum(code)) {
            bits = (bits << 8 | u32::from(byte)) & 0x1fff;
            held += 8;
            while held >= 5 {
                held -= 5;
                if printed > 0 && printed.is_multiple_of(GROUP) {
                    text.push('-');
                }
                let index = (bits >> held & 0x1f) as usize;
                text.push(ALPHABET.get(index).copied().unwrap_or_default().into());
                printed += 1;
            }
        }
        SecretText::new(text)
    }

    /// The key that wraps the root key in the slot.
    pub(crate) fn key(&self, vault: VaultId, slot: &[u8; 16]) -> Key {
        self.0.derive(
            &Frame::of("strongroom/v1/recovery")
                .bytes(vault.as_bytes())
                .bytes(slot),
        )
    }
}

fn checksum(code: &[u8]) -> [u8; CHECK_LEN] {
    let frame = Frame::of("strongroom/v1/recovery-code");
    let [a, b, c, ..] = sha256(&[frame.as_bytes(), code]);
    [a, b, c]
}

fn digit(character: char) -> Option<u32> {
    let upper = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let index = ALPHABET.iter().position(|&c| char::from(c) == upper)?;
    u32::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<RecoveryCode, RecoveryCodeError> {
        RecoveryCode::parse(&SecretText::new(text.to_owned()))
    }

    #[test]
    fn it_is_read_however_it_is_typed() {
        let code = RecoveryCode::random();
        let printed = code.print().expose_secret().to_owned();
        assert_eq!(printed.len(), 69);
        assert!(printed.split('-').all(|group| group.len() == 4));
        let typed = [
            printed.to_lowercase(),
            printed.replace('-', ""),
            printed.replace('-', " "),
            format!("\n {} \n", printed.replace('-', " - ")),
            printed.replace('0', "o").replace('1', "L"),
            printed.replace('1', "i"),
        ];
        for text in typed {
            assert!(parse(&text).is_ok_and(|read| read.0 == code.0));
        }
    }

    #[test]
    fn typing_errors_are_told_apart() {
        let printed = RecoveryCode::random().print().expose_secret().to_owned();
        assert_eq!(
            parse("").err(),
            Some(RecoveryCodeError::Length { found: 0 })
        );
        assert_eq!(
            parse(&printed[1..]).err(),
            Some(RecoveryCodeError::Length { found: 55 })
        );
        assert_eq!(
            parse(&format!("{printed}7")).err(),
            Some(RecoveryCodeError::Length { found: 57 })
        );
        assert_eq!(
            parse(&printed.replacen(|_| true, "U", 1)).err(),
            Some(RecoveryCodeError::Character)
        );
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed(at in 0..69usize, to in 0..32usize) {
            let printed = RecoveryCode::random().print().expose_secret().to_owned();
            let mut wrong = printed.clone().into_bytes();
            prop_assume!(wrong[at] != b'-' && wrong[at] != ALPHABET[to]);
            wrong[at] = ALPHABET[to];
            let wrong = String::from_utf8(wrong).unwrap();
            // A 24-bit checksum misses one change in 16.7 million.
            prop_assert_eq!(parse(&wrong).err(), Some(RecoveryCodeError::Checksum));
        }
    }
}
