//! Many requests at once, asked for by the window: a burst of one, and a run of a folder. Both tell how
//! they go, and [`Desk::cancel_sends`] stops them.
//!
//! The page names a folder, and may read none: a folder is listed and run only if a person has chosen it in
//! the system's dialog since the window's process began.

use std::{
    path::{Path, PathBuf},
    sync::{MutexGuard, PoisonError},
};

use strongroom_contract::{
    agent::{BurstStart, CollectionList, Event, Progress, RunStart},
    burst::{BurstArgs, BurstReport, BurstSample},
    collection::{Collection, FolderArgs},
    error::{ErrorCode, Failure},
    exchange::SendOptions,
    run::{RunArgs, RunReport, RunStep},
    window::{BurstPlan, Draft, ReportForm, RunPlan},
};

use super::Desk;
use crate::{agent::on_a_thread, os::files, runs};

impl Desk {
    /// Sends a draft many times over. When it is stopped, what was measured until then is the result.
    ///
    /// # Errors
    ///
    /// As [`BurstStart`], and as [`Desk::send`] for the draft.
    pub async fn burst(
        &self,
        draft: Draft,
        plan: BurstPlan,
        mut on_sample: impl FnMut(BurstSample) + Send,
    ) -> Result<BurstReport, Failure> {
        let mut request = self.request(draft).await?;
        request.options.confirm_production = plan.confirm_production;
        let args = BurstArgs {
            request,
            count: plan.count,
            for_ms: plan.for_ms,
            rate: plan.rate,
            concurrency: plan.concurrency,
            ramp_ms: plan.ramp_ms,
            check_retry_after: plan.check_retry_after,
            confirm_remote: plan.confirm_remote,
        };
        let heard = |progress: Progress| {
            if let Some(Event::BurstSample(sample)) = progress.event {
                on_sample(sample);
            }
        };
        self.call_with_progress::<BurstStart>(args, heard).await
    }

    /// Lets a folder be listed and run, since a person has chosen it.
    pub fn choose_folder(&self, path: PathBuf) {
        let mut folders = self.folders();
        folders.retain(|known| *known != path);
        folders.push(path);
    }

    /// The folders that were chosen, the last chosen last. They outlive a lock of the vault.
    #[must_use]
    pub fn chosen_folders(&self) -> Vec<String> {
        let folders = self.folders();
        folders
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    /// What a chosen folder holds.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; else as [`CollectionList`].
    pub async fn chosen_folder(&self, folder: String) -> Result<Collection, Failure> {
        self.check_folder(&folder)?;
        self.call::<CollectionList>(FolderArgs { folder }).await
    }

    /// Sends the requests of a chosen folder in order.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] for a folder that was not chosen; else as [`RunStart`].
    pub async fn run(
        &self,
        plan: RunPlan,
        mut on_step: impl FnMut(RunStep) + Send,
    ) -> Result<RunReport, Failure> {
        self.check_folder(&plan.folder)?;
        let args = RunArgs {
            folder: plan.folder,
            environment: plan.environment,
            only: plan.only,
            bail: plan.bail,
            options: SendOptions {
                confirm_production: plan.confirm_production,
                ..SendOptions::default()
            },
            ..RunArgs::default()
        };
        let heard = |progress: Progress| {
            if let Some(Event::RunStep(step)) = progress.event {
                on_step(*step);
            }
        };
        self.call_with_progress::<RunStart>(args, heard).await
    }

    /// Writes a run's report to a file that a person has chosen; answers with its path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it can't be written.
    pub async fn save_run(
        &self,
        report: RunReport,
        form: ReportForm,
        path: &Path,
    ) -> Result<String, Failure> {
        let path = path.to_owned();
        on_a_thread(move || {
            let text = match form {
                ReportForm::Html => runs::html(&report),
                ReportForm::Json => serde_json::to_string_pretty(&report)
                    .map_err(|error| Failure::new(ErrorCode::Failed, error.to_string()))?,
            };
            files::replace_private(&path, text.as_bytes()).map_err(|error| {
                Failure::new(
                    ErrorCode::Storage,
                    format!("{} could not be written: {error}", path.display()),
                )
                .hint("choose another folder; the report is still here")
            })?;
            Ok(path.display().to_string())
        })
        .await
    }

    fn folders(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        let folders = self.0.folders.lock();
        folders.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn check_folder(&self, folder: &str) -> Result<(), Failure> {
        if self
            .folders()
            .iter()
            .any(|known| known == Path::new(folder))
        {
            return Ok(());
        }
        Err(Failure::new(
            ErrorCode::Refused,
            format!("{folder} was not chosen since Strongroom was started"),
        )
        .hint("choose the folder again"))
    }
}
