//! The keys that are held in the vault.

use strongroom_contract::{
    agent::{
        KeyAdd, KeyCertificate, KeyEdit, KeyEditArgs, KeyList, KeyName, KeyRemove, KeyRestore,
        Nothing, Read, ReadArgs,
    },
    error::Failure,
    scheme::SchemeView,
    secret::Revealed,
    vault::{CertificateLook, EditKey, HeldCertificate, ItemView, NewKey, TypedCertificate},
};

use tauri::AppHandle;

use super::Shared;
use crate::dialogs;

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

/// Lets a person choose the file of a certificate or of its key; its text, or nothing if they changed
/// their mind.
#[tauri::command]
pub(crate) async fn certificate_choose_file(
    handle: AppHandle,
    app: Shared<'_>,
) -> Result<Option<Revealed>, Failure> {
    match dialogs::open_file(handle).await {
        Some(path) => app.desk()?.read_pem(path).await.map(Some),
        None => Ok(None),
    }
}

/// What is seen of a certificate and its private key before they are kept.
#[tauri::command]
pub(crate) async fn certificate_look(typed: TypedCertificate) -> CertificateLook {
    strongroom_workbench::certificates::look(&typed)
}

/// Names, issuer and dates of a certificate that is held.
#[tauri::command]
pub(crate) async fn certificate_show(
    app: Shared<'_>,
    id: String,
) -> Result<HeldCertificate, Failure> {
    app.desk()?
        .call::<KeyCertificate>(KeyName { name: id })
        .await
}

/// Shows a secret field of a key to the person who holds the button.
#[tauri::command]
pub(crate) async fn key_reveal(
    app: Shared<'_>,
    id: String,
    field: String,
) -> Result<Revealed, Failure> {
    let reference = format!("sr://{id}/{field}");
    Ok(app
        .desk()?
        .call::<Read>(ReadArgs { reference })
        .await?
        .value)
}
