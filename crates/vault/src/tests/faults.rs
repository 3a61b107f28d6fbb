//! Disks that are full or read-only, processes that are killed, a second owner.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Barrier,
    thread,
    time::Duration,
};

use strongroom_crypto::Key;
use tempfile::TempDir;

use super::support::{
    NOON, PASSPHRASE, Person, Records, cheap, contents, folder, later, new_item, text,
};
use crate::{
    Burn, CreateError, DeviceSecret, Draft, Horizon, Journal, Locked, OpenError, StorageError,
    UnlockError, WriteError, by_root_key,
};

#[test]
fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let records = Records::new();
    let vault = records.open();
    let me = Some(std::process::id());
    assert_eq!(
        Locked::open(&records.path).err(),
        Some(OpenError::InUse { pid: me })
    );
    // By another name of the same file, too.
    let link = records.folder.path().join("link");
    std::os::unix::fs::symlink(&records.path, &link).unwrap();
    assert_eq!(
        Locked::open(&link).err(),
        Some(OpenError::InUse { pid: me })
    );
    // A locked vault is still owned; nobody is once it is dropped.
    let locked = vault.lock();
    assert!(matches!(
        Locked::open(&records.path),
        Err(OpenError::InUse { .. })
    ));
    drop(locked);
    assert!(Locked::open(&link).is_ok());
}

#[test]
fn of_many_who_open_at_once_one_gets_in() {
    let records = Records::new();
    for _ in 0..10 {
        let start = Barrier::new(4);
        let opened: Vec<_> = thread::scope(|scope| {
            let racers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        Locked::open(&records.path)
                    })
                })
                .collect();
            racers
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .collect()
        });
        assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);
        let refused = opened.iter().filter_map(|opened| opened.as_ref().err());
        assert!(
            refused
                .into_iter()
                .all(|error| matches!(error, OpenError::InUse { .. }))
        );
    }
}

#[test]
fn a_program_that_reads_the_file_past_the_lock_is_not_overlooked() {
    let records = Records::new();
    let other = rusqlite::Connection::open(&records.path).unwrap();
    other.execute_batch("BEGIN; SELECT * FROM header;").unwrap();
    assert_eq!(
        Locked::open(&records.path).err(),
        Some(OpenError::InUse { pid: None })
    );
    drop(other);
    assert!(Locked::open(&records.path).is_ok());
}

