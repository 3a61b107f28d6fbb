//! The header: what must be known before a key is there.
//!
//! 312 bytes of fixed layout, little-endian; `docs/FORMAT.md` lists them. Three checks lie beside:
//! SHA-256 (is it damaged?), a MAC under the device secret (is it this vault's?), and a MAC under the
//! root key (GCM does not commit to its key; this does).

use strongroom_crypto::{
    Key,
    aead::{self, Cipher},
    framing::Frame,
    hash::sha256,
    mac::HmacSha256,
    password::Cost,
    totp::{Seed, Step},
};

use crate::{
    cost::KdfCost,
    damage::Damage,
    device::DeviceKeys,
    ids::{Generation, VaultId},
    keys::{Kdf, Keys, RootKey},
    recovery_code::RecoveryCode,
    totp_table::{self, Horizon, Layout, Target},
};

const MAGIC: &[u8; 16] = b"strongroom vault";
/// The format that this code writes.
pub(crate) const FORMAT: u32 = 1;
const BODY_LEN: usize = 312;
/// A sealed 256-bit key.
pub(crate) const WRAPPED_LEN: usize = Key::LEN + aead::OVERHEAD;
const ENROLMENT_LEN: usize = Seed::LEN + 8 + aead::OVERHEAD;

/// The header's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) vault: VaultId,
    pub(crate) generation: Generation,
    /// Which root key the data keys are wrapped under.
    pub(crate) epoch: u32,
    pub(crate) kdf: Kdf,
    /// The root key under the KEK.
    pub(crate) root: [u8; WRAPPED_LEN],
    pub(crate) layout: Layout,
    /// The authenticator's seed and the target under the totp key.
    pub(crate) enrolment: [u8; ENROLMENT_LEN],
    pub(crate) recovery: RecoverySlot,
}

/// The root key under the recovery code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecoverySlot {
    pub(crate) id: [u8; 16],
    pub(crate) root: [u8; WRAPPED_LEN],
}

