//! The command line as its users meet it: scripts under `tests/scripts`, run against the real
//! program, a real owner of the vault and a real platform, in a home of their own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a script that cannot be run fails its test"
)]

mod interrupt;
mod redact;
mod runner;
mod script;

use std::path::Path;

macro_rules! scripts {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                runner::run(&folder().join(concat!(stringify!($name), ".txt")));
            }
        )+

        const SCRIPTS: &[&str] = &[$(stringify!($name)),+];
    };
}

scripts! {
    audit_export
    demo
    explain
    explain_request
    jwt
    key
    platform
    read
    recover
    requests
    requests_files
    scenario
    send
    serve
    shell
    sign
    store
    unlock
    usage
    vault_create
    vault_create_with_code
    vault_create_wrong_code
    verify
    with_platform
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts"))
}

#[test]
fn every_script_is_run() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    let mut listed = SCRIPTS.to_vec();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
