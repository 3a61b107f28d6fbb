//! Whoever could have made a signature: shared secrets or key pairs, each with every way to use it wrongly,
//! and the signature with every way to write it wrongly.

use strongroom_contract::diagnosis::Change;
use strongroom_crypto::{
    SecretBytes, SecretText, hash,
    signature::{Algorithm, Hash, KeyKind, OtherWay, PrivateKey, PublicKey, Salt},
};
use strongroom_signing::Algorithm as SchemeAlgorithm;

use super::{
    MOST,
    mac::{self, Mac, Used, decodings},
};
use crate::{
    defect::{
        HASHED_TWICE, OTHER_KEY, PAIR_ALGORITHM, RSA_SALT, SIGNATURE_DER, SIGNATURE_ENCODING,
    },
    judge::Secrets,
};

/// How many forms are tried with a key pair, each of which costs fifty microseconds.
const MOST_PAIRS: u32 = 600;

/// Makers and marks, each by its place; the first of each is how it should be.
pub(crate) enum Makers {
    /// With a shared secret.
    Shared {
        used: Vec<Used>,
        macs: Vec<(Option<Change>, Mac)>,
    },
    /// With a key pair.
    Pairs {
        holders: Vec<Holder>,
        marks: Vec<Mark>,
    },
}

/// A key pair that could have been used.
pub(crate) struct Holder {
    change: Option<Change>,
    key: PublicKey,
}

/// A signature as it could be meant.
pub(crate) struct Mark {
    change: Option<Change>,
    cost: u32,
    way: Way,
    over: Over,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    /// As the kind of the key has it.
    Expected(Algorithm),
    Other(OtherWay),
}

/// What was given to the function that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Message,
    Digest,
    HexDigest,
}

/// Something that a maker or a mark could have been: its place, the change, and how likely it is.
pub(crate) type Offer = (usize, Option<Change>, u32);

impl Makers {
    /// For `signature`, whose bytes stand in a header.
    pub(crate) fn new(algorithm: SchemeAlgorithm, secrets: &Secrets, signature: &[u8]) -> Self {
        match algorithm {
            SchemeAlgorithm::HmacSha256 => Self::Shared {
                used: mac::used(secrets),
                macs: mac::macs(signature),
            },
            SchemeAlgorithm::Pair(algorithm) => Self::Pairs {
                holders: holders(secrets),
                marks: marks(algorithm, signature),
            },
        }
    }

    /// The makers but the first.
    pub(crate) fn others(&self) -> Vec<Offer> {
        match self {
            Self::Shared { used, .. } => {
                let used = used.iter().map(|used| (used.change.clone(), used.cost));
                behind_the_first(used)
            }
            Self::Pairs { holders, .. } => {
                behind_the_first(holders.iter().map(|holder| (holder.change.clone(), 1)))
            }
        }
    }

    /// The marks but the first.
    pub(crate) fn marks(&self) -> Vec<Offer> {
        match self {
            Self::Shared { macs, .. } => {
                behind_the_first(macs.iter().map(|(change, _)| (change.clone(), 1)))
            }
            Self::Pairs { marks, .. } => {
                behind_the_first(marks.iter().map(|mark| (mark.change.clone(), mark.cost)))
            }
        }
    }

    /// Whether the mark at one place is the maker's at another over `message`.
    pub(crate) fn made(&self, maker: usize, mark: usize, message: &[u8]) -> bool {
        match self {
            Self::Shared { used, macs } => used
                .get(maker)
                .zip(macs.get(mark))
                .is_some_and(|(used, (_, mac))| used.made(mac, &[message])),
            Self::Pairs { holders, marks } => holders
                .get(maker)
                .zip(marks.get(mark))
                .is_some_and(|(holder, mark)| mark.is_of(&holder.key, message)),
        }
    }

    /// How many forms are tried.
    pub(crate) const fn most(&self) -> u32 {
        match self {
            Self::Shared { .. } => MOST,
            Self::Pairs { .. } => MOST_PAIRS,
        }
    }
}

fn behind_the_first(all: impl Iterator<Item = (Option<Change>, u32)>) -> Vec<Offer> {
    let all = all.enumerate().skip(1);
    all.map(|(at, (change, cost))| (at, change, cost)).collect()
}

/// Every key pair at hand; the key's own first.
fn holders(secrets: &Secrets) -> Vec<Holder> {
    let mut out = Vec::new();
    for own in &secrets.own {
        out.extend(public(&own.bytes).map(|key| Holder { change: None, key }));
    }
    for other in &secrets.others {
        let change = Some(OTHER_KEY.of(&other.name));
        out.extend(public(&other.bytes).map(|key| Holder { change, key }));
    }
    out
}

