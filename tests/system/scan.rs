//! A foreign scanner over the platform: what it offers of TLS, and which known faults of TLS it has.

use std::{collections::BTreeMap, process::Command};

use strongroom_testkit::{Home, Platform};

/// The elements of this name with their attributes. The scanner's XML has no text that matters.
fn elements(xml: &str, name: &str) -> Vec<BTreeMap<String, String>> {
    let start = format!("<{name} ");
    let tags = xml.split(&start).skip(1);
    tags.map(|tag| {
        let tag = tag.split('>').next().unwrap();
        let mut parts = tag.split('"');
        let mut attributes = BTreeMap::new();
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            attributes.insert(
                name.trim().trim_end_matches('=').to_owned(),
                value.to_owned(),
            );
        }
        attributes
    })
    .collect()
}

#[test]
fn a_scanner_finds_no_weak_protocol_cipher_or_known_fault() {
    let home = Home::new();
    let platform = Platform::start(&home, &[]);
    let target = platform.address().url.replace("https://", "");
    let scan = Command::new("sslscan")
        .args(["--xml=-", "--no-colour", "--ipv4", &target])
        .output()
        .expect("sslscan starts (scripts/setup installs it)");
    let xml = String::from_utf8(scan.stdout).unwrap();

    // What was tried, so that a scanner that tries less is noticed.
    let protocols = elements(&xml, "protocol");
    let enabled = |kind: &str, version: &str| {
        let found = protocols
            .iter()
            .find(|it| it["type"] == kind && it["version"] == version);
        found.map(|it| it["enabled"].as_str())
    };
    for (kind, version, expected) in [
        ("ssl", "2", "0"),
        ("ssl", "3", "0"),
        ("tls", "1.0", "0"),
        ("tls", "1.1", "0"),
        ("tls", "1.2", "1"),
        ("tls", "1.3", "1"),
    ] {
        assert_eq!(
            enabled(kind, version),
            Some(expected),
            "{kind} {version}:\n{xml}"
        );
    }

    let ciphers = elements(&xml, "cipher");
    assert!(ciphers.len() >= 6, "{xml}");
    for cipher in &ciphers {
        let name = &cipher["cipher"];
        let bits: u32 = cipher["bits"].parse().unwrap();
        assert!(bits >= 128, "{name} has {bits} bits");
        // Of TLS 1.3 the scanner says no more than that: each of its suites is strong.
        let strength = cipher["strength"].as_str();
        assert!(["strong", "acceptable"].contains(&strength), "{cipher:?}");
        let sealed = name.contains("GCM") || name.contains("CHACHA20");
        assert!(sealed, "{name} does not authenticate what it encrypts");
        let secret = name.starts_with("TLS_") || name.starts_with("ECDHE-");
        assert!(secret, "{name} has no forward secrecy");
    }
    for group in elements(&xml, "group") {
        let bits: u32 = group["bits"].parse().unwrap();
        assert!(bits >= 112, "{group:?}");
    }

    let heartbleed = elements(&xml, "heartbleed");
    assert!(!heartbleed.is_empty(), "{xml}");
    assert!(heartbleed.iter().all(|it| it["vulnerable"] == "0"), "{xml}");
    // Left out by scanners that can't compress.
    let compression = elements(&xml, "compression");
    assert!(compression.iter().all(|it| it["supported"] == "0"), "{xml}");
    let renegotiation = elements(&xml, "renegotiation");
    assert_eq!(renegotiation[0]["supported"], "0", "renegotiation:\n{xml}");
    for signed in ["md5", "sha1"] {
        let algorithm = format!("<signature-algorithm>{signed}");
        assert!(!xml.to_lowercase().contains(&algorithm), "{xml}");
    }
    assert!(!xml.contains("<expired>true"), "{xml}");
}
