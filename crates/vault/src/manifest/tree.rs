//! The keyed hash tree over the rows.
//!
//! ```text
//! leaf   = HMAC(k, frame("strongroom/v1/leaf", table, row key…, seal tags…))
//! bucket = HMAC(k, frame("strongroom/v1/bucket") | leaves in the order of their row keys)
//! node   = HMAC(k, frame("strongroom/v1/node", level) | 16 children)
//! ```
//!
//! 4,096 buckets, chosen by the first 12 bits of the row id (a chunk by its number), and three levels
//! of 16 above them. A change computes one bucket and three nodes anew, whatever the vault's size.

use std::{fmt, iter, sync::Arc};

use strongroom_crypto::{framing::Frame, mac::HmacSha256};

use crate::ids::ItemId;

const FAN_OUT: usize = 16;
/// Levels above the buckets.
const LEVELS: usize = 3;
const BUCKETS: usize = FAN_OUT.pow(LEVELS as u32);

/// Which row, in the order of a bucket's leaves: header, chunks, overviews, secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowKey {
    Header,
    Totp(u64),
    Overview(ItemId),
    Secret(ItemId, u32),
}

impl RowKey {
    fn bucket(self) -> usize {
        match self {
            Self::Header => 0,
            Self::Totp(chunk) => (chunk % BUCKETS as u64) as usize,
            Self::Overview(ItemId([high, low, ..])) | Self::Secret(ItemId([high, low, ..]), _) => {
                usize::from(u16::from_be_bytes([high, low]) >> 4)
            }
        }
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header"),
            Self::Totp(chunk) => write!(f, "table of codes, chunk {chunk}"),
            Self::Overview(id) => write!(f, "overview {id}"),
            Self::Secret(id, version) => write!(f, "secret {id}, version {version}"),
        }
    }
}

/// What stands for a row in its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaf([u8; 32]);

impl Leaf {
    /// The header, by its MAC under the root key.
    pub(crate) fn header(key: &HmacSha256, root_mac: &[u8; 32]) -> Self {
        Self::of(key, &frame("header").bytes(root_mac))
    }

    /// A chunk of the table of codes, by its seal's tag.
    pub(crate) fn totp(key: &HmacSha256, chunk: u64, sealed: &[u8]) -> Self {
        Self::of(key, &frame("totp").number(chunk).bytes(tag(sealed)))
    }

    /// A record, by the tags of its two seals. `version` is the row's version column.
    pub(crate) fn record(
        key: &HmacSha256,
        row: RowKey,
        version: u32,
        epoch: u32,
        wrap: &[u8],
        body: &[u8],
    ) -> Self {
        let (table, id) = match row {
            RowKey::Overview(id) => ("overview", id),
            RowKey::Secret(id, _) => ("secret", id),
            RowKey::Header | RowKey::Totp(_) => ("", ItemId([0; 16])),
        };
        let leaf = frame(table)
            .bytes(id.as_bytes())
            .number(version.into())
            .number(epoch.into())
            .bytes(tag(wrap))
            .bytes(tag(body));
        Self::of(key, &leaf)
    }

    fn of(key: &HmacSha256, frame: &Frame) -> Self {
        Self(key.tag(&[frame.as_bytes()]).into_public())
    }
}

fn frame(table: &str) -> Frame {
    Frame::of("strongroom/v1/leaf").bytes(table.as_bytes())
}

/// A seal's last 16 bytes: with the key and the context given, they stand for all of it.
fn tag(sealed: &[u8]) -> &[u8] {
    sealed.last_chunk::<16>().map_or(sealed, |tag| tag)
}

/// The tree with its leaves.
pub(crate) struct Tree {
    key: Arc<HmacSha256>,
    buckets: Vec<Vec<(RowKey, Leaf)>>,
    /// From the buckets' hashes (4,096) up to the top (1).
    levels: [Vec<[u8; 32]>; LEVELS + 1],
}

