//! Records of rows that were written together.
//!
//! What rows have in common, as those of one sender's requests do, stands once: at the first of them,
//! and the others name that row. Between two rows stands a tag over the first of them and all before
//! it, so that of a record that was changed the row can be named.

use strongroom_contract::time::UnixMillis;

use super::{
    chain::{AuditKey, Link},
    field::{Malformed, Reader, bounded, put_difference, put_long, put_short, put_varint, text},
    record::MAX_RECORD,
    row::{
        MAX_ACT, MAX_KEY, MAX_METHOD, MAX_PATH, MAX_PERSONAL, Personal, RequestId, Row, RowError,
        SpentNonce, StoredRow, read_rule, rule_code,
    },
};
use crate::{credential::SecretId, key::ClientId, replay::NonceHash};

/// How many rows a record has at most: each is named by a byte.
const MAX_ROWS: usize = 255;
/// How many bytes of them: kind and link take the rest.
const MAX_BODY: usize = MAX_RECORD - 1 - Link::LEN;

mod flag {
    pub(super) const SLOT_TAKEN: u8 = 1;
    pub(super) const NONCE: u8 = 1 << 1;
    pub(super) const PERSONAL: u8 = 1 << 2;
    pub(super) const ALL: u8 = (1 << 3) - 1;
}

mod subject_flag {
    pub(super) const KEY: u8 = 1;
    pub(super) const CLIENT: u8 = 1 << 1;
    pub(super) const SECRET: u8 = 1 << 2;
    pub(super) const ALL: u8 = (1 << 3) - 1;
}

/// Who a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subject<'a> {
    secret: Option<SecretId>,
    client: Option<ClientId>,
    key: Option<&'a str>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Route<'a> {
    cost: u32,
    path: &'a str,
    method: &'a str,
    act: &'a str,
}

impl<'a> Subject<'a> {
    const fn of(row: &Row<'a>) -> Self {
        Self {
            secret: row.secret,
            client: row.client,
            key: row.key,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), RowError> {
        text("key", self.key.unwrap_or_default(), MAX_KEY)?;
        let flags = [
            (self.key.is_some(), subject_flag::KEY),
            (self.client.is_some(), subject_flag::CLIENT),
            (self.secret.is_some(), subject_flag::SECRET),
        ];
        out.push(all_set(flags));
        if let Some(key) = self.key {
            put_short(key.as_bytes(), out);
        }
        if let Some(client) = self.client {
            out.extend_from_slice(&client.0);
        }
        if let Some(secret) = self.secret {
            put_varint(secret.0.into(), out);
        }
        Ok(())
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let flags = known(reader.u8()?, subject_flag::ALL)?;
        let has = |flag| flags & flag != 0;
        Ok(Self {
            key: reader.when(has(subject_flag::KEY), |read| read.short_text(MAX_KEY))?,
            client: reader.when(has(subject_flag::CLIENT), |read| read.array().map(ClientId))?,
            secret: reader.when(has(subject_flag::SECRET), |read| {
                read.varint32().map(SecretId)
            })?,
        })
    }
}

impl<'a> Route<'a> {
    const fn of(row: &Row<'a>) -> Self {
        Self {
            cost: row.cost,
            path: row.path,
            method: row.method,
            act: row.act,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), RowError> {
        text("act", self.act, MAX_ACT)?;
        text("method", self.method, MAX_METHOD)?;
        text("path", self.path, MAX_PATH)?;
        put_short(self.act.as_bytes(), out);
        put_short(self.method.as_bytes(), out);
        put_long(self.path.as_bytes(), out);
        put_varint(self.cost.into(), out);
        Ok(())
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            act: reader.short_text(MAX_ACT)?,
            method: reader.short_text(MAX_METHOD)?,
            path: {
                let len = length(reader)?;
                reader.text(len, MAX_PATH)?
            },
            cost: reader.varint32()?,
        })
    }
}

impl<'a> Personal<'a> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), RowError> {
        bounded("personal", self.sealed.len(), MAX_PERSONAL)?;
        out.extend_from_slice(&self.key_id);
        out.extend_from_slice(&self.bound.0);
        put_long(self.sealed, out);
        Ok(())
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            key_id: reader.array()?,
            bound: RequestId(reader.array()?),
            sealed: {
                let len = length(reader)?;
                reader.at_most(len, MAX_PERSONAL)?
            },
        })
    }
}

/// The first bytes of a MAC over a row of a record and the tag before it, or the link before the record.
pub(super) type Tag = [u8; 8];

/// The tags of a record's rows, one after the other.
pub(super) struct Tags {
    link: Link,
    last: Option<Tag>,
}

impl Tags {
    /// Those of the record behind a link.
    pub(super) const fn after(link: Link) -> Self {
        Self { link, last: None }
    }

