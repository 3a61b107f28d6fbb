//! curl command lines.

use proptest::prelude::*;
use strongroom_formats::{
    Body, Entry, SavedRequest, curl,
    export::Plan,
    import::{Import, Imported},
};

use crate::support::wire_request;

fn only(text: &str) -> SavedRequest {
    let import = curl::parse(text);
    assert_eq!(problems(&import), [""; 0], "{text}");
    let [Imported { request, .. }] = import.requests.as_slice() else {
        panic!("{} requests in {text}", import.requests.len());
    };
    request.clone()
}

fn problems(import: &Import) -> Vec<String> {
    import.problems.iter().map(ToString::to_string).collect()
}

fn json(text: &str) -> Option<Body> {
    Some(Body::Json(text.to_owned()))
}

/// The same request as a browser, a manual and a person write it, for each shell.
#[test]
fn one_request_in_the_words_of_each_shell() {
    let expected = only(include_str!("../data/curl/bash.txt"));
    assert_eq!(expected.method.as_str(), "POST");
    assert_eq!(
        expected.full_url(),
        "https://api.example.com/v2/payins?q=a%20b&x=1"
    );
    assert_eq!(
        expected.body,
        json("{\"note\":\"it's \\\"ok\\\" & 100%\",\"n\":[1,2]}")
    );
    assert_eq!(expected.header("x-id"), Some("a'b"));
    for file in [
        include_str!("../data/curl/one-line.txt"),
        include_str!("../data/curl/ansi-c.txt"),
        include_str!("../data/curl/cmd.txt"),
        include_str!("../data/curl/cmd-plain.txt"),
        include_str!("../data/curl/powershell.txt"),
    ] {
        assert_eq!(only(file), expected, "{file}");
        assert_eq!(only(&file.replace('\n', "\r\n")), expected, "{file}");
    }
}

