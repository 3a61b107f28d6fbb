//! The package, installed; removed again when the test ends, however it ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The name of the package.
const NAME: &str = "strongroom";

/// An installed package. Dropping it removes it.
pub(crate) struct Installed {
    deb: PathBuf,
    /// A root of the test's own; nothing if it is the system's.
    root: Option<TempDir>,
    is_installed: bool,
}

impl Installed {
    /// Installs a package.
    pub(crate) fn from(deb: PathBuf) -> Self {
        let may_install = rustix::process::geteuid().is_root() && !is_known_to_dpkg();
        let root = (!may_install).then(empty_root);
        let mut package = Self {
            deb,
            root,
            is_installed: false,
        };
        let installed = package.dpkg(&["--install"], &package.deb);
        // Removed even if it is half installed.
        package.is_installed = true;
        succeeded("dpkg --install", &installed);
        package
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

    /// A field of the package's control file.
    pub(crate) fn field(&self, name: &str) -> String {
        let output = Command::new("dpkg-deb")
            .arg("--field")
            .arg(&self.deb)
            .arg(name)
            .output();
        let output = output.expect("dpkg-deb runs");
        succeeded("dpkg-deb --field", &output);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The files of the package, without folders.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let listed = self.dpkg(&["--listfiles"], Path::new(NAME));
        succeeded("dpkg --listfiles", &listed);
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
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
        succeeded("dpkg --purge", &self.dpkg(&["--purge"], Path::new(NAME)));
    }

    fn dpkg(&self, action: &[&str], of: &Path) -> Output {
        let mut dpkg = Command::new("dpkg");
        if let Some(root) = &self.root {
            // What it depends on lies outside of this root: whoever built it here has it.
            dpkg.arg("--root").arg(root.path());
            dpkg.args(["--force-not-root", "--force-depends"]);
            dpkg.args(["--force-script-chrootless", "--log=/dev/null"]);
        }
        // Small systems leave manuals and documents out; here they are what is looked for.
        dpkg.arg("--path-include=/usr/share/*");
        dpkg.args(action).arg(of).output().expect("dpkg runs")
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if self.is_installed {
            let _ = self.dpkg(&["--purge"], Path::new(NAME));
        }
    }
}

/// Whether somebody has installed one, which is then left alone.
fn is_known_to_dpkg() -> bool {
    let asked = Command::new("dpkg-query").args(["--status", NAME]).output();
    asked.expect("dpkg-query runs").status.success()
}

/// A directory in which dpkg can install.
fn empty_root() -> TempDir {
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
