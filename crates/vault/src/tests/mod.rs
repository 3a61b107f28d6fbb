//! Tests across modules, with access to what is private: short horizons, the root key.

mod aside;
mod burn;
mod faults;
mod flips;
mod frozen;
mod items;
mod model;
mod recovery;
mod reopen;
mod rollback;
mod support;
