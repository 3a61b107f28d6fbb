//! Starting and stopping a server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use strongroom_contract::platform::PlatformAddress;
use strongroom_policy::{
    credential::{AppId, Environment, ManagementKey},
    platform::{Platform as Rules, PlatformKeys},
    roles::Role,
};
use strongroom_signing::Target;
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

use crate::{
    allow_all::AllowAll,
    audit::{self, AuditLog, Opening, OutsideCheckpoints, Recovered},
    background,
    clock::{self, Clock},
    config::Config,
    costs::Costs,
    error::StartError,
    face::Dates,
    faults::Faults,
    keys::KeyRing,
    platform::{AUDIT_KEPT_MS, CLOCK_ADVANCED_MS, Platform},
    refusals::Refusals,
    state::{Directory, Keys, write_private},
    store::{Member, PersonalKeys, Store, StoreError},
    tls::{Authority, server_config},
    waiting::Waiting,
    wire::{Admission, Failures, accept_connections, listen},
};

/// Starts servers.
#[derive(Debug)]
pub struct Server;

/// A server that accepts connections.
///
/// [`Running::shutdown`] lets requests under way finish. Dropping it instead ends everything at
/// once, as the end of the process would: what was answered is in the audit log all the same.
pub struct Running {
    url: String,
    ca_path: PathBuf,
    state_dir: PathBuf,
    local_addr: SocketAddr,
    is_virtual: bool,
    pub(crate) platform: Arc<Platform>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    behind: JoinHandle<()>,
}

impl Server {
    /// Starts a server on the current tokio runtime. Once this returns, connections are accepted.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the port or the state directory is in use, or what lies there can't be used.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let state_dir = config.state_dir.clone();
        let mut directory = Directory::take(&state_dir)?;
        let keys = Keys::open(&directory)?;
        let store = Store::open(&directory.file("platform.db"))?;
        let store_error = |error: StoreError| StartError::Store {
            path: state_dir.join("platform.db"),
            problem: error.to_string(),
        };
        let advanced = match config.virtual_clock {
            true => store
                .setting(CLOCK_ADVANCED_MS)
                .await
                .map_err(store_error)?,
            false => None,
        };
        let audit_kept = store.setting(AUDIT_KEPT_MS).await.map_err(store_error)?;
        let advanced = Duration::from_millis(advanced.unwrap_or(0));
        let clock = Arc::new(Clock::new(config.virtual_clock, advanced));
        let personal = store.personal_keys(&keys.store, clock.now()).await;
        let personal = Arc::new(personal.map_err(store_error)?);
        let rules = Rules::new(
            PlatformKeys {
                pepper: &keys.pepper,
                store: &keys.store,
                token: &keys.token,
            },
            config.proxies.clone(),
        );
        let allow_all = store.allow_all().await.map_err(store_error)?;
        let ring = load_keys(&store, &personal).await.map_err(store_error)?;
        let (audit, recovered) =
            open_audit(&config, &directory, &keys, &clock, &store, &personal).await?;
        let counted = store.used_on(recovered.today).await.map_err(store_error)?;
        give_back(&ring, recovered, counted);
        let costs = Costs::stored(&store.route_costs().await.map_err(store_error)?);
        let members = members(&store, &rules, &directory, &clock).await?;
        let real_now = clock::real_now();
        let authority = Authority::open(&directory, real_now)?;
        let tls = server_config(&authority, real_now)?;

        let listener = listen(config.address)?;
        let local_addr = listener.local_addr().map_err(|source| StartError::Listen {
            address: config.address,
            source,
        })?;
        let url = url_of(local_addr);
        directory.name_holder(&url)?;

        let plain_target =
            Target::parse(&url).map_err(|error| StartError::Tls(error.to_string()))?;

        let platform = Arc::new(Platform {
            admission: Arc::new(Admission::new(
                config.limits.connections,
                config.limits.connections_per_source,
            )),
            failures: Failures::new(config.limits.failures_per_source),
            waiting: Waiting::new(config.limits.delayed, config.limits.delayed_per_key),
            costs,
            limits: config.limits,
            capture_bodies: config.capture_bodies,
            faults: config.faults.map(Faults::new),
            clock,
            dates: Dates::new(),
            rules,
            plain_target,
            keys: ring,
            allow_all: AllowAll::new(allow_all),
            rotating: tokio::sync::Mutex::default(),
            members: RwLock::new(members),
            personal,
            audit: Arc::new(audit),
            audit_kept: tokio::sync::Mutex::new(audit_kept.map(Duration::from_millis)),
            refusals: Refusals::default(),
            store,
            under_way: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            directory,
        });
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept_connections(
            listener,
            tls,
            Arc::clone(&platform),
            stopped.clone(),
        ));
        let behind = tokio::spawn(background::run(Arc::clone(&platform), stopped));
        tracing::info!(%url, "the platform accepts connections");
        Ok(Running {
            url,
            ca_path: authority.path,
            state_dir: platform.directory.path().to_owned(),
            local_addr,
            is_virtual: platform.clock.is_virtual(),
            platform,
            stop,
            accepting,
            behind,
        })
    }
}

impl Running {
    /// The origin: `https://localhost:8443`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate to trust, in PEM.
    #[must_use]
    pub fn ca_path(&self) -> &Path {
        &self.ca_path
    }

