//! A key that nobody has used since the platform's start, packed: of many keys, most rest.
//!
//! As decisions need it, a key takes more than a kilobyte: room for two secrets, lists, what its requests
//! have used. Packed it takes little more than its tag and its texts. It is unpacked when the first
//! request asks for it, and stays so.

use std::num::NonZeroU32;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::signature::PublicKey;
use strongroom_policy::{
    credential::{AppId, Secret, SecretId, StoredTag},
    delay::Delay,
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    public_key::RegisteredKey,
    scopes::Scopes,
    token::{RevokedToken, TokenId},
};

use super::LastUses;
use crate::store::StoredKey;

/// The packed form of a key, but for its id. It never leaves the process.
pub(super) struct Resting(Box<[u8]>);

/// What is packed. The client comes first, so that it can be read alone.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    client: [u8; ClientId::LEN],
    name: &'a str,
    note: &'a str,
    created: u64,
    not_before: Option<u64>,
    expires: Option<u64>,
    revoked: Option<u64>,
    #[serde(borrow)]
    secrets: Vec<PackedSecret<'a>>,
    registered: Option<PackedPublicKey<'a>>,
    limit: u32,
    daily_quota: Option<NonZeroU32>,
    delay_ms: Option<u32>,
    allow: Vec<IpNet>,
    scopes: u32,
    may_sign: bool,
    revoked_tokens: Vec<([u8; 16], u64)>,
    used_before: Option<u64>,
    used: Vec<(u32, u64)>,
}

#[derive(Serialize, Deserialize)]
struct PackedSecret<'a> {
    id: u32,
    tag: [u8; StoredTag::LEN],
    sealed: Option<&'a [u8]>,
    created: u64,
    retire_at: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct PackedPublicKey<'a> {
    id: u32,
    key: &'a [u8],
    created: u64,
    ended: Option<u64>,
}

impl Resting {
    /// Packs a key; `None` if it can't be.
    pub(super) fn pack(key: &StoredKey) -> Option<Self> {
        let StoredKey { record, uses } = key;
        let millis = |time: Option<UnixMillis>| time.map(|time| time.0);
        let secrets = record.secrets.iter().map(|secret| PackedSecret {
            id: secret.id.0,
            tag: *secret.tag.as_bytes(),
            sealed: secret.sealed.as_deref(),
            created: secret.created.0,
            retire_at: millis(secret.retire_at),
        });
        let registered = record.secrets.registered();
        let registered = registered.map(|registered| PackedPublicKey {
            id: registered.id.0,
            key: registered.key.as_bytes(),
            created: registered.created.0,
            ended: millis(registered.ended),
        });
        let revoked_tokens = record.revoked_tokens.iter();
        let used = uses.secrets.iter().flatten();
        let packed = Packed {
            client: record.client.0,
            name: &record.name,
            note: &record.note,
            created: record.created.0,
            not_before: millis(record.not_before),
            expires: millis(record.expires),
            revoked: millis(record.revoked),
            secrets: secrets.collect(),
            registered,
            limit: record.limit.per_minute(),
            daily_quota: record.daily_quota,
            delay_ms: record.delay.map(Delay::millis),
            allow: record.allow.networks().collect(),
            scopes: record.scopes.bits(),
            may_sign: record.may_sign,
            revoked_tokens: revoked_tokens.map(|it| (it.id.0, it.expires)).collect(),
            used_before: millis(uses.before),
            used: used.map(|it| (it.secret.0, it.at.0)).collect(),
        };
        let bytes = postcard::to_allocvec(&packed).ok()?;
        Some(Self(bytes.into_boxed_slice()))
    }

    /// The key again; `None` if these bytes are not what [`Resting::pack`] made.
    pub(super) fn unpack(&self, app_id: AppId) -> Option<StoredKey> {
        let packed: Packed<'_> = postcard::from_bytes(&self.0).ok()?;
        let secrets = packed.secrets.into_iter().map(|secret| Secret {
            id: SecretId(secret.id),
            tag: StoredTag::from_bytes(secret.tag),
            sealed: secret.sealed.map(<[u8]>::to_vec),
            created: UnixMillis(secret.created),
            retire_at: secret.retire_at.map(UnixMillis),
        });
        let registered = packed.registered.map(|registered| {
            PublicKey::ed25519(registered.key).map(|key| RegisteredKey {
                id: SecretId(registered.id),
                key,
                created: UnixMillis(registered.created),
                ended: registered.ended.map(UnixMillis),
            })
        });
        let delay = packed.delay_ms.map(|ms| Delay::from_millis(ms.into()));
        let revoked = packed.revoked_tokens.into_iter();
        let revoked = revoked.map(|(id, expires)| RevokedToken {
            id: TokenId(id),
            expires,
        });
        let used = packed.used.into_iter();
        let used = used.map(|(secret, at)| (SecretId(secret), UnixMillis(at)));
        Some(StoredKey {
            record: KeyRecord {
                app_id,
                client: ClientId(packed.client),
                name: packed.name.to_owned(),
                note: packed.note.to_owned(),
                created: UnixMillis(packed.created),
                not_before: packed.not_before.map(UnixMillis),
                expires: packed.expires.map(UnixMillis),
                revoked: packed.revoked.map(UnixMillis),
                secrets: Secrets::kept(secrets.collect(), registered.transpose().ok()?)?,
                limit: Limit::new(packed.limit).ok()?,
                daily_quota: packed.daily_quota,
                delay: delay.transpose().ok()?,
                allow: packed.allow.into_iter().collect(),
                scopes: Scopes::of_bits(packed.scopes),
                may_sign: packed.may_sign,
                revoked_tokens: revoked.collect(),
            },
            uses: LastUses::stored(packed.used_before.map(UnixMillis), used),
        })
    }

    /// Whose key it is.
    pub(super) fn client(&self) -> Option<ClientId> {
        let (client, _) = postcard::take_from_bytes(&self.0).ok()?;
        Some(ClientId(client))
    }
}
