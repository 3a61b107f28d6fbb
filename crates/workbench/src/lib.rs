//! The use cases, one file each, and all that touches the operating system.
//!
//! ```text
//!   cli --- client ~~~ socket ~~~ agent --- session --- vault
//!    |                                        |`------- keyring (device secret, anchor)
//!    |                                        `-------- send --- signing, sender
//!    |--- send (without a key: in this process)
//!    `--- platform (handle: /manage over HTTPS; serve: the server in the foreground)
//! ```
//!
//! One process owns the vault: the one that runs [`agent`]. Everybody else is a [`client`] of its
//! socket and never opens the file. [`session`] is the owner's state machine, without a socket, so
//! that the window can own the vault with the same code: [`desk`] is an owner with a window. The feature
//! `desktop` adds what only a desktop has, and changes nothing else.
//!
//! Code for an operating system lies in [`os`] alone. Deliberately absent here: key bytes (`crypto`),
//! what the file looks like (`vault`), what is allowed or refused (`policy`), and printing (`cli`).

pub mod activity;
pub mod agent;
mod answers;
mod cancel;
pub mod certificates;
pub mod client;
pub mod collection;
pub mod desk;
pub mod explain;
mod folder;
pub mod foreign;
mod frames;
pub mod history;
pub mod home;
pub mod jwt;
mod keyring;
mod keys;
mod manage;
pub mod os;
pub mod platform;
mod problem;
mod read;
mod running;
pub mod runs;
pub mod schemes;
mod sealed_log;
pub mod send;
pub mod session;
pub mod settings;
mod verify;
