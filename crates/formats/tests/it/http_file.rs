//! `.http` files.

use proptest::prelude::*;
use strongroom_formats::{Body, Entry, export::Plan, http_file, template::Template};

use crate::support::wire_request;

const SAMPLE: &str = include_str!("../data/sample.http");

#[test]
fn the_words_of_both_editors_are_understood() {
    for text in [SAMPLE.to_owned(), SAMPLE.replace('\n', "\r\n")] {
        let import = http_file::parse(&text);
        let problems: Vec<String> = import.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "13:1: scripts are not run here: write what they check under [expect], what they keep under [[capture]]",
                "25:1: scripts are not run here: write what they check under [expect], what they keep under [[capture]]",
                "43:1: this request is left out: a method is one word of letters, digits and !#$%&'*+-.^_`|~, such as GET",
                "47:1: this line is left out: expected name: value, or an empty line before the body",
            ]
        );
        let requests: Vec<_> = import
            .requests
            .iter()
            .map(|imported| &imported.request)
            .collect();
        let names: Vec<&str> = requests
            .iter()
            .map(|request| request.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["ping", "Create a pay-in", "POST /form", "PUT /file", "only"]
        );
        let [ping, create, form, file, plain] = requests[..] else {
            panic!("not five");
        };
        assert_eq!(ping.full_url(), "{{host}}/ping?a=1&b={{b}}");
        assert!(ping.options.follow_redirects && !create.options.follow_redirects);
        assert_eq!(create.url, "https://api.example.com/v2/payins");
        assert_eq!(
            create.headers,
            [Entry::new("Authorization", "Bearer {{token}}")]
        );
        assert_eq!(
            create.body,
            Some(Body::Json("{\n  \"id\": \"{{$uuid}}\"\n}".to_owned()))
        );
        let fields = vec![Entry::new("a", "1"), Entry::new("b", "2")];
        assert_eq!(form.body, Some(Body::Form(fields)));
        let Some(Body::File { path, content_type }) = &file.body else {
            panic!("no file");
        };
        assert_eq!(
            (path.as_str(), content_type.as_deref()),
            ("./a.pdf", Some("application/pdf"))
        );
        assert_eq!(
            (plain.method.as_str(), plain.url.as_str()),
            ("GET", "https://h/plain")
        );
        let file = &import.environments[0];
        assert_eq!(file.value("host"), Some("https://api.example.com"));
    }
}

#[test]
fn environments_come_in_with_what_they_share() {
    let import = http_file::parse_environments(
        br#"{ "$shared": { "v": "v1" }, "dev": { "host": "h", "port": 8080 }, "bad": 1 }"#,
    );
    let dev = &import.environments[1];
    assert_eq!(dev.name, "dev");
    assert_eq!(
        (dev.value("v"), dev.value("port")),
        (Some("v1"), Some("8080"))
    );
    assert_eq!(import.problems.len(), 1);
    assert_eq!(http_file::parse_environments(b"[]").problems.len(), 1);
}

#[test]
fn references_become_variables_of_the_process() {
    let mut request = http_file::parse("GET https://h").requests.remove(0).request;
    request
        .headers
        .push(Entry::new("x", "{{sr://payments/secret}} {{y}}"));
    let text = http_file::write("a\nb", &Plan::of(&request).unwrap());
    assert_eq!(
        text,
        "### a b\nGET https://h\nx: {{$processEnv PAYMENTS_SECRET}} {{y}}\n"
    );
}

proptest! {
    #[test]
    fn what_is_exported_comes_in_as_the_same_request(request in wire_request()) {
        // The format has no escape for braces, and reads these lines as its own.
        let plan = Plan::of(&request).unwrap();
        let text = http_file::write("x", &plan);
        let own = |line: &str| line.trim() != line || ["###", "<", ">"].iter().any(|mark| line.starts_with(mark));
        let body = match &request.body {
            Some(Body::Json(text) | Body::Text { text, .. }) => {
                Template::parse(text).unwrap().literal().unwrap().to_owned()
            }
            _ => String::new(),
        };
        prop_assume!(!text.contains("{{") && !body.lines().any(own) && !body.contains(['\r', '\u{85}']));
        prop_assume!(!body.ends_with('\n') && !matches!(request.body, Some(Body::Multipart(_))));
        let import = http_file::parse(&text);
        prop_assert!(import.problems.is_empty(), "{}: {:?}", text, import.problems);
        let mut read = import.requests[0].request.clone();
        read.name.clone_from(&request.name);
        read.options.timeout_ms = request.options.timeout_ms;
        prop_assert_eq!(read, request, "{}", text);
    }

    #[test]
    fn no_text_is_too_much(text in "([ -~]{0,12}\n){0,6}|(GET |###|@|< |> \\{%|%\\}|\n|a: b|\\{\\{|\\}\\}|[ x]){0,20}") {
        let _ = http_file::parse(&text);
        let _ = http_file::parse_environments(text.as_bytes());
    }
}
