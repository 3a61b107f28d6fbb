//! From a TCP connection to requests: accept loop, caps, TLS handshake, HTTP/1.1, and what is said
//! to those who cannot be understood.

mod accept;
mod admission;
mod body;
mod connection;
mod watched;

pub(crate) use accept::{accept_connections, listen};
pub(crate) use admission::{Admission, Failures};
pub(crate) use body::{BodyError, is_readable, read_body};
