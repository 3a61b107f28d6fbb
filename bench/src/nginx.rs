//! nginx with what comes closest to the platform's rules: a map of keys, allow and deny, `limit_req`,
//! and an access log, buffered or as safe as ours.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::thread::{CpuSet, sched_setaffinity};
use tempfile::TempDir;

use crate::{harness::Stopped, wrk::SERVER_CORE};

/// A path that is answered without any check, and noted nowhere.
pub(crate) const SINK: &str = "/sink";

/// How much of its access log may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessLog {
    /// 64 KiB of lines with the process, and as much as the system likes with the power.
    Buffered,
    /// None with the process, and a second's with the power, as of our audit log: a line is written
    /// before the answer, and the file is brought to the disk each second and with each MiB.
    Safe,
}

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running nginx. Dropping it ends it.
pub(crate) struct Nginx {
    child: Child,
    port: u16,
    dir: TempDir,
    syncs: Option<Syncs>,
}

/// What brings the log to the disk: it ends once the sender is gone.
struct Syncs {
    thread: thread::JoinHandle<io::Result<()>>,
    end: mpsc::Sender<()>,
}

impl Nginx {
    /// Starts nginx on a free port and the server's core. It answers `body` to `path` for the one
    /// client that it knows.
    pub(crate) fn start(
        path: &str,
        body: &str,
        (app_id, secret): (&str, &str),
        log: AccessLog,
    ) -> Result<Self, Stopped> {
        // Its worker may run as another user.
        let dir = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let folder = dir.path();
        certificate(folder)?;
        let file = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, body)?;
        let configuration = configuration(folder, port, app_id, secret, log);
        fs::write(folder.join("nginx.conf"), configuration)?;
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE, "nginx", "-e", "stderr", "-c"])
            .arg(folder.join("nginx.conf"))
            .env("PATH", path_with_sbin())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("error.log"))?)
            .spawn()?;
        let mut nginx = Self {
            child,
            port,
            dir,
            syncs: None,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if Instant::now() > deadline {
                let said = fs::read_to_string(nginx.dir.path().join("error.log"))?;
                return Err(Stopped::because(format!("nginx did not start: {said}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        if log == AccessLog::Safe {
            let log = fs::File::open(nginx.dir.path().join("access.log"))?;
            nginx.syncs = Some(bring_to_the_disk(log)?);
        }
        Ok(nginx)
    }

    /// The process that answers.
    pub(crate) fn worker(&self) -> Result<u32, Stopped> {
        let master = self.child.id();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            // It listens before there is one.
            let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"))?;
            match children.split_whitespace().next() {
                Some(first) => return Ok(first.parse()?),
                None if Instant::now() > deadline => {
                    return Err(Stopped::because("nginx has no worker"));
                }
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// That its log was as safe as it was to be up to now.
    pub(crate) fn kept_its_log(&self) -> Result<(), Stopped> {
        match &self.syncs {
            Some(syncs) if syncs.thread.is_finished() => Err(Stopped::because(
                "nginx's log is not brought to the disk any more",
            )),
            _ => Ok(()),
        }
    }

    /// The certificate that it shows, to be trusted: PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    /// The absolute URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked politely, since the one that is killed leaves its worker behind.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
        if let Some(Syncs { thread, end }) = self.syncs.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

/// Brings what is added to a log to the disk, on the server's core.
fn bring_to_the_disk(log: fs::File) -> Result<Syncs, Stopped> {
    const MUCH: u64 = 1024 * 1024;
    const AT_LEAST_EVERY: Duration = Duration::from_secs(1);
    let mut core = CpuSet::new();
    core.set(SERVER_CORE.parse()?);
    let (end, ended) = mpsc::channel();
    let thread = thread::spawn(move || -> io::Result<()> {
        sched_setaffinity(None, &core)?;
        let (mut synced, mut at) = (0, Instant::now());
        while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            let len = log.metadata()?.len();
            if len - synced >= MUCH || (len > synced && at.elapsed() >= AT_LEAST_EVERY) {
                log.sync_data()?;
                (synced, at) = (len, Instant::now());
            }
        }
        Ok(())
    });
    Ok(Syncs { thread, end })
}

fn path_with_sbin() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

/// A certificate of the kind that the platform makes for itself: ECDSA P-256.
fn certificate(folder: &Path) -> Result<(), Stopped> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(folder.join("cert.pem"), made.cert.pem())?;
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(())
}

fn configuration(folder: &Path, port: u16, app_id: &str, secret: &str, log: AccessLog) -> String {
    let folder = folder.display();
    let buffer = match log {
        AccessLog::Buffered => " buffer=64k",
        AccessLog::Safe => "",
    };
    format!(
        r#"
daemon off;
worker_processes 1;
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log combined{buffer};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    open_file_cache max=16;
    map_hash_bucket_size 256;
    map "$http_app_id:$http_secret_key" $client {{
        default "";
        "{app_id}:{secret}" "{app_id}";
    }}
    limit_req_zone $client zone=client:10m rate=1000000r/s;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        root {folder};
        default_type application/json;
        allow 127.0.0.0/8;
        deny all;
        limit_req zone=client burst=1000000 nodelay;
        # What returns at once comes before limits and access rules.
        location = {SINK} {{
            access_log off;
            return 200 "{{}}";
        }}
        location / {{
            if ($client = "") {{ return 401; }}
        }}
    }}
}}
"#
    )
}
