//! Records of one row, as logs were written at first: they are read for ever.

use strongroom_contract::time::UnixMillis;

use super::{
    field::{Malformed, Reader},
    row::{
        MAX_ACT, MAX_KEY, MAX_METHOD, MAX_PATH, MAX_PERSONAL, Personal, RequestId, Row, SpentNonce,
        StoredRow, read_rule,
    },
    rows::Item,
};
use crate::{credential::SecretId, key::ClientId, replay::NonceHash};

mod flag {
    pub(super) const SLOT_TAKEN: u8 = 1;
    pub(super) const KEY: u8 = 1 << 1;
    pub(super) const CLIENT: u8 = 1 << 2;
    pub(super) const SECRET: u8 = 1 << 3;
    pub(super) const NONCE: u8 = 1 << 4;
    pub(super) const PERSONAL: u8 = 1 << 5;
    pub(super) const ALL: u8 = (1 << 6) - 1;
}

/// Reads the record's body.
pub(super) fn decode(body: &[u8]) -> Result<Item<'_>, Malformed> {
    let mut reader = Reader(body);
    let read = &mut reader;
    let sequence = read.u64()?;
    let real = UnixMillis(read.u64()?);
    let platform = UnixMillis(read.u64()?);
    let request = RequestId(read.array()?);
    let duration_us = read.u32()?;
    let count = read.u32()?;
    let cost = read.u32()?;
    let status = read.u16()?;
    let rule = read_rule(read)?;
    let flags = read.u8()?;
    if flags & !flag::ALL != 0 {
        return Err(Malformed("it has a flag that is unknown"));
    }
    let has = |flag| flags & flag != 0;
    let row = Row {
        real,
        platform,
        request,
        key: read.when(has(flag::KEY), |read| read.short_text(MAX_KEY))?,
        client: read.when(has(flag::CLIENT), |read| read.array().map(ClientId))?,
        secret: read.when(has(flag::SECRET), |read| read.u32().map(SecretId))?,
        nonce: read.when(has(flag::NONCE), |read| {
            Ok(SpentNonce {
                hash: NonceHash(read.array()?),
                expires: UnixMillis(read.u64()?),
            })
        })?,
        personal: read.when(has(flag::PERSONAL), |read| {
            Ok(Personal {
                key_id: read.array()?,
                bound: request,
                sealed: {
                    let len = read.u16()?;
                    read.at_most(len.into(), MAX_PERSONAL)?
                },
            })
        })?,
        act: read.short_text(MAX_ACT)?,
        method: read.short_text(MAX_METHOD)?,
        path: {
            let len = read.u16()?;
            read.text(len.into(), MAX_PATH)?
        },
        status,
        rule,
        duration_us,
        count,
        cost,
        slot_taken: has(flag::SLOT_TAKEN),
    };
    reader.end()?;
    Ok(Item {
        stored: StoredRow { sequence, row },
        bytes: body,
        tag: None,
    })
}
