//! Pairs of measurements, alternated, and the table of their medians.
//!
//! Ours and the peer's are measured in turns, so that whatever else the machine does meets both, and
//! the ratio is the median of each turn's own ratio.

use std::{
    fmt,
    io::{self, Write},
    time::Instant,
};

/// What a bench may fail with: anything that stopped it, in words.
#[derive(Debug)]
pub(crate) struct Stopped(String);

impl Stopped {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl<E: std::error::Error> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a figure counts, and so how it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// Requests a second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// What the ratio, ours to the peer's, is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) peer: String,
    pub(crate) unit: Unit,
    pub(crate) pair: Pair,
    pub(crate) goal: Goal,
}

/// Two figures measured in turns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    ours: f64,
    peers: f64,
    ratio: f64,
}

impl Pair {
    /// Two figures that need no repetition, such as sizes.
    pub(crate) fn of(ours: f64, peers: f64) -> Self {
        Self {
            ours,
            peers,
            ratio: ours / peers,
        }
    }

    /// Measures `rounds` times, the peer and ours in turns.
    pub(crate) fn alternate(
        rounds: usize,
        mut ours: impl FnMut() -> Result<f64, Stopped>,
        mut peers: impl FnMut() -> Result<f64, Stopped>,
    ) -> Result<Self, Stopped> {
        let mut turns = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let peers = peers()?;
            turns.push((ours()?, peers));
        }
        Ok(Self::of_turns(&turns))
    }

    /// The medians of what was measured in turns: ours and the peer's.
    pub(crate) fn of_turns(turns: &[(f64, f64)]) -> Self {
        Self {
            ours: median(turns.iter().map(|(ours, _)| *ours)),
            peers: median(turns.iter().map(|(_, peers)| *peers)),
            ratio: median(turns.iter().map(|(ours, peers)| ours / peers)),
        }
    }
}

pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds that one call of `work` takes.
pub(crate) fn seconds<T>(work: impl FnOnce() -> Result<T, Stopped>) -> Result<f64, Stopped> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Seconds that one of `count` calls of `work` takes.
pub(crate) fn seconds_each(count: u32, mut work: impl FnMut()) -> Result<f64, Stopped> {
    let begun = Instant::now();
    for _ in 0..count {
        work();
    }
    Ok(begun.elapsed().as_secs_f64() / f64::from(count))
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pair { ours, peers, ratio } = self.pair;
        let (sign, goal, reached) = match self.goal {
            Goal::AtLeast(goal) => ('≥', goal, ratio >= goal),
            Goal::AtMost(goal) => ('≤', goal, ratio <= goal),
        };
        write!(
            f,
            "| {} | {} | {}: {} | {} | {sign} {goal:.2} {} |",
            self.what,
            self.unit.write(ours),
            self.peer,
            self.unit.write(peers),
            short(ratio),
            if reached { "reached" } else { "**missed**" }
        )
    }
}

/// Two decimals, or as many as it takes to show something.
fn short(ratio: f64) -> String {
    if ratio < 0.01 {
        format!("{ratio:.4}")
    } else {
        format!("{ratio:.2}")
    }
}

impl Unit {
    fn write(self, figure: f64) -> String {
        match self {
            Self::PerSecond => format!("{figure:.0}/s"),
            Self::Bytes if figure < 1e6 => format!("{figure:.0} B"),
            Self::Bytes => format!("{:.1} MB", figure / 1e6),
            Self::Seconds if figure < 1e-6 => format!("{:.0} ns", figure * 1e9),
            Self::Seconds if figure < 1e-3 => format!("{:.1} µs", figure * 1e6),
            Self::Seconds if figure < 1.0 => format!("{:.1} ms", figure * 1e3),
            Self::Seconds => format!("{figure:.2} s"),
        }
    }
}

/// Prints the heading of the table.
pub(crate) fn heading(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "| what | ours | the peer's | ratio | goal |")?;
    writeln!(out, "|---|---|---|---|---|")
}
