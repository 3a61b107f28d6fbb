//! The only place with code for an operating system: the clock, processes, private files, sockets.
//! Linux is what is tested; another system grows here.

#[cfg(feature = "desktop")]
pub mod clipboard;
pub mod clock;
pub mod files;
pub mod process;
pub mod socket;
