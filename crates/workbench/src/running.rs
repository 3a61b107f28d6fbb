//! `platform.json`: how other processes find the local platform of a home.

use std::{fs, io, path::Path};

use rustls::pki_types::CertificateDer;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    platform::PlatformAddress,
};

use crate::{
    home::Home,
    os::{files, process},
};

/// The local platform that runs for this home; `None` if none does. A file that a platform left
/// behind when it was killed says nothing.
///
/// # Errors
///
/// [`ErrorCode::PlatformUnavailable`] if the file cannot be read or is not what was written.
pub(crate) fn platform(home: &Home) -> Result<Option<PlatformAddress>, Failure> {
    let Some(address) = read(&home.platform_file())? else {
        return Ok(None);
    };
    Ok(process::is_running(address.pid).then_some(address))
}

/// The local platform that runs for this home.
///
/// # Errors
///
/// [`ErrorCode::PlatformUnavailable`] with what to do if none does.
pub(crate) fn expect_platform(home: &Home) -> Result<PlatformAddress, Failure> {
    let start = "start one with `strongroom serve`";
    let unavailable = |message: String| Failure::new(ErrorCode::PlatformUnavailable, message);
    match read(&home.platform_file())? {
        Some(address) if process::is_running(address.pid) => Ok(address),
        Some(address) => Err(unavailable(format!(
            "the local platform at {} (process {}) is not running any more",
            address.url, address.pid
        ))
        .hint(start)),
        None => Err(unavailable(format!(
            "no local platform runs for the home {}",
            home.path().display()
        ))
        .hint(format!(
            "{start}, or say where one is with --url --ca --owner-file"
        ))),
    }
}

/// The certificate that the local platform of a home is trusted by; none if there is none. It is
/// name-constrained to loopback, and trusted for nothing else.
pub(crate) fn authority(home: &Home) -> Vec<CertificateDer<'static>> {
    let Ok(Some(address)) = read(&home.platform_file()) else {
        return Vec::new();
    };
    fs::read_to_string(&address.ca)
        .ok()
        .and_then(|pem| strongroom_sender::roots_from_pem(&pem).ok())
        .unwrap_or_default()
}

/// Announces a platform that accepts connections now.
///
/// # Errors
///
/// [`ErrorCode::Storage`] if the file cannot be written.
pub(crate) fn announce(home: &Home, address: &PlatformAddress) -> Result<(), Failure> {
    let unwritable = |problem: String| {
        Failure::new(
            ErrorCode::Storage,
            format!(
                "{} cannot be written: {problem}",
                home.platform_file().display()
            ),
        )
    };
    let text = serde_json::to_vec(address).map_err(|error| unwritable(error.to_string()))?;
    files::replace_private(&home.platform_file(), &text)
        .map_err(|error| unwritable(error.to_string()))
}

/// Takes the announcement of process `pid` back, unless another platform has replaced it.
pub(crate) fn withdraw(home: &Home, pid: u32) {
    let path = home.platform_file();
    if let Ok(Some(address)) = read(&path)
        && address.pid == pid
        && let Err(error) = fs::remove_file(&path)
    {
        tracing::warn!(%error, "platform.json stays behind");
    }
}

fn read(path: &Path) -> Result<Option<PlatformAddress>, Failure> {
    let unusable = |problem: String| {
        Failure::new(
            ErrorCode::PlatformUnavailable,
            format!("{} cannot be used: {problem}", path.display()),
        )
        .hint("remove it and start the platform again with `strongroom serve`")
    };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| unusable(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pid: u32) -> PlatformAddress {
        PlatformAddress {
            url: "https://localhost:8443".into(),
            ca: "/ca.pem".into(),
            pid,
            state: "/state".into(),
            virtual_clock: false,
        }
    }

    #[test]
    fn a_platform_is_found_while_it_runs_and_its_leftovers_are_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        assert_eq!(platform(&home).unwrap(), None);
        let none = expect_platform(&home).unwrap_err();
        assert_eq!(none.code, ErrorCode::PlatformUnavailable);
        assert!(none.hint.unwrap().contains("strongroom serve"));

        let here = address(std::process::id());
        announce(&home, &here).unwrap();
        assert_eq!(platform(&home).unwrap(), Some(here.clone()));
        assert_eq!(expect_platform(&home).unwrap(), here);

        let gone = {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            child.wait().unwrap();
            address(child.id())
        };
        announce(&home, &gone).unwrap();
        assert_eq!(platform(&home).unwrap(), None);
        let stale = expect_platform(&home).unwrap_err();
        assert!(stale.message.contains("not running any more"));
        assert!(stale.hint.unwrap().contains("strongroom serve"));

        // Only the one who announced takes it back.
        withdraw(&home, here.pid);
        assert!(home.platform_file().exists());
        withdraw(&home, gone.pid);
        assert!(!home.platform_file().exists());
    }

    #[test]
    fn a_damaged_announcement_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        fs::write(home.platform_file(), "{").unwrap();
        let refused = platform(&home).unwrap_err();
        assert_eq!(refused.code, ErrorCode::PlatformUnavailable);
        assert!(refused.hint.is_some());
    }
}
