use proptest::prelude::*;
use serde::Deserialize;
use strongroom_crypto::totp::{CODES, Code, Seed, Step};
use url::Url;

#[derive(Deserialize)]
struct Vectors {
    seed: String,
    seed_base32: String,
    rfc6238_appendix_b_sha1: Vec<Timed>,
    rfc4226_appendix_d: Vec<String>,
}

#[derive(Deserialize)]
struct Timed {
    time: u64,
    code: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../data/totp.json")).unwrap()
}

#[test]
fn codes_are_those_of_the_rfcs() {
    let vectors = vectors();
    let codes = Seed::from_slice(vectors.seed.as_bytes()).unwrap().codes();
    for Timed { time, code } in vectors.rfc6238_appendix_b_sha1 {
        // The RFC prints eight digits; ours are the last six of them.
        let expected: u32 = code[2..].parse().unwrap();
        assert_eq!(codes.at(Step::at(time)).expose_secret(), expected, "{time}");
    }
    for (counter, code) in (0..).zip(vectors.rfc4226_appendix_d) {
        let expected: u32 = code.parse().unwrap();
        assert_eq!(
            codes.at(Step(counter)).expose_secret(),
            expected,
            "{counter}"
        );
    }
}

#[test]
fn steps_last_thirty_seconds() {
    assert_eq!(Step::at(0), Step(0));
    assert_eq!(Step::at(29), Step(0));
    assert_eq!(Step::at(30), Step(1));
    assert_eq!(Step(1).begins(), 30);
    assert_eq!(Step::at(u64::MAX).begins(), u64::MAX - u64::MAX % 30);
}

#[test]
fn an_otpauth_uri_says_everything_that_an_authenticator_needs() {
    let vectors = vectors();
    let seed = Seed::from_slice(vectors.seed.as_bytes()).unwrap();
    let uri = seed.otpauth_uri("Strong & room", "büro/1 ?").unwrap();
    let url = Url::parse(uri.expose_secret()).unwrap();
    assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));

    let decoded = |text: &str| {
        let pair = format!("x={}", text.replace('+', "%2B"));
        let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next().unwrap();
        value.into_owned()
    };
    let label = decoded(url.path().trim_start_matches('/'));
    assert_eq!(label, "Strong & room:büro/1 ?");

    let query = |name: &str| {
        let mut found = url.query_pairs().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{name} is there twice");
        value
    };
    assert_eq!(
        query("secret").as_deref(),
        Some(vectors.seed_base32.as_str())
    );
    assert_eq!(query("issuer").as_deref(), Some("Strong & room"));
    // What is absent has the default of every authenticator: SHA-1, six digits, 30 s.
    assert!(query("algorithm").is_none_or(|it| it == "SHA1"));
    assert!(query("digits").is_none_or(|it| it == "6"));
    assert!(query("period").is_none_or(|it| it == "30"));
}

#[test]
fn labels_that_would_be_read_otherwise_are_refused() {
    let seed = Seed::random();
    for (issuer, account) in [("a:b", "c"), ("a", "b:c"), ("", "a"), ("a", "")] {
        let uri = seed.otpauth_uri(issuer, account);
        assert!(uri.is_err(), "{issuer:?} {account:?}");
    }
    assert!(seed.otpauth_uri("a", "b").is_ok());
}

#[test]
fn seeds_are_twenty_bytes_and_differ() {
    assert!(Seed::from_slice(&[0; 19]).is_none());
    assert!(Seed::from_slice(&[0; 21]).is_none());
    assert_ne!(
        Seed::random().expose_secret(),
        Seed::random().expose_secret()
    );
}

proptest! {
    #[test]
    fn a_code_is_read_as_people_type_it(
        code in 0..CODES, before in "[ \t\n]{0,2}", middle in "[ -]{0,2}", after in "[ \r\n]{0,2}",
    ) {
        let digits = format!("{code:06}");
        let typed = format!("{before}{}{middle}{}{after}", &digits[..3], &digits[3..]);
        let parsed = Code::parse(&typed).map(|code| code.expose_secret());
        prop_assert_eq!(parsed, Ok(code));
    }

    #[test]
    fn nothing_else_is_a_code(
        text in "\\PC{0,10}", digits in "[0-9]{0,5}|[0-9]{7,40}", code in "[0-9]{6}",
        other in "[^0-9 \\-]", at in 0..6usize,
    ) {
        let is_code = text.chars().filter(char::is_ascii_digit).count() == 6
            && text.trim().chars().all(|it| it.is_ascii_digit() || it == ' ' || it == '-');
        prop_assert_eq!(Code::parse(&text).is_ok(), is_code);
        prop_assert!(Code::parse(&digits).is_err());
        let mut wrong = code.clone();
        wrong.replace_range(at..=at, &other);
        prop_assert!(Code::parse(&wrong).is_err());
        let mut inserted = code;
        inserted.insert_str(3, &other);
        let white_space = other.trim().is_empty();
        prop_assert!(Code::parse(&inserted).is_err(), "{}", white_space);
    }
}

#[test]
fn digits_of_other_scripts_are_no_digits() {
    assert!(Code::parse("١٢٣٤٥٦").is_err());
    assert!(Code::parse("１２３４５６").is_err());
    assert!(Code::parse("+123456").is_err());
    assert!(Code::parse("12.3456").is_err());
}
