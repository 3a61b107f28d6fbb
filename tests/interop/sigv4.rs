//! AWS Signature Version 4 with the crate `aws-sigv4`, botocore, and curl.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::json;
use strongroom_contract::time::UnixMillis;
use strongroom_signing::{
    Credential, Request, Scheme, Settings, Target, UriScheme, sign_with_nonce, verify,
};

use crate::peer::{Lines, ask, cases, secret, settings};

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TIME: u64 = 1_440_938_160;

/// What one side makes of a request: the headers that it adds.
fn ours(
    method: &str,
    url: &str,
    lines: &Lines,
    body: &[u8],
    token: Option<&str>,
    settings: &Settings,
) -> Lines {
    let (secret, token) = (secret(SECRET), token.map(secret));
    let mut credential = Credential::new(&secret, "r")
        .with_public_id(ID)
        .with_settings(settings);
    if let Some(token) = &token {
        credential = credential.with_session_token(token);
    }
    let target = Target::parse(url).unwrap();
    let fields = lines.fields();
    let request = Request::new(method, &target, &fields, body);
    let now = UnixMillis::from_secs(TIME);
    let signed = sign_with_nonce("n", Scheme::SigV4, &request, &credential, now).unwrap();
    lines.and(&signed)
}

fn verified(method: &str, url: &str, lines: &Lines, body: &[u8], settings: &Settings) -> bool {
    let secret = secret(SECRET);
    let credential = Credential::new(&secret, "r")
        .with_public_id(ID)
        .with_settings(settings);
    let target = Target::parse(url).unwrap();
    let fields = lines.fields();
    verify(
        Scheme::SigV4,
        &Request::new(method, &target, &fields, body),
        &credential,
    )
    .is_ok()
}

fn scope() -> Settings {
    settings(&[("region", "eu-west-1"), ("service", "execute-api")])
}

