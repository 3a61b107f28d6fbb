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

/// A test that needs a process of its own is ignored by the runner and started by its neighbours.
#[test]
fn an_ignored_test_is_run_by_the_same_file() {
    for path in files_below(root(), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains(concat!("#[", "ignore")) || text.contains(concat!("--", "ignored")),
            "{} has a test that nothing runs",
            path.display()
        );
    }
}

/// A test may be set aside only to be run by another one, in a process of its own.
#[test]
fn what_is_set_aside_is_run_by_a_test_beside_it() {
    let set_aside = concat!("#[", "ignore");
    for path in files_below(root(), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains(set_aside) || text.contains("--ignored"),
            "{}: a test is ignored, and nothing in the file runs it",
            path.display()
        );
    }
}
