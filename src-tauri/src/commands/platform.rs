//! The local platform: running it, and the keys that it issued.

use std::{collections::BTreeMap, time::Duration};

use strongroom_contract::{
    clients::ClientView,
    error::Failure,
    explain::Explanation,
    limits::{LimitSuggestion, SetClientLimit, SetDelay, SetQuota},
    manage::{
        AllowAllView, AuditPage, ChangeAllowlist, KeyView, RetireSecret, SetLimit, SetPublicKey,
        SetScopes, SourceCheck,
    },
    window::{AllowlistCheck, AuditExported, EditIssued, IssueKey, PlatformStatus},
};
use strongroom_workbench::desk::Desk;
use tauri::AppHandle;

use super::Shared;
use crate::{dialogs, events};

/// Whether it runs, and where.
#[tauri::command]
pub(crate) async fn platform_status(app: Shared<'_>) -> Result<PlatformStatus, Failure> {
    Ok(app.desk()?.platform())
}

/// Starts it.
#[tauri::command]
pub(crate) async fn platform_start(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.start_platform().await
}

/// Stops it.
#[tauri::command]
pub(crate) async fn platform_stop(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.stop_platform().await
}

/// The keys that it issued.
#[tauri::command]
pub(crate) async fn platform_keys(app: Shared<'_>) -> Result<Vec<KeyView>, Failure> {
    Ok(app.desk()?.manage().await?.list_keys().await?.keys)
}

/// Issues a key; its secret goes straight into the vault.
#[tauri::command]
pub(crate) async fn platform_issue(app: Shared<'_>, key: IssueKey) -> Result<KeyView, Failure> {
    app.desk()?.issue_key(key).await
}

/// Revokes a key.
#[tauri::command]
pub(crate) async fn platform_revoke(app: Shared<'_>, app_id: String) -> Result<KeyView, Failure> {
    app.desk()?.manage().await?.revoke(&app_id).await
}

/// Changes a key's limit.
#[tauri::command]
pub(crate) async fn platform_set_limit(
    app: Shared<'_>,
    app_id: String,
    per_minute: u32,
) -> Result<KeyView, Failure> {
    app.desk()?
        .manage()
        .await?
        .set_limit(&app_id, &SetLimit { per_minute })
        .await
}

/// Changes a key's daily quota, or ends it.
#[tauri::command]
pub(crate) async fn platform_set_quota(
    app: Shared<'_>,
    app_id: String,
    per_day: Option<u32>,
) -> Result<KeyView, Failure> {
    app.desk()?
        .manage()
        .await?
        .set_quota(&app_id, &SetQuota { per_day })
        .await
}

/// Changes how long a key's requests wait for a slot, or that they do not.
#[tauri::command]
pub(crate) async fn platform_set_delay(
    app: Shared<'_>,
    app_id: String,
    delay_ms: Option<u32>,
) -> Result<KeyView, Failure> {
    app.desk()?
        .manage()
        .await?
        .set_delay(&app_id, &SetDelay { delay_ms })
        .await
}

/// Changes the limit over all keys of a client, or ends it.
#[tauri::command]
pub(crate) async fn platform_set_client_limit(
    app: Shared<'_>,
    client: String,
    per_minute: Option<u32>,
) -> Result<ClientView, Failure> {
    app.desk()?
        .manage()
        .await?
        .set_client_limit(&client, &SetClientLimit { per_minute })
        .await
}

/// The limit that a key's use suggests, with its reasons.
#[tauri::command]
pub(crate) async fn platform_suggest_limit(
    app: Shared<'_>,
    app_id: String,
) -> Result<LimitSuggestion, Failure> {
    app.desk()?.manage().await?.limit_suggestion(&app_id).await
}

/// Replaces a key's allowlist; with `guard`, unless it locks out this machine or everybody.
#[tauri::command]
pub(crate) async fn platform_set_allowlist(
    app: Shared<'_>,
    app_id: String,
    allow: Vec<String>,
    guard: bool,
) -> Result<KeyView, Failure> {
    let change = ChangeAllowlist { allow, guard };
    let platform = app.desk()?.manage().await?;
    platform.change_allowlist(&app_id, &change).await
}

/// From where any key may be used.
#[tauri::command]
pub(crate) async fn platform_allow_all(app: Shared<'_>) -> Result<AllowAllView, Failure> {
    app.desk()?.manage().await?.allow_all().await
}

/// Changes that, with `guard` as for one key.
#[tauri::command]
pub(crate) async fn platform_set_allow_all(
    app: Shared<'_>,
    allow: Vec<String>,
    guard: bool,
) -> Result<AllowAllView, Failure> {
    let change = ChangeAllowlist { allow, guard };
    app.desk()?.manage().await?.change_allow_all(&change).await
}

