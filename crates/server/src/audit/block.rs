//! Gathers where runs of rows lie, for the index behind the log.

use strongroom_contract::time::UnixMillis;

use crate::store::Block;

/// Rows of one run.
const RUN: u64 = 128;

/// The runs that are not in the store yet: those that are whole, and the one that grows.
#[derive(Default)]
pub(super) struct Runs {
    whole: Vec<Block>,
    growing: Option<Block>,
}

impl Runs {
    /// Takes in a row that was written.
    pub(super) fn add(
        &mut self,
        sequence: u64,
        real: UnixMillis,
        segment: u64,
        offset: u64,
        bytes: u64,
    ) {
        let block = self.growing.get_or_insert(Block {
            first: sequence,
            rows: 0,
            segment,
            offset,
            bytes: 0,
            earliest: real.0,
            latest: real.0,
        });
        block.rows += 1;
        // A checkpoint may lie between two rows of a run.
        block.bytes = offset + bytes - block.offset;
        block.earliest = block.earliest.min(real.0);
        block.latest = block.latest.max(real.0);
        if block.rows >= RUN {
            self.close();
        }
    }

    /// Ends the run that grows, as at the end of a segment.
    pub(super) fn close(&mut self) {
        self.whole.extend(self.growing.take());
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<Block> {
        self.whole.iter().copied().chain(self.growing).collect()
    }

    /// Those that are whole.
    pub(super) fn whole(&self) -> Vec<Block> {
        self.whole.clone()
    }

    /// Forgets the whole ones up to the run that begins with `first`: they are in the store.
    pub(super) fn forget_through(&mut self, first: u64) {
        self.whole.retain(|block| block.first > first);
    }
}