/// The public key that a PEM is or holds.
fn public(pem: &SecretBytes) -> Option<PublicKey> {
    let text = SecretText::new(str::from_utf8(pem.expose_secret()).ok()?.to_owned());
    PublicKey::from_pem(text.expose_secret()).ok().or_else(|| {
        let key = PrivateKey::from_pem(&text).ok()?;
        Some(key.public_key())
    })
}

fn marks(algorithm: Algorithm, signature: &[u8]) -> Vec<Mark> {
    let mark = |change, cost, way, over, bytes: &[u8]| Mark {
        change,
        cost,
        way,
        over,
        bytes: bytes.to_vec(),
    };
    let own = Way::Expected(algorithm);
    let mut out = vec![mark(None, 0, own, Over::Message, signature)];
    for over in [Over::Digest, Over::HexDigest] {
        out.push(mark(Some(HASHED_TWICE.change()), 1, own, over, signature));
    }
    // The likeliest slip with each kind goes first; those that remain are rare.
    for (at, way) in OtherWay::of(algorithm.key_kind()).into_iter().enumerate() {
        if !is_own(algorithm, way) {
            let cost = if at < 8 { 1 } else { 2 };
            let change = Some(slip(algorithm, way));
            out.push(mark(
                change,
                cost,
                Way::Other(way),
                Over::Message,
                signature,
            ));
        }
    }
    for decoded in decodings(signature) {
        if decoded.len() >= 64 {
            let change = Some(SIGNATURE_ENCODING.change());
            out.push(mark(change, 1, own, Over::Message, &decoded));
        }
    }
    out
}

/// Whether a way is the one that the algorithm asks for.
fn is_own(algorithm: Algorithm, way: OtherWay) -> bool {
    matches!(
        (algorithm, way),
        (
            Algorithm::RsaPssSha512,
            OtherWay::RsaPss(Hash::Sha512, Salt::Digest)
        ) | (Algorithm::RsaPkcs1Sha256, OtherWay::RsaPkcs1(Hash::Sha256))
    )
}

/// What is wrong with a signature that was made in another way.
fn slip(algorithm: Algorithm, way: OtherWay) -> Change {
    match (algorithm, way) {
        (Algorithm::EcdsaP256Sha256, OtherWay::EcdsaDer(Hash::Sha256)) => SIGNATURE_DER.change(),
        (Algorithm::RsaPssSha512, OtherWay::RsaPss(Hash::Sha512, salt)) => {
            RSA_SALT.of(&salt.to_string())
        }
        _ => PAIR_ALGORITHM.of_two(&way.to_string(), in_words(algorithm)),
    }
}

const fn in_words(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::EcdsaP256Sha256 => "ECDSA on P-256 with SHA-256, r and s one after the other",
        Algorithm::RsaPssSha512 => "RSA-PSS with SHA-512 and a salt of 64 bytes",
        Algorithm::RsaPkcs1Sha256 => "RSA PKCS#1 v1.5 with SHA-256",
    }
}

impl Mark {
    fn is_of(&self, key: &PublicKey, message: &[u8]) -> bool {
        let digest = || match self.way {
            Way::Expected(Algorithm::RsaPssSha512) => hash::sha512(message).to_vec(),
            _ => hash::sha256(&[message]).to_vec(),
        };
        let hashed;
        let message = match self.over {
            Over::Message => message,
            Over::Digest => {
                hashed = digest();
                &hashed
            }
            Over::HexDigest => {
                hashed = hex::encode(digest()).into_bytes();
                &hashed
            }
        };
        match self.way {
            // Another key may be of another kind, which signs in its own way.
            Way::Expected(algorithm) if algorithm.key_kind() == key.kind() => {
                key.verify(algorithm, message, &self.bytes)
            }
            Way::Expected(_) => key.verify(usual(key.kind()), message, &self.bytes),
            Way::Other(way) => key.made_otherwise(way, message, &self.bytes),
        }
    }
}

/// What a key of this kind signs with, where nothing else is said.
const fn usual(kind: KeyKind) -> Algorithm {
    match kind {
        KeyKind::Ed25519 => Algorithm::Ed25519,
        KeyKind::P256 => Algorithm::EcdsaP256Sha256,
        KeyKind::Rsa => Algorithm::RsaPssSha512,
    }
}
