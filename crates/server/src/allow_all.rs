//! The sources that any key may be used from, whatever its own list says.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use strongroom_policy::allowlist::Allowlist;

/// The list for all keys. While it is empty, asking for it costs a load.
pub(crate) struct AllowAll {
    is_set: AtomicBool,
    list: RwLock<Arc<Allowlist>>,
}

impl AllowAll {
    /// As it was stored.
    pub(crate) fn new(list: Allowlist) -> Self {
        Self {
            is_set: AtomicBool::new(!list.is_any()),
            list: RwLock::new(Arc::new(list)),
        }
    }

    /// The list that a decision is narrowed by; `None` while it is empty. To be asked once the key's
    /// record is held: who changes the list waits for that.
    pub(crate) fn narrowing(&self) -> Option<Arc<Allowlist>> {
        self.is_set.load(Ordering::Acquire).then(|| self.list())
    }

    /// The list.
    pub(crate) fn list(&self) -> Arc<Allowlist> {
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the list, and gives the one before.
    pub(crate) fn replace(&self, list: Arc<Allowlist>) -> Arc<Allowlist> {
        let mut current = self.list.write().unwrap_or_else(PoisonError::into_inner);
        self.is_set.store(!list.is_any(), Ordering::Release);
        std::mem::replace(&mut current, list)
    }
}
