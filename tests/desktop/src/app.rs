//! The app, from its start to its end, and how a person gets through its door.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Map, json};
use strongroom_crypto::totp::{Codes, Step};

use crate::{
    measure::settled_memory,
    page::{Page, Which},
    processes::{Driver, Screen, surroundings},
};
use strongroom_testkit::{Home, Keyring, built};

/// The app in a home, with a screen, a session bus and a keyring of its own. Dropping it ends all.
pub struct App<'home> {
    /// The window that is driven now.
    pub page: Page,
    home: &'home Home,
    // In this order: the app ends before the screen and the bus that it stands on.
    driver: Driver,
    screen: Screen,
    _keyring: Keyring,
}

impl<'home> App<'home> {
    /// The passphrase of every vault made in the window.
    pub const PASSPHRASE: &'static str = "correct horse battery staple";

    /// Starts the app and goes to the first window that it opens.
    pub async fn start(home: &'home Home) -> Self {
        Self::start_program(home, &built("strongroom-app", "strongroom-app")).await
    }

    /// The same with an app that lies elsewhere than beside this program.
    pub async fn start_program(home: &'home Home, program: &Path) -> Self {
        let keyring = Keyring::start(home);
        let screen = Screen::start(home);
        let log = home.beside("app.log");
        let automated = [
            ("STRONGROOM_LOG", "info"),
            ("TAURI_WEBVIEW_AUTOMATION", "true"),
        ];
        let environment = [&surroundings(&keyring, &screen)[..], &automated].concat();
        let driver = Driver::start(home, &environment, &log);
        let launcher = launcher(home, program, &log);
        let mut capabilities = Map::new();
        capabilities.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": launcher }),
        );
        let session = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await;
        let client = session.unwrap_or_else(|error| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            panic!("the app can't be driven: {error}\n--- log\n{said}")
        });
        Self {
            page: Page::new(client, log),
            home,
            driver,
            screen,
            _keyring: keyring,
        }
    }

    /// The home that it runs in.
    #[must_use]
    pub fn home(&self) -> &'home Home {
        self.home
    }

    /// The web processes of the app, by their ids.
    #[must_use]
    pub fn web_processes(&self) -> Vec<u32> {
        self.driver.web_processes()
    }

    /// Whether there are words on the screen, whatever the driver sees.
    #[must_use]
    pub fn shows_words(&self) -> bool {
        self.screen.shows_words()
    }

    /// Chooses a file in the system's dialog for files, which the app has opened or is about to.
    pub fn choose_file(&self, path: &Path) {
        self.screen.choose_file(path);
    }

    /// Ends the web processes from outside, as the system does where memory is short; which they were.
    #[must_use]
    pub fn end_pages(&self) -> Vec<u32> {
        let processes = self.web_processes();
        for id in &processes {
            if let Some(id) = i32::try_from(*id).ok().and_then(Pid::from_raw) {
                let _ = kill_process(id, Signal::KILL);
            }
        }
        processes
    }

    /// What the app and its web processes hold in memory, in bytes, once that has settled.
    #[must_use]
    pub fn settled_memory(&self) -> u64 {
        settled_memory(self.driver.group())
    }

    /// Lets no file of the app grow beyond `bytes`, as on a full disk, until the answer is dropped.
    #[must_use]
    pub fn fill_disk(&self, bytes: u64) -> FullDisk {
        let app = self.home.owner().expect("the app serves the socket");
        FullDisk {
            app,
            before: limit(app, Some(bytes)),
        }
    }

    /// Goes through the first run, as a person with an authenticator does; the vault is open after.
    pub async fn first_run(&self) -> Factors {
        let page = &self.page;
        let _ = page.go(Which::Door).await;
        page.see("Create your vault").await;
        page.fill("Passphrase", Self::PASSPHRASE).await;
        page.fill("The same again", Self::PASSPHRASE).await;
        page.click("Continue").await;
        let authenticator = self.scan().await;
        let factors = self.enrol(authenticator).await;
        page.click("I keep it somewhere safe").await;
        page.click("Open the vault").await;
        let _ = page.go(Which::Main).await;
        factors
    }

    /// Takes over the setup key that the door shows beside the QR code.
    pub async fn scan(&self) -> Authenticator {
        self.page.see("Scan with your authenticator").await;
        let secret = self.page.text_of("details code").await.replace(' ', "");
        let uri = format!("otpauth://totp/Strongroom:vault?secret={secret}&issuer=Strongroom");
        Authenticator(Codes::from_otpauth_uri(&uri).expect("the setup key that the page shows"))
    }

    /// Types the code of now and waits for the recovery code.
    pub async fn enrol(&self, authenticator: Authenticator) -> Factors {
        let enrolled_at = this_step();
        self.page.fill(CODE, &authenticator.code(enrolled_at)).await;
        self.page.see("Keep the recovery code").await;
        Factors {
            authenticator,
            enrolled_at,
            recovery_code: self.page.text_of("[aria-label='Recovery code']").await,
        }
    }

    /// Types passphrase and code at the door; the next window is not waited for.
    pub async fn type_factors(&self, passphrase: &str, code: &str) {
        let page = &self.page;
        page.see("Unlock Strongroom").await;
        page.fill("Passphrase", passphrase).await;
        page.fill(CODE, code).await;
    }
}