#[test]
fn what_is_no_vault_is_refused_and_left_alone() {
    let folder = folder();
    let open = |name: &str| Locked::open(&folder.path().join(name)).err();
    assert!(matches!(open("nothing"), Some(OpenError::NotFound(_))));
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(matches!(open("folder"), Some(OpenError::NotAVault(_))));
    let other = rusqlite::Connection::open(folder.path().join("database")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    for (name, content) in [("empty", &b""[..]), ("text", &[b'x'; 5_000])] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    for name in ["empty", "text", "database"] {
        let before = fs::read(folder.path().join(name)).unwrap();
        assert!(
            matches!(open(name), Some(OpenError::NotAVault(_))),
            "{name}"
        );
        assert_eq!(
            fs::read(folder.path().join(name)).unwrap(),
            before,
            "{name}"
        );
    }
    // Nor does a new vault take the place of any of them, or of a dangling link.
    std::os::unix::fs::symlink("gone", folder.path().join("dangling")).unwrap();
    for name in ["empty", "text", "folder", "dangling"] {
        let path = folder.path().join(name);
        let created = by_root_key::create(&path, &Key::random(), DeviceSecret::random(), 60, NOON);
        assert!(matches!(created, Err(CreateError::Exists(_))), "{name}");
    }
}

#[test]
fn a_vault_belongs_to_its_owner_alone_and_works_with_either_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    for entry in fs::read_dir(records.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
    drop(vault);
    fs::set_permissions(&records.path, fs::Permissions::from_mode(0o644)).unwrap();
    let locked = Locked::open_with(&records.path, Journal::Rollback).unwrap();
    assert!(
        locked
            .verify()
            .findings
            .iter()
            .any(|f| f.problem.contains("0600"))
    );
    drop(locked);
    fs::set_permissions(&records.path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(records.open().verify().ok);
}

/// A disk of its own: what is written there stops at `kib`.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Needs the right to mount; whoever has not is told, instead of the test passing unseen.
    fn new(kib: u32) -> Self {
        let folder = folder();
        let size = format!("size={kib}k");
        mount(
            &["-t", "tmpfs", "-o", &size, "strongroom-test"],
            folder.path(),
        );
        Self { folder }
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("vault.strongroom")
    }

    /// Takes every free block.
    fn fill(&self) -> PathBuf {
        let path = self.folder.path().join("filler");
        let mut filler = fs::File::create(&path).unwrap();
        while filler.write_all(&[1; 4_096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

fn mount(options: &[&str], on: &Path) {
    let mounted = Command::new("mount")
        .args(options)
        .arg(on)
        .stderr(Stdio::null())
        .status();
    assert!(
        mounted.is_ok_and(|status| status.success()),
        "mount is not permitted"
    );
}

/// Whether this process may mount a disk of its own. If not, the test runs again in user and mount
/// namespaces where it may; that it does there is what this answers with.
fn done_where_mounting_is_permitted(test: &str) -> bool {
    let probe = folder();
    let permitted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16k", "strongroom-test"])
        .arg(probe.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if permitted {
        let unmounted = Command::new("umount").arg(probe.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
        return false;
    }
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .stdout(Stdio::null())
        .status();
    assert!(
        ran.is_ok_and(|status| status.success()),
        "this test needs the right to mount a small disk, or user namespaces"
    );
    true
}

#[test]
fn a_full_disk_loses_nothing_and_is_told() {
    if done_where_mounting_is_permitted("tests::faults::a_full_disk_loses_nothing_and_is_told") {
        return;
    }
    let disk = SmallDisk::new(256);
    let person = Person::at(folder(), disk.vault());
    let mut vault = person.unlock(NOON).unwrap();
    let error = (0..)
        .find_map(|number| {
            let item = new_item(&format!("item {number}"), &"x".repeat(2_000));
            vault.add(&item, NOON).err()
        })
        .unwrap();
    assert_eq!(error, WriteError::Storage(StorageError::Full));
    let known = contents(&vault);
    assert!(known.len() > 5 && vault.verify().ok);
    drop(vault);

    // Unlocking on a disk without a free block: for reading, and the code is not used up. Opened
    // with room once, so that no journal with room in it is left.
    mount(&["-o", "remount,size=512k"], disk.folder.path());
    drop(Locked::open(&person.path).unwrap());
    let filler = disk.fill();
    let mut vault = person.unlock(later(1)).unwrap();
    assert_eq!(*vault.burn(), Burn::NotWritten(StorageError::Full));
    assert!(vault.status().read_only);
    assert_eq!(contents(&vault), known);
    let refused = vault.add(&new_item("more", "x"), NOON).map(drop);
    assert_eq!(refused, Err(WriteError::Storage(StorageError::Full)));
    assert_eq!(
        vault.check_add("more"),
        Err(WriteError::Storage(StorageError::Full))
    );
    drop(vault);
    let elsewhere = disk.folder.path().join("another");
    let draft = Draft::new(
        text(PASSPHRASE),
        DeviceSecret::random(),
        cheap(),
        Horizon::default(),
    );
    let created = draft
        .unwrap()
        .create(&elsewhere, None, NOON, &mut |_| {})
        .err();
    assert_eq!(created, Some(CreateError::Storage(StorageError::Full)));
    assert!(!elsewhere.exists(), "no half a vault");

    fs::remove_file(filler).unwrap();
    let vault = person.unlock(later(1)).unwrap();
    assert_eq!(*vault.burn(), Burn::Done);
    assert_eq!(contents(&vault), known);
}

#[test]
fn a_read_only_disk_opens_for_reading_and_says_that_the_code_is_not_used_up() {
    let name =
        "tests::faults::a_read_only_disk_opens_for_reading_and_says_that_the_code_is_not_used_up";
    if done_where_mounting_is_permitted(name) {
        return;
    }
    let disk = SmallDisk::new(512);
    let person = Person::at(folder(), disk.vault());
    let mut vault = person.unlock(NOON).unwrap();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    let known = contents(&vault);
    drop(vault);
    mount(&["-o", "remount,ro"], disk.folder.path());
    for _ in 0..2 {
        let vault = person.unlock(later(1)).unwrap();
        assert_eq!(*vault.burn(), Burn::NotWritten(StorageError::ReadOnly));
        assert_eq!(contents(&vault), known);
        assert!(vault.verify().ok);
    }
    let recovered = Locked::open(&person.path).unwrap().recover(
        &person.enrolled.recovery_code,
        text("p"),
        DeviceSecret::random(),
        cheap(),
        Horizon::default(),
    );
    let error = recovered.err().unwrap().error;
    assert_eq!(error, crate::RecoverError::Storage(StorageError::ReadOnly));
    mount(&["-o", "remount,rw"], disk.folder.path());
    // A crash's journal cannot be read in there; it is not passed over in silence.
    fs::write(disk.folder.path().join("vault.strongroom-wal"), [1; 32]).unwrap();
    mount(&["-o", "remount,ro"], disk.folder.path());
    assert!(matches!(
        Locked::open(&person.path),
        Err(OpenError::UnfinishedChanges(_))
    ));
    mount(&["-o", "remount,rw"], disk.folder.path());
    fs::remove_file(disk.folder.path().join("vault.strongroom-wal")).unwrap();
    assert_eq!(
        person.unlock(later(1)).map(|vault| vault.burn().clone()),
        Ok(Burn::Done)
    );
    let replay = UnlockError::WrongFactors {
        next_code_in: Some(30),
    };
    assert_eq!(person.unlock(later(1)).err(), Some(replay));
}

const CHILD_VAULT: &str = "STRONGROOM_TEST_VAULT";
const CHILD_ROOT: &str = "STRONGROOM_TEST_ROOT";
/// Where the child counts from, so that no name comes twice.
const CHILD_START: &str = "STRONGROOM_TEST_START";

/// Adds items until it is killed, and writes down each name once the vault has taken it.
#[test]
#[ignore = "a child process of the test below"]
fn child_adds_until_it_is_killed() {
    let path = PathBuf::from(std::env::var_os(CHILD_VAULT).unwrap());
    let root = hex::decode(std::env::var(CHILD_ROOT).unwrap()).unwrap();
    let root = Key::from_slice(&root).unwrap();
    let locked = Locked::open(&path).unwrap();
    let opened = by_root_key::unlock(locked, &root, None, None);
    let mut vault = opened.map_err(|refused| refused.error).unwrap();
    let mut taken = fs::File::options()
        .append(true)
        .create(true)
        .open(path.with_extension("taken"))
        .unwrap();
    let start: u32 = std::env::var(CHILD_START).unwrap().parse().unwrap();
    for number in start.. {
        let name = format!("item {number}");
        vault.add(&new_item(&name, &name), NOON).unwrap();
        taken.write_all(format!("{name}\n").as_bytes()).unwrap();
        if number % 3 == 2 {
            vault.remove(&name).unwrap();
            taken.write_all(format!("-{name}\n").as_bytes()).unwrap();
        }
    }
}

#[test]
fn after_kill_9_everything_that_was_acknowledged_is_there() {
    let records = Records::new();
    let journal = records.path.with_extension("taken");
    let lines = || fs::read_to_string(&journal).unwrap_or_default();
    let mut seen = 0;
    let mut last_before_a_kill = Vec::new();
    for round in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "tests::faults::child_adds_until_it_is_killed",
                "--ignored",
            ])
            .env(CHILD_VAULT, &records.path)
            .env(CHILD_ROOT, records.root_hex())
            .env(CHILD_START, (round * 1_000).to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Wherever it is by then: in the middle of a change, as a rule.
        while lines().lines().count() < seen + 5 + round * 3 {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the child ended by itself"
            );
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let acknowledged = lines();
        seen = acknowledged.lines().count();
        let vault = records.open();
        assert!(vault.verify().ok, "{:?}", vault.verify());
        let present = |name: &str| vault.secret(name, "secret", None).ok();
        let removed = |name: &str| acknowledged.lines().any(|line| line == format!("-{name}"));
        let names = || acknowledged.lines().filter(|line| !line.starts_with('-'));
        last_before_a_kill.extend(names().next_back().map(str::to_owned));
        for name in names().filter(|name| !removed(name)) {
            match present(name) {
                Some(secret) => assert_eq!(secret.expose_secret(), name),
                // Its removal was under way: done, but not yet acknowledged.
                None => assert!(
                    last_before_a_kill.iter().any(|last| last == name),
                    "{name} is lost"
                ),
            }
        }
        assert!(
            names()
                .filter(|name| removed(name))
                .all(|name| present(name).is_none())
        );
    }
}
