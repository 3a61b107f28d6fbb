//! Clients: whose keys there are, and the end of what is known about one.

use http::StatusCode;
use strongroom_contract::{
    clients::{ClientList, ClientView, ErasedClient},
    time::UnixMillis,
};
use strongroom_policy::{
    allowlist::Allowlist,
    key::{ClientId, KeyRecord},
    limiter::Limit,
};

use super::{Call, Done, NotDone};
use crate::{
    keys::{IssuedKey, LastUses},
    platform::Platform,
    store::{KeyChange, StoredClient, StoredKey},
};

/// What keys of an erased client are called.
const ERASED: &str = "erased";

pub(super) async fn list(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let counts = platform.keys.counts();
    let clients = platform.store.clients().await?;
    let clients = clients.into_iter().map(|client| {
        let count = counts.get(&client.id).copied().unwrap_or(0);
        with_count(platform, client, count)
    });
    Ok(Done::shown(&ClientList {
        clients: clients.collect(),
    }))
}

/// The client in the path.
pub(super) async fn named(call: Call<'_>) -> Result<StoredClient, NotDone> {
    let id: ClientId = call
        .segment
        .parse()
        .map_err(|error| NotDone::not_found(format!("no client has this id: {error}")))?;
    let clients = call.platform.store.clients().await?;
    clients
        .into_iter()
        .find(|client| client.id == id)
        .ok_or_else(|| NotDone::not_found(format!("the platform has no client {id}")))
}

/// Ends a client's keys and forgets what is personal: its personal key is destroyed, and with it
/// every source address, user agent, resource and trace that was sealed under it.
pub(super) async fn erase(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let client = named(call).await?;
    let id = client.id;
    if client.is_erased {
        return Err(NotDone::conflict("this client was erased already"));
    }
    if platform.personal.unknown().0 == id {
        return Err(NotDone::conflict(
            "requests of nobody known are sealed for this client until the day (UTC) is over; erase it then",
        ));
    }
    let now = call.arrival.now;
    // No rotation gives a key a new secret meanwhile.
    let _nobody_rotates = platform.rotating.lock().await;
    let keys = platform.keys.of_client(id);
    let recorder = call.recorder(StatusCode::OK, None, None);
    let (ending, (undo, undone)) = (keys.clone(), std::sync::mpsc::channel());
    let written = platform
        .store
        .erase_client(id, ERASED, now, move || {
            for key in ending {
                let before = key.change(&KeyChange::Create(Box::new(without_name(&key, now))));
                // Nobody waits for what is taken back if the receiver is gone.
                let _gone = undo.send((key, before));
            }
            recorder()
        })
        .await;
    if let Err(error) = written {
        for (key, before) in undone.try_iter() {
            key.put_back(before);
        }
        return Err(error.into());
    }
    platform.personal.forget(id);
    platform.refusals.forget(id);
    for key in &keys {
        // The key in memory held the personal key too.
        let stored = StoredKey {
            record: key.snapshot().as_ref().clone(),
            uses: LastUses::default(),
        };
        platform.keys.add(stored);
    }
    let erased = ErasedClient {
        id: id.to_string(),
        keys: keys.len() as u64,
    };
    Ok(Done::changed(StatusCode::OK, None, &erased))
}

/// The record of a key that has ended, without what its owner wrote.
fn without_name(key: &IssuedKey, now: UnixMillis) -> KeyRecord {
    let mut record = key.snapshot().as_ref().clone();
    record.revoked.get_or_insert(now);
    ERASED.clone_into(&mut record.name);
    record.note = String::new();
    record.allow = Allowlist::default();
    record
}

/// A client as it is shown.
pub(super) fn view(platform: &Platform, client: StoredClient) -> ClientView {
    let count = platform.keys.counts().get(&client.id).copied();
    with_count(platform, client, count.unwrap_or(0))
}

fn with_count(platform: &Platform, client: StoredClient, keys: u64) -> ClientView {
    ClientView {
        limit_per_minute: platform.keys.client_limit(client.id).map(Limit::per_minute),
        id: client.id.to_string(),
        name: client.name,
        created: client.created,
        is_erased: client.is_erased,
        keys,
    }
}

#[cfg(test)]
mod tests;
