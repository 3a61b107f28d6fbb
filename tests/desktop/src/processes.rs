//! The programs below the window: a screen and WebKit's driver.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::{fs::FileExt as _, process::CommandExt as _},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use strongroom_testkit::{Home, Keyring};

use crate::measure::{end_group, processes_of};

/// How long a program may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the titles of the system's dialogs for files have in common.
const FILE_DIALOG: &str = "^(Save|Open)";

/// A page with words on it has more colours than this, from the soft edges of its letters; an empty
/// window has a few.
const COLOURS_OF_AN_EMPTY_PAGE: usize = 8;

/// A screen in memory. Dropping it ends it.
pub(super) struct Screen {
    server: Child,
    // Held open for as long as the server may write to it.
    _stdout: BufReader<ChildStdout>,
    /// The value of `DISPLAY`.
    name: String,
    /// What it shows, as the X window dump that the server keeps up to date.
    frame: File,
}

impl Screen {
    /// Starts one; the server picks a free number itself.
    pub(super) fn start(home: &Home) -> Self {
        let folder = home.beside("screen");
        fs::create_dir_all(&folder).expect("a folder in the temporary directory");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24"])
            .args(["-nolisten", "tcp", "-fbdir"])
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts (scripts/setup installs it)");
        let mut stdout = BufReader::new(server.stdout.take().expect("stdout is piped"));
        let mut number = String::new();
        stdout
            .read_line(&mut number)
            .expect("the number of the screen");
        assert!(!number.trim().is_empty(), "Xvfb ended without a screen");
        Self {
            server,
            _stdout: stdout,
            name: format!(":{}", number.trim()),
            frame: File::open(folder.join("Xvfb_screen0")).expect("the server's picture"),
        }
    }

    /// Whether there are words to be seen.
    pub(super) fn shows_words(&self) -> bool {
        self.colours() > COLOURS_OF_AN_EMPTY_PAGE
    }

    /// Types the path of a file into the system's dialog for files, once it is open, and confirms it.
    pub(super) fn choose_file(&self, path: &Path) {
        // No window manager gives a window the focus here.
        let keys = [
            "search",
            "--sync",
            "--onlyvisible",
            "--name",
            FILE_DIALOG,
            "windowfocus",
            "--sync",
        ];
        self.hands(&keys);
        self.hands(&["key", "ctrl+a"]);
        let path = path.to_str().expect("a path in UTF-8");
        self.hands(&["type", "--delay", "20", path]);
        self.hands(&["key", "Return"]);
        // The next one could be taken for this one as long as it is there.
        let deadline = Instant::now() + PATIENCE;
        while self.has_file_dialog() {
            assert!(Instant::now() < deadline, "the dialog for files stays open");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn has_file_dialog(&self) -> bool {
        let search = ["search", "--onlyvisible", "--name", FILE_DIALOG];
        self.xdotool(&search).status.success()
    }

    /// Presses keys where the focus is, whatever program has it.
    fn hands(&self, arguments: &[&str]) {
        let done = self.xdotool(arguments);
        assert!(done.status.success(), "xdotool {arguments:?}: {done:?}");
    }

    fn xdotool(&self, arguments: &[&str]) -> Output {
        Command::new("timeout")
            .args(["20", "xdotool"])
            .args(arguments)
            .env("DISPLAY", &self.name)
            .output()
            .expect("xdotool runs (scripts/setup installs it)")
    }

    /// How many colours are to be seen on every second line of the screen.
    fn colours(&self) -> usize {
        // XWDFile.h: words in big endian; the colour map, 12 bytes each, lies before the picture.
        let word = |index: u64| {
            let mut word = [0; 4];
            let read = self.frame.read_exact_at(&mut word, index * 4);
            read.map_or(0, |()| u32::from_be_bytes(word))
        };
        let (header, lines, line, map) = (word(0), word(5), word(12), word(19));
        let picture = u64::from(header) + 12 * u64::from(map);
        let mut pixels = vec![0; line as usize];
        let mut colours = HashSet::new();
        for number in (0..u64::from(lines)).step_by(2) {
            let place = picture + number * u64::from(line);
            if self.frame.read_exact_at(&mut pixels, place).is_ok() {
                let (pixels, _) = pixels.as_chunks::<4>();
                colours.extend(pixels.chunk_by(|one, next| one == next).map(|run| run[0]));
            }
        }
        colours.len()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What a program needs to have a window on a screen.
pub(super) fn surroundings<'a>(
    keyring: &'a Keyring,
    screen: &'a Screen,
) -> [(&'static str, &'a str); 5] {
    [
        keyring.variable(),
        ("DISPLAY", &screen.name),
        ("GDK_BACKEND", "x11"),
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        ("NO_AT_BRIDGE", "1"),
    ]
}

/// WebKit's driver and, in its process group, the app that it starts. Dropping it ends all of them.
pub(super) struct Driver {
    driver: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver; what it starts inherits `environment`.
    pub(super) fn start(home: &Home, environment: &[(&str, &str)], log: &Path) -> Self {
        // Two tests may find the same port free at once: the loser's driver ends, and it tries again.
        for _ in 0..5 {
            if let Some(driver) = Self::try_start(home, environment, log) {
                return driver;
            }
        }
        panic!("WebKitWebDriver does not come up (scripts/setup installs it)");
    }

    fn try_start(home: &Home, environment: &[(&str, &str)], log: &Path) -> Option<Self> {
        let port = free_port();
        let log = File::options()
            .append(true)
            .create(true)
            .open(log)
            .expect("a log in the temporary directory");
        let driver = home
            .surround(&mut Command::new("WebKitWebDriver"))
            .arg(format!("--port={port}"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("WebKitWebDriver starts (scripts/setup installs it)");
        let mut started = Self { driver, port };
        let deadline = Instant::now() + PATIENCE;
        while started.driver.try_wait().ok().flatten().is_none() && Instant::now() < deadline {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(started);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// The web processes of the app: of this process group, by name.
    pub(super) fn web_processes(&self) -> Vec<u32> {
        // WebKitWebProcess: names are cut after 15 bytes.
        processes_of(self.driver.id())
            .filter(|(_, name)| name == "WebKitWebProces")
            .map(|(id, _)| id)
            .collect()
    }

    /// The process group of the driver and the app.
    pub(super) fn group(&self) -> u32 {
        self.driver.id()
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        end_group(&mut self.driver);
    }
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
