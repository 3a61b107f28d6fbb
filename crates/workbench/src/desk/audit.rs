//! The running platform's audit log, as the window shows it: without the looks at it.
//!
//! Every look at the platform is a row of its own, the window's too. Shown, they would hide what
//! happens, and a page that follows the log would follow itself.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use strongroom_contract::{error::Failure, manage::AuditRowView};
use tokio::sync::watch;

use super::{Desk, platform::LocalPlatform};
use crate::{agent::on_a_thread, platform::Platform};

/// Between two looks at the log's length.
const LOOK: Duration = Duration::from_secs(1);
/// How many rows are asked for at once.
const PAGE: u32 = 200;
/// How many pages are read for one of the window's, if looks fill them.
const PAGES: usize = 20;
/// How many rows a page of the window has.
const SHOWN: usize = 100;
/// Acts that change nothing.
const LOOKS: [&str; 6] = [
    "audit.list",
    "audit.verify",
    "clock.show",
    "key.list",
    "request.explain",
    "request.show",
];

impl Desk {
    /// Rows of the running platform's audit log from before row `before` on, the newest first:
    /// requests, and management acts that changed something.
    ///
    /// # Errors
    ///
    /// [`PlatformUnavailable`](strongroom_contract::error::ErrorCode::PlatformUnavailable) if none
    /// runs; what it answers.
    pub async fn audit(&self, before: Option<u64>) -> Result<Vec<AuditRowView>, Failure> {
        rows(&self.manage().await?, before, SHOWN).await
    }

    /// Changes when the running platform's audit log has a new row that [`Desk::audit`] would show.
    #[must_use]
    pub fn audit_changes(&self) -> watch::Receiver<u64> {
        self.0.audit_grew.subscribe()
    }
}

async fn rows(
    platform: &Platform,
    mut before: Option<u64>,
    wanted: usize,
) -> Result<Vec<AuditRowView>, Failure> {
    let mut shown = Vec::new();
    for _ in 0..PAGES {
        let page = platform.audit(PAGE, before).await?;
        let told = page
            .rows
            .into_iter()
            .filter(|row| !LOOKS.contains(&row.act.as_str()));
        shown.extend(told);
        before = page.next;
        if before.is_none() || shown.len() >= wanted {
            break;
        }
    }
    shown.truncate(wanted);
    Ok(shown)
}

/// Follows the log of whichever platform runs, as long as somebody listens.
pub(super) async fn follow(platform: Arc<LocalPlatform>, grew: watch::Sender<u64>) {
    let mut known = Known::default();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        if grew.receiver_count() > 0 && known.look(&platform).await {
            grew.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

/// What was seen of a log.
#[derive(Default)]
struct Known {
    state: String,
    bytes: u64,
    /// The newest row that is shown.
    newest: Option<u64>,
}

impl Known {
    /// Whether there is a new row to be shown. Asking the platform is itself a row: its bytes are
    /// taken for known.
    async fn look(&mut self, platform: &LocalPlatform) -> bool {
        let Ok(address) = platform.address() else {
            *self = Self::default();
            return false;
        };
        let Ok(bytes) = length(&address.state).await else {
            return false;
        };
        if (&address.state, bytes) == (&self.state, self.bytes) {
            return false;
        }
        let Ok(handle) = platform.handle().await else {
            return false;
        };
        let Ok(rows) = rows(&handle, None, 1).await else {
            return false;
        };
        let newest = rows.first().map(|row| row.sequence);
        let bytes = length(&address.state).await.unwrap_or(bytes);
        let is_new = address.state != self.state || newest != self.newest;
        *self = Self {
            state: address.state,
            bytes,
            newest,
        };
        is_new
    }
}

/// How many bytes the log has (docs/AUDIT-FORMAT.md: its segments are the files in `audit`).
async fn length(state: &str) -> Result<u64, Failure> {
    let directory = Path::new(state).join("audit");
    on_a_thread(move || Ok(bytes_in(&directory).unwrap_or_default())).await
}

fn bytes_in(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use strongroom_contract::window::{Draft, Settings};

    use super::*;
    use crate::home::Home;

    #[tokio::test]
    async fn a_request_is_new_and_a_look_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let desk = Desk::open(home, &Settings::default()).await.unwrap();
        let platform = &desk.0.platform;
        let mut known = Known::default();
        assert!(!known.look(platform).await, "none runs");
        desk.start_platform().await.unwrap();
        let url = desk.platform().url.unwrap();
        assert!(known.look(platform).await, "another log is news");
        assert!(!known.look(platform).await, "its own look is not");
        desk.audit(None).await.unwrap();
        desk.manage().await.unwrap().list_keys().await.unwrap();
        assert!(!known.look(platform).await, "nor is the window's");
        let request = Draft {
            url: format!("{url}/api/v1/ping"),
            ..Draft::default()
        };
        desk.send(request).await.unwrap();
        assert!(known.look(platform).await);
        assert!(!known.look(platform).await);
        desk.stop_platform().await.unwrap();
        assert!(!known.look(platform).await);
        desk.close().await;
    }

    #[tokio::test]
    async fn who_listens_hears_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let desk = Desk::open(home, &Settings::default()).await.unwrap();
        let mut changes = desk.audit_changes();
        desk.start_platform().await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), changes.changed())
            .await
            .unwrap()
            .unwrap();
        desk.close().await;
    }
}
