//! Clients, and the key under which each one's personal data lies.
//!
//! `personal key = random; stored = AES-256-GCM(store key, aad = frame("strongroom personal key v1", client id))`
//!
//! Source addresses and user agents in the audit log, resources and refused requests are sealed
//! under the personal key of their client, so that erasing the key erases them, wherever they lie.
//! Requests of nobody that is known belong to a client of their day.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use rusqlite::{OptionalExtension as _, params};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, aead::Cipher, framing::Frame, mac::HmacSha256};
use strongroom_policy::key::ClientId;

use super::{Store, StoreError, Undone};

const DAY_MS: u64 = 86_400_000;

/// The personal keys of all clients, opened.
pub(crate) struct PersonalKeys {
    seal: Cipher,
    sources: HmacSha256,
    open: RwLock<HashMap<ClientId, PersonalKey>>,
    unknown: RwLock<(ClientId, Arc<Cipher>)>,
}

/// The personal key of a client. Expanded it takes many times the room, so that waits until it is used.
struct PersonalKey {
    /// Boxed: a table that grows would leave copies behind.
    key: Box<Key>,
    cipher: OnceLock<Arc<Cipher>>,
}

impl PersonalKey {
    fn new(key: Key) -> Self {
        Self {
            key: Box::new(key),
            cipher: OnceLock::new(),
        }
    }

    fn expanded(&self) -> Arc<Cipher> {
        let expand = || Arc::new(Cipher::new(&self.key));
        Arc::clone(self.cipher.get_or_init(expand))
    }
}

impl PersonalKeys {
    /// The key of a client; `None` once it was erased.
    pub(crate) fn of(&self, client: ClientId) -> Option<Arc<Cipher>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&client).map(PersonalKey::expanded)
    }

    /// The key that data of a client's requests are sealed under: once it was erased, they are of nobody
    /// known.
    pub(crate) fn of_all(&self, client: ClientId) -> Arc<Cipher> {
        self.of(client).unwrap_or_else(|| self.unknown().1)
    }

    /// The client that requests of nobody known belong to now, and its key.
    pub(crate) fn unknown(&self) -> (ClientId, Arc<Cipher>) {
        let unknown = self.unknown.read().unwrap_or_else(PoisonError::into_inner);
        (unknown.0, Arc::clone(&unknown.1))
    }

    /// The source address in a row of the audit log, sealed under the key of `client` and bound to
    /// the id of a request; `None` once that client was erased.
    pub(crate) fn open_source(
        &self,
        client: ClientId,
        bound: &[u8; 16],
        sealed: &[u8],
    ) -> Option<IpAddr> {
        let plain = self.of(client)?.open(bound, sealed).ok()?;
        let address = plain.expose_secret().first_chunk::<16>()?;
        Some(IpAddr::V6(Ipv6Addr::from(*address)).to_canonical())
    }

    /// What stands for a source address in the index: nobody without the store key can tell which
    /// one it is.
    pub(crate) fn source_hash(&self, address: IpAddr) -> [u8; 16] {
        let address = match address.to_canonical() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let tag = self.sources.tag(&[&address.octets()]).into_public();
        let mut hash = [0; 16];
        hash.copy_from_slice(&tag[..16]);
        hash
    }

    fn add(&self, client: ClientId, key: Key) -> Arc<Cipher> {
        let key = PersonalKey::new(key);
        let cipher = key.expanded();
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(client, key);
        cipher
    }

    /// Forgets the key of a client that was erased.
    pub(crate) fn forget(&self, client: ClientId) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.remove(&client);
    }

    fn sealed(&self, client: ClientId, key: &Key) -> Vec<u8> {
        self.seal.seal(aad(client).as_bytes(), key.expose_secret())
    }
}

/// A client as it is stored.
pub(crate) struct StoredClient {
    /// Its id.
    pub(crate) id: ClientId,
    /// Its name.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created: UnixMillis,
    /// Whether its personal key is gone.
    pub(crate) is_erased: bool,
}

/// What goes with a client, each told by its id.
const ERASURES: &[&str] = &[
    "DELETE FROM resources WHERE client = ?1",
    "DELETE FROM idempotency WHERE client = ?1",
    "DELETE FROM refusals WHERE client = ?1",
    "DELETE FROM audit_source_segments
     WHERE id IN (SELECT id FROM audit_sources WHERE client = ?1)",
    "DELETE FROM audit_sources WHERE client = ?1",
];

fn aad(client: ClientId) -> Frame {
    Frame::of("strongroom personal key v1").bytes(&client.0)
}

/// The client of the unknown of one day (UTC): the number of the day since 1970, so that it is
/// found again after a restart. A random id cannot be one of these but by a chance of 2^-96.
fn unknown_client(now: UnixMillis) -> ClientId {
    let day = u128::from(now.0 / DAY_MS);
    ClientId(day.to_be_bytes())
}

