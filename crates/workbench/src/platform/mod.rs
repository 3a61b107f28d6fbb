//! The local platform, from the side of the one who runs it: starting it, managing it over HTTPS
//! with the owner's key, and putting the keys that it issues into the vault.

mod key_create;
mod serve;

pub use self::{
    key_create::{Stored, create_and_store},
    serve::{ServeOptions, serve},
};
pub use crate::manage::Platform;