#[test]
fn options_stand_for_what_they_do() {
    let request = only(
        "curl -sSLXPUT -Hx:1 -H 'Empty;' -ualice:s3 -m 2.5 --compressed -b 'a=b' -A me -e r https://h/p",
    );
    assert_eq!(request.method.as_str(), "PUT");
    let headers: Vec<String> = request
        .headers
        .iter()
        .map(|line| format!("{}: {}", line.name, line.value))
        .collect();
    assert_eq!(
        headers,
        [
            "x: 1",
            "Empty: ",
            "accept-encoding: deflate, gzip, br, zstd",
            "cookie: a=b",
            "user-agent: me",
            "referer: r",
            "authorization: Basic YWxpY2U6czM=",
        ]
    );
    assert!(request.options.follow_redirects);
    assert_eq!(request.options.timeout_ms, Some(2_500));

    let request = only("curl -G https://h/p?z=1 -d a=1 --data-urlencode 'b=x y&z' -d c");
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(request.full_url(), "https://h/p?z=1&a=1&b=x%20y%26z&c");

    let request = only("curl https://h -d a=1 -d b=2");
    let fields = vec![Entry::new("a", "1"), Entry::new("b", "2")];
    assert_eq!(request.body, Some(Body::Form(fields)));

    let request = only("curl --json '{\"a\":' --json '1}' https://h");
    assert_eq!(request.body, json("{\"a\":1}"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.implied_content_type(), Some("application/json"));

    assert_eq!(only("curl -I h.example/x").method.as_str(), "HEAD");
    let file = |path: &str, content_type: Option<&str>| {
        Some(Body::File {
            path: path.to_owned(),
            content_type: content_type.map(str::to_owned),
        })
    };
    let request = only("curl -T a.bin https://h");
    assert_eq!(
        (request.method.as_str(), request.body),
        ("PUT", file("a.bin", None))
    );
    let request = only("curl --data-binary @a.json -H 'Content-Type: application/json' https://h");
    assert_eq!(request.body, file("a.json", Some("application/json")));
}

#[test]
fn variables_of_the_shell_become_placeholders() {
    let request = only(
        "curl -H \"Authorization: Bearer $TOKEN\" \"$BASE/p?x=${ID}\" -d '{\"price\":\"$5 {{x}}\"}' -H content-type:application/json",
    );
    assert_eq!(request.url, "{{BASE}}/p?x={{ID}}");
    assert_eq!(request.header("authorization"), Some("Bearer {{TOKEN}}"));
    assert_eq!(request.body, json("{\"price\":\"$5 \\{{x}}\"}"));
}

#[test]
fn each_url_and_each_next_is_a_request() {
    let import = curl::parse(
        "curl -H a:1 https://h/1 https://h/2 --next -H b:2 https://h/3\ncurl https://h/4; echo done && curl https://h/5 | jq .",
    );
    let urls: Vec<&str> = import
        .requests
        .iter()
        .map(|imported| imported.request.url.as_str())
        .collect();
    assert_eq!(
        urls,
        [
            "https://h/1",
            "https://h/2",
            "https://h/3",
            "https://h/4",
            "https://h/5"
        ]
    );
    let second = &import.requests[1].request;
    let third = &import.requests[2].request;
    assert_eq!((second.header("a"), third.header("a")), (Some("1"), None));
}

#[test]
fn what_does_not_come_in_is_told_with_its_place() {
    for (text, expected) in [
        (
            "wget x",
            "there is no curl command here: expected a line such as curl https://HOST/PATH -H 'name: value'",
        ),
        (
            "curl -s",
            "this curl command has no URL: expected one, such as https://HOST/PATH",
        ),
        (
            "curl h \\\n  -H",
            "2:3: -H needs a value, and the command ends here",
        ),
        (
            "curl h --header",
            "1:8: --header needs a value, and the command ends here",
        ),
        (
            "curl h -k",
            "1:8: -k is left out: certificates are always checked here; trust the server's CA in the settings instead",
        ),
        (
            "curl h -H 'a b: c'",
            "1:8: a header whose name is no token is left out",
        ),
        (
            "curl h -H nonsense",
            "1:8: a header without a colon is left out: expected 'name: value'",
        ),
        (
            "curl h --frobnicate",
            "1:8: --frobnicate is not understood and left out",
        ),
        (
            "curl h -d 'abc",
            "1:11: this quote is not closed; it is taken to go to the end",
        ),
        (
            "curl h -d \"$(cat f)\"",
            "1:12: a command within the command line is not run; {{command}} stands for its output",
        ),
        (
            "curl h -X 'G T'",
            "1:8: the method is left out: a method is one word of letters, digits and !#$%&'*+-.^_`|~, such as GET",
        ),
        (
            "curl h -x proxy:1",
            "1:8: the proxy is left out: it is one of the settings",
        ),
    ] {
        assert_eq!(problems(&curl::parse(text)), [expected], "{text}");
    }
}

#[test]
fn what_curl_is_told_of_aws_is_told_to_the_scheme() {
    let settings = |told: &str| {
        let line = format!("curl --aws-sigv4 {told} -u AKIA:abcd1234 https://h");
        let auth = curl::parse(&line).requests.remove(0).request.auth.unwrap();
        assert_eq!(auth.scheme.as_deref(), Some("sigv4"));
        auth.settings.into_iter().collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        settings("aws:amz:eu-west-1:execute-api"),
        [pair("region", "eu-west-1"), pair("service", "execute-api")]
    );
    assert_eq!(settings("aws:amz:eu-west-1"), [pair("region", "eu-west-1")]);
    assert_eq!(settings("aws:amz"), []);
}

#[test]
fn secrets_of_a_command_come_out_as_placeholders() {
    let import = curl::parse(
        "curl -u alice:hunter2 -H 'secret-key: s3cret' https://h; curl --aws-sigv4 aws:amz -u AKIA:abcd1234 https://h",
    );
    let (import, found) = import.without_secrets();
    let text: String = import
        .requests
        .iter()
        .map(|imported| format!("{:?}", imported.request))
        .collect();
    assert!(
        !text.contains("s3cret")
            && !text.contains("YWxpY2U6aHVudGVyMg")
            && !text.contains("abcd1234")
    );
    let names: Vec<&str> = found.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(
        names,
        ["secret_key", "basic_token", "aws_secret_access_key"]
    );
}

#[test]
fn what_quotes_hold_does_not_tell_the_shell() {
    for (text, body) in [
        (r#"curl h -d 'a="0 ^"'"#, r#"a="0 ^""#),
        ("curl h -d 'a ^\nb'", "a ^\nb"),
        ("curl h -d 'it'\\''s `\nb'", "it's `\nb"),
        ("curl h -d $'\\'$env:a `\\nb'", "'$env:a `\nb"),
    ] {
        let import = curl::parse(text);
        assert_eq!(problems(&import), [""; 0], "{text}");
        let request = format!("{:?}", import.requests[0].request.body);
        assert!(request.contains(&format!("{body:?}")), "{text}: {request}");
    }
}

proptest! {
    #[test]
    fn what_is_exported_comes_in_as_the_same_request(request in wire_request()) {
        let text = curl::write(&Plan::of(&request).unwrap());
        let import = curl::parse(&text);
        prop_assert_eq!(problems(&import), [""; 0], "{}", text);
        prop_assert_eq!(import.requests.len(), 1, "{}", text);
        let mut read = import.requests[0].request.clone();
        read.name.clone_from(&request.name);
        prop_assert_eq!(read, request, "{}", text);
    }

    #[test]
    fn no_text_is_too_much(text in "(curl )?[ -~\n\r]{0,60}|.{0,40}|curl( -[A-Za-z]| --[a-z-]{1,9}|[\"'^$`\\\\{(%]|[ a@=;:]){0,20}") {
        let _ = curl::parse(&text);
    }
}
