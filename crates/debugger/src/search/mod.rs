//! What was signed? Canonical forms with one change and then two, likeliest first, until one matches.
//!
//! A form has *facets*, such as the method, the path or the secret, and each facet what it could have
//! been. At most two facets differ from what was received. The search is bounded by a count, not by a
//! clock, so that it comes out the same everywhere.

pub(crate) mod digest;
pub(crate) mod mac;
mod makers;
mod rfc9421;
mod token;

use strongroom_contract::diagnosis::{Change, Part, Search};

pub(crate) use self::{mac::decodings, rfc9421::signed_request, token::signed_token};

/// How many forms are tried, where each costs a microsecond or two.
pub(crate) const MOST: u32 = 12_000;

/// What a search found.
#[derive(Default)]
pub(crate) struct Found {
    /// The changes that make it match; empty if none does.
    pub(crate) changes: Vec<Change>,
    /// The canonical form, part by part.
    pub(crate) parts: Vec<Part>,
    /// How it went.
    pub(crate) search: Option<Search>,
}

/// Something that a facet could have been.
pub(crate) struct Alternative<V> {
    /// What it would take, none for another reading of what was received.
    pub(crate) change: Option<Change>,
    /// The lower, the likelier.
    pub(crate) cost: u32,
    /// What it changes.
    pub(crate) value: V,
}

impl<V> Alternative<V> {
    pub(crate) fn new(change: Change, cost: u32, value: V) -> Self {
        Self {
            change: Some(change),
            cost,
            value,
        }
    }

    /// Those of `offers`: each a place, the change, and how likely it is.
    pub(crate) fn all(offers: Vec<makers::Offer>, value: impl Fn(usize) -> V) -> Vec<Self> {
        let offers = offers.into_iter();
        let offered = offers.map(|(at, change, cost)| Self {
            change,
            cost,
            value: value(at),
        });
        offered.collect()
    }
}

/// The facets of a form: of each, what it could have been beside what was received.
pub(crate) struct Facets<V>(Vec<Vec<Alternative<V>>>);

impl<V> Facets<V> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn push(&mut self, facet: Vec<Alternative<V>>) {
        self.0.push(facet);
    }

    /// The alternatives that make `matches` say yes: none, one, or two of different facets. `None` if
    /// none of the `most` that are tried do.
    pub(crate) fn search(
        &self,
        most: u32,
        matches: &mut dyn FnMut(&[&V]) -> bool,
    ) -> (Option<Vec<&Alternative<V>>>, Search) {
        let mut tried = 1;
        let complete = |tried| Search {
            tried,
            complete: true,
        };
        if matches(&[]) {
            return (Some(Vec::new()), complete(tried));
        }
        let mut all: Vec<(usize, &Alternative<V>)> = Vec::new();
        for (facet, alternatives) in self.0.iter().enumerate() {
            all.extend(alternatives.iter().map(|each| (facet, each)));
        }
        // The sort is stable: what is offered first is tried first.
        all.sort_by_key(|(_, each)| each.cost);
        for (_, each) in &all {
            tried += 1;
            if matches(&[&each.value]) {
                return (Some(vec![each]), complete(tried));
            }
        }
        let costliest = all.last().map_or(0, |(_, each)| each.cost);
        for cost in 0..=2 * costliest {
            for (at, (facet, one)) in all.iter().enumerate() {
                for (other_facet, other) in all.iter().skip(at + 1) {
                    if one.cost + other.cost > cost {
                        break;
                    }
                    if one.cost + other.cost < cost || facet == other_facet {
                        continue;
                    }
                    if tried >= most {
                        let complete = false;
                        return (None, Search { tried, complete });
                    }
                    tried += 1;
                    if matches(&[&one.value, &other.value]) {
                        return (Some(vec![one, other]), complete(tried));
                    }
                }
            }
        }
        (None, complete(tried))
    }
}