/// What the crate `aws-sigv4` puts into `Authorization`.
fn the_crates(method: &str, url: &str, lines: &Lines, body: &[u8], token: Option<&str>) -> String {
    let token = token.map(str::to_owned);
    let identity = Credentials::new(ID, SECRET, token, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("execute-api")
        .time(UNIX_EPOCH + Duration::from_secs(TIME))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = lines
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new(method, url, headers, SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    let found = headers
        .iter()
        .find(|header| header.name() == "authorization");
    found.unwrap().value().to_owned()
}

/// Text as it stands in a URL: percent-encoded as far as it must be, and sometimes further.
fn encoded(text: &str, all: bool) -> String {
    text.bytes()
        .map(|byte| {
            let plain = byte.is_ascii_alphanumeric() || (!all && b"-._~!$'()*,:@".contains(&byte));
            if plain {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

prop_compose! {
    fn path()(
        segments in prop::collection::vec(("\\PC{0,6}|\\.|\\.\\.|[a-z ]{0,8}", any::<bool>()), 0..5),
        slash in any::<bool>(),
    ) -> String {
        let mut path: String =
            segments.iter().map(|(text, all)| format!("/{}", encoded(text, *all))).collect();
        if slash || path.is_empty() {
            path.push('/');
        }
        path
    }
}

prop_compose! {
    fn query()(
        pairs in prop::collection::vec(
            ("[a-c]{1,2}|\\PC{1,5}", prop::option::of("\\PC{0,6}"), any::<bool>()),
            0..5,
        ),
    ) -> String {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value, all)| match value {
                Some(value) => format!("{}={}", encoded(name, *all), encoded(value, *all)),
                None => encoded(name, *all),
            })
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

prop_compose! {
    fn headers()(
        lines in prop::collection::vec(("x-[a-c]{1,2}|Content-Type|User-Agent", "[!-~]( {0,3}[!-~]){0,6}|"), 0..5),
    ) -> Lines {
        Lines(lines)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * cases()))]

    #[test]
    fn the_crate_signs_the_same(
        method in "GET|POST|PUT|DELETE",
        path in path(),
        query in query(),
        lines in headers(),
        body in prop::collection::vec(any::<u8>(), 0..40),
        token in prop::option::of("[A-Za-z0-9/+=]{1,40}"),
    ) {
        let url = format!("https://api.example.com{path}{query}");
        let signed = ours(&method, &url, &lines, &body, token.as_deref(), &scope());
        let theirs = the_crates(&method, &url, &lines, &body, token.as_deref());
        prop_assert_eq!(signed.value("authorization"), theirs);
        prop_assert!(verified(&method, &url, &signed, &body, &scope()));
    }

    #[test]
    fn botocore_signs_the_same(
        path in path().prop_filter(
            "botocore drops the slash of a final dot segment, which RFC 3986 keeps",
            |path| !path.ends_with("/.") && !path.ends_with("/.."),
        ),
        // It takes the query as it stands: sorted and written the canonical way.
        pairs in prop::collection::btree_map("[a-z]{1,3}", "[a-zA-Z0-9._~-]{0,6}", 0..4),
        // It draws lines of one name together in an order of its own: names differ.
        lines in prop::collection::btree_map("x-[a-f]", "[!-~]( {0,3}[!-~]){0,6}", 0..4),
        body in prop::collection::vec(any::<u8>(), 0..40),
        token in prop::option::of("[A-Za-z0-9/+=]{1,40}"),
        s3 in any::<bool>(),
    ) {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let url = format!("https://api.example.com{path}{query}");
        let lines = Lines(lines.into_iter().collect());
        let service = if s3 { "s3" } else { "execute-api" };
        let question = json!({
            "ask": "sigv4_sign", "method": "POST", "url": url, "headers": lines.json(),
            "body": BASE64_STANDARD.encode(&body), "time": TIME, "id": ID, "secret": SECRET,
            "token": token, "region": "eu-west-1", "service": service,
        });
        let theirs = Lines::read(&ask(&question).unwrap());
        let settings = settings(&[("region", "eu-west-1"), ("service", service)]);
        let signed = ours("POST", &url, &lines, &body, token.as_deref(), &settings);
        prop_assert_eq!(signed.value("authorization"), theirs.value("authorization"));
        prop_assert!(verified("POST", &url, &theirs, &body, &settings));
    }
}

/// Has curl sign a request, and gives what arrived: method, target, headers, body.
fn from_curl(path: &str, more: &[&str]) -> (String, String, Lines, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut curl = Command::new("curl")
        .args(["--silent", "--noproxy", "*", "--max-time", "20"])
        .args(["--aws-sigv4", "aws:amz:eu-west-1:execute-api"])
        // A test's credential, published by AWS.
        .args(["--user", &format!("{ID}:{SECRET}")])
        .args(more)
        .arg(format!("http://{address}{path}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let mut lines = Lines::default();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        lines.0.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = lines.0.iter().find(|(name, _)| name == "Content-Length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (&stream)
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    curl.wait().unwrap();
    (words[0].clone(), words[1].clone(), lines, body)
}

#[test]
fn what_curl_signs_verifies_here() {
    let secret = secret(SECRET);
    let scope = scope();
    let credential = Credential::new(&secret, "r")
        .with_public_id(ID)
        .with_settings(&scope);
    // Sorted queries with values, and plain paths: elsewhere releases of curl differ from AWS.
    for (path, more) in [
        ("/", &[][..]),
        ("/v1/items?a=1&b=2", &[]),
        (
            "/v1/items",
            &[
                "--data",
                "{\"a\": 1}",
                "--header",
                "Content-Type: application/json",
            ],
        ),
        (
            "/v1/items",
            &["--request", "DELETE", "--header", "X-Note: one two"],
        ),
    ] {
        let (method, target, lines, body) = from_curl(path, more);
        let target = Target::received(UriScheme::Http, lines.value("host"), &target).unwrap();
        let fields = lines.fields();
        let request = Request::new(&method, &target, &fields, &body);
        verify(Scheme::SigV4, &request, &credential)
            .unwrap_or_else(|error| panic!("{path} {more:?}: {error:?}"));
        let altered = Request::new("PATCH", &target, &fields, &body);
        assert!(verify(Scheme::SigV4, &altered, &credential).is_err());
    }
}
