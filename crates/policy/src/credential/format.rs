//! Prefix, random characters, check characters.

use std::fmt;

use serde::{Deserialize, Serialize};
use strongroom_crypto::random;

/// Base 62, in the order that values stand for.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^6 is above 2^32.
const CHECK_LEN: usize = 6;

/// Whose money a credential moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Test money.
    Test,
    /// Real money.
    Live,
}

impl Environment {
    const fn word(self) -> &'static str {
        match self {
            Self::Test => "test_",
            Self::Live => "live_",
        }
    }

    /// The environment that a credential's text names, if its prefix is that of `kind`.
    pub(super) fn of(kind: Kind, text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(kind.prefix().as_bytes())?;
        [Self::Test, Self::Live]
            .into_iter()
            .find(|environment| rest.starts_with(environment.word().as_bytes()))
    }
}

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The public id of a key.
    AppId,
    /// The secret of a key.
    SecretKey,
    /// A credential for `/manage`.
    ManagementKey,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "test",
            Self::Live => "live",
        })
    }
}

impl Kind {
    const ALL: [Self; 3] = [Self::AppId, Self::SecretKey, Self::ManagementKey];

    const fn prefix(self) -> &'static str {
        match self {
            Self::AppId => "sr_app_",
            Self::SecretKey => "sr_sk_",
            Self::ManagementKey => "sr_mk_",
        }
    }

    const fn random_len(self) -> usize {
        match self {
            Self::AppId => 22,
            Self::SecretKey | Self::ManagementKey => 32,
        }
    }

    pub(super) const fn len(self) -> usize {
        self.prefix().len() + Environment::Test.word().len() + self.random_len() + CHECK_LEN
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppId => "app-id",
            Self::SecretKey => "secret-key",
            Self::ManagementKey => "management key",
        })
    }
}

/// A text is not a credential of the expected kind. Holds no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What was expected.
    pub expected: Kind,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a text that should be a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// There is no text.
    Empty,
    /// It has the prefix of another kind, as when id and secret are swapped.
    OtherKind(Kind),
    /// It has none of the platform's prefixes.
    Prefix,
    /// It is too short or too long.
    Length {
        /// How many bytes there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// There is a character that no credential holds.
    Character {
        /// Where, from 1.
        position: usize,
    },
    /// The check characters don't fit the rest: a typo.
    Check,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, problem } = self;
        match problem {
            Problem::Empty => write!(f, "the {expected} is empty"),
            Problem::OtherKind(found) => {
                write!(f, "a {found} stands where the {expected} belongs")
            }
            Problem::Prefix => write!(
                f,
                "the {expected} does not start with {0}test_ or {0}live_, so this platform did not issue it",
                expected.prefix()
            ),
            Problem::Length {
                found,
                expected: length,
            } => write!(
                f,
                "the {expected} has {found} characters where {length} are expected: it was cut off or something was added"
            ),
            Problem::Character { position } => write!(
                f,
                "character {position} of the {expected} is not one of 0-9, A-Z, a-z"
            ),
            Problem::Check => write!(
                f,
                "the {expected} has a typo: its last six characters do not fit the rest"
            ),
        }
    }
}

impl std::error::Error for Malformed {}

pub(super) fn generate(kind: Kind, environment: Environment) -> String {
    // Room for all of it, so that no piece of a secret is left behind in a smaller allocation.
    let mut text = String::with_capacity(kind.len());
    text.push_str(kind.prefix());
    text.push_str(environment.word());
    for _ in 0..kind.random_len() {
        text.push(character(random::below(62)));
    }
    let mut check = crc32fast::hash(text.as_bytes());
    let mut characters = [0; CHECK_LEN];
    for slot in characters.iter_mut().rev() {
        *slot = check % 62;
        check /= 62;
    }
    text.extend(characters.map(character));
    text
}

