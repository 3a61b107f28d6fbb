//! The lint tables: every crate has the workspace's, and the pure crates forbid clock and files.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::workspace::{Dependencies, PURE, read};

fn table(path: &str) -> Table {
    read(path).parse().unwrap()
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    for (name, package) in Dependencies::read().members() {
        let manifest: Table = std::fs::read_to_string(&package.manifest_path)
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(
            manifest["lints"]["workspace"],
            Value::Boolean(true),
            "{name}"
        );
    }
}

#[test]
fn pure_crates_cannot_ask_the_clock_or_the_disk() {
    let ours = table("clippy.toml");
    for name in PURE {
        let theirs = table(&format!("crates/{name}/clippy.toml"));
        // Clippy reads the nearest file alone, so each repeats the workspace's settings.
        for (setting, value) in &ours {
            assert_eq!(theirs.get(setting), Some(value), "{name}: {setting}");
        }
        let disallowed: BTreeSet<&str> = ["disallowed-methods", "disallowed-types"]
            .iter()
            .flat_map(|list| theirs[*list].as_array().unwrap())
            .map(|entry| {
                assert!(
                    entry["reason"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty()),
                    "{name}: {entry} has no reason"
                );
                entry["path"].as_str().unwrap()
            })
            .collect();
        for path in [
            "std::time::SystemTime::now",
            "std::time::Instant::now",
            "std::fs::read",
            "std::fs::write",
            "std::fs::File",
            "std::fs::OpenOptions",
            "std::env::var",
            "std::process::Command",
        ] {
            assert!(disallowed.contains(path), "{name} may still use {path}");
        }
    }
}
