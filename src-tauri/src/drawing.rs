//! How pages are drawn.

use tauri::WebviewWindow;

/// Tells WebKit to draw without OpenGL where no graphics processor is there: imitated by the main
/// processor, it takes a fifth of the time until the first page is seen, and memory of its own.
#[cfg(target_os = "linux")]
pub(crate) fn fit(window: &WebviewWindow) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};

    if strongroom_workbench::os::graphics::has_processor() {
        return;
    }
    let told = window.with_webview(|view| {
        if let Some(settings) = view.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = told {
        tracing::warn!(%error, "pages are drawn by an imitated graphics processor");
    }
}

/// Other systems know by themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn fit(_window: &WebviewWindow) {}
