//! The running platform's audit log, as the window shows it: without the looks at it.
//!
//! Every look at the platform is a row of its own, the window's too. Shown, they would hide what
//! happens, and a page that follows the log would follow itself.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use strongroom_contract::{
    audit::AuditQuery,
    error::{ErrorCode, Failure},
    export::ExportFormat,
    manage::AuditPage,
    time::UnixMillis,
    window::AuditExported,
};
use tokio::sync::watch;

use super::{Desk, platform::LocalPlatform};
use crate::{
    agent::on_a_thread,
    platform::{Platform, export_to_file},
};

/// Between two looks at the log's length.
const LOOK: Duration = Duration::from_secs(1);
/// How many rows are asked for at once.
const PAGE: u32 = 200;
/// How many pages are read for one of the window's, if looks fill them.
const PAGES: usize = 20;
/// Between two words about how far an export is.
const BREATH: Duration = Duration::from_millis(100);
/// The name of the parameter for how long ago a row may have been written.
const WITHIN: &str = "within";
/// How many rows a page of the window has.
const SHOWN: usize = 100;
/// Acts that change nothing.
const LOOKS: [&str; 14] = [
    "allow_all.show",
    "audit.export.verify",
    "audit.list",
    "audit.retention.show",
    "audit.verify",
    "client.list",
    "clock.show",
    "exhibit.explain",
    "key.list",
    "limit.explain",
    "request.explain",
    "request.show",
    "route.list",
    "source.explain",
];

impl Desk {
    /// Rows of the running platform's audit log from before row `before` on, the newest first:
    /// requests, and management acts that changed something. `filter` has the parameters of
    /// [`AuditQuery`], and `within`: not longer ago than so many milliseconds.
    ///
    /// # Errors
    ///
    /// [`PlatformUnavailable`](strongroom_contract::error::ErrorCode::PlatformUnavailable) if none
    /// runs; what it answers.
    pub async fn audit(
        &self,
        filter: &BTreeMap<String, String>,
        before: Option<u64>,
    ) -> Result<AuditPage, Failure> {
        let platform = self.manage().await?;
        let query = question(&platform, filter).await?;
        rows(&platform, &query, before, SHOWN).await
    }

    /// Writes all rows that fit to the file that the person chooses, as its name has it (`.csv`, or JSON
    /// Lines), with their proof beside it; `heard` is told now and then how many bytes there are. `None`
    /// if no file was chosen, or it was stopped, before or after that: then there is no file.
    ///
    /// # Errors
    ///
    /// As [`export_to_file`]; what is there is replaced, since the person was asked.
    pub async fn export_audit(
        &self,
        filter: &BTreeMap<String, String>,
        chosen: impl Future<Output = Option<PathBuf>>,
        mut heard: impl FnMut(u64),
    ) -> Result<Option<AuditExported>, Failure> {
        // Heard from here on, also while a file is chosen and while the platform does not answer.
        let stopped = self.0.stop_export.notified();
        let export = async {
            let Some(file) = chosen.await else {
                return Ok(None);
            };
            let is_csv = file
                .extension()
                .is_some_and(|it| it.eq_ignore_ascii_case("csv"));
            let format = match is_csv {
                true => ExportFormat::Csv,
                false => ExportFormat::Jsonl,
            };
            let platform = self.manage().await?;
            let query = question(&platform, filter).await?;
            let mut told: Option<Instant> = None;
            let heard = |bytes| {
                if told.is_none_or(|told| told.elapsed() > BREATH) {
                    told = Some(Instant::now());
                    heard(bytes);
                }
            };
            let exported = export_to_file(&platform, &query, format, &file, true, heard).await?;
            Ok(Some(AuditExported {
                file: exported.file.display().to_string(),
                proof_file: exported.proof_file.display().to_string(),
                rows: exported.proof.rows,
            }))
        };
        tokio::select! {
            exported = export => exported,
            () = stopped => Ok(None),
        }
    }

    /// Stops what [`Desk::export_audit`] writes, if it does.
    pub fn stop_export(&self) {
        self.0.stop_export.notify_waiters();
    }

    /// Changes when the running platform's audit log has a new row that [`Desk::audit`] would show.
    #[must_use]
    pub fn audit_changes(&self) -> watch::Receiver<u64> {
        self.0.audit_grew.subscribe()
    }
}

/// What is asked for. Beside the parameters of [`AuditQuery`] there is `within`: not longer ago than so many
/// milliseconds, by the platform's clock.
async fn question(
    platform: &Platform,
    filter: &BTreeMap<String, String>,
) -> Result<AuditQuery, Failure> {
    let mut query = AuditQuery::default();
    for (name, value) in filter {
        let wrong = |problem: String| Failure::new(ErrorCode::Usage, problem);
        if name == WITHIN {
            let ago: u64 = value
                .parse()
                .map_err(|_| wrong(format!("{WITHIN} is {value:?}, not milliseconds")))?;
            let now = platform.clock().await?.now;
            query.from = Some(UnixMillis(now.0.saturating_sub(ago)));
            continue;
        }
        let is_known = query.set(name, value);
        if !is_known.map_err(|error| wrong(error.to_string()))? {
            return Err(wrong(format!("the audit log can't be asked for {name:?}")));
        }
    }
    Ok(query)
}

async fn rows(
    platform: &Platform,
    query: &AuditQuery,
    mut before: Option<u64>,
    wanted: usize,
) -> Result<AuditPage, Failure> {
    let mut shown = Vec::new();
    for _ in 0..PAGES {
        let page = platform.search_audit(query, PAGE, before).await?;
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
    if shown.len() > wanted {
        shown.truncate(wanted);
        before = shown.last().map(|row| row.sequence);
    }
    Ok(AuditPage {
        rows: shown,
        next: before,
    })
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
        let Ok(page) = rows(&handle, &AuditQuery::default(), None, 1).await else {
            return false;
        };
        let newest = page.rows.first().map(|row| row.sequence);
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
        desk.audit(&BTreeMap::new(), None).await.unwrap();
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
