//! The items of an open vault, one use case per file.

mod add;
mod certificate;
mod check;
mod edit;
mod list;
mod remove;
mod renew;
mod restore;
mod settings;
mod show;

pub(crate) use self::{
    add::add, certificate::certificate, check::check, edit::edit, list::list, remove::remove,
    renew::renew, restore::restore, settings::set, show::show,
};
