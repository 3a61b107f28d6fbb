//! Owners as processes of their own: started by clients, racing, killed.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use strongroom_contract::{error::ErrorCode, vault::VaultState};
use strongroom_workbench::{
    agent::{self, Agent, Options},
    client::Client,
    home::Home,
    os::{process, socket::SocketPath},
};

use crate::scene::{PATIENT, state};

/// The owner, as this test's program is started again by [`program`].
#[test]
#[ignore = "started by the other tests as a process of its own"]
fn owner_process() {
    let options = Options {
        linger: Duration::from_secs(5),
        ..PATIENT
    };
    agent::run(Home::from_environment().unwrap(), options).unwrap();
}

/// A program that behaves as `strongroom agent`.
fn program(dir: &Path) -> PathBuf {
    let path = dir.join("strongroom");
    let this = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nexec '{}' --ignored --exact starting::owner_process --nocapture\n",
        this.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
}

#[test]
fn clients_that_start_owners_at_once_end_up_with_one() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let program = program(dir.path());
    assert!(Client::connect(&home).unwrap().is_none());
    let pids: Vec<u32> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect_or_start(&home, &program).unwrap();
                    assert_eq!(state(&mut client), VaultState::None);
                    client.owner().pid
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let owner = pids[0];
    assert!(pids.iter().all(|pid| *pid == owner), "{pids:?}");

    // A second owner is refused and told who the first is.
    let refused = Agent::bind(home.clone(), PATIENT).err().unwrap();
    assert_eq!(refused.code, ErrorCode::InUse);
    assert!(refused.message.contains(&owner.to_string()));

    // A killed owner leaves its socket behind; the next client starts another one.
    kill(owner);
    while process::is_running(owner) && !is_zombie(owner) {
        std::thread::yield_now();
    }
    let place = SocketPath::of(home.path()).unwrap();
    assert!(place.socket().exists());
    let mut client = Client::connect_or_start(&home, &program).unwrap();
    assert_ne!(client.owner().pid, owner);
    assert_eq!(state(&mut client), VaultState::None);
    kill(client.owner().pid);
}

/// Killed and not yet waited for by this test's process, which is its parent.
fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    })
}

#[test]
fn a_program_that_does_not_come_up_is_reported_with_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let broken = dir.path().join("broken");
    fs::write(&broken, "#!/bin/sh\necho 'no luck today' >&2\nexit 3\n").unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o700)).unwrap();
    let failure = Client::connect_or_start(&home, &broken).err().unwrap();
    assert!(failure.message.contains("exit status: 3"), "{failure}");
    assert!(failure.hint.unwrap().contains("agent.log"));
    let log = fs::read_to_string(home.agent_log()).unwrap();
    assert!(log.contains("no luck today"));

    let missing = Client::connect_or_start(&home, &dir.path().join("missing"))
        .err()
        .unwrap();
    assert!(
        missing.message.contains("could not be started"),
        "{missing}"
    );
}

#[test]
fn what_lies_in_the_sockets_place_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let place = SocketPath::of(home.path()).unwrap();
    fs::write(place.socket(), b"").unwrap();
    // A plain file is nobody who listens; the owner replaces it.
    let agent = Agent::bind(home.clone(), PATIENT).unwrap();
    assert!(place.connect().unwrap().is_some());
    drop(agent);
    assert!(!place.socket().exists());
    assert!(Client::connect(&home).unwrap().is_none());
}
