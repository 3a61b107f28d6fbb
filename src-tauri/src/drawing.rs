//! How pages are drawn, and that they are.

use tauri::WebviewWindow;

/// A page whose process has ended again this soon after it was loaded anew ends for a reason of its own.
#[cfg(target_os = "linux")]
const AGAIN: std::time::Duration = std::time::Duration::from_secs(10);

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

/// Loads the page anew when its process has crashed or was ended for want of memory, which would leave
/// the window empty. What the page keeps on this side of the bridge, requests above all, is there again.
#[cfg(target_os = "linux")]
pub(crate) fn revive(window: &WebviewWindow) {
    use std::{cell::Cell, time::Instant};

    use webkit2gtk::{WebProcessTerminationReason, WebViewExt as _};

    let label = window.label().to_owned();
    let told = window.with_webview(move |view| {
        let last = Cell::new(None::<Instant>);
        view.inner()
            .connect_web_process_terminated(move |view, reason| {
                let before = last.replace(Some(Instant::now()));
                if reason == WebProcessTerminationReason::TerminatedByApi {
                    return;
                }
                tracing::warn!(label, ?reason, "the process of a page has ended");
                if before.is_none_or(|before| before.elapsed() > AGAIN) {
                    view.reload();
                }
            });
    });
    if let Err(error) = told {
        tracing::warn!(%error, "a page that crashes will not come back");
    }
}

/// Other systems know by themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn fit(_window: &WebviewWindow) {}

/// Other systems load it by themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn revive(_window: &WebviewWindow) {}
