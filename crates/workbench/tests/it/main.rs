//! The owner process from outside: over its socket, with real files, a real Secret Service and a
//! real server.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

#[cfg(feature = "desktop")]
mod clipboard;
mod desk;
mod desk_issued;
mod desk_platform;
mod desk_requests;
mod desk_saved;
mod enrolment;
mod export;
mod history;
mod hostile;
mod keys;
mod lifecycle;
mod log;
mod platform;
mod routes;
mod runs;
mod scenarios;
mod scene;
mod secret_service;
mod sending;
mod starting;
mod tokens;
