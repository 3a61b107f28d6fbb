use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use proptest::prelude::*;
use serde::Deserialize;
use strongroom_crypto::{
    SecretText,
    password::{Cost, StretchError, UNICODE_VERSION, UnassignedCharacter, argon2id, normalize},
};

#[derive(Deserialize)]
struct Vectors {
    reference_implementation_v13: Vec<Reference>,
    rfc9106_section_5_3: Rfc9106,
}

#[derive(Deserialize)]
struct Reference {
    passes: u32,
    memory_kib: u32,
    lanes: u32,
    password: String,
    salt: String,
    key: String,
}

#[derive(Deserialize)]
struct Rfc9106 {
    passes: u32,
    memory_kib: u32,
    lanes: u32,
    password: String,
    salt: String,
    secret: String,
    associated_data: String,
    key: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../data/argon2id.json")).unwrap()
}

#[test]
fn argon2id_gives_what_the_reference_implementation_gives() {
    for vector in vectors().reference_implementation_v13 {
        let cost = Cost {
            memory_kib: vector.memory_kib,
            passes: vector.passes,
            lanes: vector.lanes,
        };
        let key = argon2id(vector.password.as_bytes(), vector.salt.as_bytes(), cost);
        let key = key.map(|key| hex::encode(key.expose_secret()));
        assert_eq!(key, Ok(vector.key), "{cost:?}");
    }
}

/// Our function takes no secret and no associated data, which this vector has: it checks the crate
/// beneath, with the algorithm and version that we ask it for.
#[test]
fn the_crate_beneath_gives_what_rfc_9106_has() {
    let vector = vectors().rfc9106_section_5_3;
    let bytes = |text: &str| hex::decode(text).unwrap();
    let secret = bytes(&vector.secret);
    let params = ParamsBuilder::new()
        .m_cost(vector.memory_kib)
        .t_cost(vector.passes)
        .p_cost(vector.lanes)
        .data(AssociatedData::new(&bytes(&vector.associated_data)).unwrap())
        .build()
        .unwrap();
    let argon2 =
        Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut key = [0; 32];
    argon2
        .hash_password_into(&bytes(&vector.password), &bytes(&vector.salt), &mut key)
        .unwrap();
    assert_eq!(hex::encode(key), vector.key);
}

#[test]
fn costs_that_argon2_does_not_allow_are_refused() {
    let cost = |memory_kib, passes, lanes| Cost {
        memory_kib,
        passes,
        lanes,
    };
    let stretch = |salt: &[u8], cost| argon2id(b"password", salt, cost).err();
    assert_eq!(stretch(b"somesalt", cost(64, 1, 1)), None);
    for refused in [
        cost(64, 0, 1),
        cost(64, 1, 0),
        cost(7, 1, 1),
        cost(31, 1, 4),
    ] {
        assert_eq!(
            stretch(b"somesalt", refused),
            Some(StretchError::Cost),
            "{refused:?}"
        );
    }
    assert_eq!(stretch(b"short", cost(64, 1, 1)), Some(StretchError::Cost));
}

fn normal(text: &str) -> Result<String, UnassignedCharacter> {
    normalize(&SecretText::new(text.to_owned())).map(|text| text.expose_secret().to_owned())
}

#[test]
fn one_passphrase_is_one_text_on_every_keyboard() {
    for (typed, same) in [
        ("sch\u{fc}tz", "schu\u{308}tz"),
        ("\u{c5}", "\u{212b}"),
        ("\u{1e69}", "s\u{323}\u{307}"),
        ("s\u{307}\u{323}", "s\u{323}\u{307}"),
        ("\u{ac00}", "\u{1100}\u{1161}"),
        ("\u{fb01}", "fi"),
        ("\u{2460}", "1"),
        ("\u{ff21}", "A"),
        ("\u{a0}", " "),
    ] {
        assert_eq!(normal(typed), normal(same), "{typed:?}");
        assert!(normal(typed).is_ok());
    }
    // Case, white space at the ends and emoji stay what they are.
    for text in ["Pass Word ", "stra\u{df}e", "\u{1f511}", ""] {
        assert_eq!(normal(text).as_deref(), Ok(text));
    }
}

#[test]
fn characters_that_may_change_their_form_later_are_refused() {
    for unassigned in ["\u{378}", "a\u{e0fff}", "\u{10ffff}", "\u{e000}"] {
        assert_eq!(
            normal(unassigned),
            Err(UnassignedCharacter),
            "{unassigned:?}"
        );
    }
    // A newer table may come only with a look at what it does to existing passphrases.
    assert_eq!(UNICODE_VERSION, (18, 0, 0));
}

/// `normalize` reserves room up front so that no unwiped copy is left by growing.
#[test]
fn no_character_outgrows_the_room_that_normalisation_reserves() {
    let longest = ('\0'..=char::MAX)
        .filter_map(|character| {
            let text = character.to_string();
            Some(normal(&text).ok()?.len().div_ceil(text.len()))
        })
        .max();
    assert!(longest.is_some_and(|times| times <= 18 * 4), "{longest:?}");
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC{0,12}") {
        if let Ok(once) = normal(&text) {
            prop_assert_eq!(normal(&once), Ok(once));
        }
    }
}