impl Tree {
    /// The tree over `rows`, in any order; a row named twice counts once, the last.
    pub(crate) fn new(
        key: Arc<HmacSha256>,
        rows: impl IntoIterator<Item = (RowKey, Leaf)>,
    ) -> Self {
        let mut buckets = vec![Vec::new(); BUCKETS];
        for (row, leaf) in rows {
            put(&mut buckets[row.bucket()], row, Some(leaf));
        }
        // Most buckets of a small vault are empty, and so are the nodes over them.
        let mut empty = bucket_hash(&key, &[]);
        let mut hashes: Vec<_> = buckets
            .iter()
            .map(|bucket| match bucket.as_slice() {
                [] => empty,
                leaves => bucket_hash(&key, leaves),
            })
            .collect();
        let mut levels = [const { Vec::new() }; LEVELS + 1];
        for (level, place) in levels.iter_mut().enumerate() {
            let above = node_hash(&key, level + 1, &[empty; FAN_OUT]);
            let next = hashes
                .chunks(FAN_OUT)
                .map(|children| {
                    if children.iter().all(|child| *child == empty) {
                        return above;
                    }
                    node_hash(&key, level + 1, children)
                })
                .collect();
            *place = std::mem::replace(&mut hashes, next);
            empty = above;
        }
        Self {
            key,
            buckets,
            levels,
        }
    }

    pub(crate) const fn key(&self) -> &Arc<HmacSha256> {
        &self.key
    }

    /// The hash over everything.
    pub(crate) fn top(&self) -> [u8; 32] {
        self.levels[LEVELS].first().copied().unwrap_or_default()
    }

