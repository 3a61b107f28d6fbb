//! OAuth 2.0 client credentials: what is asked, and what an answer says.

use strongroom_contract::time::UnixMillis;
use strongroom_signing::{
    Credential, Scheme, Settings,
    oauth2::{TokenAnswerError, TokenRequest, cache_key, read_answer, token_request},
};

use crate::support::{secret, settings};

const TOKEN_URL: (&str, &str) = ("token_url", "https://id.example/token");

fn asked(settings: &Settings) -> Result<TokenRequest, String> {
    let secret = secret("p&ss:wörd");
    let credential = Credential::new(&secret, "sr://shop/secret")
        .with_public_id("a client")
        .with_settings(settings);
    token_request(&credential).map_err(|error| error.to_string())
}

#[test]
fn a_client_authenticates_by_header_or_in_the_body() {
    let by_header = asked(&settings(&[TOKEN_URL, ("scope", "a b")])).unwrap();
    assert_eq!((by_header.method, &*by_header.url), ("POST", TOKEN_URL.1));
    assert_eq!(
        by_header.body.expose_secret(),
        "grant_type=client_credentials&scope=a+b"
    );
    let authorization = &by_header.headers[2];
    // base64 of a+client:p%26ss%3Aw%C3%B6rd
    assert_eq!(
        authorization.value.expose_secret(),
        "Basic YStjbGllbnQ6cCUyNnNzJTNBdyVDMyVCNnJk"
    );
    assert_eq!(
        authorization.value.shown(),
        "Basic base64(a client:sr://shop/secret)"
    );

    let in_body = asked(&settings(&[TOKEN_URL, ("client_auth", "body")])).unwrap();
    assert_eq!(in_body.headers.len(), 2);
    assert_eq!(
        in_body.body.expose_secret(),
        "grant_type=client_credentials&client_id=a+client&client_secret=p%26ss%3Aw%C3%B6rd"
    );
    assert!(
        in_body
            .shown_body
            .ends_with("&client_secret=sr%3A%2F%2Fshop%2Fsecret"),
        "{}",
        in_body.shown_body
    );
}

#[test]
fn what_can_not_be_asked_is_named() {
    for (pairs, said) in [
        (&[][..], "token_url is missing"),
        (&[("token_url", "id.example")], "token_url is not a URL"),
        (
            &[TOKEN_URL, ("client_auth", "jwt")],
            "client_auth is not basic or body",
        ),
    ] {
        let error = asked(&settings(pairs)).err().unwrap();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn answers_are_read_and_their_tokens_used_until_shortly_before_their_end() {
    let read = |body: &str| read_answer(200, body.as_bytes());
    for (expires, used) in [
        ("3600", 3_540_000),
        ("\"60\"", 54_000),
        ("null", 0),
        ("-1", 0),
    ] {
        let body =
            format!(r#"{{"access_token":"t.o-k","token_type":"bearer","expires_in":{expires}}}"#);
        let token = read(&body).unwrap();
        assert_eq!(token.access_token.expose_secret(), "t.o-k");
        assert_eq!(
            token.used_until(UnixMillis(5)),
            UnixMillis(5 + used),
            "{expires}"
        );
    }
    for body in [
        "",
        "[]",
        "{}",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a b"}"#,
    ] {
        assert_eq!(
            read(body).err(),
            Some(TokenAnswerError::Malformed),
            "{body}"
        );
    }
    let other = read(r#"{"access_token":"t","token_type":"mac"}"#).err();
    assert_eq!(other, Some(TokenAnswerError::Type("mac".to_owned())));
    let refused = read_answer(
        401,
        br#"{"error":"invalid_client","error_description":"no"}"#,
    )
    .err();
    assert_eq!(
        refused.unwrap().to_string(),
        "the token endpoint answered 401: invalid_client: no"
    );
    let plain = read_answer(503, b"<html>").err();
    assert_eq!(
        plain.unwrap().to_string(),
        "the token endpoint answered 503"
    );
}

#[test]
fn each_part_of_a_request_makes_another_token() {
    let key = |id: &str, typed: &str, scope: &str, url: &str| {
        let (typed, scope) = (secret(typed), settings(&[("scope", scope)]));
        let credential = Credential::new(&typed, "r")
            .with_public_id(id)
            .with_settings(&scope);
        cache_key(Scheme::OAuth2, &credential, url)
    };
    let one = key("i", "s", "a", "u");
    assert_eq!(one, key("i", "s", "a", "u"));
    for other in [
        key("j", "s", "a", "u"),
        key("i", "t", "a", "u"),
        key("i", "s", "b", "u"),
        key("i", "s", "a", "v"),
        key("is", "", "a", "u"),
    ] {
        assert_ne!(one, other);
    }
}
