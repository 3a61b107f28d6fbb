//! Signing and verifying from outside: published vectors, hostile input, properties, the canary.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod canary;
mod content_digest;
mod credentials;
mod document;
mod jwt;
mod oauth2;
mod properties;
mod rfc9421;
mod schemes;
mod signed;
mod sigv4;
mod support;
mod target;
