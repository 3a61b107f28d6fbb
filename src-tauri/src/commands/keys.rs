//! The keys that are held in the vault.

use strongroom_contract::{
    agent::{
        KeyAdd, KeyEdit, KeyEditArgs, KeyList, KeyName, KeyRemove, KeyRestore, Nothing, Read,
        ReadArgs,
    },
    error::Failure,
    scheme::SchemeView,
    secret::Revealed,
    vault::{EditKey, ItemView, NewKey},
};

use super::Shared;

/// Every key, without its secret.
#[tauri::command]
pub(crate) async fn key_list(app: Shared<'_>) -> Result<Vec<ItemView>, Failure> {
    Ok(app.desk()?.call::<KeyList>(Nothing {}).await?.items)
}

/// Adds a key.
#[tauri::command]
pub(crate) async fn key_add(app: Shared<'_>, key: NewKey) -> Result<ItemView, Failure> {
    app.desk()?.call::<KeyAdd>(key).await
}

/// Changes all of a key but its secret.
#[tauri::command]
pub(crate) async fn key_edit(
    app: Shared<'_>,
    id: String,
    key: EditKey,
) -> Result<ItemView, Failure> {
    app.desk()?
        .call::<KeyEdit>(KeyEditArgs { name: id, key })
        .await
}

/// Removes a key; for a while it can be restored.
#[tauri::command]
pub(crate) async fn key_remove(app: Shared<'_>, id: String) -> Result<ItemView, Failure> {
    app.desk()?.call::<KeyRemove>(KeyName { name: id }).await
}

/// Takes a removal back.
#[tauri::command]
pub(crate) async fn key_restore(app: Shared<'_>, id: String) -> Result<ItemView, Failure> {
    app.desk()?.call::<KeyRestore>(KeyName { name: id }).await
}

/// The schemes that a key can be sent with.
#[tauri::command]
pub(crate) fn schemes() -> Vec<SchemeView> {
    strongroom_workbench::schemes::schemes().schemes
}

/// Copies a field; its text stays on this side of the bridge.
#[tauri::command]
pub(crate) async fn key_copy(app: Shared<'_>, id: String, field: String) -> Result<u64, Failure> {
    app.desk()?.copy_field(&id, &field).await
}

/// Shows a key's secret to the person who holds the button.
#[tauri::command]
pub(crate) async fn key_reveal(app: Shared<'_>, id: String) -> Result<Revealed, Failure> {
    let reference = format!("sr://{id}/secret");
    Ok(app
        .desk()?
        .call::<Read>(ReadArgs { reference })
        .await?
        .value)
}
