//! One durable addition to a vault of 10,000 and of 100,000 items, beside a bare SQLite insert of as
//! many bytes, and beside `keepassxc-cli add`.
//!
//! The vaults are filled where writing costs nothing, and then copied to where the temporary directory
//! is: what is measured there is durable.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rusqlite::{Connection, params};
use strongroom_contract::{time::UnixMillis, vault::ItemKind};
use strongroom_crypto::{Key, SecretText};
use strongroom_vault::{
    DeviceSecret, ItemName, Locked, NewItem, SecretFields, Unlocked, by_root_key,
};
use tempfile::TempDir;

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds};

const ROUNDS: usize = 201;
const SMALL: u32 = 10_000;
const LARGE: u32 = 100_000;
const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let filled = Filled::up_to(&[SMALL, LARGE])?;
    let mut rows = Vec::new();
    let (mut small, mut large) = (filled.open(0)?, filled.open(1)?);
    for (vault, count) in [(&mut small, SMALL), (&mut large, LARGE)] {
        let mut bare = Bare::filled(&filled.durable, count, filled.bytes_an_item)?;
        let pair = Pair::alternate(ROUNDS, || vault.add_one(), || bare.add_one())?;
        rows.push(Row {
            what: format!("one durable add at {},000 items", count / 1_000),
            peer: format!("a bare insert of {} bytes", filled.bytes_an_item),
            unit: Unit::Seconds,
            pair,
            goal: Goal::AtMost(3.0),
        });
    }
    rows.push(Row {
        what: "one durable add at 100,000 items".to_owned(),
        peer: "ours at 10,000".to_owned(),
        unit: Unit::Seconds,
        pair: Pair::alternate(ROUNDS, || large.add_one(), || small.add_one())?,
        goal: Goal::AtMost(1.25),
    });
    let mut keepass = KeePass::filled(&filled.durable, SMALL)?;
    rows.push(Row {
        what: "one durable add at 10,000 items".to_owned(),
        peer: "`keepassxc-cli add`".to_owned(),
        unit: Unit::Seconds,
        pair: Pair::alternate(3, || small.add_one(), || keepass.add_one())?,
        goal: Goal::AtMost(1.0),
    });
    Ok(rows)
}

/// Items to be added, each of its own name.
#[derive(Default)]
pub(crate) struct Items {
    added: u32,
}

impl Items {
    /// Adds `count` of them.
    pub(crate) fn add(&mut self, vault: &mut Unlocked, count: u32) -> Result<(), Stopped> {
        for _ in 0..count {
            self.added += 1;
            let name = ItemName::parse(&format!("payments-{:06}", self.added))?;
            let secret = SecretText::new(format!("sk_test_51H8example{:032}", self.added));
            let mut item = NewItem::new(name, ItemKind::ApiKey, SecretFields::secret(secret));
            item.provider = Some("hello-clever".to_owned());
            item.public_id = Some(format!("app_{:024}", self.added));
            item.hosts = vec!["api.cleverhub.co".to_owned()];
            vault.add(&item, NOW)?;
        }
        Ok(())
    }
}

/// Vaults of several sizes, in a directory whose writes are durable.
struct Filled {
    root: Key,
    durable: TempDir,
    counts: Vec<u32>,
    bytes_an_item: u64,
}

impl Filled {
    fn up_to(counts: &[u32]) -> Result<Self, Stopped> {
        let root = Key::random();
        let memory = Path::new("/dev/shm");
        let light = if memory.is_dir() {
            tempfile::tempdir_in(memory)?
        } else {
            tempfile::tempdir()?
        };
        let path = light.path().join("vault.strongroom");
        let _ = by_root_key::create(&path, &root, DeviceSecret::random(), 120, NOW)?;
        let durable = tempfile::tempdir()?;
        let mut items = Items::default();
        let mut sizes = Vec::new();
        for (index, count) in counts.iter().enumerate() {
            let mut vault = unlock(&path, &root)?;
            items.add(&mut vault, count - items.added)?;
            drop(vault.lock());
            sizes.push(fs::copy(&path, place(&durable, index))?);
        }
        let grown = sizes.last().zip(sizes.first());
        let grown = grown.map_or(0, |(last, first)| last - first);
        let more = counts.last().zip(counts.first());
        let more = more.map_or(1, |(last, first)| last - first);
        Ok(Self {
            root,
            durable,
            counts: counts.to_vec(),
            bytes_an_item: grown / u64::from(more),
        })
    }

