//! The real window, driven as a person uses it: the main job, by mouse and by keyboard, and what must
//! hold on every page.
//!
//! Each test has a screen, a session bus with a Secret Service and a home of its own.

mod accessibility;
mod after_lock;
mod bad_paths;
mod certificates;
mod command_line;
mod debugger;
mod given_up;
mod keyboard;
mod main_job;
mod platform_audit;
mod platform_keys;
mod recovery;
mod requests_answers;
mod requests_compose;
mod requests_history;
mod requests_options;