    /// Sets or removes leaves; answers with what undoes it.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Vec<Change> {
        let mut touched = Vec::with_capacity(changes.len());
        let mut undo: Vec<Change> = changes
            .iter()
            .map(|&(row, leaf)| {
                let bucket = row.bucket();
                touched.push(bucket);
                (row, put(&mut self.buckets[bucket], row, leaf))
            })
            .collect();
        undo.reverse();
        touched.sort_unstable();
        touched.dedup();
        for &bucket in &touched {
            self.levels[0][bucket] = bucket_hash(&self.key, &self.buckets[bucket]);
        }
        for level in 1..=LEVELS {
            for index in &mut touched {
                *index /= FAN_OUT;
            }
            touched.dedup();
            for &index in &touched {
                let children = index * FAN_OUT..(index + 1) * FAN_OUT;
                self.levels[level][index] =
                    node_hash(&self.key, level, &self.levels[level - 1][children]);
            }
        }
        undo
    }

    /// The rows that differ between two trees, for telling where the damage is.
    pub(crate) fn differences(&self, other: &Self) -> Vec<RowKey> {
        let mut rows: Vec<RowKey> = iter::zip(&self.buckets, &other.buckets)
            .filter(|(ours, theirs)| ours != theirs)
            .flat_map(|(ours, theirs)| {
                let missing = |from: &[(RowKey, Leaf)], leaf| !from.contains(leaf);
                let gone = ours.iter().filter(move |leaf| missing(theirs, leaf));
                let new = theirs.iter().filter(move |leaf| missing(ours, leaf));
                gone.chain(new).map(|(row, _)| *row)
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = RowKey> {
        self.buckets.iter().flatten().map(|(row, _)| *row)
    }
}

/// A row's new leaf, or `None` where the row goes.
pub(crate) type Change = (RowKey, Option<Leaf>);

fn put(bucket: &mut Vec<(RowKey, Leaf)>, row: RowKey, leaf: Option<Leaf>) -> Option<Leaf> {
    match (bucket.binary_search_by_key(&row, |(row, _)| *row), leaf) {
        (Ok(at), Some(leaf)) => Some(std::mem::replace(&mut bucket[at].1, leaf)),
        (Ok(at), None) => Some(bucket.remove(at).1),
        (Err(at), Some(leaf)) => {
            bucket.insert(at, (row, leaf));
            None
        }
        (Err(_), None) => None,
    }
}

fn bucket_hash(key: &HmacSha256, leaves: &[(RowKey, Leaf)]) -> [u8; 32] {
    let frame = Frame::of("strongroom/v1/bucket");
    let leaves = leaves.iter().map(|(_, leaf)| &leaf.0[..]);
    let parts: Vec<&[u8]> = iter::once(frame.as_bytes()).chain(leaves).collect();
    key.tag(&parts).into_public()
}

fn node_hash(key: &HmacSha256, level: usize, children: &[[u8; 32]]) -> [u8; 32] {
    let frame = Frame::of("strongroom/v1/node").number(level as u64);
    key.tag(&[frame.as_bytes(), children.as_flattened()])
        .into_public()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn mac() -> Arc<HmacSha256> {
        Arc::new(HmacSha256::new(b"a manifest key"))
    }

    /// The tree by its definition, with nothing cached and no empty part skipped.
    fn naive(rows: &BTreeMap<RowKey, Leaf>) -> [u8; 32] {
        let mut hashes: Vec<[u8; 32]> = (0..BUCKETS)
            .map(|bucket| {
                let mut message = Frame::of("strongroom/v1/bucket").as_bytes().to_vec();
                for (_, leaf) in rows.iter().filter(|(row, _)| row.bucket() == bucket) {
                    message.extend_from_slice(&leaf.0);
                }
                mac().tag(&[&message]).into_public()
            })
            .collect();
        for level in 1..=3_u64 {
            hashes = hashes
                .chunks(16)
                .map(|children| {
                    let mut message = Frame::of("strongroom/v1/node")
                        .number(level)
                        .as_bytes()
                        .to_vec();
                    message.extend(children.iter().flatten());
                    mac().tag(&[&message]).into_public()
                })
                .collect();
        }
        assert_eq!(hashes.len(), 1);
        hashes[0]
    }

    fn row() -> impl Strategy<Value = RowKey> {
        // Few ids, so that rows meet; some share a bucket.
        let id = (0..4u8, 0..3u8).prop_map(|(high, low)| {
            let mut id = [0; 16];
            (id[0], id[1], id[15]) = (high * 85, low, low);
            ItemId(id)
        });
        prop_oneof![
            Just(RowKey::Header),
            (0..6_000u64).prop_map(RowKey::Totp),
            id.clone().prop_map(RowKey::Overview),
            (id, 0..4u32).prop_map(|(id, version)| RowKey::Secret(id, version)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn it_equals_the_naive_tree_after_any_changes(
            rows in prop::collection::btree_map(row(), any::<[u8; 32]>().prop_map(Leaf), 0..12),
            batches in prop::collection::vec(
                prop::collection::vec((row(), prop::option::of(any::<[u8; 32]>().prop_map(Leaf))), 0..4),
                0..5,
            ),
        ) {
            let mut model = rows.clone();
            let mut tree = Tree::new(mac(), rows);
            prop_assert_eq!(tree.top(), naive(&model));
            for changes in batches {
                let before = tree.top();
                let undo = tree.apply(&changes);
                tree.apply(&undo);
                prop_assert_eq!(tree.top(), before);
                tree.apply(&changes);
                for (row, leaf) in changes {
                    match leaf {
                        Some(leaf) => model.insert(row, leaf),
                        None => model.remove(&row),
                    };
                }
            }
            prop_assert_eq!(tree.top(), naive(&model));
            prop_assert!(tree.differences(&Tree::new(mac(), model)).is_empty());
        }
    }

    #[test]
    fn a_leaf_stands_for_every_plain_column_and_both_tags() {
        let id = ItemId([7; 16]);
        let (row, key) = (RowKey::Overview(id), mac());
        let leaf = Leaf::record(&key, row, 1, 1, &[1; 60], &[2; 284]);
        let others = [
            Leaf::record(
                &key,
                RowKey::Overview(ItemId([8; 16])),
                1,
                1,
                &[1; 60],
                &[2; 284],
            ),
            Leaf::record(&key, RowKey::Secret(id, 1), 1, 1, &[1; 60], &[2; 284]),
            Leaf::record(&key, row, 2, 1, &[1; 60], &[2; 284]),
            Leaf::record(&key, row, 1, 2, &[1; 60], &[2; 284]),
            Leaf::record(&key, row, 1, 1, &[3; 60], &[2; 284]),
            Leaf::record(&key, row, 1, 1, &[1; 60], &[3; 284]),
            Leaf::record(&HmacSha256::new(b"another"), row, 1, 1, &[1; 60], &[2; 284]),
        ];
        assert!(others.iter().all(|other| *other != leaf));
    }
}
