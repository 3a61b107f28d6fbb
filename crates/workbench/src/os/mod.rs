//! The only place with code for an operating system: the clock, processes, private files, sockets, what
//! there is to draw with. Linux is what is tested; another system grows here.

#[cfg(feature = "desktop")]
pub mod clipboard;
pub mod clock;
pub mod files;
pub mod graphics;
pub mod process;
pub(crate) mod screen;
pub mod socket;
