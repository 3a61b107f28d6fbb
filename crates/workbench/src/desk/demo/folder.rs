//! The saved requests of the throw-away home: plain files, as anyone's are.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Each file's path in the folder, and its text.
const FILES: [(&str, &str); 7] = [
    ("folder.toml", include_str!("payments/folder.toml")),
    (
        "ping.request.toml",
        include_str!("payments/ping.request.toml"),
    ),
    (
        "pay-ins/folder.toml",
        include_str!("payments/pay-ins/folder.toml"),
    ),
    (
        "pay-ins/create.request.toml",
        include_str!("payments/pay-ins/create.request.toml"),
    ),
    (
        "pay-ins/find.request.toml",
        include_str!("payments/pay-ins/find.request.toml"),
    ),
    (
        "pay-outs/folder.toml",
        include_str!("payments/pay-outs/folder.toml"),
    ),
    (
        "pay-outs/create.request.toml",
        include_str!("payments/pay-outs/create.request.toml"),
    ),
];

/// Writes the folder below `root`, with an environment for the platform at `url`; answers with its path.
///
/// # Errors
///
/// The system's own.
pub(super) fn write(root: &Path, url: &str) -> io::Result<PathBuf> {
    let folder = root.join("payments");
    for directory in ["environments", "pay-ins", "pay-outs"] {
        fs::create_dir_all(folder.join(directory))?;
    }
    for (path, text) in FILES {
        fs::write(folder.join(path), text)?;
    }
    for (path, name, production, base_url) in [
        ("local.toml", "Local platform", "", url),
        (
            "production.toml",
            "Production",
            "production = true\n",
            "https://api-merchant.helloclever.co",
        ),
    ] {
        let text = format!(
            "name = \"{name}\"\n{production}\n[variables]\nbase_url = \"{base_url}\"\ncurrency = \"AUD\"\n"
        );
        fs::write(folder.join("environments").join(path), text)?;
    }
    Ok(folder)
}