    fn open(&self, index: usize) -> Result<Growing, Stopped> {
        let added = self.counts.get(index).copied().unwrap_or_default();
        Ok(Growing {
            vault: unlock(&place(&self.durable, index), &self.root)?,
            items: Items { added },
        })
    }
}

fn place(folder: &TempDir, index: usize) -> PathBuf {
    folder.path().join(format!("{index}.strongroom"))
}

fn unlock(path: &Path, root: &Key) -> Result<Unlocked, Stopped> {
    by_root_key::unlock(Locked::open(path)?, root, None, None)
        .map_err(|refused| Stopped::because(refused.error.to_string()))
}

/// An open vault, and the item that it gets next.
struct Growing {
    vault: Unlocked,
    items: Items,
}

impl Growing {
    fn add_one(&mut self) -> Result<f64, Stopped> {
        seconds(|| self.items.add(&mut self.vault, 1))
    }
}

/// A table with a key and a value, as durable as the vault.
struct Bare {
    connection: Connection,
    next: u32,
    value: Vec<u8>,
}

impl Bare {
    fn filled(folder: &TempDir, count: u32, bytes: u64) -> Result<Self, Stopped> {
        let mut connection = Connection::open(folder.path().join(format!("bare-{count}")))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             CREATE TABLE items (id BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",
        )?;
        let value = vec![0x5a; usize::try_from(bytes)?];
        let transaction = connection.transaction()?;
        for next in 0..count {
            transaction
                .prepare_cached("INSERT INTO items VALUES (?1, ?2)")?
                .execute(params![id(next), value])?;
        }
        transaction.commit()?;
        Ok(Self {
            connection,
            next: count,
            value,
        })
    }

    fn add_one(&mut self) -> Result<f64, Stopped> {
        self.next += 1;
        let id = id(self.next);
        seconds(|| {
            self.connection
                .prepare_cached("INSERT INTO items VALUES (?1, ?2)")?
                .execute(params![id, self.value])?;
            Ok(())
        })
    }
}

/// 16 bytes that come in no order, as the vault's ids do.
fn id(number: u32) -> [u8; 16] {
    let hash = strongroom_crypto::hash::sha256(&[&number.to_le_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

/// A KeePass database, worked on by the command of KeePassXC.
struct KeePass {
    file: PathBuf,
    added: u32,
}

impl KeePass {
    fn filled(folder: &TempDir, count: u32) -> Result<Self, Stopped> {
        let entries: String = (0..count)
            .map(|number| {
                format!(
                    "<Entry><String><Key>Title</Key><Value>payments-{number:06}</Value></String>\
                     <String><Key>UserName</Key><Value>app_{number:024}</Value></String>\
                     <String><Key>Password</Key><Value>sk_test_{number:032}</Value></String></Entry>"
                )
            })
            .collect();
        let xml = folder.path().join("entries.xml");
        fs::write(
            &xml,
            format!(
                "<?xml version=\"1.0\"?><KeePassFile><Meta/><Root><Group><Name>Root</Name>\
                 {entries}</Group></Root></KeePassFile>"
            ),
        )?;
        let file = folder.path().join("entries.kdbx");
        keepassxc("a passphrase\na passphrase\n", |command| {
            command
                .args(["import", "-q", "--set-password"])
                .args([&xml, &file])
        })?;
        Ok(Self { file, added: 0 })
    }

    fn add_one(&mut self) -> Result<f64, Stopped> {
        self.added += 1;
        let name = format!("added-{}", self.added);
        seconds(|| {
            keepassxc("a passphrase\na secret\n", |command| {
                command
                    .args(["add", "-q", "--password-prompt", "--username", "app"])
                    .arg(&self.file)
                    .arg(&name)
            })
        })
    }
}

fn keepassxc(
    typed: &str,
    arguments: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<(), Stopped> {
    let mut command = Command::new("keepassxc-cli");
    let mut child = arguments(&mut command)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut keyboard) = child.stdin.take() {
        keyboard.write_all(typed.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Stopped::because(format!("keepassxc-cli: {}", said.trim())))
}
