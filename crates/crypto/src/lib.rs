//! Every cryptographic primitive that Strongroom uses, and the types that hold secrets.
//!
//! No other crate names a primitive: they ask this one for a [`Key`], a sealed box, a tag or a
//! code. Each module opens with the formula of what it does and the document that defines it.
//!
//! Secret types ([`SecretBytes`], [`SecretText`], [`Key`], [`totp::Code`], [`mac::SecretTag`],
//! [`signature::PrivateKey`]) have
//! no `Debug`, `Display`, `Clone` or `Serialize`. They are wiped when dropped and compared in
//! constant time. What makes one readable is named for the risk: `expose_secret`, `into_public`.

#![deny(clippy::indexing_slicing)]

pub mod aead;
pub mod framing;
pub mod hash;
pub mod kdf;
pub mod mac;
pub mod password;
pub mod random;
mod secret;
pub mod signature;
pub mod totp;

pub use secret::{Key, NotUtf8, SecretBytes, SecretText};
