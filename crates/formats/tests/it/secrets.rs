//! No literal secret stays in what is saved.

use strongroom_formats::{
    Body, Content, Entry, Part, SavedRequest,
    secrets::{Extractor, FoundSecret},
};

fn extracted(mut request: SavedRequest) -> (SavedRequest, Vec<FoundSecret>) {
    let mut extractor = Extractor::new();
    extractor.request(&mut request);
    (request, extractor.finish().0)
}

/// Wherever a literal secret stands in a request, none of it is left there.
#[test]
fn nothing_that_is_saved_holds_a_secret() {
    const SECRET: &str = "ghp_0123456789abcdefghij0123456789abcdef";
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
    const PEM: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
    let part = |name: &str, content| Part {
        name: name.to_owned(),
        content,
        content_type: None,
        enabled: true,
    };
    let text = |text: String| Body::Text {
        text,
        content_type: None,
    };
    let file = |path: String| Body::File {
        path,
        content_type: None,
    };
    let binary = |text: String| Body::Binary {
        bytes: [b"\xff\0".as_slice(), text.as_bytes(), b"\xfe"].concat(),
        content_type: None,
    };
    let bodies = [
        binary(SECRET.to_owned()),
        binary(JWT.to_owned()),
        binary(PEM.to_owned()),
        binary("{\"password\":\"hunter2\"}".to_owned()),
        text(format!("a {JWT} b")),
        text(format!("{{{{ {SECRET}")),
        text(format!("key: |\n{PEM}\nafter: {{{{x}}}}")),
        text("dial amqp://u:hunter2@h/x now".to_owned()),
        Body::Text {
            text: "password=hunter2&%".to_owned(),
            content_type: Some("application/x-www-form-urlencoded; charset=utf-8".to_owned()),
        },
        Body::Json("{\"dsn\":\"postgres://u:hunter2@h/db\"}".to_owned()),
        file(format!("/home/me/{SECRET}.bin")),
        Body::Form(vec![Entry::new(SECRET, "")]),
        Body::Multipart(vec![part("password", Content::Text("hunter2".to_owned()))]),
        Body::Multipart(vec![part(
            "settings",
            Content::Text("{\"password\": \"hunter2\"}".to_owned()),
        )]),
        Body::Multipart(vec![part(SECRET, Content::Text(PEM.to_owned()))]),
        Body::Multipart(vec![part(
            "file",
            Content::File {
                path: format!("{SECRET}.pem"),
                file_name: Some(format!("{JWT}.txt")),
            },
        )]),
    ];
    let requests = bodies.map(|body| SavedRequest {
        body: Some(body),
        ..SavedRequest::default()
    });
    let others = [
        SavedRequest {
            name: SECRET.to_owned(),
            description: Some(format!("try it with {SECRET}")),
            ..SavedRequest::default()
        },
        SavedRequest {
            url: format!("https://{SECRET}@h/p?{SECRET}"),
            headers: vec![
                Entry::new("x-callback", "https://u:hunter2@h/"),
                Entry::new(SECRET, "x"),
            ],
            query: vec![Entry::new("next", format!("https://h/{JWT}"))],
            ..SavedRequest::default()
        },
    ];
    for request in requests.into_iter().chain(others) {
        let (after, found) = extracted(request.clone());
        assert!(!found.is_empty(), "nothing in {request:?}");
        let mut shown = format!("{after:?}");
        if let Some(Body::Binary { bytes, .. }) = &after.body {
            shown.push_str(&String::from_utf8_lossy(bytes));
        }
        for secret in [SECRET, JWT, "MIIE", "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for secret in &found {
            let place = &secret.place;
            assert!(!place.contains(secret.value.expose_secret()), "{place}");
        }
    }
}

#[test]
fn bytes_with_a_secret_are_left_out_and_said_to_be() {
    let request = |bytes: &[u8]| SavedRequest {
        name: "Upload".to_owned(),
        body: Some(Body::Binary {
            bytes: bytes.to_vec(),
            content_type: None,
        }),
        ..SavedRequest::default()
    };
    let mut extractor = Extractor::new();
    let mut with = request(b"\xffkey sk_live_0123456789abcdef\0");
    extractor.request(&mut with);
    let mut without = request(b"\xff{{ plain \\{{ }}");
    extractor.request(&mut without);
    assert_eq!(with.body, None);
    assert_eq!(without, request(b"\xff{{ plain \\{{ }}"));
    let (found, problems) = extractor.finish();
    assert_eq!(found.len(), 1);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the body of \"Upload\" is left out: it holds a secret, and bytes that are no text have no room for a placeholder"
        ]
    );
}

#[test]
fn a_secret_is_not_called_as_another_one_is() {
    let mut extractor = Extractor::beside(["password".to_owned(), "password_3".to_owned()]);
    let field = |value| Entry::new("password", value);
    let mut request = SavedRequest {
        query: vec![field("a"), field("b"), field("a")],
        ..SavedRequest::default()
    };
    extractor.request(&mut request);
    let values: Vec<_> = request.query.iter().map(|line| &line.value).collect();
    assert_eq!(
        values,
        [
            "{{secret:password_2}}",
            "{{secret:password_4}}",
            "{{secret:password_2}}"
        ]
    );
}
