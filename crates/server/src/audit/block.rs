//! Gathers where runs of rows lie and what is in them, for the index behind the log.

use std::net::IpAddr;

use strongroom_contract::time::UnixMillis;
use strongroom_policy::{
    audit::{Personal, RequestId, StoredRow},
    key::ClientId,
    rate::day_of,
};

use crate::store::{Block, Facet, PersonalKeys, Run, Source};

/// Rows of one run.
const RUN: u64 = 128;

/// Where a row was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) real: UnixMillis,
    pub(super) at: UnixMillis,
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// The slots that it took.
    pub(super) taken: u32,
}

/// A run in memory: its sources are still addresses.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    pub(super) block: Block,
    /// The day of its rows, by the platform's time.
    day: u64,
    facets: Vec<Facet>,
    /// The slots that rows of each facet took.
    taken: Vec<u32>,
    sources: Vec<(ClientId, IpAddr)>,
}

impl Gathered {
    /// Counts the slots of a row under its facet, the one at `known` or a new one.
    fn count(&mut self, known: Option<usize>, taken: u32, facet: impl FnOnce() -> Facet) {
        match known.and_then(|index| self.taken.get_mut(index)) {
            Some(slots) => *slots = slots.saturating_add(taken),
            None => {
                self.facets.push(facet());
                self.taken.push(taken);
            }
        }
    }

    /// As it is to be stored.
    pub(super) fn run(self, keys: &PersonalKeys) -> Run {
        let sources = self.sources.into_iter().map(|(client, address)| Source {
            client,
            hash: keys.source_hash(address),
        });
        Run {
            block: self.block,
            day: self.day,
            facets: self.facets,
            taken: self.taken,
            sources: sources.collect(),
        }
    }
}

/// The runs that are not in the store yet: those that are whole, and the one that grows.
#[derive(Default)]
pub(super) struct Runs {
    whole: Vec<Gathered>,
    growing: Option<Gathered>,
    /// What was opened last of what was read back: rows that were written together share it.
    opened: Option<Opened>,
}

/// Where the requests of a sealed sender came from; `None` if that can't be told any more.
struct Opened {
    key_id: [u8; 16],
    bound: RequestId,
    source: Option<(ClientId, IpAddr)>,
}

impl Runs {
    /// Takes in a row that was written, and what it is about.
    pub(super) fn add(&mut self, place: Place, facet: &Facet, source: (ClientId, IpAddr)) {
        let run = self.grow(place);
        let known = run.facets.iter().position(|known| known == facet);
        run.count(known, place.taken, || facet.clone());
        if !run.sources.contains(&source) {
            run.sources.push(source);
        }
        self.close_if_full();
    }

    /// Takes in a row that was read back from a file.
    pub(super) fn add_read(
        &mut self,
        segment: u64,
        offset: u64,
        bytes: u64,
        stored: &StoredRow<'_>,
        keys: &PersonalKeys,
    ) {
        let row = &stored.row;
        let source = row.personal.and_then(|sealed| self.open(sealed, keys));
        let taken = if row.slot_taken { row.cost } else { 0 };
        let run = self.grow(Place {
            sequence: stored.sequence,
            real: row.real,
            at: row.platform,
            segment,
            offset,
            bytes,
            taken,
        });
        let known = run.facets.iter().position(|known| known.is_of(row));
        run.count(known, taken, || Facet::of(row));
        if let Some(source) = source
            && !run.sources.contains(&source)
        {
            run.sources.push(source);
        }
        self.close_if_full();
    }

    fn open(&mut self, sealed: Personal<'_>, keys: &PersonalKeys) -> Option<(ClientId, IpAddr)> {
        let Personal { key_id, bound, .. } = sealed;
        let known = self.opened.as_ref();
        if let Some(known) = known.filter(|it| it.key_id == key_id && it.bound == bound) {
            return known.source;
        }
        let client = ClientId(key_id);
        let address = keys.open_source(client, &bound.0, sealed.sealed);
        let source = address.map(|address| (client, address));
        self.opened = Some(Opened {
            key_id,
            bound,
            source,
        });
        source
    }

    fn grow(&mut self, place: Place) -> &mut Gathered {
        let (real, at) = (place.real.0, place.at.0);
        let day = day_of(place.at);
        // Use is counted by the day.
        if self.growing.as_ref().is_some_and(|run| run.day != day) {
            self.close();
        }
        let run = self.growing.get_or_insert_with(|| Gathered {
            block: Block {
                first: place.sequence,
                rows: 0,
                segment: place.segment,
                offset: place.offset,
                bytes: 0,
                earliest: real,
                latest: real,
                earliest_at: at,
                latest_at: at,
            },
            day,
            facets: Vec::new(),
            taken: Vec::new(),
            sources: Vec::new(),
        });
        let block = &mut run.block;
        block.rows += 1;
        // A checkpoint may lie between two rows of a run.
        block.bytes = place.offset + place.bytes - block.offset;
        block.earliest = block.earliest.min(real);
        block.latest = block.latest.max(real);
        block.earliest_at = block.earliest_at.min(at);
        block.latest_at = block.latest_at.max(at);
        run
    }

    fn close_if_full(&mut self) {
        if self
            .growing
            .as_ref()
            .is_some_and(|run| run.block.rows >= RUN)
        {
            self.close();
        }
    }

    /// Ends the run that grows, as at the end of a segment.
    pub(super) fn close(&mut self) {
        self.whole.extend(self.growing.take());
    }

    /// Where all of them lie, in order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block> {
        self.whole.iter().chain(&self.growing).map(|run| run.block)
    }

    /// Those that are whole.
    pub(super) fn whole(&self) -> Vec<Gathered> {
        self.whole.clone()
    }

    /// Forgets the whole ones up to the run that begins with `first`: they are in the store.
    pub(super) fn forget_through(&mut self, first: u64) {
        self.whole.retain(|run| run.block.first > first);
    }
}