impl Store {
    /// Opens the personal keys of all clients, and that of today's unknown.
    pub(crate) async fn personal_keys(
        &self,
        store_key: &Key,
        now: UnixMillis,
    ) -> Result<PersonalKeys, StoreError> {
        let sealed: Vec<(ClientId, Vec<u8>)> = self
            .database
            .run(|connection| {
                let mut statement = connection.prepare(
                    "SELECT id, personal_key FROM clients WHERE personal_key IS NOT NULL",
                )?;
                let rows = statement
                    .query_map([], |row| Ok((ClientId(row.get(0)?), row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                Ok::<_, StoreError>(rows)
            })
            .await?;
        let seal = Cipher::new(store_key);
        let mut open = HashMap::with_capacity(sealed.len() + 1);
        for (client, sealed) in sealed {
            let key = seal.open(aad(client).as_bytes(), &sealed).ok();
            match key.and_then(|key| Key::from_slice(key.expose_secret())) {
                Some(key) => {
                    open.insert(client, PersonalKey::new(key));
                }
                // Its data can't be shown, as if it were erased; everything else works.
                None => tracing::error!(%client, "the personal key of a client does not open"),
            }
        }
        let placeholder = (
            unknown_client(UnixMillis(0)),
            Arc::new(Cipher::new(&Key::random())),
        );
        let index_key = store_key.derive(&Frame::of("strongroom audit sources v1"));
        let keys = PersonalKeys {
            seal,
            sources: HmacSha256::from(&index_key),
            open: RwLock::new(open),
            unknown: RwLock::new(placeholder),
        };
        self.turn_day(&keys, now).await?;
        Ok(keys)
    }

    /// Lets requests of nobody known belong to the client of the day of `now`.
    pub(crate) async fn turn_day(
        &self,
        keys: &PersonalKeys,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let client = unknown_client(now);
        if keys.unknown().0 == client {
            return Ok(());
        }
        let cipher = match keys.of(client) {
            Some(cipher) => cipher,
            None => {
                let name = format!("unknown {}", now.to_string().split_at(10).0);
                self.insert_client(keys, client, name, now).await?
            }
        };
        *keys.unknown.write().unwrap_or_else(PoisonError::into_inner) = (client, cipher);
        Ok(())
    }

    /// The client of this name, made if there is none.
    pub(crate) async fn client(
        &self,
        name: &str,
        keys: &PersonalKeys,
        now: UnixMillis,
    ) -> Result<ClientId, StoreError> {
        let wanted = name.to_owned();
        let found = self
            .database
            .run(move |connection| {
                connection
                    .query_row("SELECT id FROM clients WHERE name = ?1", [wanted], |row| {
                        row.get(0).map(ClientId)
                    })
                    .optional()
                    .map_err(StoreError::from)
            })
            .await?;
        match found {
            Some(id) => Ok(id),
            None => {
                let id = ClientId::generate();
                self.insert_client(keys, id, name.to_owned(), now).await?;
                Ok(id)
            }
        }
    }

    /// All clients, the newest first.
    pub(crate) async fn clients(&self) -> Result<Vec<StoredClient>, StoreError> {
        self.database
            .run(|connection| {
                let mut statement = connection.prepare(
                    "SELECT id, name, created, personal_key IS NULL FROM clients
                     ORDER BY created DESC, name",
                )?;
                let clients = statement
                    .query_map([], |row| {
                        Ok(StoredClient {
                            id: ClientId(row.get(0)?),
                            name: row.get(1)?,
                            created: UnixMillis(row.get(2)?),
                            is_erased: row.get(3)?,
                        })
                    })?
                    .collect::<Result<_, _>>()?;
                Ok::<_, StoreError>(clients)
            })
            .await
    }

    /// Ends the keys of a client at `now` and forgets its personal key and all that is its own; keys
    /// are called `name` from then on. `before_commit` comes last: if it fails, nothing was changed.
    pub(crate) async fn erase_client<E: Send + 'static>(
        &self,
        client: ClientId,
        name: &'static str,
        now: UnixMillis,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| {
                    let id = client.0;
                    transaction.execute(
                        "UPDATE clients SET personal_key = NULL, name = ?2 WHERE id = ?1",
                        params![id, format!("{name} {client}")],
                    )?;
                    transaction.execute(
                        "UPDATE keys SET revoked = ifnull(revoked, ?2), name = ?3, note = '',
                         allow = '[]' WHERE client = ?1",
                        params![id, now.0, name],
                    )?;
                    for statement in ERASURES {
                        transaction.execute(statement, [id])?;
                    }
                    Ok(())
                },
                move |()| before_commit(),
            )
            .await?;
        // What the transaction took out must not lie on in the write-ahead log.
        self.database
            .run(|connection| {
                let busy: u32 =
                    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
                match busy {
                    0 => Ok(()),
                    _ => Err(StoreError::damaged(
                        "another program reads the database, so that its write-ahead log can't be emptied"
                            .to_owned(),
                    )),
                }
            })
            .await
            .map_err(Undone::Store)
    }

    async fn insert_client(
        &self,
        keys: &PersonalKeys,
        client: ClientId,
        name: String,
        now: UnixMillis,
    ) -> Result<Arc<Cipher>, StoreError> {
        let key = Key::random();
        let sealed = keys.sealed(client, &key);
        self.database
            .run(move |connection| {
                connection.execute(
                    "INSERT INTO clients (id, name, created, personal_key) VALUES (?1, ?2, ?3, ?4)",
                    params![client.0, name, now.0, sealed],
                )?;
                Ok::<_, StoreError>(())
            })
            .await?;
        Ok(keys.add(client, key))
    }
}
