//! What a test takes of the machine: how many files, and whose turn it is.

use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};

/// Lets this process have as many files and sockets open as the system allows.
pub fn raise_open_files() {
    let most = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, raised).expect("a process may use its hard limit");
}

/// Lets everybody else go first (nice 19), for a thread that makes load: what is measured beside it is then
/// slowed by what the load asks for, and not by the making of it.
pub fn go_last() {
    // Of nobody in particular: on Linux that is the calling thread alone.
    setpriority_process(None, 19).expect("a thread may go last");
}
