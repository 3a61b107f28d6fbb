//! HTTP Message Signatures (RFC 9421): components, the signature base, signing and verifying with
//! `hmac-sha256`.
//!
//! ```text
//! signature base = for each covered component:  identifier ": " value "\n"
//!                  "\"@signature-params\": " signature parameters
//! signature      = HMAC-SHA256(key, signature base)                       (section 3.3.3)
//! ```
//!
//! The base is rebuilt by the verifier from the message that it received, so both ends must agree
//! on it to the byte. It does not depend on the algorithm. Covered are all derived components and
//! all parameters of section 2, for requests and responses.

mod base;
mod component;
mod input;
mod signature;

pub use base::{BaseError, signature_base};
pub use component::{Component, ComponentError, Derived};
pub use input::{InputError, MAX_COMPONENTS, SignatureInput, SignatureParams};
pub use signature::{
    HMAC_SHA256, MAX_SIGNATURES, Malformed, SIGNATURE, SIGNATURE_INPUT, Signature, SignatureFields,
    VerifyError, sign_hmac_sha256,
};
