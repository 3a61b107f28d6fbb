//! Files stay small, and nothing in them is left for later.

use std::fs;

use crate::workspace::{files_below, root};

const LONGEST: usize = 600;

#[test]
fn no_source_file_is_over_600_lines() {
    for path in files_below(root(), &["rs", "ts", "svelte", "css"]) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= LONGEST,
            "{} has {lines} lines; more than {LONGEST} is two concerns",
            path.display()
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two halves, so that this file passes its own test.
    let marks = [
        concat!("#[", "ignore"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    for path in files_below(root(), &["rs", "ts", "svelte", "toml", "md", "sh"]) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            for mark in marks {
                assert!(
                    !line.contains(mark),
                    "{}:{}: {mark}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}
