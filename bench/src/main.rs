//! Measures Strongroom beside its peers, in the same run, and prints one table.

mod harness;

fn main() {}