/// Whether a key may be used from an address.
#[tauri::command]
pub(crate) async fn platform_check_source(
    app: Shared<'_>,
    app_id: String,
    address: String,
) -> Result<SourceCheck, Failure> {
    let platform = app.desk()?.manage().await?;
    platform.check_source(&app_id, &address).await
}

/// Rotates a key; its new secret goes straight into the vault.
#[tauri::command]
pub(crate) async fn platform_rotate(
    app: Shared<'_>,
    app_id: String,
    overlap_ms: u64,
) -> Result<KeyView, Failure> {
    app.desk()?.rotate_key(&app_id, overlap_ms).await
}

/// Ends one of a key's two secrets.
#[tauri::command]
pub(crate) async fn platform_retire(
    app: Shared<'_>,
    app_id: String,
    secret_id: u32,
) -> Result<KeyView, Failure> {
    let platform = app.desk()?.manage().await?;
    platform.retire(&app_id, &RetireSecret { secret_id }).await
}

/// Changes a key's name, note or end.
#[tauri::command]
pub(crate) async fn platform_edit(
    app: Shared<'_>,
    app_id: String,
    edit: EditIssued,
) -> Result<KeyView, Failure> {
    app.desk()?.edit_issued(&app_id, edit).await
}

/// Registers a key's public key, or ends it.
#[tauri::command]
pub(crate) async fn platform_set_public_key(
    app: Shared<'_>,
    app_id: String,
    public_key: Option<String>,
) -> Result<KeyView, Failure> {
    let platform = app.desk()?.manage().await?;
    let change = SetPublicKey { public_key };
    platform.set_public_key(&app_id, &change).await
}

/// Replaces a key's scopes.
#[tauri::command]
pub(crate) async fn platform_set_scopes(
    app: Shared<'_>,
    app_id: String,
    scopes: Vec<String>,
) -> Result<KeyView, Failure> {
    app.desk()?
        .manage()
        .await?
        .set_scopes(&app_id, &SetScopes { scopes })
        .await
}

/// Adds one address to a key's allowlist.
#[tauri::command]
pub(crate) async fn platform_allow_source(
    app: Shared<'_>,
    app_id: String,
    address: String,
) -> Result<KeyView, Failure> {
    app.desk()?.allow_source(&app_id, &address).await
}

/// Gives a key one more scope.
#[tauri::command]
pub(crate) async fn platform_grant_scope(
    app: Shared<'_>,
    app_id: String,
    scope: String,
) -> Result<KeyView, Failure> {
    app.desk()?.grant_scope(&app_id, &scope).await
}

/// Lets its virtual clock jump ahead.
#[tauri::command]
pub(crate) async fn platform_advance_clock(app: Shared<'_>, by_ms: u64) -> Result<(), Failure> {
    let platform = app.desk()?.manage().await?;
    platform
        .advance_clock(Duration::from_millis(by_ms))
        .await
        .map(drop)
}

/// Whether a typed allowlist makes sense.
#[tauri::command]
pub(crate) async fn platform_check_allowlist(text: String) -> AllowlistCheck {
    Desk::check_allowlist(&text)
}

/// Rows of the audit log that fit, the newest first.
#[tauri::command]
pub(crate) async fn platform_audit(
    app: Shared<'_>,
    filter: BTreeMap<String, String>,
    before: Option<u64>,
) -> Result<AuditPage, Failure> {
    app.desk()?.audit(&filter, before).await
}

/// Saves all rows that fit to a file of the user's choice, with their proof beside it; nothing if the
/// user changed their mind, before or while it was written.
#[tauri::command]
pub(crate) async fn platform_export_audit(
    handle: AppHandle,
    app: Shared<'_>,
    filter: BTreeMap<String, String>,
    name: String,
) -> Result<Option<AuditExported>, Failure> {
    let chosen = dialogs::save_file(handle.clone(), name);
    let heard = |bytes| events::tell(&handle, "export-grew", bytes);
    app.desk()?.export_audit(&filter, chosen, heard).await
}

/// Stops what is being exported; nothing of it is left.
#[tauri::command]
pub(crate) async fn platform_stop_export(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.stop_export();
    Ok(())
}

/// Why a request was answered as it was.
#[tauri::command]
pub(crate) async fn platform_explain(
    app: Shared<'_>,
    request_id: String,
) -> Result<Explanation, Failure> {
    app.desk()?.manage().await?.explain(&request_id).await
}

/// The lines that make other programs use it.
#[tauri::command]
pub(crate) async fn platform_environment(app: Shared<'_>) -> Result<String, Failure> {
    app.desk()?.environment_lines().await
}
