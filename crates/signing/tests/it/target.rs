use serde::Deserialize;
use strongroom_signing::{Target, UriScheme};

#[derive(Deserialize)]
struct Data {
    accepted: Vec<Accepted>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Accepted {
    url: String,
    /// The same as `url` if absent.
    uri: Option<String>,
    authority: String,
    port: u16,
    path: String,
    query: Option<String>,
    request_target: String,
}

#[derive(Deserialize)]
struct Refused {
    url: String,
    error: String,
}

fn data() -> Data {
    toml::from_str(include_str!("../data/targets.toml")).unwrap()
}

#[test]
fn urls_are_taken_as_they_are_written() {
    for case in data().accepted {
        let target = Target::parse(&case.url).unwrap_or_else(|e| panic!("{}: {e}", case.url));
        assert_eq!(target.to_string(), case.uri.unwrap_or(case.url.clone()));
        assert_eq!(target.authority(), case.authority, "{}", case.url);
        assert_eq!(target.port(), case.port, "{}", case.url);
        assert_eq!(target.path(), case.path, "{}", case.url);
        assert_eq!(target.query(), case.query.as_deref(), "{}", case.url);
        assert_eq!(target.request_target(), case.request_target, "{}", case.url);
    }
}

#[test]
fn urls_that_cannot_be_sent_are_refused_with_the_reason() {
    for case in data().refused {
        let error = Target::parse(&case.url).expect_err(&case.url).to_string();
        assert!(error.contains(&case.error), "{:?}: {error}", case.url);
    }
}

#[test]
fn a_server_sees_the_target_that_was_sent() {
    for case in data().accepted {
        let sent = Target::parse(&case.url).unwrap();
        let received = Target::received(sent.scheme(), sent.authority(), sent.request_target());
        assert_eq!(received, Ok(sent));
    }
}

#[test]
fn a_received_host_is_normalised_and_a_malformed_one_refused() {
    let received = |host, target| Target::received(UriScheme::Https, host, target);
    let target = received("API.Example.com:443", "/x").unwrap();
    assert_eq!(target.authority(), "api.example.com");
    assert_eq!(target.to_string(), "https://api.example.com/x");
    let target = Target::received(UriScheme::Http, "localhost:443", "/x").unwrap();
    assert_eq!(target.authority(), "localhost:443");
    for host in [
        "", ":443", "a b", "a/b", "a@b", "a,b", "a\n", "ä", "a:b", "a:70000", "[]", "[::1", "::1]",
        "]a[", "[g]",
    ] {
        assert!(received(host, "/x").is_err(), "{host:?}");
    }
    for target in ["", "x", "/a b", "/\u{0}", "/%", "example.com:443", "*x"] {
        assert!(received("h.example", target).is_err(), "{target:?}");
    }
}

#[test]
fn absolute_and_asterisk_form_are_understood() {
    let absolute = Target::received(UriScheme::Http, "proxy", "https://H.example/p?q=1").unwrap();
    assert_eq!(absolute.authority(), "h.example");
    assert_eq!(absolute.scheme(), UriScheme::Https);
    assert_eq!(absolute.request_target(), "https://H.example/p?q=1");
    assert_eq!(absolute.path(), "/p");

    let asterisk = Target::received(UriScheme::Https, "h.example", "*").unwrap();
    assert_eq!(asterisk.request_target(), "*");
    assert_eq!(asterisk.path(), "/");
    assert_eq!(asterisk.to_string(), "https://h.example");
}
