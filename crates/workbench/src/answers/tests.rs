use strongroom_contract::exchange::{Sent, Timings};

use super::*;

fn exchange(body: Option<&str>, base64: Option<&str>) -> Exchange {
    Exchange {
        status: 200,
        headers: Vec::new(),
        body: body.map(str::to_owned),
        body_base64: base64.map(str::to_owned),
        held: None,
        body_truncated: false,
        request_id: None,
        steps: Vec::new(),
        timings: Timings {
            dns_ms: 0.0,
            connect_ms: 0.0,
            tls_ms: 0.0,
            first_byte_ms: 0.0,
            download_ms: 0.0,
            total_ms: 0.0,
        },
        tls: None,
        sent: Sent {
            method: "GET".into(),
            url: "https://localhost/".into(),
            headers: Vec::new(),
            body_bytes: 0,
        },
        http_version: "HTTP/1.1".into(),
        peer: "127.0.0.1:443".into(),
        local: "127.0.0.1:5000".into(),
        redirects: Vec::new(),
        decoded: None,
        undecoded: None,
        proxy: None,
    }
}

fn held(answers: &Answers, text: &str) -> HeldBody {
    let mut exchange = exchange(Some(text), None);
    answers.hold(&mut exchange);
    exchange.held.unwrap()
}

fn rows(answers: &Answers, id: u64, form: BodyForm) -> Result<BodyRows, Failure> {
    answers.rows(&RowsOfBody {
        id,
        form,
        from: 0,
        count: 10,
    })
}

#[test]
fn a_small_body_crosses_and_a_large_one_stays() {
    let answers = Answers::default();
    let mut small = exchange(Some("{\"a\":1}"), None);
    answers.hold(&mut small);
    assert_eq!(small.body.as_deref(), Some("{\"a\":1}"));
    let id = small.held.unwrap().id;
    let pretty = rows(&answers, id, BodyForm::Pretty).unwrap();
    assert_eq!(
        (pretty.total, pretty.rows[1].text.as_str()),
        (3, "  \"a\": 1")
    );
    assert_eq!(rows(&answers, id, BodyForm::Raw).unwrap().total, 1);

    let mut large = exchange(Some(&"x".repeat(INLINE + 1)), None);
    answers.hold(&mut large);
    assert_eq!(large.body, None);
    let body = large.held.unwrap();
    assert_eq!(body.bytes, INLINE as u64 + 1);
    let plain = rows(&answers, body.id, BodyForm::Pretty).unwrap();
    assert!(plain.total > 2_000, "no JSON: as it came");

    let mut none = exchange(None, None);
    answers.hold(&mut none);
    assert_eq!(none.held, None);
}

#[test]
fn bytes_are_handed_out_in_ranges() {
    let answers = Answers::default();
    let mut binary = exchange(None, Some(&BASE64.encode([0xFF, 0, 1, 2])));
    answers.hold(&mut binary);
    let body = binary.held.unwrap();
    assert!(!body.text);
    let range = |from, count| BASE64.decode(answers.range(body.id, from, count).unwrap());
    assert_eq!(range(1, 2).unwrap(), [0, 1]);
    assert_eq!(range(3, u64::MAX).unwrap(), [2]);
    assert!(range(9, 2).unwrap().is_empty());
    let refused = rows(&answers, body.id, BodyForm::Raw).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
}

#[test]
fn what_is_not_held_is_not_found() {
    let answers = Answers::default();
    let first = held(&answers, "first").id;
    answers.clear();
    let second = held(&answers, "second").id;
    assert_ne!(first, second, "an id is never used for another body");
    let gone = rows(&answers, first, BodyForm::Raw).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert!(gone.hint.is_some());
}

#[test]
fn a_body_is_saved_whole() {
    let directory = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let id = held(&answers, "all of it\n").id;
    let path = directory.path().join("answer.txt");
    answers.save(id, &path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "all of it\n");
    let nowhere = answers.save(id, &directory.path().join("no/such/folder"));
    assert_eq!(nowhere.unwrap_err().code, ErrorCode::Storage);
}
