//! Postman, OpenAPI, HAR and raw HTTP.

use proptest::prelude::*;
use strongroom_formats::{
    Body, Content, Entry, Part, SavedRequest,
    export::Plan,
    har,
    import::{Import, Imported},
    openapi, postman, raw,
};

use crate::support::wire_request;

fn problems(import: &Import) -> Vec<String> {
    import.problems.iter().map(ToString::to_string).collect()
}

fn named<'a>(import: &'a Import, name: &str) -> &'a SavedRequest {
    let found = import
        .requests
        .iter()
        .find(|imported| imported.request.name == name);
    &found
        .unwrap_or_else(|| panic!("no request {name:?}"))
        .request
}

fn headers(request: &SavedRequest) -> Vec<String> {
    request
        .headers
        .iter()
        .map(|line| {
            format!(
                "{}{}: {}",
                if line.enabled { "" } else { "-" },
                line.name,
                line.value
            )
        })
        .collect()
}

#[test]
fn a_postman_collection_comes_in_with_folders_variables_and_credentials() {
    let import = postman::parse(include_bytes!("../data/postman/collection.json"));
    assert_eq!(
        problems(&import),
        [
            "/item/0/item/0/event: scripts are not run here: write what they check under [expect], what they keep under [[capture]]",
            "/item/0/item/1/request/method: this request is left out: a method is one word of letters, digits and !#$%&'*+-.^_`|~, such as GET",
            "/item/0/item/2: this item is left out: it has neither a request nor items",
        ]
    );
    let create = named(&import, "Create");
    assert_eq!(import.requests[0].folder, ["Pay-ins"]);
    assert_eq!(create.url, "{{base_url}}/v2/bank/payins");
    let query = [
        Entry::new("a", "1"),
        Entry::new("b", "{{b}}"),
        Entry::new("c", "2").disabled(),
    ];
    assert_eq!(create.query, query);
    assert_eq!(create.description.as_deref(), Some("Creates one."));
    assert_eq!(
        headers(create),
        [
            "X-Id: {{$uuid}}",
            "-X-Off: 1",
            "authorization: Bearer abc.def"
        ]
    );
    assert_eq!(create.body, Some(Body::Json("{\"a\":{{{a}}}}".to_owned())));
    let form = named(&import, "Form");
    assert_eq!(form.body, Some(Body::Form(vec![Entry::new("a b", "ä")])));
    assert!(form.headers.is_empty());
    let parts = named(&import, "Parts");
    assert_eq!(headers(parts), ["X-Api-Key: s3cret-value"]);
    let Some(Body::Multipart(parts)) = &parts.body else {
        panic!("no parts");
    };
    assert_eq!(parts.len(), 3);
    assert_eq!(named(&import, "Plain").url, "https://h/plain");
    let environment = &import.environments[0];
    assert_eq!(
        environment.value("base_url"),
        Some("https://api.example.com")
    );
    assert_eq!(environment.value("off"), None);

    let (import, found) = import.without_secrets();
    let names: Vec<&str> = found.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["bearer_token", "x_api_key"]);
    assert_eq!(
        headers(named(&import, "Parts")),
        ["X-Api-Key: {{secret:x_api_key}}"]
    );
}

#[test]
fn a_postman_environment_comes_in_without_its_secrets() {
    let import = postman::parse(include_bytes!("../data/postman/environment.json"));
    let (import, found) = import.without_secrets();
    let environment = &import.environments[0];
    assert_eq!(environment.name, "Sandbox");
    assert_eq!(environment.value("host"), Some("h.example"));
    assert_eq!(environment.value("api_key"), Some("{{secret:api_key}}"));
    assert_eq!(environment.value("old"), None);
    assert_eq!(found.len(), 1);
}

