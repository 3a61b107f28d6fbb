//! Every part together, through the built command and over real TLS.
//!
//! `STRONGROOM_SOAK=N` runs the counted scenarios N times as long.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod bad_clock;
mod canary;
mod crash;
mod described;
mod fair;
mod full_disk;
mod idle;
mod load;
mod main_job;
mod readme;
mod scan;
mod scene;
mod terminal;
