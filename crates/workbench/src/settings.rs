//! `settings.toml` in the home: what a person has chosen for the window.
//!
//! `version = 1`, and a line for each field of [`Settings`]; a line that is missing means its default.
//! A file that cannot be read changes nothing: the defaults are in force until it is mended or
//! written anew, and then it is kept beside the new one.

use std::{fs, io, ops::RangeInclusive, path::Path};

use serde::{Deserialize, Serialize};
use strongroom_contract::error::{ErrorCode, Failure};
pub use strongroom_contract::window::{Settings, Theme};

use strongroom_sender::Proxy;

use crate::{home::Home, os::files};

/// The version that this program reads and writes.
const VERSION: u32 = 1;
/// Minutes: a vault that locks sooner is of no use, one that stays open for longer than a day no vault.
const LOCK_AFTER_MINUTES: RangeInclusive<u32> = 1..=1_440;
/// Seconds: time enough to paste, and not to forget.
const CLIPBOARD_SECONDS: RangeInclusive<u32> = 5..=600;
/// Days, up to ten years.
const HISTORY_DAYS: RangeInclusive<u32> = 1..=3_650;

/// The file's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    theme: Option<Theme>,
    #[serde(default)]
    lock_after_minutes: Option<u32>,
    #[serde(default)]
    clipboard_seconds: Option<u32>,
    #[serde(default)]
    history_days: Option<u32>,
    #[serde(default)]
    proxy: Option<String>,
    #[serde(default)]
    proxy_key: Option<String>,
}

/// What every version of the file has.
#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
}

/// Reads the settings of a home; without a file, the defaults.
///
/// # Errors
///
/// [`ErrorCode::Usage`] or [`ErrorCode::Version`] if the file is not one of ours or has a value out
/// of its range, [`ErrorCode::Storage`] if it cannot be read. The defaults are in force then.
pub fn read(home: &Home) -> Result<Settings, Failure> {
    let path = home.settings_file();
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(unusable(&path, ErrorCode::Storage, &error.to_string())),
    }
}

/// Writes the settings of a home, as a whole. A file that could not be read is kept as
/// `settings.toml.old`.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if a value is out of its range, [`ErrorCode::Storage`] if the file cannot be
/// written; its old content stays.
pub fn write(home: &Home, settings: &Settings) -> Result<(), Failure> {
    check(settings)?;
    let path = home.settings_file();
    let unwritable = |problem: &str| {
        Failure::new(
            ErrorCode::Storage,
            format!("{} cannot be written: {problem}", path.display()),
        )
        .hint("free some space on the disk, or let the home be written; nothing was changed")
    };
    let document = Document {
        version: VERSION,
        theme: Some(settings.theme),
        lock_after_minutes: Some(settings.lock_after_minutes),
        clipboard_seconds: Some(settings.clipboard_seconds),
        history_days: Some(settings.history_days),
        proxy: settings.proxy.clone(),
        proxy_key: settings.proxy_key.clone(),
    };
    let text = toml::to_string(&document).map_err(|error| unwritable(&error.to_string()))?;
    if path.exists() && read(home).is_err() {
        let old = path.with_extension("toml.old");
        fs::rename(&path, old).map_err(|error| unwritable(&error.to_string()))?;
    }
    files::replace_private(&path, text.as_bytes()).map_err(|error| unwritable(&error.to_string()))
}

fn parse(text: &str, path: &Path) -> Result<Settings, Failure> {
    let garbage = |error: toml::de::Error| unusable(path, ErrorCode::Usage, error.message());
    let AnyVersion { version } = toml::from_str(text).map_err(garbage)?;
    if version != VERSION {
        let problem = format!("it has version {version}, and this program knows {VERSION}");
        return Err(unusable(path, ErrorCode::Version, &problem));
    }
    let document: Document = toml::from_str(text).map_err(garbage)?;
    let default = Settings::default();
    let settings = Settings {
        theme: document.theme.unwrap_or(default.theme),
        lock_after_minutes: document
            .lock_after_minutes
            .unwrap_or(default.lock_after_minutes),
        clipboard_seconds: document
            .clipboard_seconds
            .unwrap_or(default.clipboard_seconds),
        history_days: document.history_days.unwrap_or(default.history_days),
        proxy: document.proxy,
        proxy_key: document.proxy_key,
    };
    check(&settings).map_err(|failure| unusable(path, ErrorCode::Usage, &failure.message))?;
    Ok(settings)
}

