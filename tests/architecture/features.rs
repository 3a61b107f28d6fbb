//! No feature of `workbench` knows another one.

use std::{collections::BTreeSet, fs, path::Path};

use crate::workspace::{files_below, read, root};

/// What a person asks for: each stands on the session and the shared modules alone.
const FEATURES: &[&str] = &[
    "collection",
    "explain",
    "foreign",
    "history",
    "jwt",
    "keys",
    "platform",
    "read",
    "runs",
    "schemes",
    "send",
    "verify",
];

/// What features stand on, and what leads to them.
const SHARED: &[&str] = &[
    "activity",
    "agent",
    "answers",
    "cancel",
    "certificates",
    "client",
    "desk",
    "folder",
    "frames",
    "home",
    "keyring",
    "manage",
    "os",
    "problem",
    "running",
    "sealed_log",
    "session",
    "settings",
];

/// The modules of this crate that a source names behind `crate::`.
fn modules_named(source: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for rest in source.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            named.insert(identifier(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    named.insert(identifier(list[start..at].trim_start()));
                    start = at + 1;
                    if character == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    named
}

fn identifier(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    text[..end.unwrap_or(text.len())].to_owned()
}

#[test]
fn imports_are_read_in_every_form() {
    let source = "use crate::{a::b, c::{d, e::f},\n    g};\nuse crate::h; x(crate::i::j());";
    let named: Vec<_> = modules_named(source).into_iter().collect();
    assert_eq!(named, ["a", "c", "g", "h", "i"]);
}

#[test]
fn no_feature_of_workbench_imports_another() {
    let sources = root().join("crates/workbench/src");
    for feature in FEATURES {
        for path in files_of(&sources, feature) {
            let source = fs::read_to_string(&path).unwrap();
            for named in modules_named(&source) {
                assert!(
                    named == *feature || !FEATURES.contains(&named.as_str()),
                    "{} imports the feature {named}",
                    path.display()
                );
            }
        }
    }
}

fn files_of(sources: &Path, module: &str) -> Vec<std::path::PathBuf> {
    let folder = sources.join(module);
    if folder.is_dir() {
        files_below(&folder, &["rs"])
    } else {
        vec![folder.with_extension("rs")]
    }
}

#[test]
fn every_module_of_workbench_is_a_feature_or_shared() {
    let library = read("crates/workbench/src/lib.rs");
    for line in library.lines() {
        let declared = line.trim_start_matches("pub ").strip_prefix("mod ");
        if let Some(module) = declared.and_then(|rest| rest.strip_suffix(';')) {
            assert!(
                FEATURES.contains(&module) || SHARED.contains(&module),
                "say in features.rs what {module} is"
            );
        }
    }
}