#[test]
fn an_openapi_description_comes_in_with_examples_and_schemes() {
    let import = openapi::parse(include_bytes!("../data/openapi/payments.yaml"));
    assert_eq!(
        problems(&import),
        [
            "/paths/~1upload/delete/parameters: the reference \"#/components/parameters/Nowhere\" leads nowhere"
        ]
    );
    let find = named(&import, "Find one");
    assert_eq!(find.url, "{{base_url}}/v2/payins/{{id}}");
    assert_eq!(
        find.query,
        [
            Entry::new("expand", "bank").disabled(),
            Entry::new("page", "2")
        ]
    );
    assert_eq!(
        headers(find),
        ["X-Trace: 123e4567-e89b-12d3-a456-426614174000"]
    );
    assert_eq!(
        find.auth.as_ref().unwrap().scheme.as_deref(),
        Some("bearer")
    );
    let create = named(&import, "createPayin");
    assert_eq!(
        create.body,
        Some(Body::Json(
            "{\n  \"amount\": 5,\n  \"parent\": null,\n  \"tags\": [\n    \"string\"\n  ],\n  \"when\": \"2026-01-31\"\n}".to_owned()
        ))
    );
    assert_eq!(headers(create), ["X-Api-Key: {{secret:key}}"]);
    let upload = named(&import, "PUT /upload");
    let file = Part {
        name: "file".to_owned(),
        content: Content::File {
            path: "file".to_owned(),
            file_name: None,
        },
        content_type: None,
        enabled: true,
    };
    let Some(Body::Multipart(parts)) = &upload.body else {
        panic!("no parts");
    };
    assert!(parts.contains(&file) && parts.len() == 2);
    assert_eq!(upload.auth, None);
    let folder = import
        .requests
        .iter()
        .find(|imported| imported.request == *find)
        .map(|imported| &imported.folder);
    assert_eq!(folder, Some(&vec!["Pay-ins".to_owned()]));
    let values: Vec<Option<&str>> = import
        .environments
        .iter()
        .map(|of| of.value("base_url"))
        .collect();
    assert_eq!(
        values,
        [
            Some("https://eu.example.com"),
            Some("https://sandbox.example.com")
        ]
    );
    assert_eq!(import.environments[0].value("id"), Some("pi_1"));
}

#[test]
fn an_archive_is_listed_and_one_entry_chosen() {
    let bytes = include_bytes!("../data/har/two.har");
    let entries = har::entries(bytes).unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(
        (entries[0].status, entries[0].url.as_str()),
        (401, "https://h/a?q=1")
    );
    let import = har::parse(bytes, Some(0));
    let [Imported { request, .. }] = import.requests.as_slice() else {
        panic!("not one");
    };
    assert_eq!(request.full_url(), "https://h/a?q=1");
    assert_eq!(headers(request), ["x-a: \\{{1"]);
    let import = har::parse(bytes, None);
    assert_eq!(import.requests.len(), 2);
    assert_eq!(
        problems(&import),
        [
            "/log/entries/1/request/headers/1: this header is left out: its name is no token, or its value holds a line end",
            "/log/entries/2: this entry is left out: expected request.method and request.url",
        ]
    );
    assert_eq!(
        import.requests[1].request.body,
        Some(Body::Json("{\"a\":1}".to_owned()))
    );
    assert_eq!(
        problems(&har::parse(bytes, Some(9))),
        ["there is no entry 9: the archive has 3"]
    );
}

#[test]
fn a_raw_request_keeps_its_bytes() {
    let bytes = include_bytes!("../data/raw/sound.txt");
    let request = raw::RawRequest::parse(bytes).unwrap();
    assert_eq!(
        (request.method, request.target, request.version),
        ("POST", "/v2/payins?q=a%20b", "HTTP/1.1")
    );
    assert_eq!(request.fields[2].raw_value, b"  a ");
    assert_eq!(request.fields[2].value(), b"a");
    assert_eq!(request.body, b"{\"a\":1}");
    let oddities: Vec<String> = request.oddities.iter().map(ToString::to_string).collect();
    assert_eq!(
        oddities,
        ["4:9: white space ends the line of X-Id; it is no part of the value"]
    );
    let import = raw::parse(bytes);
    let request = &import.requests[0].request;
    assert_eq!(
        request.full_url(),
        "https://api.example.com/v2/payins?q=a%20b"
    );
    assert_eq!(headers(request), ["X-Id: a"]);
    assert_eq!(request.body, Some(Body::Json("{\"a\":1}".to_owned())));
}

