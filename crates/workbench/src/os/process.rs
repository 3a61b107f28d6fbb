//! This process and others: hardening, detaching, whether one is alive, who we are.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, geteuid, getrlimit, kill_process,
    set_dumpable_behavior, setrlimit, test_kill_process,
};

/// Keeps this process's memory out of core dumps and away from other processes of the same user:
/// `RLIMIT_CORE` is 0 and the process is not dumpable (`prctl(2)`, `PR_SET_DUMPABLE`), so that
/// `ptrace(2)` and `/proc/PID/mem` need privileges.
///
/// # Errors
///
/// The system's own, if it forbids this; no system that we know does.
pub fn harden() -> io::Result<()> {
    forbid_core_dumps()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// No crash writes the memory to disk. A process with a window does this alone: being undumpable
/// keeps portals from recognising it, and their file dialogs from opening.
///
/// # Errors
///
/// The system's own, if it forbids this; no system that we know does.
pub fn forbid_core_dumps() -> io::Result<()> {
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?;
    Ok(())
}

/// How many files and sockets this process may have open at once.
#[must_use]
pub fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

/// Raises [`open_files`] as far as the system lets us. For a process that has itself alone: what it
/// starts inherits it, and programs that use `select(2)` must not have too many.
pub fn raise_open_files() {
    let most = getrlimit(Resource::Nofile).maximum;
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    );
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
}

/// The user that this process acts as.
#[must_use]
pub fn uid() -> u32 {
    geteuid().as_raw()
}

/// Whether a process of this id is running, whoever owns it.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    // EPERM says that it runs and belongs to somebody else.
    !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// Asks a process to end (SIGTERM).
///
/// # Errors
///
/// The system's own: it has ended already, or belongs to somebody else.
pub fn ask_to_end(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::TERM)?)
}

/// Starts `program` with `args` so that it outlives us: in a process group of its own (Ctrl-C at our
/// terminal does not reach it), without our stdin and stdout, its stderr appended to `log`.
///
/// # Errors
///
/// The program cannot be started.
pub fn start_detached(
    program: &Path,
    args: &[&OsStr],
    environment: &[(&str, &OsStr)],
    log: File,
) -> io::Result<Child> {
    Command::new(program)
        .args(args)
        .envs(environment.iter().copied())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_while_it_lives_and_not_after() {
        assert!(is_running(std::process::id()));
        assert!(!is_running(0));
        assert!(!is_running(u32::MAX));
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert!(!is_running(pid));
    }
}
