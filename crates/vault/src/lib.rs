//! The vault file: factors to root key, and root key to records.
