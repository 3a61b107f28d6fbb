//! Whether the answer to a draft is as the draft expects.

use strongroom_contract::{
    compose::{Composed, ComposedSend, Expectations},
    error::{ErrorCode, Failure},
    exchange::Exchange,
    run::CheckResult,
    window::Draft,
};

use super::Desk;
use crate::{agent::on_a_thread, runs};

/// What a draft expects; `None` if that is nothing.
pub(super) fn expected(draft: &Draft) -> Option<ComposedSend> {
    if draft.expect == Expectations::default() && draft.capture.is_empty() {
        return None;
    }
    let (folder, path, environment) = match &draft.home {
        Some(home) => (
            Some(home.folder.clone()),
            Some(home.path.clone()),
            home.environment.clone(),
        ),
        None => (None, None, None),
    };
    Some(ComposedSend {
        request: Composed {
            expect: draft.expect.clone(),
            capture: draft.capture.clone(),
            ..Composed::default()
        },
        folder,
        path,
        environment,
        ..ComposedSend::default()
    })
}

impl Desk {
    pub(super) async fn checked(
        &self,
        expected: ComposedSend,
        exchange: &Exchange,
    ) -> Result<Vec<CheckResult>, Failure> {
        let schema = expected.request.expect.schema.as_deref();
        match (&expected.folder, schema) {
            (Some(folder), _) => self.check_folder(folder)?,
            // A page can read no file that nobody chose.
            (None, Some(schema)) if !self.0.chosen.contains(schema.as_ref()) => {
                return Err(Failure::new(
                    ErrorCode::Refused,
                    format!("{schema} was not chosen since Strongroom was started"),
                )
                .hint("save the request in a folder, with the schema beside it"));
            }
            (None, _) => {}
        }
        let answers = self.0.window.answers();
        let mut exchange = exchange.clone();
        on_a_thread(move || {
            // A long body is held by the owner alone.
            if let (None, Some(held)) = (&exchange.body, exchange.held) {
                exchange.body = answers.text(held.id);
            }
            runs::checked(&expected, &exchange)
        })
        .await
    }
}