pub(super) fn check(expected: Kind, text: &[u8]) -> Result<(), Malformed> {
    let problem = |problem| Err(Malformed { expected, problem });
    if text.is_empty() {
        return problem(Problem::Empty);
    }
    if Environment::of(expected, text).is_none() {
        let other = Kind::ALL
            .into_iter()
            .find(|kind| Environment::of(*kind, text).is_some());
        return problem(other.map_or(Problem::Prefix, Problem::OtherKind));
    }
    let prefix_len = expected.prefix().len() + Environment::Test.word().len();
    let rest = text.get(prefix_len..).unwrap_or_default();
    if let Some(at) = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()) {
        return problem(Problem::Character {
            position: prefix_len + at + 1,
        });
    }
    if text.len() != expected.len() {
        return problem(Problem::Length {
            found: text.len(),
            expected: expected.len(),
        });
    }
    let (body, check) = text
        .split_at_checked(text.len() - CHECK_LEN)
        .unwrap_or_default();
    let found = check
        .iter()
        .fold(0, |sum: u64, byte| sum * 62 + value(*byte));
    if found == u64::from(crc32fast::hash(body)) {
        Ok(())
    } else {
        problem(Problem::Check)
    }
}

fn character(value: u32) -> char {
    ALPHABET
        .get(value as usize)
        .copied()
        .map_or('0', char::from)
}

/// The value of a character of [`ALPHABET`].
fn value(byte: u8) -> u64 {
    u64::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 3] = Kind::ALL;

    #[test]
    fn what_is_generated_is_well_formed_and_of_its_kind_alone() {
        for kind in KINDS {
            let text = generate(kind, Environment::Live);
            assert_eq!(text.len(), kind.len());
            assert_eq!(check(kind, text.as_bytes()), Ok(()));
            for expected in KINDS.into_iter().filter(|other| *other != kind) {
                assert_eq!(
                    check(expected, text.as_bytes()),
                    Err(Malformed {
                        expected,
                        problem: Problem::OtherKind(kind)
                    })
                );
            }
        }
    }

    /// The form is frozen: keys that are out there stay recognisable.
    #[test]
    fn a_key_of_the_first_version_is_known() {
        for (kind, text) in [
            (Kind::AppId, "sr_app_test_0123456789ABCDEFGHIJKL@APP"),
            (
                Kind::SecretKey,
                "sr_sk_live_0123456789ABCDEFGHIJKLMNOPQRSTUV@SK",
            ),
        ] {
            let body = text.split('@').next().unwrap_or_default();
            let mut check_characters = crc32fast::hash(body.as_bytes());
            let mut tail = Vec::new();
            for _ in 0..CHECK_LEN {
                tail.insert(0, ALPHABET[(check_characters % 62) as usize]);
                check_characters /= 62;
            }
            let whole = format!("{body}{}", String::from_utf8(tail).unwrap());
            assert_eq!(check(kind, whole.as_bytes()), Ok(()), "{whole}");
        }
    }

    #[test]
    fn each_problem_is_told_from_the_others() {
        let good = generate(Kind::AppId, Environment::Test);
        let problem = |text: &str| check(Kind::AppId, text.as_bytes()).map_err(|it| it.problem);
        assert_eq!(problem(""), Err(Problem::Empty));
        assert_eq!(problem("hello-clever-1234"), Err(Problem::Prefix));
        assert_eq!(problem("sr_app_prod_1234"), Err(Problem::Prefix));
        assert_eq!(
            problem(&good[..39]),
            Err(Problem::Length {
                found: 39,
                expected: 40
            })
        );
        assert_eq!(
            problem(&format!("{good} ")),
            Err(Problem::Character { position: 41 })
        );
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_a_typo(at in 12usize..40, replacement in 0usize..62) {
            let good = generate(Kind::AppId, Environment::Test).into_bytes();
            let mut typo = good.clone();
            typo[at] = ALPHABET[replacement];
            prop_assert_eq!(check(Kind::AppId, &typo).is_ok(), typo == good);
        }

        #[test]
        fn two_neighbours_swapped_are_a_typo(at in 12usize..39) {
            let good = generate(Kind::SecretKey, Environment::Test).into_bytes();
            let mut typo = good.clone();
            typo.swap(at, at + 1);
            prop_assert_eq!(check(Kind::SecretKey, &typo).is_ok(), typo == good);
        }

        #[test]
        fn hostile_text_is_refused_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(check(Kind::AppId, &text).is_err());
            prop_assert!(check(Kind::SecretKey, &text).is_err());
        }
    }
}
