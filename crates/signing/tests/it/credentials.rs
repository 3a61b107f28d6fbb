//! Header pair and tokens: signed and read back, and what is refused.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{
    Credential, Field, Request, Scheme, SignError, SigningContext, Target, header_pair, sign, token,
};

use crate::support::{Lines, secret};

const CONTEXT: SigningContext = SigningContext {
    now: UnixMillis::from_secs(1_618_884_473),
    nonce: [7; 16],
};

fn target() -> Target {
    Target::parse("https://localhost:8443/api/v1/ping").unwrap()
}

#[test]
fn a_signed_header_pair_is_read_back() {
    let (target, secret) = (target(), secret("sk_test_1"));
    let request = Request::new("GET", &target, &[], b"");
    let credential = Credential::new(&secret, "sr://payments/secret").with_public_id("app_1");
    let signed = sign(Scheme::HeaderPair, &request, &credential, &CONTEXT).unwrap();
    let lines = Lines::default().and(&signed);
    let pair = header_pair::read(&lines.fields()).unwrap().unwrap();
    assert_eq!(pair.app_id, "app_1");
    assert!(pair.secret.matches(&secret));
    let pepper = HmacSha256::new(b"pepper");
    assert!(
        pair.secret
            .tag(&pepper)
            .matches(&pepper.tag(&[b"sk_test_1"]).into_public())
    );
    let shown: Vec<_> = signed
        .headers
        .iter()
        .map(|h| (&*h.name, h.value.shown()))
        .collect();
    assert_eq!(
        shown,
        [("app-id", "app_1"), ("secret-key", "sr://payments/secret")]
    );
    assert!(signed.headers[1].value.is_secret());
}

#[test]
fn signed_tokens_are_read_back() {
    let (target, secret) = (target(), secret("eyJ.a-b_c~d+e/f.x=="));
    let request = Request::new("GET", &target, &[], b"");
    let credential = Credential::new(&secret, "sr://payments/token");
    for (scheme, header, shown) in [
        (
            Scheme::Bearer,
            "authorization",
            "Bearer sr://payments/token",
        ),
        (Scheme::AccessToken, "access-token", "sr://payments/token"),
    ] {
        let signed = sign(scheme, &request, &credential, &CONTEXT).unwrap();
        let lines = Lines::default().and(&signed);
        let tokens = token::read(&lines.fields()).unwrap();
        let presented = tokens.into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(presented.len(), 1);
        assert_eq!(presented[0].header, header);
        assert!(presented[0].token.matches(&secret));
        assert_eq!(signed.headers[0].value.shown(), shown);
        assert_eq!(signed.steps[0].value, shown);
    }
}

#[test]
fn credentials_that_do_not_fit_are_refused() {
    let target = target();
    let present = [
        Field::new("Secret-Key", b"x"),
        Field::new("AUTHORIZATION", b"x"),
        Field::new("Access-Token", b"x"),
        Field::new("Signature-Input", b"x"),
    ];
    let plain = Request::new("GET", &target, &[], b"");
    let taken = Request::new("GET", &target, &present, b"");
    let good = secret("good");
    let keyed = Credential::new(&good, "sr://k/secret").with_public_id("app");
    for scheme in [
        Scheme::HeaderPair,
        Scheme::Bearer,
        Scheme::AccessToken,
        Scheme::Rfc9421HmacSha256,
    ] {
        assert!(sign(scheme, &plain, &keyed, &CONTEXT).is_ok(), "{scheme}");
        let refused = sign(scheme, &taken, &keyed, &CONTEXT).err();
        assert!(
            matches!(refused, Some(SignError::HeaderPresent(_))),
            "{scheme}: {refused:?}"
        );
    }
    let anonymous = Credential::new(&good, "sr://k/secret");
    for scheme in [Scheme::HeaderPair, Scheme::Rfc9421HmacSha256] {
        let refused = sign(scheme, &plain, &anonymous, &CONTEXT).err();
        assert_eq!(refused, Some(SignError::NoPublicId(scheme)));
        for id in ["", "a b", "a\n", "ä"] {
            let credential = anonymous.with_public_id(id);
            let refused = sign(scheme, &plain, &credential, &CONTEXT).err();
            assert_eq!(refused, Some(SignError::PublicId), "{id:?}");
        }
    }
    for bad in ["", "line\n", " x", "a b", "tab\t", "nul\0", "schlüssel"] {
        let secret = secret(bad);
        let credential = Credential::new(&secret, "sr://k/secret").with_public_id("app");
        let refuse = |scheme| sign(scheme, &plain, &credential, &CONTEXT).err();
        assert_eq!(
            refuse(Scheme::HeaderPair),
            Some(SignError::Secret),
            "{bad:?}"
        );
        assert_eq!(refuse(Scheme::Bearer), Some(SignError::Token), "{bad:?}");
        assert_eq!(
            refuse(Scheme::AccessToken),
            Some(SignError::Token),
            "{bad:?}"
        );
    }
    let bearer = secret("Bearer abc");
    let credential = Credential::new(&bearer, "sr://k/secret");
    let refused = sign(Scheme::Bearer, &plain, &credential, &CONTEXT).err();
    assert_eq!(refused, Some(SignError::Token));
}

