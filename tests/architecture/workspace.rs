//! The workspace as the tests see it: its root, its packages, its files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The crates that hold no clock, no file and no socket.
pub(crate) const PURE: &[&str] = &[
    "crypto", "contract", "signing", "policy", "debugger", "formats",
];

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the checkout.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder` with one of these extensions, without what is built or fetched.
pub(crate) fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "node_modules", "dist", "generated", ".git"].contains(&name.as_str())
                {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extensions.contains(&&*extension.to_string_lossy()))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The packages of the workspace and what they depend on, on this platform.
pub(crate) struct Dependencies {
    metadata: Metadata,
}

impl Dependencies {
    pub(crate) fn read() -> Self {
        let version = Command::new("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        // Without the filter, cargo would fetch the crates of every other platform first.
        let metadata = MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(["--filter-platform".to_owned(), host.to_owned()])
            .exec()
            .unwrap();
        Self { metadata }
    }

    /// Our own crates, by name without `strongroom-`.
    pub(crate) fn members(&self) -> BTreeMap<&str, &Package> {
        self.metadata
            .workspace_packages()
            .into_iter()
            .map(|package| (package.name.strip_prefix("strongroom-").unwrap(), package))
            .collect()
    }

    /// The names of what `package` itself names as a dependency of this kind.
    pub(crate) fn direct(&self, package: &Package, kind: DependencyKind) -> BTreeSet<String> {
        let resolve = self.metadata.resolve.as_ref().unwrap();
        let node = resolve.nodes.iter().find(|node| node.id == package.id);
        node.unwrap()
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|info| info.kind == kind))
            .map(|dependency| self.metadata[&dependency.pkg].name.to_string())
            .collect()
    }

    /// The names of everything that `package` stands on when it is built for use, all the way down.
    /// Asked of `cargo tree`, since `cargo metadata` lists optional crates that are never built.
    pub(crate) fn all(package: &Package) -> BTreeSet<String> {
        let tree = Command::new(env!("CARGO"))
            .current_dir(root())
            .args(["tree", "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}", "--package", &package.name])
            .output()
            .unwrap();
        assert!(
            tree.status.success(),
            "{}",
            String::from_utf8_lossy(&tree.stderr)
        );
        String::from_utf8(tree.stdout)
            .unwrap()
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect()
    }
}