#[test]
fn what_is_odd_about_a_raw_request_is_told() {
    let request = raw::RawRequest::parse(include_bytes!("../data/raw/odd.txt")).unwrap();
    let oddities: Vec<String> = request.oddities.iter().map(ToString::to_string).collect();
    assert_eq!(
        oddities,
        [
            "2:5: white space stands before the colon, which servers refuse (RFC 9112, section 5.1)",
            "4:1: this header line is folded, which RFC 9112, section 5.2 forbids to senders; it is kept with the line before",
            "1:1: lines end with a bare LF; on the wire they end with CR LF (RFC 9112, section 2.2)",
            "content-length says 9, and the body here has 4 bytes",
        ]
    );
    assert_eq!(request.header("x-fold"), Some(&b"a\n b"[..]));
    let chunked = raw::RawRequest::parse(include_bytes!("../data/raw/chunked.txt")).unwrap();
    assert_eq!(&*chunked.content(), b"abcde");
    for (text, expected) in [
        (
            "",
            "there is no request here: expected a line such as POST /path HTTP/1.1",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\n",
            "1:1: this is no request line: expected METHOD TARGET HTTP/1.1, such as GET /path HTTP/1.1",
        ),
        (
            "GET / HTTP/1.1\r\nnonsense\r\n\r\n",
            "2:1: this line is no header: expected name: value, or an empty line before the body",
        ),
        (
            "GET / HTTP/1.1\r\n a: b\r\n\r\n",
            "2:1: white space stands before the first header",
        ),
    ] {
        let problem = raw::RawRequest::parse(text.as_bytes()).err().unwrap();
        assert_eq!(problem.to_string(), expected);
    }
}

/// Every file is read by every parser: nothing panics, nothing takes long, and what is not understood is
/// told with its place.
#[test]
fn hostile_files_are_refused_with_a_place() {
    for (bytes, by_postman, by_openapi) in [
        (
            &include_bytes!("../data/hostile/truncated.json")[..],
            "2:31: this is not JSON: EOF while parsing a string",
            "2:31: this is not JSON: EOF while parsing a string",
        ),
        (
            include_bytes!("../data/hostile/deep.json"),
            "1:128: this is not JSON: recursion limit exceeded",
            "this is not YAML",
        ),
        (
            include_bytes!("../data/hostile/deep-object.json"),
            "this is not JSON: recursion limit exceeded",
            "this is not JSON: recursion limit exceeded",
        ),
        (
            include_bytes!("../data/hostile/huge-number.json"),
            "this is not JSON: number out of range",
            "this is not JSON: number out of range",
        ),
        (
            include_bytes!("../data/hostile/not-utf8.json"),
            "this is not JSON: invalid unicode code point",
            "this is not JSON: invalid unicode code point",
        ),
        (
            include_bytes!("../data/hostile/not-utf8.yaml"),
            "this is not JSON",
            "2:7: this is not UTF-8",
        ),
        (
            include_bytes!("../data/hostile/deep.yaml"),
            "this is not JSON",
            "this is not YAML that can be read",
        ),
        (
            include_bytes!("../data/hostile/billion-laughs.yaml"),
            "this is not JSON",
            "this is not YAML that can be read",
        ),
        (
            include_bytes!("../data/hostile/empty.json"),
            "this is not JSON: EOF",
            "/openapi: this is no OpenAPI",
        ),
        (
            include_bytes!("../data/hostile/cyclic-ref.json"),
            "/item: this is no Postman collection",
            "/paths/~1a/post/parameters: this reference leads back to itself",
        ),
        (
            include_bytes!("../data/hostile/wrong-types.json"),
            "/item/0: this item is left out",
            "/openapi: this is no OpenAPI",
        ),
    ] {
        for (parsed, expected) in [
            (postman::parse(bytes), by_postman),
            (openapi::parse(bytes), by_openapi),
        ] {
            let told = problems(&parsed);
            assert!(
                told.iter().any(|problem| problem.contains(expected)),
                "{expected:?} is not in {told:#?}"
            );
        }
        let _ = har::parse(bytes, None);
        let _ = raw::parse(bytes);
    }
}

