//! The strongroom command: one file per noun.

fn main() {}
