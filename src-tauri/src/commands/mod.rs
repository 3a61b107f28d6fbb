//! The commands of the pages: each names a use case, and does nothing itself.

mod activity;
mod answers;
mod clipboard;
mod debug;
mod enrolment;
mod folders;
mod foreign;
mod history;
mod keys;
mod platform;
mod requests;
mod runs;
mod session;
mod settings;

use tauri::{Wry, ipc::Invoke};

use crate::app::App;

type Shared<'a> = tauri::State<'a, App>;

/// The handler of every command in `commands.txt`.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        session::session_read,
        session::session_lock,
        session::session_show_unlock,
        session::session_show_main,
        session::session_look_around,
        session::session_take_over,
        session::session_touch,
        enrolment::enrolment_begin,
        enrolment::enrolment_finish,
        enrolment::enrolment_abandon,
        enrolment::enrolment_save_recovery_code,
        enrolment::enrolment_done,
        enrolment::recovery_begin,
        enrolment::recovery_finish,
        session::unlock_open,
        keys::key_list,
        keys::key_add,
        keys::key_edit,
        keys::key_remove,
        keys::key_restore,
        keys::key_copy,
        keys::key_reveal,
        keys::schemes,
        keys::certificate_choose_file,
        keys::certificate_look,
        keys::certificate_show,
        requests::request_send,
        requests::request_cancel,
        requests::request_preview,
        requests::request_choose_file,
        answers::answer_rows,
        answers::answer_find,
        answers::answer_bytes,
        answers::answer_save,
        requests::drafts_read,
        requests::drafts_write,
        history::history_list,
        history::history_show,
        history::history_send_again,
        history::history_reopen,
        history::history_compare,
        history::history_remove,
        history::history_restore,
        history::history_clear,
        runs::burst_start,
        runs::run_choose_folder,
        runs::run_folder,
        runs::run_folders,
        runs::run_start,
        runs::run_save,
        debug::debug_paste,
        debug::debug_refused,
        debug::debug_past,
        debug::debug_token,
        debug::debug_ticket,
        debug::debug_save,
        foreign::foreign_choose_text,
        foreign::foreign_read,
        foreign::foreign_open,
        foreign::foreign_write,
        folders::folder_open,
        folders::folder_save,
        folders::folder_duplicate,
        folders::folder_move,
        folders::folder_remove,
        folders::folder_restore,
        folders::folder_environment,
        folders::folder_save_environment,
        platform::platform_status,
        platform::platform_start,
        platform::platform_stop,
        platform::platform_keys,
        platform::platform_issue,
        platform::platform_revoke,
        platform::platform_set_limit,
        platform::platform_set_quota,
        platform::platform_set_delay,
        platform::platform_set_client_limit,
        platform::platform_suggest_limit,
        platform::platform_set_allowlist,
        platform::platform_set_scopes,
        platform::platform_allow_all,
        platform::platform_set_allow_all,
        platform::platform_check_source,
        platform::platform_rotate,
        platform::platform_retire,
        platform::platform_edit,
        platform::platform_set_public_key,
        platform::platform_export_audit,
        platform::platform_stop_export,
        platform::platform_allow_source,
        platform::platform_grant_scope,
        platform::platform_advance_clock,
        platform::platform_check_allowlist,
        platform::platform_audit,
        platform::platform_explain,
        platform::platform_environment,
        activity::activity_list,
        settings::settings_read,
        settings::settings_write,
        clipboard::copy_text,
    ]
}
