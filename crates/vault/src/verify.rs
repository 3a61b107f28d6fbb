//! Looking at everything, without stopping at the first damage.

use std::collections::BTreeSet;

use rusqlite::Connection;
use strongroom_contract::vault::{Finding, Verification};

use crate::{
    damage::Damage,
    file::{File, StorageError, place, read_header, schema},
    ids::ItemId,
    manifest::RowKey,
    record,
    totp_table::sealed_len,
    unlocked::{Unlocked, each_overview, open_overview},
};

/// Structure, checksums and shapes: what shows without keys.
pub(crate) fn locked(file: &File) -> Verification {
    let mut findings = Findings::default();
    let records = shapes(file, &mut findings);
    findings.into_verification(false, records)
}

/// Everything: also each row against the manifest, and each seal.
pub(crate) fn unlocked(vault: &Unlocked) -> Verification {
    let mut findings = Findings::default();
    let records = shapes(&vault.file, &mut findings);
    manifest(vault, &mut findings);
    contents(vault, &mut findings);
    codes(vault, &mut findings);
    findings.into_verification(true, records)
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn note(&mut self, result: Result<(), impl Into<StorageError>>) {
        let finding = match result.map_err(Into::into) {
            Ok(()) => return,
            Err(StorageError::Damaged(damage)) => damage.into(),
            Err(error) => Damage::new("file", error.to_string()).into(),
        };
        // One damage may show in more than one way; the same words twice help nobody.
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    fn damage(&mut self, place: impl Into<String>, problem: &str) {
        self.note(Err(Damage::new(place, problem)));
    }

    fn into_verification(self, unlocked: bool, records: u64) -> Verification {
        Verification {
            ok: self.0.is_empty(),
            unlocked,
            records,
            findings: self.0,
        }
    }
}

/// Answers with the number of records.
fn shapes(file: &File, findings: &mut Findings) -> u64 {
    let connection = &file.connection;
    findings.note(structure(connection));
    findings.note(schema::compare(connection));
    findings.note(header(file));
    findings.note(table_of_codes(file));
    match place::is_open_to_others(&file.path) {
        Ok(true) => findings.damage("file", "other users may read it: its mode should be 0600"),
        Ok(false) => {}
        Err(error) => findings.note(Err(StorageError::from(error))),
    }
    let mut records = 0;
    for table in ["overview", "secret"] {
        findings.note(rows(connection, table, file.header.epoch, &mut records));
    }
    records
}

fn structure(connection: &Connection) -> Result<(), StorageError> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if answer == "ok" {
        return Ok(());
    }
    Err(Damage::new("structure", answer).into())
}

fn header(file: &File) -> Result<(), StorageError> {
    let (sealed, _) = read_header(&file.connection)?;
    if sealed.checksum() == file.sealed.checksum() {
        return Ok(());
    }
    Err(Damage::new(
        "header",
        "it is not the one that was read when the vault was opened",
    )
    .into())
}

fn table_of_codes(file: &File) -> Result<(), StorageError> {
    let layout = &file.header.layout;
    let mut statement = file
        .connection
        .prepare("SELECT chunk, length(sealed) FROM totp ORDER BY chunk")?;
    let found: Vec<(i64, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let len = i64::try_from(sealed_len(layout.horizon)).unwrap_or(i64::MAX);
    let expected = layout
        .chunks()
        .map(|chunk| (i64::try_from(chunk).unwrap_or(i64::MAX), len));
    if found.into_iter().eq(expected) {
        return Ok(());
    }
    Err(Damage::new(
        "table of codes",
        "its chunks are not those that the header speaks of",
    )
    .into())
}

fn rows(
    connection: &Connection,
    table: &str,
    epoch: u32,
    records: &mut u64,
) -> Result<(), StorageError> {
    let mut statement = connection.prepare(&format!(
        "SELECT id, version, epoch, length(wrap), length(body) FROM {table}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        *records += 1;
        let id = ItemId(row.get(0)?);
        let version: u32 = row.get(1)?;
        let [wrap, body] =
            [row.get::<_, i64>(3)?, row.get(4)?].map(|len| usize::try_from(len).unwrap_or(0));
        if version == 0 || row.get::<_, u32>(2)? != epoch || !record::has_shape(wrap, body) {
            return Err(
                Damage::new(format!("{table} {id}"), "it has not the shape of a record").into(),
            );
        }
    }
    Ok(())
}

fn manifest(vault: &Unlocked, findings: &mut Findings) {
    let connection = &vault.file.connection;
    findings.note(vault.ledger.check_history(connection, &vault.keys));
    match vault
        .ledger
        .compare(connection, vault.keys.epoch, &vault.file.sealed.root_mac)
    {
        Ok(rows) => {
            for row in rows {
                findings.damage(row.to_string(), "the row is not as it was written last");
            }
        }
        Err(error) => findings.note(Err(error)),
    }
}

/// Opens every record, and compares the versions that overviews speak of with those that are there.
fn contents(vault: &Unlocked, findings: &mut Findings) {
    let keys = &vault.keys;
    let mut spoken_of = BTreeSet::new();
    let walked = each_overview(&vault.file.connection, |id, revision, wrap, body| {
        match open_overview(keys, id, revision, wrap, body) {
            Ok(overview) => {
                let versions = overview.versions.iter().map(|v| (id, v.version));
                spoken_of.extend(versions);
            }
            Err(damage) => findings.note(Err(damage)),
        }
        Ok(())
    });
    findings.note(walked);
    let there: BTreeSet<(ItemId, u32)> = vault
        .ledger
        .rows()
        .filter_map(|row| match row {
            RowKey::Secret(id, version) => Some((id, version)),
            _ => None,
        })
        .collect();
    for &(id, version) in spoken_of.symmetric_difference(&there) {
        findings.damage(
            RowKey::Secret(id, version).to_string(),
            "the overview and the secrets do not speak of the same versions",
        );
    }
    for item in vault.items.by_name() {
        for version in &item.overview.versions {
            findings.note(vault.read_version(item, version.version).map(drop));
        }
    }
}

fn codes(vault: &Unlocked, findings: &mut Findings) {
    let header = &vault.file.header;
    findings.note(header.open_enrolment(&vault.keys).map(drop));
    // Without the device secret the chunks stay shut; the manifest has seen their tags.
    let Some(device) = &vault.device else {
        return;
    };
    let table = header.table();
    let walked = (|| -> Result<(), StorageError> {
        let mut statement = vault
            .file
            .connection
            .prepare("SELECT chunk, sealed FROM totp")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let chunk = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(u64::MAX);
            let sealed: Vec<u8> = row.get(1)?;
            // A chunk that the header does not speak of was found by its number already.
            if header.layout.chunks().contains(&chunk) {
                findings.note(table.check(&device.table, &sealed, chunk));
            }
        }
        Ok(())
    })();
    findings.note(walked);
}
