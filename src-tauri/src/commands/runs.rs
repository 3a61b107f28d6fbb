//! Many requests at once: bursts, and runs of a folder. How they go is told as events.

use strongroom_contract::{
    burst::BurstReport,
    collection::Collection,
    error::Failure,
    run::RunReport,
    window::{BurstPlan, Draft, ReportForm, RunPlan},
};
use tauri::AppHandle;

use super::Shared;
use crate::{dialogs, events};

/// Sends a draft many times over.
#[tauri::command]
pub(crate) async fn burst_start(
    handle: AppHandle,
    app: Shared<'_>,
    draft: Draft,
    plan: BurstPlan,
) -> Result<BurstReport, Failure> {
    let heard = |sample| events::tell(&handle, "burst-sample", sample);
    app.desk()?.burst(draft, plan, heard).await
}

/// Lets a person choose a folder of requests; answers with the folders that were chosen so far.
#[tauri::command]
pub(crate) async fn run_choose_folder(
    handle: AppHandle,
    app: Shared<'_>,
) -> Result<Vec<String>, Failure> {
    let desk = app.desk()?;
    if let Some(path) = dialogs::open_folder(handle).await {
        desk.choose_folder(path);
    }
    Ok(desk.chosen_folders())
}

/// The folders that were chosen, the last chosen last.
#[tauri::command]
pub(crate) async fn run_folders(app: Shared<'_>) -> Result<Vec<String>, Failure> {
    Ok(app.desk()?.chosen_folders())
}

/// What a chosen folder holds.
#[tauri::command]
pub(crate) async fn run_folder(app: Shared<'_>, folder: String) -> Result<Collection, Failure> {
    app.desk()?.chosen_folder(folder).await
}

/// Sends the requests of a chosen folder in order.
#[tauri::command]
pub(crate) async fn run_start(
    handle: AppHandle,
    app: Shared<'_>,
    plan: RunPlan,
) -> Result<RunReport, Failure> {
    let heard = |step| events::tell(&handle, "run-step", step);
    app.desk()?.run(plan, heard).await
}

/// Saves a run's report to a file of the user's choice; answers with its path, or nothing if the user
/// changed their mind.
#[tauri::command]
pub(crate) async fn run_save(
    handle: AppHandle,
    app: Shared<'_>,
    report: RunReport,
    form: ReportForm,
    name: String,
) -> Result<Option<String>, Failure> {
    match dialogs::save_file(handle, name).await {
        Some(path) => app.desk()?.save_run(report, form, &path).await.map(Some),
        None => Ok(None),
    }
}
