//! Foreign files and our own saved requests: every parser of a file of somebody else's.
//!
//! ```text
//! curl, .http, Postman, OpenAPI, HAR, raw HTTP  --read-->  SavedRequest + problems with places
//! SavedRequest, Environment  <--saved::{read,write}-->  files of ours (docs/REQUESTS.md)
//! SavedRequest  --write-->  curl, .http, HAR, programs
//! ```
//!
//! Everything here is a pure function of bytes: no clock, no files, no network. What is sound comes in,
//! and every problem names its place. Nothing that looks like a secret is written:
//! [`secrets`] finds it in what was read and leaves a placeholder.

#![deny(clippy::indexing_slicing)]

pub mod curl;
mod document;
pub mod environment;
pub mod expect;
pub mod export;
pub mod foreign;
pub mod har;
pub mod http_file;
pub mod import;
pub mod layout;
pub mod openapi;
pub mod pem;
pub mod postman;
pub mod problem;
pub mod query;
pub mod raw;
pub mod request;
pub mod saved;
pub mod secrets;
pub mod template;

pub use environment::Environment;
pub use problem::{Place, Problem};
pub use request::{Auth, Body, Content, Entry, Method, Options, Part, SavedRequest};
