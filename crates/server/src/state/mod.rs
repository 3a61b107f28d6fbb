//! The state directory: one server's keys, store and audit log, for its owner alone.
//!
//! | file | holds |
//! |---|---|
//! | `lock` | who has the directory: process id and address |
//! | `pepper.key` | the key under which API secrets are stored as HMAC-SHA256 |
//! | `store.key` | the key that seals secrets of signing keys, and the personal keys of clients |
//! | `token.key` | the key that access tokens are signed with |
//! | `checkpoint.key` | the key that audit checkpoints are signed with |
//! | `ca.pem`, `ca.key.pem` | the local authority: the certificate to trust, and its key |
//! | `owner.key` | the management key of the owner, in text |
//! | `platform.db` | clients, keys, resources, the audit index, refused requests |
//! | `audit/` | the audit log's segments and checkpoints |
//!
//! Keys are random and derived from nothing. Files are 0600 and directories 0700 from their first
//! byte on.

mod directory;
mod keys;

pub(crate) use directory::{Directory, read_private, write_private};
pub(crate) use keys::Keys;
