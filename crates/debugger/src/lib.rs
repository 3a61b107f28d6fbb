//! The signature debugger: a request that failed, and what is known of keys, give the rule that refuses
//! it, the cause, and the change that would make it match.
//!
//! ```text
//! Exhibit --judge--> which rule refuses        the platform's own rules (policy::decide), or what a key
//!    |                    |                    that is at hand can tell; what is not known is `unknown`
//!    |              repair: another name, place or form of the credential, and judge again
//!    |                    |
//!    +-----------> search: what was signed?    canonical forms with one or two changes, likeliest first
//!                         |
//!                     Diagnosis --report--> Markdown, HTML
//! ```
//!
//! Everything here is pure: no clock, no files, no network. Secrets go in by reference and come out
//! nowhere: what is shown of a request is masked before it enters a [`Diagnosis`](strongroom_contract::diagnosis::Diagnosis).

#![deny(clippy::indexing_slicing)]

mod bearer;
mod defect;
mod diagnose;
mod exhibit;
mod form;
mod judge;
mod mask;
mod pieces;
mod repair;
pub mod report;
mod search;
mod sigv4;
mod told;
mod webhook;

pub use diagnose::{diagnose, diagnose_refused};
pub use exhibit::{Exhibit, ExhibitError};
pub use judge::{HeldKey, Knowledge, PlatformFacts, Slot};
