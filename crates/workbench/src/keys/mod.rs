//! The items of an open vault, one use case per file.

mod add;
mod check;
mod list;
mod remove;
mod show;

pub(crate) use self::{add::add, check::check, list::list, remove::remove, show::show};
