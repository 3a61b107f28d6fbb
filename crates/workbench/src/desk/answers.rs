//! The bodies of the answers that the window shows, part by part.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use strongroom_contract::{
    answer::{BodyMatches, BodyRows, FindInBody, RowsOfBody},
    error::Failure,
};

use super::Desk;
use crate::{agent::on_a_thread, answers::Answers, session::Session};

impl Desk {
    /// Some rows of an answer's body.
    ///
    /// # Errors
    ///
    /// [`strongroom_contract::error::ErrorCode::NotFound`] if it is not held any more, `Usage` if it is
    /// no text.
    pub async fn answer_rows(&self, wanted: RowsOfBody) -> Result<BodyRows, Failure> {
        let answers = self.0.window.answers();
        on_a_thread(move || answers.rows(&wanted)).await
    }

    /// Where some words stand in an answer's body.
    ///
    /// # Errors
    ///
    /// As [`Desk::answer_rows`].
    pub async fn find_in_answer(&self, wanted: FindInBody) -> Result<BodyMatches, Failure> {
        let answers = self.0.window.answers();
        on_a_thread(move || answers.find(&wanted)).await
    }

    /// Some bytes of an answer's body, base64: at most 64 KiB.
    ///
    /// # Errors
    ///
    /// [`strongroom_contract::error::ErrorCode::NotFound`] if it is not held any more.
    pub async fn answer_bytes(&self, id: u64, from: u64, count: u64) -> Result<String, Failure> {
        let answers = self.0.window.answers();
        on_a_thread(move || answers.range(id, from, count)).await
    }

    /// Writes an answer's body to a file that a person has chosen; answers with its path.
    ///
    /// # Errors
    ///
    /// As [`Desk::answer_bytes`], or `Storage` if it can't be written.
    pub async fn save_answer(&self, id: u64, path: &Path) -> Result<String, Failure> {
        let answers = self.0.window.answers();
        let path = path.to_owned();
        on_a_thread(move || {
            answers.save(id, &path)?;
            Ok(path.display().to_string())
        })
        .await
    }

    /// Lets a file be sent, since a person has chosen it; answers with its path.
    #[must_use]
    pub fn choose_file(&self, path: PathBuf) -> String {
        let shown = path.display().to_string();
        self.0.chosen.add(path);
        shown
    }
}

/// Lets go of every body whenever the vault is closed.
pub(super) async fn clear_at_lock(answers: Arc<Answers>, session: Arc<Session>) {
    let mut changes = session.changes();
    while changes.changed().await.is_ok() {
        if !session.is_open() {
            answers.clear();
        }
    }
}