impl Header {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let cost = self.kdf.cost.parameters();
        let layout = &self.layout;
        let mut body = Vec::with_capacity(BODY_LEN);
        body.extend_from_slice(MAGIC);
        body.extend_from_slice(&FORMAT.to_le_bytes());
        body.extend_from_slice(self.vault.as_bytes());
        body.extend_from_slice(&self.generation.0.to_le_bytes());
        body.extend_from_slice(&self.epoch.to_le_bytes());
        body.extend_from_slice(&cost.memory_kib.to_le_bytes());
        body.extend_from_slice(&cost.passes.to_le_bytes());
        body.extend_from_slice(&cost.lanes.to_le_bytes());
        body.extend_from_slice(&self.kdf.salt);
        body.extend_from_slice(&self.root);
        body.extend_from_slice(&layout.base.0.to_le_bytes());
        body.extend_from_slice(&layout.first.0.to_le_bytes());
        body.extend_from_slice(&layout.end.0.to_le_bytes());
        body.extend_from_slice(&layout.horizon.steps.to_le_bytes());
        body.extend_from_slice(&layout.horizon.chunk_steps.to_le_bytes());
        body.extend_from_slice(&self.enrolment);
        body.extend_from_slice(&self.recovery.id);
        body.extend_from_slice(&self.recovery.root);
        body
    }

    /// Reads a body whose checksum holds. Every number is checked against its bounds here, so that a
    /// hostile header is refused before any work is done for it.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Damage> {
        let damage = |problem: &str| Damage::new("header", problem);
        if body.len() != BODY_LEN {
            return Err(damage("it is not as long as a header"));
        }
        let mut fields = Fields(body);
        if fields.take() != Some(*MAGIC) {
            return Err(damage("it does not begin as a header does"));
        }
        if fields.number() != Some(FORMAT) {
            return Err(damage("its format is not the file's"));
        }
        let vault = fields.take().map(VaultId);
        let generation = fields.number().filter(|&g| g > 0).map(Generation);
        let epoch = fields.number();
        let cost = (|| {
            KdfCost::from_header(Cost {
                memory_kib: fields.number()?,
                passes: fields.number()?,
                lanes: fields.number()?,
            })
        })()
        .ok_or_else(|| damage("it asks for an Argon2id cost outside of the allowed bounds"))?;
        let salt = fields.take();
        let root = fields.take();
        let layout = (|| {
            let [base, first, end] = [fields.step()?, fields.step()?, fields.step()?];
            let horizon = Horizon::from_header(fields.number()?, fields.number()?)?;
            let layout = Layout {
                base,
                first,
                end,
                horizon,
            };
            layout.checked()
        })()
        .ok_or_else(|| damage("its table of codes has impossible bounds"))?;
        let enrolment = fields.take();
        let slot = fields.take();
        let recovery = fields.take();
        (|| {
            Some(Self {
                vault: vault?,
                generation: generation?,
                epoch: epoch?,
                kdf: Kdf { cost, salt: salt? },
                root: root?,
                layout,
                enrolment: enrolment?,
                recovery: RecoverySlot {
                    id: slot?,
                    root: recovery?,
                },
            })
        })()
        .ok_or_else(|| damage("a field is missing"))
    }

    pub(crate) fn table(&self) -> totp_table::Context {
        totp_table::Context {
            vault: self.vault,
            generation: self.generation,
            layout: self.layout,
        }
    }

    /// Opens the root key with a KEK; `None` if it is not the right one.
    pub(crate) fn open_root(&self, kek: &Key) -> Option<RootKey> {
        open_key(kek, &self.root_aad(), &self.root).map(RootKey)
    }

    pub(crate) fn seal_root(&mut self, kek: &Key, root: &RootKey) {
        self.root = seal_key(kek, &self.root_aad(), &root.0);
    }

    /// Opens the root key with a recovery code; `None` if it is not the right one.
    pub(crate) fn recover_root(&self, code: &RecoveryCode) -> Option<RootKey> {
        let key = code.key(self.vault, &self.recovery.id);
        open_key(&key, &self.recovery_aad(), &self.recovery.root).map(RootKey)
    }

    pub(crate) fn seal_recovery(&mut self, code: &RecoveryCode, root: &RootKey) {
        let key = code.key(self.vault, &self.recovery.id);
        self.recovery.root = seal_key(&key, &self.recovery_aad(), &root.0);
    }

    /// The authenticator's seed and the target.
    pub(crate) fn open_enrolment(&self, keys: &Keys) -> Result<(Seed, Target), Damage> {
        let damage = || Damage::new("header", "the authenticator's seed does not open");
        let aad = self.enrolment_aad();
        let opened = keys
            .totp
            .open(aad.as_bytes(), &self.enrolment)
            .map_err(|_| damage())?;
        let (seed, target) = opened
            .expose_secret()
            .split_at_checked(Seed::LEN)
            .ok_or_else(damage)?;
        let target = target.try_into().map_err(|_| damage())?;
        Seed::from_slice(seed)
            .zip(Target::from_le_bytes(target))
            .ok_or_else(damage)
    }

    pub(crate) fn seal_enrolment(&mut self, keys: &Keys, seed: &Seed, target: &Target) {
        let mut plain = zeroize::Zeroizing::new([0; Seed::LEN + 8]);
        plain[..Seed::LEN].copy_from_slice(seed.expose_secret());
        plain[Seed::LEN..].copy_from_slice(&target.to_le_bytes());
        let sealed = keys
            .totp
            .seal(self.enrolment_aad().as_bytes(), plain.as_slice());
        self.enrolment = fixed(&sealed);
    }

    fn root_aad(&self) -> Frame {
        let cost = self.kdf.cost.parameters();
        Frame::of("strongroom/v1/root-wrap")
            .bytes(self.vault.as_bytes())
            .number(self.generation.0.into())
            .number(self.epoch.into())
            .number(cost.memory_kib.into())
            .number(cost.passes.into())
            .number(cost.lanes.into())
            .bytes(&self.kdf.salt)
    }

    fn recovery_aad(&self) -> Frame {
        Frame::of("strongroom/v1/recovery-wrap")
            .bytes(self.vault.as_bytes())
            .bytes(&self.recovery.id)
            .number(self.epoch.into())
    }

    fn enrolment_aad(&self) -> Frame {
        Frame::of("strongroom/v1/totp-enrolment")
            .bytes(self.vault.as_bytes())
            .number(self.generation.0.into())
            .number(self.epoch.into())
    }
}

/// A header as it lies in the file: its bytes and their three checks.
#[derive(Clone)]
pub(crate) struct SealedHeader {
    pub(crate) body: Vec<u8>,
    pub(crate) device_mac: [u8; 32],
    pub(crate) root_mac: [u8; 32],
}

impl SealedHeader {
    pub(crate) fn new(header: &Header, device: &DeviceKeys, keys: &Keys) -> Self {
        let body = header.to_bytes();
        Self {
            device_mac: device
                .mac
                .tag(&[device_mac_frame().as_bytes(), &body])
                .into_public(),
            root_mac: keys
                .header
                .tag(&[root_mac_frame().as_bytes(), &body])
                .into_public(),
            body,
        }
    }

    pub(crate) fn checksum(&self) -> [u8; 32] {
        sha256(&[&self.body, &self.device_mac, &self.root_mac])
    }

    pub(crate) fn fits_device(&self, device: &DeviceKeys) -> bool {
        verified(
            &device.mac,
            &device_mac_frame(),
            &self.body,
            &self.device_mac,
        )
    }

    pub(crate) fn fits_root(&self, keys: &Keys) -> bool {
        verified(&keys.header, &root_mac_frame(), &self.body, &self.root_mac)
    }
}

fn verified(mac: &HmacSha256, frame: &Frame, body: &[u8], tag: &[u8; 32]) -> bool {
    mac.verify(&[frame.as_bytes(), body], tag)
}

fn device_mac_frame() -> Frame {
    Frame::of("strongroom/v1/header/device")
}

fn root_mac_frame() -> Frame {
    Frame::of("strongroom/v1/header/root")
}

fn open_key(key: &Key, aad: &Frame, sealed: &[u8]) -> Option<Key> {
    let opened = Cipher::new(key).open(aad.as_bytes(), sealed).ok()?;
    Key::from_slice(opened.expose_secret())
}

