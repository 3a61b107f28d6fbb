//! HTTP Message Signatures (RFC 9421): components, the signature base, signing and verifying.
//!
//! ```text
//! signature base = for each covered component:  identifier ": " value "\n"
//!                  "\"@signature-params\": " signature parameters
//! signature      = rsa-pss-sha512      RSASSA-PSS with SHA-512, 64 bytes of salt  (section 3.3.1)
//!                  rsa-v1_5-sha256     RSASSA-PKCS1-v1_5 with SHA-256             (section 3.3.2)
//!                  hmac-sha256         HMAC-SHA256(secret, base)                  (section 3.3.3)
//!                  ecdsa-p256-sha256   r || s, 32 bytes each                      (section 3.3.4)
//!                  ed25519             Ed25519                                    (section 3.3.6)
//! ```
//!
//! The base is rebuilt by the verifier from the message that it received, so both ends must agree
//! on it to the byte. It does not depend on the algorithm. Covered are all derived components and
//! all parameters of section 2, for requests and responses.

mod base;
mod component;
mod input;
mod request;
mod signature;

pub use base::{BaseError, signature_base};
pub use component::{Component, ComponentError, Derived};
pub use input::{InputError, MAX_COMPONENTS, SignatureInput, SignatureParams};
pub(crate) use request::{Covered, SETTINGS, SHARED_SETTINGS, sign_request, verify_request};
pub use signature::{
    ED25519, HMAC_SHA256, MAX_SIGNATURES, MakeError, Malformed, SIGNATURE, SIGNATURE_INPUT,
    Signature, SignatureFields, VerifyError, algorithm_name, sign, sign_hmac_sha256,
};
