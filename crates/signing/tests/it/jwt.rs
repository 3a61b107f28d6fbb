use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde::Deserialize;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{
    Credential, Request, Scheme, Target, VerifyingKey,
    jwt::{self, Claims, JwtError, MAX_TOKEN, sign, verify},
    sign_with_nonce,
};

#[derive(Deserialize)]
struct Data {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    token: Option<String>,
    header: Option<String>,
    claims: Option<String>,
    error: String,
}

const GOOD: &str = r#"{"iss":"strongroom","sub":"a","iat":1,"exp":2,"jti":"j"}"#;

fn key() -> HmacSha256 {
    HmacSha256::new(b"the key of these tests")
}

fn encode(header: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    sealed(&format!("{}.{}.SIG", encode(header), encode(claims)))
}

/// `token` with `SIG` replaced by the genuine signature over what stands before it.
fn sealed(token: &str) -> String {
    match token.strip_suffix(".SIG") {
        Some(input) => {
            let tag = key().tag(&[input.as_bytes()]).into_public();
            format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
        }
        None => token.to_owned(),
    }
}

#[test]
fn hostile_tokens_are_refused_for_the_reason_named() {
    let data: Data = toml::from_str(include_str!("../data/jwt/hostile.toml")).unwrap();
    for case in data.cases {
        let token = case.token.as_deref().map_or_else(
            || {
                let claims = case.claims.clone().unwrap().replace("GOOD", GOOD);
                encode(&case.header.unwrap(), &claims)
            },
            sealed,
        );
        let error = verify(&token, &key()).expect_err(&case.name).to_string();
        assert!(error.contains(&case.error), "{}: {error}", case.name);
    }
}

#[test]
fn the_header_and_claims_of_the_hostile_cases_are_otherwise_good() {
    let token = encode(r#"{"alg":"HS256","kid":"1","typ":"jwt"}"#, GOOD);
    let claims = verify(&token, &key()).unwrap();
    assert_eq!((claims.sub.as_str(), claims.exp), ("a", 2));
    let token = encode(r#"{"alg":"HS256"}"#, &GOOD.replace('}', r#","more":[1]}"#));
    assert_eq!(verify(&token, &key()), Ok(claims));
}

#[test]
fn a_token_past_the_cap_is_refused_before_it_is_looked_at() {
    let long = "a".repeat(MAX_TOKEN + 1);
    assert_eq!(verify(&long, &key()), Err(JwtError::TooLong));
    let claims = GOOD.replace("\"j\"", &format!("{:?}", "j".repeat(MAX_TOKEN)));
    let token = encode(r#"{"alg":"HS256"}"#, &claims);
    assert_eq!(verify(&token, &key()), Err(JwtError::TooLong));
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else(
        iss in "\\PC{0,20}", sub in "\\PC{0,20}", jti in "\\PC{0,20}", iat: u64, exp: u64,
        at: prop::sample::Index, byte in any::<u8>().prop_filter("text", u8::is_ascii),
    ) {
        let claims = Claims { iss, sub, iat, exp, jti, scope: None };
        let signed = sign(&claims, &key());
        let token = signed.token.expose_secret();
        prop_assert_eq!(verify(token, &key()), Ok(claims));
        prop_assert_eq!(
            verify(token, &HmacSha256::new(b"another key")),
            Err(JwtError::Signature)
        );
        let signature = token.rsplit('.').next().unwrap();
        for step in &signed.steps {
            prop_assert!(!step.value.contains(signature), "{} holds the signature", step.name);
        }
        let mut changed = token.as_bytes().to_vec();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(verify(str::from_utf8(&changed).unwrap(), &key()).is_err());
    }

    #[test]
    fn no_text_panics(token in "\\PC{0,60}", parts in "[A-Za-z0-9_=-]{0,20}(\\.[A-Za-z0-9_=-]{0,20}){0,4}") {
        prop_assert!(verify(&token, &key()).is_err());
        prop_assert!(verify(&parts, &key()).is_err());
    }
}

#[derive(serde::Deserialize)]
struct Vector {
    source: String,
    algorithm: String,
    token: String,
    public_key: String,
}

#[test]
fn the_rfcs_tokens_with_key_pairs_verify() {
    for (vector, claims) in [
        (include_str!("../data/jwt/rfc7515-a2.toml"), true),
        (include_str!("../data/jwt/rfc7515-a3.toml"), true),
        (include_str!("../data/jwt/rfc8037-a4.toml"), false),
    ] {
        let vector: Vector = toml::from_str(vector).unwrap();
        let secret = crate::support::secret(&vector.public_key);
        let credential = Credential::new(&secret, "sr://k/secret");
        let schemes = [Scheme::JwtRs256, Scheme::JwtEs256, Scheme::JwtEdDsa];
        let algorithm = schemes
            .into_iter()
            .filter_map(Scheme::jwt)
            .find(|algorithm| jwt::algorithm_name(*algorithm) == vector.algorithm);
        let key = VerifyingKey::new(algorithm.unwrap(), &credential).unwrap();
        let read = jwt::verify_claims(&vector.token, &key);
        if claims {
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", vector.source));
            assert_eq!(read.claims["iss"], "joe");
            assert_eq!(read.time("exp"), Some(1_300_819_380));
            assert_eq!(jwt::decode_unverified(&vector.token), Ok(read));
        } else {
            // Genuine, and no claims: its payload is a sentence.
            assert_eq!(read, Err(JwtError::ClaimsObject), "{}", vector.source);
        }
        let (head, signature) = vector.token.rsplit_once('.').unwrap();
        let altered = format!("{head}.{}A{}", &signature[..4], &signature[5..]);
        assert_eq!(jwt::verify_claims(&altered, &key), Err(JwtError::Signature));
    }
}

#[test]
fn a_requests_token_says_what_settings_say() {
    let secret = crate::support::secret("secret");
    let settings = crate::support::settings(&[
        ("claims", r#"{"aud":"api","iss":"me","iat":100}"#),
        ("lifetime", "60"),
        ("kid", "key-2"),
    ]);
    let credential = Credential::new(&secret, "sr://k/secret")
        .with_public_id("app_1")
        .with_settings(&settings);
    let target = Target::parse("https://h.example/").unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let now = strongroom_contract::time::UnixMillis::from_secs(1_618_884_473);
    let signed = sign_with_nonce("n", Scheme::JwtHs256, &request, &credential, now).unwrap();
    assert_eq!(
        signed.steps[0].value,
        r#"{"alg":"HS256","kid":"key-2","typ":"JWT"}"#
    );
    assert_eq!(
        signed.steps[1].value,
        r#"{"aud":"api","exp":160,"iat":100,"iss":"me","jti":"n"}"#
    );
    let header = &signed.headers[0];
    let shown = header.value.shown();
    assert!(
        shown.ends_with(".(signature with sr://k/secret)"),
        "{shown}"
    );
    let token = header.value.expose_secret();
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    assert!(shown.starts_with(unsigned));
    assert!(
        !signed
            .steps
            .iter()
            .any(|step| step.value.contains(signature))
    );
}
