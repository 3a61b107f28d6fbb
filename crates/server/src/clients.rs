//! The limits that clients have, over all of their keys.
//!
//! A client without one costs nothing: its keys hold no window but their own. While a client's limit is
//! set or taken away, all of its keys are held, and the window begins with what their own windows have:
//! so no request is counted twice, and none is forgotten.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use strongroom_contract::time::UnixMillis;
use strongroom_policy::{
    key::ClientId,
    limiter::{Cost, Limit, RollingWindow},
};

use crate::keys::IssuedKey;

/// A client's window, shared by its keys. Whoever holds one of these holds the key's own use already.
pub(crate) struct SharedWindow(Mutex<RollingWindow>);

impl SharedWindow {
    fn new(limit: Limit) -> Self {
        Self(Mutex::new(RollingWindow::new(limit)))
    }

    /// The window, until the guard goes.
    pub(crate) fn lock(&self) -> MutexGuard<'_, RollingWindow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The windows of clients that have a limit.
#[derive(Default)]
pub(crate) struct ClientWindows(HashMap<ClientId, Arc<SharedWindow>>);

impl ClientWindows {
    /// As they were stored, with nothing used.
    pub(crate) fn stored(limits: Vec<(ClientId, Limit)>) -> Self {
        let windows = limits.into_iter();
        Self(
            windows
                .map(|(client, limit)| (client, Arc::new(SharedWindow::new(limit))))
                .collect(),
        )
    }

    /// The window of a client.
    pub(crate) fn of(&self, client: ClientId) -> Option<Arc<SharedWindow>> {
        self.0.get(&client).cloned()
    }

    /// Sets or ends the limit of a client with these keys, all of it at one moment: decisions that are
    /// under way are waited for. Says what the limit was.
    pub(crate) fn set(
        &mut self,
        client: ClientId,
        limit: Option<Limit>,
        keys: &[Arc<IssuedKey>],
        now: UnixMillis,
    ) -> Option<Limit> {
        let _decided: Vec<_> = keys.iter().map(|key| key.hold_back()).collect();
        let mut used: Vec<_> = keys.iter().map(|key| key.used()).collect();
        let before = self.of(client);
        let limit_before = before.as_ref().map(|window| window.lock().limit());
        let window = match (before, limit) {
            (_, None) => None,
            (Some(window), Some(limit)) => {
                window.lock().set_limit(limit);
                Some(window)
            }
            (None, Some(limit)) => {
                let mut taken: Vec<_> = used
                    .iter_mut()
                    .flat_map(|used| used.meter.taken(now).collect::<Vec<_>>())
                    .collect();
                taken.sort_unstable();
                let window = SharedWindow::new(limit);
                let mut begun = window.lock();
                taken
                    .into_iter()
                    .for_each(|at| begun.restore(Cost::ONE, at));
                drop(begun);
                Some(Arc::new(window))
            }
        };
        for used in &mut used {
            used.client.clone_from(&window);
        }
        match window {
            Some(window) => drop(self.0.insert(client, window)),
            None => drop(self.0.remove(&client)),
        }
        limit_before
    }
}