    /// The state directory.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The owner's management key, in text, for its owner alone. It is written on first start, and
    /// gone once somebody has moved it elsewhere.
    #[must_use]
    pub fn owner_key_path(&self) -> PathBuf {
        self.platform.directory.file(OWNER_KEY)
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// How others find it.
    #[must_use]
    pub fn address(&self) -> PlatformAddress {
        PlatformAddress {
            url: self.url.clone(),
            ca: self.ca_path.display().to_string(),
            pid: std::process::id(),
            state: self.state_dir.display().to_string(),
            virtual_clock: self.is_virtual,
        }
    }

    /// Stops: accepts no more, lets requests under way finish, signs a last checkpoint, and gives
    /// the state directory back.
    pub async fn shutdown(mut self) {
        self.platform.stopping.store(true, Ordering::Relaxed);
        self.platform.waiting.wake();
        let _nobody_listens = self.stop.send(true);
        // Either ends by itself; a panic in one was reported when it happened.
        let _ended = (&mut self.accepting).await;
        let _ended = (&mut self.behind).await;
        background::finish(&self.platform).await;
        // Closing the store waits for its thread.
        let platform = Arc::clone(&self.platform);
        drop(self);
        let _closed = spawn_blocking(move || drop(platform)).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
        self.behind.abort();
    }
}

/// The file with the owner's management key.
const OWNER_KEY: &str = "owner.key";

fn url_of(address: SocketAddr) -> String {
    let port = address.port();
    if address.ip().is_loopback() && address.is_ipv4() {
        format!("https://localhost:{port}")
    } else {
        format!("https://{address}")
    }
}

async fn load_keys(store: &Store, personal: &Arc<PersonalKeys>) -> Result<KeyRing, StoreError> {
    let (limits, personal) = (store.client_limits().await?, Arc::clone(personal));
    let begin = move |count| KeyRing::new(count, limits, personal);
    store.keys(begin, KeyRing::rest).await
}

async fn open_audit(
    config: &Config,
    directory: &Directory,
    keys: &Keys,
    clock: &Arc<Clock>,
    store: &Store,
    personal: &Arc<PersonalKeys>,
) -> Result<(AuditLog, Recovered), StartError> {
    let outside = config.checkpoint.clone().map(OutsideCheckpoints::open);
    let store_error = |error: StoreError| StartError::Store {
        path: directory.file("platform.db"),
        problem: error.to_string(),
    };
    let audit_directory = directory.subdirectory("audit")?;
    let mut indexed = store.last_block().await.map_err(store_error)?;
    let (segment, first) = audit::first_row(&audit_directory);
    store
        .forget_segments_before(segment)
        .await
        .map_err(store_error)?;
    let is_whole = store.is_index_whole(first).await.map_err(store_error)?;
    let counted = store.counted_through().await.map_err(store_error)?;
    let is_counted = indexed.is_none_or(|last| counted == Some(last.first + last.rows));
    let is_there = indexed.is_none_or(|last| audit::is_at(&audit_directory, last));
    if !(is_whole && is_counted && is_there) {
        tracing::warn!("the index of the audit log does not fit its files: made anew");
        store.clear_index().await.map_err(store_error)?;
        indexed = None;
    }
    let opening = Opening {
        directory: audit_directory,
        key: keys.checkpoint.duplicate(),
        clock: Arc::clone(clock),
        segment_bytes: config.limits.audit_segment_bytes,
        outside: outside.transpose()?,
        indexed,
        personal: Arc::clone(personal),
    };
    let opened = spawn_blocking(move || audit::open(opening)).await;
    opened.unwrap_or_else(|error| {
        Err(StartError::Damaged {
            path: directory.file("audit"),
            problem: error.to_string(),
        })
    })
}

/// Gives keys back what their requests had used before the restart: what the log's end says, and of
/// the day what was counted before.
fn give_back(ring: &KeyRing, recovered: Recovered, counted: Vec<(AppId, u32)>) {
    for (app_id, slots) in counted.into_iter().chain(recovered.uncounted) {
        if let Some(key) = ring.find(app_id) {
            key.used().meter.restore_day(recovered.today, slots);
        }
    }
    for ((app_id, secret), at) in recovered.last_used {
        // One that is gone by now would take the place of one that is not.
        if let Some(key) = ring.find(app_id)
            && key.snapshot().secrets.has(secret)
        {
            key.note_use(secret, at);
        }
    }
    for used in recovered.uses {
        let Some(key) = ring.find(used.app_id) else {
            continue;
        };
        let mut held = key.used();
        if let Some(cost) = used.cost {
            held.with_client(|meter, client| {
                meter.restore(cost, used.at);
                if let Some(client) = client {
                    client.restore(cost, used.at);
                }
            });
        }
        if let Some(nonce) = used.nonce {
            held.nonces.restore(nonce.hash, nonce.expires);
        }
    }
}

/// Who may call `/manage`: on first start the owner, whose key is written beside.
async fn members(
    store: &Store,
    rules: &Rules,
    directory: &Directory,
    clock: &Clock,
) -> Result<Vec<Member>, StartError> {
    let store_error = |error: StoreError| StartError::Store {
        path: directory.file("platform.db"),
        problem: error.to_string(),
    };
    let members = store.members().await.map_err(store_error)?;
    if !members.is_empty() {
        return Ok(members);
    }
    let key = ManagementKey::generate(Environment::Test);
    // The file first: a member whose key nobody has could never be replaced.
    write_private(&directory.file(OWNER_KEY), key.expose_secret().as_bytes())?;
    let owner = Member {
        name: "owner".to_owned(),
        role: Role::Owner,
        tag: rules.pepper().stored_tag(key.expose_secret()),
    };
    store
        .put_member(owner.clone(), clock.now())
        .await
        .map_err(store_error)?;
    Ok(vec![owner])
}
