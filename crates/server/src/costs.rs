//! What routes cost: one slot each, unless the platform's owner says otherwise.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;

use strongroom_policy::{
    limiter::Cost,
    scopes::{ROUTES, Route},
};

use crate::openapi::{self, DOCUMENT};

/// What each of [`ROUTES`] costs, in their order.
pub(crate) struct Costs {
    slots: [AtomicU32; ROUTES.len()],
    /// The OpenAPI document that says it; absent while all cost what they do at first.
    document: RwLock<Option<Bytes>>,
}

impl Costs {
    /// The highest cost of a route.
    pub(crate) const MAX: u32 = 1_000;

    /// As it was stored; a route that there is no more is passed over.
    pub(crate) fn stored(stored: &[(String, String, Cost)]) -> Self {
        let costs = Self {
            slots: std::array::from_fn(|index| {
                AtomicU32::new(ROUTES.get(index).map_or(1, |route| route.cost.slots()))
            }),
            document: RwLock::new(None),
        };
        for (method, path, cost) in stored {
            if let Some(route) = Route::find(method, path) {
                costs.set(route, *cost);
            }
        }
        costs
    }

    /// The route of a method and a path (without query), with what it costs now.
    pub(crate) fn find(&self, method: &str, path: &str) -> Route {
        let is_meant = |route: &&Route| route.path == path && route.method == method;
        let mut all = self.slots.iter().zip(ROUTES);
        let found = all.find(|(_, route)| is_meant(route));
        found.map_or(Route::NONE, |(slots, route)| priced(slots, route))
    }

    /// Every route, with what it costs now.
    pub(crate) fn all(&self) -> impl Iterator<Item = Route> {
        let all = self.slots.iter().zip(ROUTES);
        all.map(|(slots, route)| priced(slots, route))
    }

    /// Sets what a route costs, and says what it was.
    pub(crate) fn set(&self, route: &Route, cost: Cost) -> Cost {
        let mut all = self.slots.iter().zip(ROUTES);
        let before = all
            .find(|(_, known)| *known == route)
            .map(|(slots, _)| slots.swap(cost.slots(), Ordering::AcqRel));
        let document = openapi::of_routes(&mut self.all()).to_string();
        *self
            .document
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(document.into());
        before.and_then(Cost::new).unwrap_or(route.cost)
    }

    /// The OpenAPI document, with what routes cost now.
    pub(crate) fn document(&self) -> Bytes {
        let changed = self.document.read().unwrap_or_else(PoisonError::into_inner);
        changed.clone().unwrap_or_else(|| DOCUMENT.clone())
    }
}

fn priced(slots: &AtomicU32, route: &Route) -> Route {
    let cost = Cost::new(slots.load(Ordering::Acquire)).unwrap_or(route.cost);
    Route { cost, ..*route }
}
