//! Ctrl-C: what was begun is cleaned up.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let outer = tempfile::tempdir().unwrap();
    let (temporary, runtime) = (outer.path().join("tmp"), outer.path().join("run"));
    for directory in [&temporary, &runtime] {
        fs::create_dir(directory).unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut demo = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(["demo", "--json"])
        .env("TMPDIR", &temporary)
        .env("XDG_RUNTIME_DIR", &runtime)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.contains("\"step\":1"), "{first}");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1);

    let pid = demo.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let last = rest.lines().last().unwrap();
    assert!(last.contains("\"code\":\"cancelled\""), "{rest}");
    assert!(!rest.contains("\"ok\":false"), "{rest}");
    assert_eq!(demo.wait().unwrap().code(), Some(130));
    for directory in [&temporary, &runtime] {
        let left: Vec<_> = fs::read_dir(directory).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