/// A disk without room for the app. Dropping it makes room.
pub struct FullDisk {
    app: Pid,
    before: Option<u64>,
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        let _ = limit(self.app, self.before);
    }
}

/// Sets how long the files of a process may grow; how long they could before.
fn limit(process: Pid, bytes: Option<u64>) -> Option<u64> {
    let wanted = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(Some(process), Resource::Fsize, wanted)
        .expect("a process of ours")
        .current
}

/// The label of the field for a code.
pub const CODE: &str = "Six-digit code from your authenticator";

/// An authenticator that has scanned the door's code.
pub struct Authenticator(Codes);

impl Authenticator {
    /// The code of now.
    #[must_use]
    pub fn code_of_now(&self) -> String {
        self.code(this_step())
    }

    /// A code that no step near now has.
    #[must_use]
    pub fn wrong_code(&self) -> String {
        let now = this_step();
        let near = [now.0 - 1, now.0, now.0 + 1, now.0 + 2].map(|step| self.code(Step(step)));
        (0..)
            .map(|number: u32| format!("{number:06}"))
            .find(|candidate| !near.contains(candidate))
            .expect("a million codes, and a few near ones")
    }

    fn code(&self, step: Step) -> String {
        format!("{:06}", self.0.at(step).expose_secret())
    }
}

/// What opens a vault that was made in the window.
pub struct Factors {
    /// What shows the codes.
    pub authenticator: Authenticator,
    enrolled_at: Step,
    /// The recovery code, in its groups.
    pub recovery_code: String,
}

impl Factors {
    /// The code of the step after the one that enrolled, or of now if that is later: not used up, and within
    /// a step of now.
    #[must_use]
    pub fn next_code(&self) -> String {
        let next = self.enrolled_at.0 + 1;
        self.authenticator.code(Step(next.max(this_step().0)))
    }

    /// The code of a later step, and the time at which that step begins, for `unlock --at`.
    #[must_use]
    pub fn later(&self, steps: u64) -> (String, String) {
        let step = Step(self.enrolled_at.0 + 1 + steps);
        (self.authenticator.code(step), step.begins().to_string())
    }
}

/// The step that it is now.
fn this_step() -> Step {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Step::at(now.as_secs())
}

/// A program that starts the app with its words in `log`: the driver shows them to nobody.
fn launcher(home: &Home, program: &Path, log: &Path) -> PathBuf {
    let script = home.beside("start-app");
    let text = format!(
        "#!/bin/sh\n# A limit on files is an error of the write, as a full disk is, and no signal.\ntrap '' XFSZ\nexec '{}' \"$@\" >>'{}' 2>&1\n",
        program.display(),
        log.display()
    );
    fs::write(&script, text).expect("a file in the temporary directory");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700))
        .expect("the permissions of a file of ours");
    script
}