fn check(settings: &Settings) -> Result<(), Failure> {
    for (name, value, range) in [
        (
            "lock_after_minutes",
            settings.lock_after_minutes,
            LOCK_AFTER_MINUTES,
        ),
        (
            "clipboard_seconds",
            settings.clipboard_seconds,
            CLIPBOARD_SECONDS,
        ),
        ("history_days", settings.history_days, HISTORY_DAYS),
    ] {
        if !range.contains(&value) {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!(
                    "{name} is {value}; it goes from {} to {}",
                    range.start(),
                    range.end()
                ),
            ));
        }
    }
    match (&settings.proxy, &settings.proxy_key) {
        (Some(proxy), _) => drop(Proxy::parse(proxy)?),
        (None, Some(_)) => {
            return Err(Failure::new(
                ErrorCode::Usage,
                "proxy_key names who uses a proxy, and proxy names none",
            ));
        }
        (None, None) => {}
    }
    Ok(())
}

fn unusable(path: &Path, code: ErrorCode, problem: &str) -> Failure {
    Failure::new(
        code,
        format!(
            "the settings in {} cannot be used: {problem}",
            path.display()
        ),
    )
    .hint("the defaults are in force; correct the file, or choose the settings anew")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        (dir, home)
    }

    #[test]
    fn settings_come_back_and_are_the_defaults_without_a_file() {
        let (_dir, home) = home();
        assert_eq!(read(&home).unwrap(), Settings::default());
        let chosen = Settings {
            theme: Theme::Dark,
            lock_after_minutes: 5,
            clipboard_seconds: 60,
            history_days: 7,
            proxy: Some("http://proxy.example:3128".to_owned()),
            proxy_key: Some("proxy".to_owned()),
        };
        write(&home, &chosen).unwrap();
        assert_eq!(read(&home).unwrap(), chosen);
        let text = fs::read_to_string(home.settings_file()).unwrap();
        assert!(text.starts_with("version = 1\n"), "{text}");
        fs::write(home.settings_file(), "version = 1\ntheme = \"light\"\n").unwrap();
        let some = Settings {
            theme: Theme::Light,
            ..Settings::default()
        };
        assert_eq!(read(&home).unwrap(), some);
    }

    #[test]
    fn garbage_is_refused_with_what_to_do_and_kept_when_settings_are_written_anew() {
        let (_dir, home) = home();
        for (text, code, says) in [
            ("{", ErrorCode::Usage, "settings.toml"),
            ("theme = \"dark\"", ErrorCode::Usage, "version"),
            (
                "version = 2\nmood = \"good\"",
                ErrorCode::Version,
                "version 2",
            ),
            ("version = 1\nmood = \"good\"", ErrorCode::Usage, "mood"),
            ("version = 1\ntheme = \"pink\"", ErrorCode::Usage, "pink"),
            (
                "version = 1\nclipboard_seconds = 0",
                ErrorCode::Usage,
                "from 5 to 600",
            ),
            (
                "version = 1\nproxy = \"socks5://proxy.example:1080\"",
                ErrorCode::Usage,
                "http://HOST:PORT",
            ),
            (
                "version = 1\nproxy_key = \"proxy\"",
                ErrorCode::Usage,
                "proxy names none",
            ),
        ] {
            fs::write(home.settings_file(), text).unwrap();
            let refused = read(&home).unwrap_err();
            assert_eq!(refused.code, code, "{text}");
            assert!(refused.message.contains(says), "{refused}");
            assert!(refused.hint.unwrap().contains("defaults"));
            write(&home, &Settings::default()).unwrap();
            let old = home.settings_file().with_extension("toml.old");
            assert_eq!(fs::read_to_string(old).unwrap(), text);
            assert!(read(&home).is_ok());
        }
    }

    #[test]
    fn values_out_of_range_are_not_written() {
        let (_dir, home) = home();
        let wrong = Settings {
            lock_after_minutes: 0,
            ..Settings::default()
        };
        let refused = write(&home, &wrong).unwrap_err();
        assert!(refused.message.contains("from 1 to 1440"), "{refused}");
        assert!(!home.settings_file().exists());
    }
}
