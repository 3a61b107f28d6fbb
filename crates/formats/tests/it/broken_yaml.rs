//! Broken YAML: what is sound in it comes in, and nothing that is not in it.

use proptest::prelude::*;
use strongroom_formats::{import::Import, openapi};

/// What would be sent: each operation's method and URL.
fn operations(import: &Import) -> Vec<String> {
    let each = import.requests.iter().map(|imported| {
        let request = &imported.request;
        format!("{} {}", request.method, request.url)
    });
    each.collect()
}

/// In each file a single operation can't be read: creating a pay-in, or a payout. One that is merely
/// indented by a space too few can be read by itself.
#[test]
fn one_broken_operation_costs_no_other_and_is_named_with_its_line() {
    let sound = ["GET {{base_url}}/payins", "GET {{base_url}}/payouts"];
    for (name, bytes, place) in [
        (
            "alias",
            &include_bytes!("../data/broken/alias.yaml")[..],
            "11:16",
        ),
        ("colon", include_bytes!("../data/broken/colon.yaml"), "11:"),
        (
            "control",
            include_bytes!("../data/broken/control.yaml"),
            "11:",
        ),
        ("crlf", include_bytes!("../data/broken/crlf.yaml"), "12:"),
        (
            "cut-off",
            include_bytes!("../data/broken/cut-off.yaml"),
            "15:61",
        ),
        ("flow", include_bytes!("../data/broken/flow.yaml"), "9:"),
        (
            "indentation",
            include_bytes!("../data/broken/indentation.yaml"),
            "10:",
        ),
        (
            "latin-1",
            include_bytes!("../data/broken/latin-1.yaml"),
            "11:18",
        ),
        (
            "no-colon",
            include_bytes!("../data/broken/no-colon.yaml"),
            "10:",
        ),
        (
            "stray-quote",
            include_bytes!("../data/broken/stray-quote.yaml"),
            "11:",
        ),
        ("tab", include_bytes!("../data/broken/tab.yaml"), "11:"),
        ("twice", include_bytes!("../data/broken/twice.yaml"), "13:"),
    ] {
        let import = openapi::parse(bytes);
        let mut found = operations(&import);
        if name == "indentation" {
            assert_eq!(found.remove(1), "POST {{base_url}}/payins");
        }
        assert_eq!(found, sound, "{name}: {:#?}", import.problems);
        assert_eq!(
            import.environments[0].value("base_url"),
            Some("https://api.example.com"),
            "{name}"
        );
        let told: Vec<String> = import.problems.iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|problem| problem.starts_with(place)),
            "{name}: {place} is not in {told:#?}"
        );
    }
}

/// Wherever a sound description ends too early, what comes in of it is in the whole.
#[test]
fn a_description_that_breaks_off_brings_in_no_operation_of_its_own() {
    let whole = include_bytes!("../data/openapi/payments.yaml");
    let all = operations(&openapi::parse(whole));
    let mut most = 0;
    for end in 0..whole.len() {
        let found = operations(&openapi::parse(&whole[..end]));
        for operation in &found {
            assert!(all.contains(operation), "{operation} at {end}");
        }
        most = most.max(found.len());
    }
    assert_eq!(most, all.len());
}

/// An operation's lines, written in one of the ways that YAML has, with texts that look like more of them.
fn operation() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ summary: \"/x: {get: {}}\" }\n".to_owned()),
        Just("\n      summary: Plain, over\n        several lines\n".to_owned()),
        Just("\n      description: |\n        paths:\n          /no:\n            get: {}\n".to_owned()),
        Just("\n      description: >-\n\n        /no:\n\n          post:\n".to_owned()),
        Just("\n      summary: 'it''s\n        /no: {put: {}}\n\n        quoted'\n".to_owned()),
        Just("\n      tags:\n      - a\n      - b\n      security: [\n        { key: [] }\n      ]\n".to_owned()),
        Just("\n      # get:\n      responses:\n        200: { description: ok }\n        default:\n          description: \"no \\\" end\"\n".to_owned()),
        "[a-z ]{0,12}".prop_map(|text| format!("\n      operationId: x{text}\n      parameters: &p{}\n      - {{ name: a, in: query }}\n", text.len())),
    ]
}

fn description() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "/[a-z]{1,6}(/\\{[a-z]{1,4}\\})?",
        "\"/[a-z]{1,6}\"",
        "'/[a-z]{1,6}/get'",
    ];
    let method = prop::sample::select(vec!["get", "put", "post", "patch", "delete"]);
    let methods = prop::collection::btree_map(method, operation(), 1..4);
    let paths = prop::collection::btree_map(name, methods, 1..5);
    (paths, any::<bool>(), any::<bool>()).prop_map(|(paths, begins, crlf)| {
        let mut text = String::new();
        if begins {
            text.push_str("%YAML 1.2\n--- # the only one\n");
        }
        text.push_str("openapi: 3.0.0\ntags:\n- name: a\npaths:\n");
        for (path, methods) in paths {
            text.push_str(&format!("  {path}: # a path\n\n"));
            for (method, operation) in methods {
                text.push_str(&format!("    {method}: {operation}"));
            }
        }
        text.push_str("components:\n  schemas:\n    A: { type: object }\n");
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        text
    })
}

proptest! {
    #[test]
    fn a_description_cut_at_any_byte_invents_nothing(
        text in description(),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 16),
    ) {
        let all = operations(&openapi::parse(text.as_bytes()));
        prop_assert!(!all.is_empty(), "{}", text);
        for end in ends {
            let end = end.index(text.len());
            for operation in operations(&openapi::parse(&text.as_bytes()[..end])) {
                prop_assert!(all.contains(&operation), "{} at {} of {}", operation, end, text);
            }
        }
    }

    #[test]
    fn a_description_with_bytes_of_somebody_else_in_it_is_read_without_harm(
        text in description(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let mut broken = text.into_bytes();
        let at = at.index(broken.len());
        broken.splice(at..at, bytes);
        let _ = openapi::parse(&broken);
    }
}