    /// The tag of the next row.
    pub(super) fn next(&mut self, key: &AuditKey, row: &[u8]) -> Tag {
        let before = self.last.as_ref();
        let before = before.map_or(self.link.0.as_slice(), |tag| tag.as_slice());
        *self.last.insert(key.tag(before, row))
    }
}

/// Appends the body of a record with the first of `rows`, as many as it can hold, behind the link
/// `before`. Says how many these are. What was appended when it failed is no body.
pub(super) fn encode(
    rows: &[Row<'_>],
    first: u64,
    before: Link,
    key: &AuditKey,
    out: &mut Vec<u8>,
) -> Result<usize, RowError> {
    let body = out.len();
    out.extend_from_slice(&first.to_le_bytes());
    let mut encoder = Encoder::of(rows);
    let mut tags = Tags::after(before);
    // The number of the first row belongs to that row.
    let mut row_start = body;
    for (row, position) in rows.iter().zip(0..).take(MAX_ROWS) {
        let row_before_end = out.len();
        if position > 0 {
            let row_before = out.get(row_start..).unwrap_or_default();
            let tag = tags.next(key, row_before);
            out.extend_from_slice(&tag);
            row_start = out.len();
        }
        encoder.row(row, position, out)?;
        if out.len() - body > MAX_BODY {
            out.truncate(row_before_end);
            return Ok(position.into());
        }
    }
    Ok(rows.len().min(MAX_ROWS))
}

/// Appends rows, one after the other, and knows what stands at those before.
struct Encoder<'r> {
    rows: &'r [Row<'r>],
    real: u64,
    platform: u64,
    subjects: Heads,
    routes: Heads,
    senders: Heads,
}

impl<'r> Encoder<'r> {
    const fn of(rows: &'r [Row<'r>]) -> Self {
        Self {
            rows,
            real: 0,
            platform: 0,
            subjects: Heads::new(),
            routes: Heads::new(),
            senders: Heads::new(),
        }
    }

    /// Appends the row at `position`.
    fn row(&mut self, row: &Row<'r>, position: u8, out: &mut Vec<u8>) -> Result<(), RowError> {
        let flags = [
            (row.slot_taken, flag::SLOT_TAKEN),
            (row.nonce.is_some(), flag::NONCE),
            (row.personal.is_some(), flag::PERSONAL),
        ];
        out.push(all_set(flags));
        out.extend_from_slice(&row.request.0);
        out.extend_from_slice(&row.status.to_le_bytes());
        out.push(row.rule.map_or(0, rule_code));
        put_difference(row.real.0, self.real, out);
        put_difference(row.platform.0, self.platform, out);
        (self.real, self.platform) = (row.real.0, row.platform.0);
        put_varint(row.duration_us.into(), out);
        put_varint(row.count.into(), out);
        let subject = Subject::of(row);
        let is_head = |head: &Row<'r>| Subject::of(head) == subject;
        if self.subjects.head(position, self.rows, is_head, out) {
            subject.encode(out)?;
        }
        let route = Route::of(row);
        let is_head = |head: &Row<'r>| Route::of(head) == route;
        if self.routes.head(position, self.rows, is_head, out) {
            route.encode(out)?;
        }
        if let Some(personal) = row.personal {
            let is_head = |head: &Row<'r>| head.personal == Some(personal);
            if self.senders.head(position, self.rows, is_head, out) {
                personal.encode(out)?;
            }
        }
        if let Some(nonce) = row.nonce {
            out.extend_from_slice(&nonce.hash.0);
            put_difference(nonce.expires.0, row.platform.0, out);
        }
        Ok(())
    }
}

/// The rows at which something stands that rows behind them have in common with them.
struct Heads {
    rows: [u8; MAX_ROWS],
    len: usize,
}

impl Heads {
    const fn new() -> Self {
        Self {
            rows: [0; MAX_ROWS],
            len: 0,
        }
    }

    /// Names the row that something of the one at `position` stands at. Whether that is the row
    /// itself, where it is to be written.
    fn head<'r>(
        &mut self,
        position: u8,
        rows: &[Row<'r>],
        is_head: impl Fn(&Row<'r>) -> bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let heads = self.rows.get(..self.len).unwrap_or_default();
        // What was written last is what comes again most often.
        let mut heads = heads.iter().rev().copied();
        let found = heads.find(|head| rows.get(usize::from(*head)).is_some_and(&is_head));
        out.push(found.unwrap_or(position));
        if found.is_some() {
            return false;
        }
        if let Some(slot) = self.rows.get_mut(self.len) {
            *slot = position;
            self.len += 1;
        }
        true
    }
}

/// A row of a record, and what is needed to find out whether it was changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    /// The row.
    pub(super) stored: StoredRow<'a>,
    /// Its bytes; those of the first row begin with its number.
    pub(super) bytes: &'a [u8],
    /// The tag that follows it; none behind the last row, which the record's link follows.
    pub(super) tag: Option<Tag>,
}

