//! Passphrases: Unicode normalisation (NFKC, UAX #15) and Argon2id (RFC 9106).
//!
//! `stretched = Argon2id(password = frame(NFKC(passphrase), …), salt, m, t, p; version 0x13; 32 bytes)`

use argon2::{Algorithm, Argon2, Block, Params, Version};
use unicode_normalization::{UnicodeNormalization as _, char::is_public_assigned};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Key, SecretText};

/// The Unicode version whose normalisation a vault's passphrase goes through. Normalisation of
/// *assigned* characters is stable over versions, and unassigned ones are refused, so a newer table
/// gives the same bytes for every passphrase that an older one took.
pub const UNICODE_VERSION: (u8, u8, u8) = unicode_normalization::UNICODE_VERSION;

/// The passphrase contains a code point that this version of Unicode does not assign, so that its
/// normal form could change later and lock its owner out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase contains a character that Unicode {}.{} does not know", UNICODE_VERSION.0, UNICODE_VERSION.1)]
pub struct UnassignedCharacter;

/// The passphrase in Unicode normalisation form KC, so that it is the same bytes on every keyboard.
///
/// # Errors
///
/// [`UnassignedCharacter`] if a code point is unassigned.
pub fn normalize(passphrase: &SecretText) -> Result<SecretText, UnassignedCharacter> {
    let text = passphrase.expose_secret();
    if !text.chars().all(is_public_assigned) {
        return Err(UnassignedCharacter);
    }
    // Room for the longest expansion (one code point of up to 4 bytes becomes 18 code points), so
    // that growing never leaves an unwiped copy behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len() * 18 * 4));
    normal.extend(text.nfkc());
    Ok(SecretText::new(std::mem::take(&mut *normal)))
}

/// Cost parameters of Argon2id (RFC 9106, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB (`m`).
    pub memory_kib: u32,
    /// Passes over the memory (`t`).
    pub passes: u32,
    /// Lanes (`p`).
    pub lanes: u32,
}

/// Argon2id could not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StretchError {
    /// The cost parameters are outside of what RFC 9106 allows.
    #[error("Argon2id does not allow these cost parameters")]
    Cost,
    /// The memory could not be had.
    #[error("Argon2id needs {memory_mib} MiB of memory, which this machine does not give")]
    Memory {
        /// What was asked for, in MiB.
        memory_mib: u32,
    },
}

/// Stretches `password` to 256 bits with Argon2id, version 0x13, over memory that is wiped.
///
/// # Errors
///
/// [`StretchError`] if the parameters are not allowed or the memory is not to be had.
pub fn argon2id(password: &[u8], salt: &[u8], cost: Cost) -> Result<Key, StretchError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(Key::LEN))
        .map_err(|_| StretchError::Cost)?;
    let mut memory = Memory::new(params.block_count()).ok_or(StretchError::Memory {
        memory_mib: cost.memory_kib / 1024,
    })?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut result = Ok(());
    let key = Key::filled_by(|out| {
        result = argon2.hash_password_into_with_memory(password, salt, out, &mut memory.0);
    });
    result.map(|()| key).map_err(|_| StretchError::Cost)
}

/// Argon2's blocks, wiped on drop: argon2 does not wipe those that it allocates itself.
struct Memory(Vec<Block>);

impl Memory {
    fn new(blocks: usize) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).ok()?;
        memory.resize(blocks, Block::new());
        Some(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
