//! A marked secret appears in nothing that is shown.

use std::fmt::Debug;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{
    Credential, Field, Header, HeaderValue, Request, Response, Scheme, Signed, SigningContext,
    Target,
    header_pair::{self, HeaderPair, PresentedSecret},
    jwt::{self, Claims, SignedToken},
    sign,
    token::{self, PresentedToken},
};

use crate::support::secret;

const CANARY: &str = "canary-5ecre7";
const REFERENCE: &str = "sr://payments/secret";

fn assert_clean(place: &str, text: &str) {
    assert!(!text.contains(CANARY), "{place} holds the secret: {text}");
}

#[test]
fn no_step_shown_header_or_error_of_signing_holds_it() {
    let context = SigningContext {
        now: UnixMillis::from_secs(1),
        nonce: [1; 16],
    };
    let target = Target::parse("https://localhost/x?y=1").unwrap();
    let wrong_digest = [Field::new("content-digest", b"sha-256=:AAAA:")];
    let requests = [
        Request::new("POST", &target, &[], b"{}"),
        Request::new("POST", &target, &wrong_digest, b"{}"),
    ];
    let (mut signed_some, mut refused_some) = (false, false);
    for typed in [
        CANARY.to_owned(),
        format!("{CANARY}\n"),
        format!("Bearer {CANARY}ß"),
    ] {
        let secret = secret(&typed);
        let anonymous = Credential::new(&secret, REFERENCE);
        for credential in [
            anonymous,
            anonymous.with_public_id("app"),
            anonymous.with_public_id(""),
        ] {
            for (scheme, request) in Scheme::ALL
                .iter()
                .flat_map(|s| requests.iter().map(move |r| (s, r)))
            {
                match sign(*scheme, request, &credential, &context) {
                    Ok(signed) => {
                        signed_some = true;
                        for step in &signed.steps {
                            assert_clean(&step.name, &format!("{step:?}"));
                        }
                        for header in &signed.headers {
                            assert_clean(&header.name, header.value.shown());
                            if !header.value.is_secret() {
                                assert_clean(&header.name, header.value.expose_secret());
                            }
                        }
                    }
                    Err(error) => {
                        refused_some = true;
                        assert_clean(scheme.id(), &format!("{error} {error:?}"));
                    }
                }
            }
        }
    }
    assert!(signed_some && refused_some);
}

#[test]
fn no_error_of_reading_holds_it() {
    for value in [
        CANARY.to_owned(),
        format!("{CANARY} {CANARY}"),
        format!("{CANARY}ß"),
        format!("Basic {CANARY}"),
        format!("Bearer {CANARY}\u{7f}"),
    ] {
        let field = |name| Field::new(name, value.as_bytes());
        let mut errors = Vec::new();
        for fields in [
            &[field("secret-key")][..],
            &[field("secret-key"), field("secret-key")],
            &[Field::new("app-id", b"a"), field("secret-key")],
        ] {
            errors.extend(
                header_pair::read(fields)
                    .err()
                    .map(|e| format!("{e} {e:?}")),
            );
        }
        for name in ["authorization", "access-token"] {
            errors.extend(
                token::read(&[field(name)])
                    .err()
                    .map(|e| format!("{e} {e:?}")),
            );
        }
        let key = HmacSha256::new(CANARY.as_bytes());
        errors.extend(
            jwt::verify(&value, &key)
                .err()
                .map(|e| format!("{e} {e:?}")),
        );
        assert!(errors.len() >= 3, "{value:?}");
        for error in errors {
            assert_clean(&value, &error);
        }
    }
}

#[test]
fn no_error_or_debug_of_a_target_holds_it() {
    let mut refused = 0;
    for url in [
        CANARY.to_owned(),
        format!("{CANARY}://h.example/"),
        format!("https://user:{CANARY}@h.example/"),
        format!("https://user:{CANARY}/@h.example/"),
        format!("https://{CANARY}_@/"),
        format!("https://{CANARY} /"),
        format!("https://h.example/{CANARY} "),
        format!("https://h.example/?key={CANARY}%"),
        format!("https://h.example/#{CANARY}"),
        format!("https://h.example/?key={CANARY}"),
    ] {
        match Target::parse(&url) {
            Ok(target) => assert_clean(&url, &format!("{target:?}")),
            Err(error) => {
                refused += 1;
                assert_clean(&url, &format!("{error} {error:?}"));
            }
        }
    }
    assert_eq!(refused, 9);
}

#[test]
fn the_key_of_a_token_is_in_no_step() {
    let claims = Claims {
        iss: "i".to_owned(),
        sub: "s".to_owned(),
        iat: 1,
        exp: 2,
        jti: "j".to_owned(),
        scope: None,
    };
    let signed = jwt::sign(&claims, &HmacSha256::new(CANARY.as_bytes()));
    for step in signed.steps {
        assert_clean(&step.name, &step.value);
    }
}

/// `Implements::<T>::DEBUG`: the inherent constant wins where `T: Debug`, the trait's elsewhere.
struct Implements<T>(std::marker::PhantomData<T>);

trait Fallback {
    const DEBUG: bool = false;
}

impl<T> Fallback for Implements<T> {}

impl<T: Debug> Implements<T> {
    const DEBUG: bool = true;
}

#[test]
fn what_may_hold_a_secret_has_no_debug() {
    const {
        assert!(Implements::<Target>::DEBUG);
        assert!(!Implements::<Credential<'_>>::DEBUG);
        assert!(!Implements::<Field<'_>>::DEBUG);
        assert!(!Implements::<Header>::DEBUG);
        assert!(!Implements::<HeaderPair<'_>>::DEBUG);
        assert!(!Implements::<HeaderValue>::DEBUG);
        assert!(!Implements::<PresentedSecret<'_>>::DEBUG);
        assert!(!Implements::<PresentedToken<'_>>::DEBUG);
        assert!(!Implements::<Request<'_>>::DEBUG);
        assert!(!Implements::<Response<'_>>::DEBUG);
        assert!(!Implements::<Signed>::DEBUG);
        assert!(!Implements::<SignedToken>::DEBUG);
    }
}
