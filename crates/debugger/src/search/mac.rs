//! Secrets as they could have been used, and MACs as they could have been written.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use strongroom_contract::diagnosis::Change;
use strongroom_crypto::{
    hash,
    mac::{HmacSha256, constant_time_eq, hmac_sha512_public},
};
use zeroize::Zeroizing;

use crate::{
    defect::{
        ALGORITHM, OTHER_KEY, SECRET_CASE, SECRET_DECODED, SECRET_ENCODED, SECRET_HASHED,
        SECRET_QUOTES, SECRET_SPACE, SIGNATURE_ENCODING,
    },
    judge::Secrets,
};

/// A secret as it could have been used.
pub(crate) struct Used {
    /// `None` for a secret of the key, as it was issued.
    pub(crate) change: Option<Change>,
    pub(crate) cost: u32,
    bytes: Zeroizing<Vec<u8>>,
    sha256: HmacSha256,
}

impl Used {
    pub(crate) fn new(change: Option<Change>, cost: u32, bytes: Vec<u8>) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self {
            change,
            cost,
            sha256: HmacSha256::new(&bytes),
            bytes,
        }
    }

    /// The key's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `mac` is this secret's over `message`, which comes in pieces.
    pub(crate) fn made(&self, mac: &Mac, message: &[&[u8]]) -> bool {
        match mac.hash {
            Hash::Sha256 => self.sha256.verify(message, &mac.bytes),
            Hash::Sha512 => {
                let other = hmac_sha512_public(&self.bytes, &message.concat());
                constant_time_eq(&other, &mac.bytes)
            }
        }
    }
}

/// Every secret with every way to get it wrong; the key's own first.
pub(crate) fn used(secrets: &Secrets) -> Vec<Used> {
    let mut out = Vec::new();
    for own in &secrets.own {
        out.push(Used::new(None, 0, own.bytes.expose_secret().to_vec()));
    }
    for own in &secrets.own {
        let secret = own.bytes.expose_secret();
        let trimmed = secret.trim_ascii();
        let quoted = |quote: &[u8]| [quote, secret, quote].concat();
        let mut offer = |change: Change, cost, bytes: Vec<u8>| {
            if bytes != secret {
                out.push(Used::new(Some(change), cost, bytes));
            }
        };
        offer(SECRET_SPACE.change(), 1, [secret, b"\n"].concat());
        offer(SECRET_SPACE.change(), 1, [secret, b"\r\n"].concat());
        offer(SECRET_SPACE.change(), 1, trimmed.to_vec());
        offer(SECRET_SPACE.change(), 2, [secret, b" "].concat());
        offer(SECRET_SPACE.change(), 2, [b" ", secret].concat());
        offer(SECRET_QUOTES.change(), 2, quoted(b"\""));
        offer(SECRET_QUOTES.change(), 2, quoted(b"'"));
        for decoded in decodings(secret) {
            offer(SECRET_DECODED.change(), 1, decoded);
        }
        let base64 = BASE64_STANDARD.encode(secret);
        offer(SECRET_ENCODED.change(), 2, base64.into_bytes());
        offer(SECRET_ENCODED.change(), 2, hex::encode(secret).into_bytes());
        let digest = hash::sha256(&[secret]);
        offer(SECRET_HASHED.change(), 3, hex::encode(digest).into_bytes());
        offer(SECRET_HASHED.change(), 3, digest.to_vec());
        offer(SECRET_CASE.change(), 3, secret.to_ascii_lowercase());
        offer(SECRET_CASE.change(), 3, secret.to_ascii_uppercase());
    }
    for other in &secrets.others {
        let change = OTHER_KEY.of(&other.name);
        let bytes = other.bytes.expose_secret().to_vec();
        out.push(Used::new(Some(change), 1, bytes));
    }
    out
}

/// What `text` could stand for.
pub(crate) fn decodings(text: &[u8]) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    let decoded = [
        BASE64_STANDARD.decode(text).ok(),
        BASE64_STANDARD_NO_PAD.decode(text).ok(),
        BASE64_URL_SAFE.decode(text).ok(),
        BASE64_URL_SAFE_NO_PAD.decode(text).ok(),
        hex::decode(text).ok(),
    ];
    for each in decoded.into_iter().flatten() {
        if !each.is_empty() && !out.contains(&each) {
            out.push(each);
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

/// A MAC as it could be meant.
pub(crate) struct Mac {
    hash: Hash,
    bytes: Vec<u8>,
}

impl Mac {
    /// A MAC by its length; `None` if it has another.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let hash = match bytes.len() {
            32 => Hash::Sha256,
            64 => Hash::Sha512,
            _ => return None,
        };
        let bytes = bytes.to_vec();
        Some(Self { hash, bytes })
    }
}

/// What the received value could be: the MAC itself first.
pub(crate) fn macs(value: &[u8]) -> Vec<(Option<Change>, Mac)> {
    let mac = |hash, bytes: &[u8]| Mac {
        hash,
        bytes: bytes.to_vec(),
    };
    let mut out = vec![(None, mac(Hash::Sha256, value))];
    if value.len() == 64 {
        out.push((Some(ALGORITHM.change()), mac(Hash::Sha512, value)));
    }
    for decoded in decodings(value) {
        if decoded.len() == 32 {
            out.push((
                Some(SIGNATURE_ENCODING.change()),
                mac(Hash::Sha256, &decoded),
            ));
        }
    }
    out
}
