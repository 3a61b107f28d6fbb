//! The forms that both ends of the wire must agree on: a request as bytes, what is signed of it,
//! how a credential stands in its headers. Sign and verify, with every step shown.
//!
//! ```text
//! client:    Request + Credential + SigningContext  --sign-->  headers to add + steps
//! receiver:  Request + Credential                   --verify-->  genuine or not, and why
//! platform:  Request  --header_pair, token, client_auth, rfc9421, content_digest, jwt-->  what it presents
//!                     --verify with the key that it names-->  genuine or not, and why
//! ```
//!
//! Everything here is a pure function: no clock, no randomness, no files, no network. The time and
//! the nonce are arguments. Reading is strict, and every refusal says what was found and what was
//! expected. Whether a well-formed, genuine request is *allowed* is not decided here but in
//! `policy`: freshness, replay, what a signature must cover.
//!
//! Secrets go in by reference and come out only inside [`HeaderValue::Secret`]. No step, no
//! error and no `Debug` output holds one.

#![deny(clippy::indexing_slicing)]

mod api_key;
mod basic;
pub mod client_auth;
pub mod content_digest;
mod credential;
pub mod header_pair;
pub mod jwk;
pub mod jwt;
pub mod message;
pub mod oauth2;
pub mod presets;
pub mod rfc9421;
pub mod scheme;
mod settings;
mod sign;
mod sigv4;
pub mod target;
mod template;
pub mod token;
mod verify;
mod webhook;

pub use credential::{Algorithm, Credential, KeyProblem, SigningKey, VerifyingKey};
pub use message::{Field, Message, Request, Response};
pub use scheme::Scheme;
pub use settings::{Setting, SettingError, Settings};
pub use sign::{
    Header, HeaderValue, QueryParameter, SignError, Signed, SigningContext, sign, sign_with_nonce,
};
pub use target::{Target, TargetError, UriScheme};
pub use verify::{Refusal, Verified, verify};
