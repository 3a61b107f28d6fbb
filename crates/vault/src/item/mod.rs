//! Items: what the vault keeps for a person.

mod fields;
mod name;
mod new;
mod overview;

pub(crate) use fields::PUBLIC as PUBLIC_FIELDS;
pub use fields::{FieldError, SecretFields};
pub use name::{ItemName, NameError};
pub(crate) use new::check_hosts;
pub use new::{Changes, HostError, InvalidItem, NewItem};
pub use overview::Item;
pub(crate) use overview::{Overview, Version};