#[test]
fn malformed_header_pairs_are_refused_with_the_reason() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("app-id", "a")], "secret-key is missing"),
        (&[("secret-key", "s")], "app-id is missing"),
        (&[("app-id", ""), ("secret-key", "s")], "app-id is empty"),
        (
            &[("app-id", "a"), ("secret-key", "  ")],
            "secret-key is empty",
        ),
        (
            &[("app-id", "a b"), ("secret-key", "s")],
            "app-id is empty or has",
        ),
        (
            &[("app-id", "a"), ("secret-key", "ß")],
            "secret-key is empty or has",
        ),
        (
            &[("app-id", "a"), ("App-Id", "a"), ("secret-key", "s")],
            "app-id is there more than once",
        ),
        (
            &[("app-id", "a"), ("secret-key", "s"), ("SECRET-KEY", "t")],
            "secret-key is there more than once",
        ),
    ];
    for (lines, expected) in cases {
        let fields: Vec<_> = lines
            .iter()
            .map(|(name, value)| Field::new(name, value.as_bytes()))
            .collect();
        let error = header_pair::read(&fields).err().unwrap().to_string();
        assert!(error.contains(expected), "{lines:?}: {error}");
    }
    assert!(header_pair::read(&[]).unwrap().is_none());
    // White space around a value is not part of it (RFC 9110, section 5.5).
    let padded = [
        Field::new("App-ID", b" a\t"),
        Field::new("Secret-Key", b"\ts "),
    ];
    let pair = header_pair::read(&padded).unwrap().unwrap();
    assert_eq!((pair.app_id, pair.secret.expose_secret()), ("a", "s"));
}

#[test]
fn malformed_tokens_are_refused_with_the_reason() {
    for (name, value, expected) in [
        ("authorization", "Basic YTpi", "does not start with"),
        ("authorization", "", "does not start with"),
        ("authorization", "Bearerabc", "does not start with"),
        ("authorization", "Bearer", "authorization holds no token"),
        (
            "authorization",
            "Bearer a b",
            "authorization holds no token",
        ),
        ("authorization", "Bearer =", "authorization holds no token"),
        (
            "authorization",
            "Bearer a=b",
            "authorization holds no token",
        ),
        ("access-token", "", "access-token holds no token"),
        ("access-token", "Bearer abc", "access-token holds no token"),
        ("access-token", "ü", "access-token holds no token"),
    ] {
        let fields = [Field::new(name, value.as_bytes())];
        let error = token::read(&fields).err().unwrap().to_string();
        assert!(error.contains(expected), "{name}: {value}: {error}");
    }
    let twice = [
        Field::new("access-token", b"a"),
        Field::new("Access-Token", b"a"),
    ];
    assert!(token::read(&twice).is_err());
    let both = [
        Field::new("access-token", b"a"),
        Field::new("Authorization", b"bearer   b"),
    ];
    let [bearer, plain] = token::read(&both).unwrap();
    assert_eq!(bearer.unwrap().token.expose_secret(), "b");
    assert_eq!(plain.unwrap().token.expose_secret(), "a");
}

#[test]
fn schemes_are_found_by_their_ids() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.id().parse(), Ok(scheme));
    }
    let error = "hmac".parse::<Scheme>().unwrap_err().to_string();
    assert!(
        error.contains("\"hmac\"") && error.contains("header-pair, api-key"),
        "{error}"
    );
}

#[test]
fn presets_are_well_formed_and_place_secrets_on_their_own_hosts() {
    use strongroom_contract::vault::Environment;
    use strongroom_signing::presets::Preset;

    for preset in Preset::all() {
        assert_eq!(Preset::find(&preset.id), Some(preset));
        let settings: strongroom_signing::Settings = preset.settings.clone().into_iter().collect();
        settings
            .check(preset.scheme)
            .unwrap_or_else(|error| panic!("{}: {error}", preset.id));
        for place in &preset.environments {
            let base = Target::parse(&place.base_url).unwrap();
            assert_eq!(base.request_target(), "/", "{}", place.base_url);
            assert!(
                place.hosts.iter().any(|host| host == base.host()),
                "{}",
                preset.id
            );
        }
    }
    let preset = Preset::find("hello-clever").unwrap();
    assert_eq!(preset.scheme, Scheme::HeaderPair);
    let host = |environment| {
        preset
            .place(environment)
            .map(|place| place.hosts[0].as_str())
    };
    assert_eq!(host(Environment::Sandbox), Some("api.cleverhub.co"));
    assert_eq!(
        host(Environment::Production),
        Some("api-merchant.helloclever.co")
    );
    assert_eq!(host(Environment::Own), None);
    assert_eq!(Preset::find("nobody"), None);
}
