//! The history of requests.

use strongroom_contract::{
    agent::{HistoryClear, HistoryCompare, HistoryList, HistoryRemove, HistoryRestore, Nothing},
    error::Failure,
    exchange::Exchange,
    history::{
        Comparison, HistoryCompareArgs, HistoryEntry, HistoryFilter, HistoryPage,
        HistoryRemoveArgs, HistoryRemoved, HistoryRestored,
    },
    window::Reopened,
};

use super::Shared;

/// The entries that fit a filter, the newest first.
#[tauri::command]
pub(crate) async fn history_list(
    app: Shared<'_>,
    filter: HistoryFilter,
) -> Result<HistoryPage, Failure> {
    app.desk()?.call::<HistoryList>(filter).await
}

/// One entry, whole.
#[tauri::command]
pub(crate) async fn history_show(app: Shared<'_>, id: u64) -> Result<HistoryEntry, Failure> {
    app.desk()?.history_entry(id).await
}

/// Sends an entry's request again.
#[tauri::command]
pub(crate) async fn history_send_again(
    app: Shared<'_>,
    id: u64,
    confirm_production: bool,
) -> Result<Exchange, Failure> {
    app.desk()?.send_again(id, confirm_production).await
}

/// An entry's request, to be composed again.
#[tauri::command]
pub(crate) async fn history_reopen(app: Shared<'_>, id: u64) -> Result<Reopened, Failure> {
    app.desk()?.reopen(id).await
}

/// How the answers of two entries differ.
#[tauri::command]
pub(crate) async fn history_compare(
    app: Shared<'_>,
    left: u64,
    right: u64,
) -> Result<Comparison, Failure> {
    let args = HistoryCompareArgs { left, right };
    app.desk()?.call::<HistoryCompare>(args).await
}

/// Removes entries; until the vault is locked they can be put back.
#[tauri::command]
pub(crate) async fn history_remove(
    app: Shared<'_>,
    ids: Vec<u64>,
) -> Result<HistoryRemoved, Failure> {
    let args = HistoryRemoveArgs { ids };
    app.desk()?.call::<HistoryRemove>(args).await
}

/// Takes a removal back.
#[tauri::command]
pub(crate) async fn history_restore(
    app: Shared<'_>,
    ids: Vec<u64>,
) -> Result<HistoryRestored, Failure> {
    let args = HistoryRemoveArgs { ids };
    app.desk()?.call::<HistoryRestore>(args).await
}

/// Removes all of it for good.
#[tauri::command]
pub(crate) async fn history_clear(app: Shared<'_>) -> Result<HistoryRemoved, Failure> {
    app.desk()?.call::<HistoryClear>(Nothing {}).await
}
