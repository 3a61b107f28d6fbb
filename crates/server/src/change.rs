//! How a key is changed: everywhere, or nowhere.

use std::sync::Arc;

use strongroom_policy::credential::AppId;

use crate::{
    audit::AuditDown,
    keys::IssuedKey,
    platform::Platform,
    store::{KeyChange, Undone},
};

impl Platform {
    /// Makes a change of a key: in memory first, where decisions wait for it, then in the audit log by
    /// `recorder`, then in the store.
    ///
    /// # Errors
    ///
    /// [`Undone`] says what failed; all of it is as before.
    pub(crate) async fn change_key(
        &self,
        key: &Arc<IssuedKey>,
        app_id: AppId,
        change: KeyChange,
        recorder: impl FnOnce() -> Result<(), AuditDown> + Send + 'static,
    ) -> Result<(), Undone<AuditDown>> {
        let (in_memory, applied) = (Arc::clone(key), change.clone());
        let (undo, undone) = std::sync::mpsc::channel();
        let written = self
            .store
            .change_key(app_id, change, move || {
                // Nobody waits for what is taken back if the receiver is gone.
                let _gone = undo.send(in_memory.change(&applied));
                recorder()
            })
            .await;
        if written.is_err()
            && let Ok(before) = undone.try_recv()
        {
            key.put_back(before);
        }
        self.waiting.wake();
        written
    }
}
