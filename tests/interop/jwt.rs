//! Tokens with PyJWT and Authlib.

use serde_json::json;
use strongroom_contract::time::UnixMillis;
use strongroom_signing::{Credential, Request, Scheme, Target, sign_with_nonce, verify};

use crate::peer::{Lines, ask, key, secret, settings};

const KEYS: [(Scheme, &str, &str, &str); 4] = [
    (
        Scheme::JwtHs256,
        "HS256",
        "a shared secret of thirty-two bytes",
        "",
    ),
    (
        Scheme::JwtRs256,
        "RS256",
        key!("rfc9421-rsa.private"),
        key!("rfc9421-rsa.public"),
    ),
    (
        Scheme::JwtEs256,
        "ES256",
        key!("p256.pkcs8"),
        key!("rfc9421-ecc-p256.public"),
    ),
    (
        Scheme::JwtEdDsa,
        "EdDSA",
        key!("rfc9421-ed25519.private"),
        key!("rfc9421-ed25519.public"),
    ),
];

const PEERS: [&str; 2] = ["pyjwt", "authlib"];

#[test]
fn ours_verifies_there_and_altered_does_not() {
    let claims = settings(&[(
        "claims",
        r#"{"aud":"payments","scopes":["a","b"],"name":"Zoë"}"#,
    )]);
    for (scheme, alg, key, public) in KEYS {
        let key = secret(key);
        let credential = Credential::new(&key, "r")
            .with_public_id("app-1")
            .with_settings(&claims);
        let target = Target::parse("https://api.example.com/").unwrap();
        let request = Request::new("GET", &target, &[], b"");
        let now = UnixMillis::from_secs(1_618_884_473);
        let signed = sign_with_nonce("n-1", scheme, &request, &credential, now).unwrap();
        let lines = Lines::default().and(&signed);
        let token = lines
            .value("authorization")
            .strip_prefix("Bearer ")
            .unwrap();
        for by in PEERS {
            let mut question = json!({
                "ask": "jwt_verify", "by": by, "alg": alg, "token": token, "secret": key.expose_secret(),
            });
            if !public.is_empty() {
                question["public_key"] = json!(public);
            }
            let read = ask(&question).unwrap_or_else(|error| panic!("{scheme} {by}: {error}"));
            assert_eq!(
                read["claims"],
                json!({
                    "aud": "payments", "scopes": ["a", "b"], "name": "Zoë", "iss": "app-1",
                    "iat": 1_618_884_473, "exp": 1_618_884_773, "jti": "n-1",
                })
            );
            let (head, signature) = token.rsplit_once('.').unwrap();
            question["token"] = json!(format!("{head}A.{signature}"));
            ask(&question).unwrap_err();
        }
    }
}

#[test]
fn theirs_verifies_here_and_altered_does_not() {
    let none = settings(&[]);
    for (scheme, alg, key, _) in KEYS {
        for by in PEERS {
            let mut question = json!({
                "ask": "jwt_sign", "by": by, "alg": alg, "id": "app-1", "secret": key,
                "claims": {"iss": "app-1", "iat": 1_618_884_473, "n": 1.5, "name": "Zoë"},
            });
            if scheme.needs_private_key() {
                question["private_key"] = json!(key);
            }
            let answer = ask(&question).unwrap_or_else(|error| panic!("{scheme} {by}: {error}"));
            let key = secret(key);
            let credential = Credential::new(&key, "r")
                .with_public_id("app-1")
                .with_settings(&none);
            let target = Target::parse("https://api.example.com/").unwrap();
            let check = |token: &str| {
                let lines = Lines::of(&[("Authorization", &format!("Bearer {token}"))]);
                let fields = lines.fields();
                verify(
                    scheme,
                    &Request::new("GET", &target, &fields, b""),
                    &credential,
                )
            };
            let token = answer["token"].as_str().unwrap();
            let verified = check(token).unwrap_or_else(|error| panic!("{scheme} {by}: {error}"));
            assert_eq!(verified.made, Some(UnixMillis::from_secs(1_618_884_473)));
            let (head, signature) = token.rsplit_once('.').unwrap();
            assert!(check(&format!("{head}.{}", &signature[4..])).is_err());
        }
    }
}
