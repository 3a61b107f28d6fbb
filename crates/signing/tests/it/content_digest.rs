use serde::Deserialize;
use strongroom_signing::{
    Field,
    content_digest::{Algorithm, ContentDigest, make},
};

#[derive(Deserialize)]
struct Data {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    source: String,
    header: String,
    content: String,
    error: Option<String>,
}

#[test]
fn vectors_verify_and_hostile_headers_are_refused_with_the_reason() {
    let data: Data = toml::from_str(include_str!("../data/content_digest.toml")).unwrap();
    for case in data.cases {
        let verified = ContentDigest::parse(case.header.as_bytes())
            .and_then(|digest| digest.verify(case.content.as_bytes()))
            .map_err(|error| error.to_string());
        match (verified, case.error) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) if error.contains(&expected) => {}
            (verified, expected) => panic!("{}: {verified:?}, not {expected:?}", case.source),
        }
    }
}

#[test]
fn what_is_made_is_what_the_rfc_has() {
    let data: Data = toml::from_str(include_str!("../data/content_digest.toml")).unwrap();
    let vectors = data
        .cases
        .iter()
        .filter(|case| case.source.starts_with("RFC"));
    for case in vectors.clone() {
        let algorithm = if case.header.starts_with("sha-512") {
            Algorithm::Sha512
        } else {
            Algorithm::Sha256
        };
        assert_eq!(make(algorithm, case.content.as_bytes()), case.header);
    }
    assert_eq!(vectors.count(), 4);
}

#[test]
fn several_lines_are_one_dictionary() {
    let sha256 = make(Algorithm::Sha256, b"x");
    let sha512 = make(Algorithm::Sha512, b"y");
    let lines = [
        Field::new("Content-Digest", sha256.as_bytes()),
        Field::new("Other", b"1"),
        Field::new("content-digest", sha512.as_bytes()),
    ];
    let digest = ContentDigest::read(&lines).unwrap().unwrap();
    assert_eq!(
        digest.algorithms().collect::<Vec<_>>(),
        [Algorithm::Sha256, Algorithm::Sha512]
    );
    // One of the two never matches.
    assert!(digest.verify(b"x").is_err());
    assert!(digest.verify(b"y").is_err());
    assert_eq!(ContentDigest::read(&[]), Ok(None));
}