/// What a file begins with is of use though the rest of it is not there, or broken.
#[test]
fn what_stands_before_the_place_where_a_file_breaks_comes_in() {
    let entry = |path: &str| {
        format!(
            r#"{{"request":{{"method":"GET","url":"https://h.example{path}","headers":[]}},"response":{{"status":200}}}}"#
        )
    };
    let item = |name: &str| {
        format!(
            r#"{{"name":"{name}","request":{{"method":"GET","url":"https://h.example/{name}"}}}}"#
        )
    };
    let archive = format!(r#"{{"log":{{"entries":[{},{}"#, entry("/1"), entry("/2"));
    let collection = format!(
        r#"{{"info":{{"name":"x"}},"item":[{},{{"name":"f","item":[{}]}},{} {}]}}"#,
        item("a"),
        item("b"),
        item("c"),
        item("d")
    );
    let description = r#"{"openapi":"3.1.0","servers":[{"url":"https://h.example"}],"paths":{"/a":{"get":{}},"/b":{"get":{},"post":{"summary":"#;
    for (import, names, problem) in [
        // The last entry is whole, but whether the list goes on nobody knows.
        (
            har::parse(&archive.as_bytes()[..archive.len() - 5], None),
            vec!["/1"],
            "1:",
        ),
        (
            postman::parse(collection.as_bytes()),
            vec!["a", "b", "c"],
            "1:",
        ),
        (openapi::parse(description.as_bytes()), vec!["/a"], "1:"),
    ] {
        let urls: Vec<&str> = import
            .requests
            .iter()
            .map(|it| it.request.url.as_str())
            .collect();
        assert_eq!(urls.len(), names.len(), "{urls:?}");
        for (url, name) in urls.iter().zip(&names) {
            assert!(url.ends_with(name), "{url}");
        }
        let told = problems(&import);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(problem) && told[0].ends_with("came in"),
            "{told:?}"
        );
    }
}

#[test]
fn schemas_in_schemas_end() {
    let import = openapi::parse(include_bytes!("../data/hostile/wide-schemas.json"));
    assert_eq!(problems(&import), [""; 0]);
    let Some(Body::Json(text)) = &import.requests[0].request.body else {
        panic!("no body");
    };
    assert!(text.len() < 200_000);
}

/// One literal example of a megabyte, named by a reference in every operation.
#[test]
fn what_is_made_of_a_description_is_bounded() {
    let literal = "x".repeat(1_000_000);
    let operation = r##"{"requestBody": {"$ref": "#/components/requestBodies/B"}}"##;
    let paths: Vec<String> = (0..200)
        .map(|number| format!(r#""/{number}": {{"post": {operation}}}"#))
        .collect();
    let description = format!(
        r##"{{"openapi": "3.1.0", "servers": [{{"url": "https://h"}}],
        "components": {{"requestBodies": {{"B": {{"content": {{"text/plain": {{"schema": {{"example": "{literal}"}}}}}}}}}}}},
        "paths": {{{}}}}}"##,
        paths.join(",")
    );
    let import = openapi::parse(description.as_bytes());
    let came_in = import.requests.len();
    assert!((50..=67).contains(&came_in), "{came_in}");
    for imported in &import.requests {
        let Some(Body::Text { text, .. }) = &imported.request.body else {
            panic!("no body");
        };
        assert_eq!(text.len(), literal.len());
    }
    let told = problems(&import);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("/paths/") && told[0].contains("more than 64 MiB would be made"),
        "{told:?}"
    );
}

proptest! {
    #[test]
    fn an_archive_that_is_exported_comes_in_as_the_same_request(request in wire_request()) {
        let text = har::write(&Plan::of(&request).unwrap());
        let import = har::parse(text.as_bytes(), None);
        prop_assert_eq!(problems(&import), [""; 0], "{}", text);
        let mut read = import.requests[0].request.clone();
        // What an archive has no place for.
        read.name.clone_from(&request.name);
        read.options = request.options;
        let mut request = request;
        if let Some(Body::Multipart(parts)) = &mut request.body {
            for part in parts {
                if let Content::File { file_name, .. } = &mut part.content {
                    *file_name = None;
                }
            }
        }
        prop_assert_eq!(read, request, "{}", text);
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "[ -~\r\n]{0,80}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = raw::parse(bytes);
            let _ = postman::parse(bytes);
            let _ = openapi::parse(bytes);
            let _ = har::parse(bytes, None);
        }
        let _ = raw::parse(format!("GET / HTTP/1.1\r\n{text}").as_bytes());
        let _ = openapi::parse(format!("openapi: 3.0.0\npaths: {text}").as_bytes());
    }
}
