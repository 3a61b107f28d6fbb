//! What a program sent by itself is told to the vault's owner.

use strongroom_contract::{
    agent::HistoryKeep,
    error::Failure,
    exchange::{Exchange, SendRequest},
    history::SentElsewhere,
    time::UnixMillis,
};

use super::keep::cut;
use crate::{client::Client, home::Home};

/// Puts a request that took nothing out of the vault into the history, if an owner runs and its vault is
/// open. Nobody waits for one that does not, and that it cannot be told is no failure of the request.
pub fn hand_over(
    home: &Home,
    at: UnixMillis,
    request: SendRequest,
    came_back: Result<Exchange, Failure>,
) {
    if request.options.off_the_record {
        return;
    }
    let sent = SentElsewhere {
        at,
        request,
        came_back: came_back.map(cut),
    };
    let told = Client::connect(home).and_then(|client| match client {
        Some(mut client) => client.call::<HistoryKeep>(&sent, |_| {}).map(drop),
        None => Ok(()),
    });
    if let Err(failure) = told {
        tracing::debug!(%failure, "the history was not told");
    }
}
