//! A program with a window, looked at from outside, without a driver: when its first page can be seen,
//! and what it holds in memory.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};
use strongroom_testkit::{Home, Keyring};

use crate::processes::{Screen, surroundings};

/// How long a program may take to show something, or to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at the screen.
const GLANCE: Duration = Duration::from_millis(2);
/// Between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(250);
/// A program whose first page is on a screen. Dropping it ends the program and all that it started.
pub struct Started {
    program: Child,
    seen_after: Duration,
    screen: Screen,
    _keyring: Keyring,
}

impl Started {
    /// Starts `program` in a home and waits until there are words on its screen.
    #[must_use]
    pub fn start(home: &Home, program: &Path) -> Self {
        let keyring = Keyring::start(home);
        let screen = Screen::start(home);
        let begun = Instant::now();
        let program = home
            .surround(&mut Command::new(program))
            .envs(surroundings(&keyring, &screen))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a built program starts");
        let mut started = Self {
            program,
            seen_after: Duration::ZERO,
            screen,
            _keyring: keyring,
        };
        while !started.screen.shows_words() {
            assert!(begun.elapsed() < PATIENCE, "no page is shown");
            thread::sleep(GLANCE);
        }
        started.seen_after = begun.elapsed();
        started
    }

    /// How long it took until its first page was seen.
    #[must_use]
    pub fn seen_after(&self) -> Duration {
        self.seen_after
    }

    /// What it and the processes that it started hold in memory, in bytes, once that has settled.
    #[must_use]
    pub fn settled_memory(&self) -> u64 {
        settled_memory(self.program.id())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        end_group(&mut self.program);
    }
}

/// Ends a child and everything in the process group that it leads.
pub(super) fn end_group(leader: &mut Child) {
    if let Some(group) = i32::try_from(leader.id()).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let _ = leader.wait();
}

/// The processes of a group: their ids, and the first 15 bytes of their names.
pub(super) fn processes_of(group: u32) -> impl Iterator<Item = (u32, String)> {
    let group = group.to_string();
    fs::read_dir("/proc")
        .expect("Linux has /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(move |id: u32| {
            // `id (name) state parent group …`
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let (before, after) = stat.rsplit_once(')')?;
            let (_, name) = before.split_once('(')?;
            (after.split(' ').nth(3) == Some(&group)).then(|| (id, name.to_owned()))
        })
}

/// The memory of a group of processes, without WebKit's driver, in bytes: each page is counted in
/// equal shares by all who have it (PSS). Waits until four looks in a row see the same, within 1 %.
pub(super) fn settled_memory(group: u32) -> u64 {
    let begun = Instant::now();
    let mut settled = (0, 0);
    loop {
        let now = memory(group);
        let (then, times) = settled;
        settled = match now.abs_diff(then) * 100 <= now {
            true => (then, times + 1),
            false => (now, 0),
        };
        if times == 4 || begun.elapsed() > PATIENCE {
            return now;
        }
        thread::sleep(PAUSE);
    }
}

fn memory(group: u32) -> u64 {
    let of = |id: u32| -> Option<u64> {
        let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        let kib: u64 = pss.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024)
    };
    processes_of(group)
        .filter(|(_, name)| !name.starts_with("WebKitWebDriv"))
        .filter_map(|(id, _)| of(id))
        .sum()
}
