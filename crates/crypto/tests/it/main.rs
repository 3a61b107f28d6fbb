//! The primitives from outside: published vectors, and what secret types promise.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod hash;
mod mac;
mod memory;
mod password;
mod signature;
mod totp;
