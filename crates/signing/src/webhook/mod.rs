//! Signatures of webhooks, as a provider makes them and a receiver checks them. Both hold the time at
//! which they were made; whether that is fresh enough is decided elsewhere.

pub(crate) mod standard;
pub(crate) mod t_v1;
