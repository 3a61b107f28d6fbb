//! Arbitrary requests.

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use serde_json::{Value, json};
use strongroom_formats::{
    Auth, Body, Content, Entry, Options, Part, SavedRequest,
    expect::{Capture, Check, Expectations, HeaderCheck, JsonCheck, Source, StatusMatch},
    template,
};

/// Texts that files find hard: quotes, escapes, line ends, braces, what is not ASCII.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,16}",
        "['\"\\\\\n\r\t{}#=\\[\\]]{0,8}",
        "\\PC{0,8}",
        ".{0,8}",
        Just("{\n  \"a\": '''1''',\n  \"b\": \"{{x}}\"\n}\n".to_owned()),
    ]
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9_-]{0,12}"
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,16}", "[^\r\n\0]{0,8}"]
}

fn entries(
    name: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (name, value, any::<bool>()).prop_map(|(name, value, enabled)| Entry {
        name,
        value,
        enabled,
    });
    vec(entry, 0..4)
}

fn part() -> impl Strategy<Value = Part> {
    let content = prop_oneof![
        text().prop_map(Content::Text),
        (text(), option::of(text()))
            .prop_map(|(path, file_name)| Content::File { path, file_name }),
    ];
    (text(), content, option::of(word()), any::<bool>()).prop_map(
        |(name, content, content_type, enabled)| Part {
            name,
            content,
            content_type,
            enabled,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let typed = || option::of(word());
    prop_oneof![
        text().prop_map(Body::Json),
        entries(text(), text()).prop_map(Body::Form),
        vec(part(), 0..3).prop_map(Body::Multipart),
        (text(), typed()).prop_map(|(text, content_type)| Body::Text { text, content_type }),
        (text(), typed()).prop_map(|(path, content_type)| Body::File { path, content_type }),
        (vec(any::<u8>(), 0..200), typed()).prop_map(|(bytes, content_type)| Body::Binary {
            bytes,
            content_type
        }),
    ]
}

fn check() -> impl Strategy<Value = Check> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
        text().prop_map(|text| json!({ "a": [text, null, 1.5] })),
    ];
    prop_oneof![
        Just(Check::Present),
        Just(Check::Absent),
        value.prop_map(Check::Equals),
        text().prop_map(Check::Contains),
        text().prop_map(Check::Matches),
        (-1e9..1e9_f64).prop_map(Check::AtLeast),
        any::<i32>().prop_map(|number| Check::AtMost(number.into())),
    ]
}

fn expectations() -> impl Strategy<Value = Expectations> {
    let status = prop_oneof![
        (100..=599_u16).prop_map(StatusMatch::Exactly),
        (1..=5_u8).prop_map(StatusMatch::Class),
    ];
    let headers = (word(), check()).prop_map(|(name, check)| HeaderCheck { name, check });
    let json = (text(), check()).prop_map(|(path, check)| JsonCheck { path, check });
    (
        vec(status, 0..3),
        option::of(0..1_000_000_u64),
        vec(headers, 0..3),
        vec(json, 0..3),
        option::of(text()),
    )
        .prop_map(|(status, time_ms, headers, json, schema)| Expectations {
            status,
            time_ms,
            headers,
            json,
            schema,
        })
}

fn capture() -> impl Strategy<Value = Capture> {
    let from = prop_oneof![
        text().prop_map(Source::Json),
        word().prop_map(Source::Header),
        Just(Source::Body),
        Just(Source::Status),
    ];
    (word(), from).prop_map(|(name, from)| Capture { name, from })
}

/// Any request that a file of ours can hold.
pub(crate) fn request() -> impl Strategy<Value = SavedRequest> {
    let settings = btree_map(word(), text(), 0..3);
    let auth =
        (option::of(text()), option::of(word()), settings).prop_map(|(key, scheme, settings)| {
            Auth {
                key,
                scheme,
                settings,
            }
        });
    let options =
        (any::<bool>(), option::of(0..1_000_000_u64)).prop_map(|(follow_redirects, timeout_ms)| {
            Options {
                follow_redirects,
                timeout_ms,
            }
        });
    let head = (
        text(),
        option::of(text()),
        option::of(any::<u32>()),
        word(),
        "https://[a-z]{1,8}/[ -~]{0,12}",
    );
    (
        head,
        entries(text(), text()),
        entries(word(), line()),
        option::of(body()),
        option::of(auth),
        expectations(),
        vec(capture(), 0..3),
        options,
    )
        .prop_map(
            |(
                (name, description, order, method, url),
                query,
                headers,
                body,
                auth,
                expect,
                capture,
                options,
            )| {
                SavedRequest {
                    name,
                    description,
                    order,
                    method: method.parse().unwrap(),
                    url,
                    query,
                    headers,
                    body,
                    auth,
                    expect,
                    capture,
                    options,
                }
            },
        )
}

/// Visible text with a space or two, and no line end.
fn visible() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-~]{1,3}( [!-~]{1,5})?",
        "[!-~äß✓]{1,6}",
        Just("it's \"$x\" `y` \\ %A% {{ }".to_owned()),
    ]
    .prop_map(|text| template::escape(&text))
}

/// A request with nothing in it but what goes on the wire, in the form that importing gives.
pub(crate) fn wire_request() -> impl Strategy<Value = SavedRequest> {
    let header = ("x-[a-z]{1,6}", prop_oneof![visible(), Just(String::new())])
        .prop_map(|(name, value)| Entry::new(name, value));
    let entry = (visible(), visible()).prop_map(|(name, value)| Entry::new(name, value));
    let query = vec(entry, 0..3);
    let entry = (visible(), visible()).prop_map(|(name, value)| Entry::new(name, value));
    let part_content = prop_oneof![
        visible().prop_map(Content::Text),
        ("[a-z ;\"./]{0,8}[a-z]", "[a-z ;]{1,6}").prop_map(|(path, name)| Content::File {
            path,
            file_name: Some(name),
        }),
    ];
    let part = (
        "[a-z]{1,6}",
        part_content,
        option::of("[a-z]{1,4}/[a-z]{1,4}"),
    )
        .prop_map(|(name, content, content_type)| Part {
            name,
            content,
            content_type,
            enabled: true,
        });
    let content_type = || option::of("[a-z]{1,4}/x[a-z]{0,3}(; a=b)?");
    let body = prop_oneof![
        Just(None),
        "\\PC{1,12}".prop_map(|text| Some(Body::Json(template::escape(&text)))),
        Just(Some(Body::Json("{\n\t\"a\": \"it's\"\n}\n".to_owned()))),
        vec(entry, 1..4).prop_map(|fields| Some(Body::Form(fields))),
        vec(part, 1..3).prop_map(|parts| Some(Body::Multipart(parts))),
        ("\\PC{1,12}", content_type()).prop_map(|(text, content_type)| Some(Body::Text {
            text: template::escape(&text),
            content_type,
        })),
    ];
    (
        prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("DELETE")],
        "https://[a-z]{1,8}(/[a-z~.%25]{0,8}){0,2}",
        query,
        vec(header, 0..4),
        body,
        any::<bool>(),
        option::of(1..100_000_u64),
    )
        .prop_map(
            |(method, url, query, headers, body, follow_redirects, timeout_ms)| SavedRequest {
                method: method.parse().unwrap(),
                url,
                query,
                headers,
                body,
                options: Options {
                    follow_redirects,
                    timeout_ms,
                },
                ..SavedRequest::default()
            },
        )
}