fn seal_key(key: &Key, aad: &Frame, secret: &Key) -> [u8; WRAPPED_LEN] {
    fixed(&Cipher::new(key).seal(aad.as_bytes(), secret.expose_secret()))
}

fn fixed<const N: usize>(sealed: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(sealed);
    out
}

/// What is left of the body to be read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn step(&mut self) -> Option<Step> {
        self.take().map(|bytes| Step(u64::from_le_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_crypto::random;

    use super::*;
    use crate::device::DeviceSecret;

    fn header() -> Header {
        let horizon = Horizon::of_steps(120);
        Header {
            vault: VaultId::random(),
            generation: Generation::FIRST,
            epoch: 1,
            kdf: Kdf {
                cost: KdfCost::memory_mib(64).unwrap(),
                salt: random::bytes(),
            },
            root: random::bytes(),
            layout: Layout::new(Step(1_000), Step(1_010), horizon),
            enrolment: random::bytes(),
            recovery: RecoverySlot {
                id: random::bytes(),
                root: random::bytes(),
            },
        }
    }

    #[test]
    fn fields_lie_where_the_format_says() {
        let header = header();
        let bytes = header.to_bytes();
        assert_eq!(bytes.len(), BODY_LEN);
        assert_eq!(&bytes[..16], b"strongroom vault");
        assert_eq!(&bytes[20..36], header.vault.as_bytes());
        assert_eq!(bytes[44..48], 65_536_u32.to_le_bytes());
        assert_eq!(&bytes[88..148], &header.root);
        assert_eq!(bytes[156..164], 1_010_u64.to_le_bytes());
        assert_eq!(&bytes[180..236], &header.enrolment);
        assert_eq!(&bytes[252..], &header.recovery.root);
    }

    #[test]
    fn what_is_sealed_opens_with_its_own_key_and_header_only() {
        let (mut sealed, kek, root) = (header(), Key::random(), RootKey(Key::random()));
        let keys = Keys::derive(&root, sealed.vault, 1);
        let (code, seed, target) = (RecoveryCode::random(), Seed::random(), Target::random());
        sealed.seal_root(&kek, &root);
        sealed.seal_recovery(&code, &root);
        sealed.seal_enrolment(&keys, &seed, &target);
        let opened = |header: &Header| {
            [
                header
                    .open_root(&kek)
                    .is_some_and(|opened| opened.0 == root.0),
                header
                    .recover_root(&code)
                    .is_some_and(|opened| opened.0 == root.0),
                header.open_enrolment(&keys).is_ok_and(|(s, t)| {
                    s.expose_secret() == seed.expose_secret()
                        && t.to_le_bytes() == target.to_le_bytes()
                }),
            ]
        };
        assert_eq!(opened(&sealed), [true; 3]);
        assert!(sealed.open_root(&Key::random()).is_none());
        assert!(sealed.recover_root(&RecoveryCode::random()).is_none());
        let other = |change: fn(&mut Header)| {
            let mut header = sealed.clone();
            change(&mut header);
            opened(&header)
        };
        assert_eq!(other(|header| header.vault = VaultId::random()), [false; 3]);
        assert_eq!(other(|header| header.epoch = 2), [false; 3]);
        assert_eq!(
            other(|header| header.generation = Generation(2)),
            [false, true, false]
        );
        assert_eq!(
            other(|header| header.kdf.salt = [0; 32]),
            [false, true, true]
        );
        assert_eq!(
            other(|header| header.recovery.id = [0; 16]),
            [true, false, true]
        );
    }

    #[test]
    fn each_check_tells_its_own_key() {
        let header = header();
        let device =
            |secret: &DeviceSecret| DeviceKeys::new(secret, header.vault, header.generation);
        let (secret, root) = (DeviceSecret::random(), RootKey(Key::random()));
        let keys = Keys::derive(&root, header.vault, 1);
        let sealed = SealedHeader::new(&header, &device(&secret), &keys);
        assert!(sealed.fits_device(&device(&secret)) && sealed.fits_root(&keys));
        assert!(!sealed.fits_device(&device(&DeviceSecret::random())));
        let later = Keys::derive(&root, header.vault, 2);
        assert!(!sealed.fits_root(&later));
        let mut changed = sealed.clone();
        changed.body[100] ^= 1;
        assert!(!changed.fits_device(&device(&secret)) && !changed.fits_root(&keys));
        assert_ne!(changed.checksum(), sealed.checksum());
    }

    proptest! {
        #[test]
        fn what_parses_is_written_back_the_same(
            at in 0..BODY_LEN, byte in any::<u8>(), len in 0..2 * BODY_LEN,
        ) {
            let mut body = header().to_bytes();
            prop_assert!(Header::parse(&body).is_ok());
            body[at] = byte;
            if let Ok(parsed) = Header::parse(&body) {
                prop_assert_eq!(parsed.to_bytes(), body.clone());
            }
            body.resize(len, 0);
            prop_assert!(len == BODY_LEN || Header::parse(&body).is_err());
        }
    }
}
