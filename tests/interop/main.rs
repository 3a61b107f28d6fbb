//! Our signer against foreign verifiers, and foreign signers against our verifier: botocore, curl and the
//! crate `aws-sigv4`, http-message-signatures, PyJWT, Authlib, standardwebhooks and PyOTP.
//!
//! Where a specification leaves a choice, docs/SIGNING.md says what is chosen, and the cases here keep to
//! what all sides read the same way.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

mod jwt;
mod others;
mod peer;
mod rfc9421;
mod sigv4;
