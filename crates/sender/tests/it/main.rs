//! The sender against real servers on loopback.
