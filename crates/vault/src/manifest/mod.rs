//! The manifest: which rows the vault consists of, and which state came before which.
//!
//! A record that opens may still be an old one, or one that was removed. So a keyed hash tree stands
//! over every row of every table and over the header; its top, a counter and the hash of the state
//! before make a *head*, written in the same transaction as every change. Whoever has no root key can
//! neither make a tree for rows of his choice nor a head.

mod anchor;
mod ledger;
mod tree;

pub(crate) use anchor::AnchorMismatch;
pub use anchor::{Anchor, MalformedAnchor};
pub(crate) use ledger::Ledger;
use tree::Tree;
pub(crate) use tree::{Change, Leaf, RowKey};