/// Reads the rows of a record, up to the first that can't be read.
pub(super) struct Rows<'a> {
    reader: Reader<'a>,
    /// The number of the first row; none before it was read.
    first: Option<u64>,
    /// Which row of the record is next; none if none is to come.
    position: Option<u8>,
    real: u64,
    platform: u64,
    subjects: Vec<(u8, Subject<'a>)>,
    routes: Vec<(u8, Route<'a>)>,
    senders: Vec<(u8, Personal<'a>)>,
}

impl<'a> Rows<'a> {
    /// Of a record's body.
    pub(super) const fn of(body: &'a [u8]) -> Self {
        Self {
            reader: Reader(body),
            first: None,
            position: Some(0),
            real: 0,
            platform: 0,
            subjects: Vec::new(),
            routes: Vec::new(),
            senders: Vec::new(),
        }
    }

    fn read(&mut self, position: u8) -> Result<Item<'a>, Malformed> {
        let start = self.reader.0;
        let first = match self.first {
            Some(first) => first,
            None => *self.first.insert(self.reader.u64()?),
        };
        let sequence = first.checked_add(position.into());
        let sequence = sequence.ok_or(Malformed("its number is larger than it may be"))?;
        let row = self.row(position)?;
        let len = start.len() - self.reader.0.len();
        let tag = match self.reader.0.is_empty() {
            true => None,
            false => Some(self.reader.array()?),
        };
        Ok(Item {
            stored: StoredRow { sequence, row },
            bytes: start.get(..len).unwrap_or_default(),
            tag,
        })
    }

    fn row(&mut self, position: u8) -> Result<Row<'a>, Malformed> {
        let read = &mut self.reader;
        let flags = known(read.u8()?, flag::ALL)?;
        let has = |flag| flags & flag != 0;
        let request = RequestId(read.array()?);
        let status = read.u16()?;
        let rule = read_rule(read)?;
        self.real = read.difference(self.real)?;
        self.platform = read.difference(self.platform)?;
        let platform = self.platform;
        let duration_us = read.varint32()?;
        let count = read.varint32()?;
        let subject = head(read, position, &mut self.subjects, Subject::decode)?;
        let route = head(read, position, &mut self.routes, Route::decode)?;
        let personal = read.when(has(flag::PERSONAL), |read| {
            head(read, position, &mut self.senders, Personal::decode)
        })?;
        let nonce = read.when(has(flag::NONCE), |read| {
            Ok(SpentNonce {
                hash: NonceHash(read.array()?),
                expires: UnixMillis(read.difference(platform)?),
            })
        })?;
        Ok(Row {
            real: UnixMillis(self.real),
            platform: UnixMillis(platform),
            request,
            act: route.act,
            key: subject.key,
            client: subject.client,
            secret: subject.secret,
            personal,
            method: route.method,
            path: route.path,
            status,
            rule,
            duration_us,
            count,
            cost: route.cost,
            slot_taken: has(flag::SLOT_TAKEN),
            nonce,
        })
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Item<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.position.take()?;
        let item = match position {
            u8::MAX => Err(Malformed("it has more rows than it may have")),
            position => self.read(position),
        };
        if item.as_ref().is_ok_and(|item| item.tag.is_some()) {
            self.position = position.checked_add(1);
        }
        Some(item)
    }
}

/// Reads what stands here or at a row before.
fn head<'a, T: Copy>(
    reader: &mut Reader<'a>,
    position: u8,
    heads: &mut Vec<(u8, T)>,
    decode: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let at = reader.u8()?;
    if at == position {
        let value = decode(reader)?;
        heads.push((position, value));
        return Ok(value);
    }
    let found = heads.iter().rev().find(|(head, _)| *head == at);
    found
        .map(|(_, value)| *value)
        .ok_or(Malformed("it names a row that does not say it"))
}

fn length(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    // What is too long for a field is refused where it is read.
    reader
        .varint()
        .map(|len| usize::try_from(len).unwrap_or(usize::MAX))
}

fn known(flags: u8, all: u8) -> Result<u8, Malformed> {
    match flags & !all {
        0 => Ok(flags),
        _ => Err(Malformed("it has a flag that is unknown")),
    }
}

fn all_set<const N: usize>(flags: [(bool, u8); N]) -> u8 {
    let set = flags.into_iter().filter(|(set, _)| *set);
    set.fold(0, |flags, (_, bit)| flags | bit)
}
