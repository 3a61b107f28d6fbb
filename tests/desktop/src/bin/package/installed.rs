//! A package, installed; removed again when the test ends, however it ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The name of the package.
const NAME: &str = "strongroom";

/// What installs a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Deb,
    Rpm,
}

/// An installed package. Dropping it removes it.
pub(crate) struct Installed {
    file: PathBuf,
    format: Format,
    /// A root of the test's own; nothing if it is the system's.
    root: Option<TempDir>,
    is_installed: bool,
}

impl Installed {
    /// Installs a package. A .rpm never goes into this system, which is another distribution's.
    pub(crate) fn from(file: PathBuf) -> Self {
        let format = match file.extension().and_then(|ending| ending.to_str()) {
            Some("deb") => Format::Deb,
            Some("rpm") => Format::Rpm,
            _ => panic!("{} is neither a .deb nor a .rpm", file.display()),
        };
        let may_install =
            format == Format::Deb && rustix::process::geteuid().is_root() && !is_known_to_dpkg();
        let root = (!may_install).then(|| match format {
            Format::Deb => dpkg_root(),
            Format::Rpm => tempfile::tempdir().expect("a temporary directory"),
        });
        let mut package = Self {
            file,
            format,
            root,
            is_installed: false,
        };
        let installed = package.installer(&["--install"], &package.file);
        // Removed even if it is half installed.
        package.is_installed = true;
        succeeded("installing", &installed);
        package
    }

    /// What has installed it.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Where a file of the package lies.
    pub(crate) fn path(&self, of: impl AsRef<Path>) -> PathBuf {
        let root = self.root.as_ref().map_or(Path::new("/"), TempDir::path);
        root.join(of)
    }

    /// A program of the package.
    pub(crate) fn command(&self, path: &str) -> Command {
        Command::new(self.path(path))
    }

    /// The version that the package says it has.
    pub(crate) fn version(&self) -> String {
        match self.format {
            Format::Deb => self.ask("dpkg-deb", &["--show", "--showformat=${Version}"]),
            Format::Rpm => self.ask("rpm", &["--query", "--package", "--qf", "%{VERSION}"]),
        }
    }

    /// The license that the package says it has.
    pub(crate) fn license(&self) -> String {
        match self.format {
            Format::Deb => fs::read_to_string(self.path("usr/share/doc/strongroom/copyright"))
                .expect("the package's copyright file"),
            Format::Rpm => self.ask("rpm", &["--query", "--package", "--qf", "%{LICENSE}"]),
        }
    }

    /// What has to be installed beside it, as the package names it.
    pub(crate) fn requirements(&self) -> String {
        match self.format {
            Format::Deb => self.ask("dpkg-deb", &["--show", "--showformat=${Depends}"]),
            Format::Rpm => self.ask("rpm", &["--query", "--package", "--requires"]),
        }
    }

    /// The files of the package, without folders.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let listed = match self.format {
            Format::Deb => {
                let listed = self.installer(&["--listfiles"], Path::new(NAME));
                succeeded("dpkg --listfiles", &listed);
                String::from_utf8_lossy(&listed.stdout).into_owned()
            }
            Format::Rpm => self.ask("rpm", &["--query", "--package", "--list"]),
        };
        let paths = listed
            .lines()
            .map(|line| self.path(line.trim_start_matches('/')));
        let files: Vec<_> = paths.filter(|path| path.is_file()).collect();
        assert!(files.len() > 20, "the package holds {files:?} alone");
        files
    }

    /// Removes it.
    pub(crate) fn remove(mut self) {
        self.is_installed = false;
        succeeded("removing", &self.uninstall());
    }

    fn uninstall(&self) -> Output {
        match self.format {
            Format::Deb => self.installer(&["--purge"], Path::new(NAME)),
            Format::Rpm => self.installer(&["--erase"], Path::new(NAME)),
        }
    }

    /// What a program says about the package's file.
    fn ask(&self, program: &str, question: &[&str]) -> String {
        let output = Command::new(program)
            .args(question)
            .arg(&self.file)
            .output();
        let output = output.unwrap_or_else(|error| panic!("{program} does not run: {error}"));
        succeeded(program, &output);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs dpkg or rpm. In a root of the test's own, what the package depends on is missing: whoever
    /// built it here has it.
    fn installer(&self, action: &[&str], of: &Path) -> Output {
        let root = self.root.as_ref().map(TempDir::path);
        let mut installer;
        match self.format {
            Format::Deb => {
                installer = Command::new("dpkg");
                if let Some(root) = root {
                    installer.arg("--root").arg(root);
                    installer.args(["--force-not-root", "--force-depends"]);
                    installer.args(["--force-script-chrootless", "--log=/dev/null"]);
                }
                // Small systems leave manuals and documents out; here they are what is looked for.
                installer.arg("--path-include=/usr/share/*");
            }
            Format::Rpm => {
                installer = Command::new("rpm");
                installer.arg("--root").args(root).arg("--nodeps");
            }
        }
        let output = installer.args(action).arg(of).output();
        output.expect("dpkg and rpm run (scripts/setup installs them)")
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if self.is_installed {
            let _ = self.uninstall();
        }
    }
}

/// Whether somebody has installed one, which is then left alone.
fn is_known_to_dpkg() -> bool {
    let asked = Command::new("dpkg-query").args(["--status", NAME]).output();
    asked.expect("dpkg-query runs").status.success()
}

/// A directory in which dpkg can install.
fn dpkg_root() -> TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    let state = root.path().join("var/lib/dpkg");
    for folder in ["info", "updates", "triggers"] {
        fs::create_dir_all(state.join(folder)).expect("a folder in the temporary directory");
    }
    fs::write(state.join("status"), "").expect("a file in the temporary directory");
    root
}

fn succeeded(what: &str, output: &Output) {
    assert!(
        output.status.success(),
        "{what} failed: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}
