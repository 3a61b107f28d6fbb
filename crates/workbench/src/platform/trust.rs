//! What other programs are told, so that they find the local platform and trust its certificate.

use strongroom_contract::{platform::PlatformAddress, secret::Revealed};

use super::Staged;

/// What programs look at for certificates to trust: OpenSSL, Node, Python's requests, curl.
pub(super) const TRUST: [&str; 4] = [
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];
/// The base URL has no name that programs agree on; this one is easily found and replaced.
pub(super) const BASE_URL: &str = "API_BASE_URL";
/// A key's public id.
pub(super) const APP_ID: &str = "API_APP_ID";
/// Its secret.
pub(super) const SECRET_KEY: &str = "API_SECRET_KEY";
/// The secret that takes over from it, if it is being rotated.
pub(super) const NEXT_SECRET_KEY: &str = "API_NEXT_SECRET_KEY";

/// Lines for a shell that make the programs started from it trust the certificate in `ca`.
#[must_use]
pub fn trust_lines(ca: &str) -> Vec<String> {
    TRUST.map(|variable| export(variable, ca)).to_vec()
}

/// The same, after a line with the platform's origin.
#[must_use]
pub fn environment_lines(address: &PlatformAddress) -> String {
    let mut lines = vec![export(BASE_URL, &address.url)];
    lines.extend(trust_lines(&address.ca));
    lines.join("\n") + "\n"
}

/// The lines for the key of a scenario, to stand behind those.
#[must_use]
pub fn scenario_lines(staged: &Staged) -> String {
    let pairs = [
        (APP_ID, Some(staged.app_id.as_str())),
        (SECRET_KEY, Some(staged.secret_key.expose_secret())),
        (
            NEXT_SECRET_KEY,
            staged.next_secret_key.as_ref().map(Revealed::expose_secret),
        ),
    ];
    let lines = pairs
        .into_iter()
        .filter_map(|(name, value)| Some(export(name, value?) + "\n"));
    lines.collect()
}

fn export(variable: &str, value: &str) -> String {
    format!("export {variable}={}", shell_word(value))
}

/// `text` as one word of a shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word_of_the_shell() {
        assert_eq!(shell_word("/home/a-b/ca.pem"), "/home/a-b/ca.pem");
        assert_eq!(shell_word("/a b/$c"), "'/a b/$c'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn the_lines_say_where_it_is_and_what_to_trust() {
        let lines = environment_lines(&PlatformAddress {
            url: "https://localhost:8443".into(),
            ca: "/a b/ca.pem".into(),
            pid: 1,
            state: "/s".into(),
            virtual_clock: false,
        });
        assert!(lines.starts_with("export API_BASE_URL=https://localhost:8443\n"));
        assert!(lines.contains("export SSL_CERT_FILE='/a b/ca.pem'\n"));
        assert_eq!(lines.lines().count(), 5);
    }
}
