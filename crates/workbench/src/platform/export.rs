//! Exports of the audit log in files, each with its proof beside it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Read as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use strongroom_contract::{
    audit::AuditQuery,
    error::{ErrorCode, Failure},
    export::{ExportFormat, ExportProof},
};
use strongroom_crypto::hash::Sha256;

use crate::{manage::Platform, os::files};

/// What a proof's name ends with, behind the name of what it proves.
const PROOF: &str = ".proof.json";
/// The longest proof that is read.
const LONGEST_PROOF: u64 = 1024 * 1024;
/// How much of an export is hashed at once.
const PIECE: usize = 256 * 1024;

/// An export that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The rows.
    pub file: PathBuf,
    /// Their proof.
    pub proof_file: PathBuf,
    /// What it says.
    pub proof: ExportProof,
}

/// What is known of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedExport {
    /// Whether nothing was found: the bytes are what the platform exported, and the rows that were
    /// looked at for it stand in its log as they stood then.
    pub ok: bool,
    /// What is wrong, in one sentence.
    pub problem: Option<String>,
    /// How many of the rows that were looked at retention has cut off since.
    pub rows_cut: u64,
    /// What the proof says.
    pub proof: ExportProof,
}

/// Where the proof of an export lies.
#[must_use]
pub fn proof_beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(PROOF);
    name.into()
}

/// Writes the rows that are asked for to `file`, and their proof beside it. Both are there whole, or
/// not at all. `heard` is told how many bytes of rows have come so far.
///
/// # Errors
///
/// [`ErrorCode::Conflict`] if one of them is there and `replaces` is not set; as
/// [`Platform::export_audit`].
pub async fn export_to_file(
    platform: &Platform,
    query: &AuditQuery,
    format: ExportFormat,
    file: &Path,
    replaces: bool,
    heard: impl FnMut(u64),
) -> Result<Exported, Failure> {
    let proof_file = proof_beside(file);
    for path in [file, &proof_file] {
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(taken(path));
        }
    }
    let directory = file.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| ".".as_ref());
    let unwritable = |error: io::Error| unwritable(file, &error);
    let mut rows = temporary(directory).map_err(unwritable)?;
    let mut out = Told {
        out: BufWriter::new(&mut rows),
        bytes: 0,
        heard,
    };
    let proof = platform.export_audit(query, format, &mut out).await?;
    drop(out);
    rows.as_file().sync_all().map_err(unwritable)?;
    let text = serde_json::to_vec_pretty(&proof).map_err(|error| unwritable(error.into()))?;
    if replaces {
        // Whole before either takes its place, so that a full disk leaves what was there.
        let mut proven = temporary(directory).map_err(unwritable)?;
        io::Write::write_all(&mut proven, &text).map_err(unwritable)?;
        proven.as_file().sync_all().map_err(unwritable)?;
        rows.persist(file)
            .map_err(|error| unwritable(error.error))?;
        proven
            .persist(&proof_file)
            .map_err(|error| unwritable(error.error))?;
    } else {
        files::write_new_private(&proof_file, &text).map_err(|error| found(&proof_file, error))?;
        if let Err(error) = rows.persist_noclobber(file) {
            // A proof of nothing.
            drop(fs::remove_file(&proof_file));
            return Err(found(file, error.error));
        }
    }
    Ok(Exported {
        file: file.to_owned(),
        proof_file,
        proof,
    })
}

/// A file that is gone unless it is given a name. Private: rows name people's addresses.
fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".export-").tempfile_in(directory)
}

/// Tells how much was written.
struct Told<Out, Heard> {
    out: Out,
    bytes: u64,
    heard: Heard,
}

impl<Out: io::Write, Heard: FnMut(u64)> io::Write for Told<Out, Heard> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        (self.heard)(self.bytes);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Whether `file` is what the platform exported, by the proof in `proof_file`, and the rows still
/// stand in its log.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if a file can't be read or the proof is none; as [`Platform::verify_export`].
pub async fn verify_file(
    platform: &Platform,
    file: &Path,
    proof_file: &Path,
) -> Result<CheckedExport, Failure> {
    let proof = read_proof(proof_file)?;
    let (bytes, digest) = digest(file).map_err(|error| unreadable(file, &error))?;
    if (bytes, digest.as_str()) != (proof.bytes, proof.sha256.as_str()) {
        let problem = match bytes == proof.bytes {
            true => {
                format!("the file was changed: its SHA-256 is {digest}, not what the proof says")
            }
            false => format!(
                "the file was changed: it has {bytes} bytes, not {} as the proof says",
                proof.bytes
            ),
        };
        return Ok(CheckedExport {
            ok: false,
            problem: Some(problem),
            rows_cut: 0,
            proof,
        });
    }
    let said = platform.verify_export(&proof).await?;
    Ok(CheckedExport {
        ok: said.ok,
        problem: said.problem,
        rows_cut: said.rows_cut,
        proof,
    })
}

fn read_proof(path: &Path) -> Result<ExportProof, Failure> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_PROOF).read_to_end(&mut text))
        .map_err(|error| {
            unreadable(path, &error)
                .hint("the proof lies beside its export, or is named with --proof FILE")
        })?;
    serde_json::from_slice(&text).map_err(|error| {
        let shown = path.display();
        Failure::new(
            ErrorCode::Usage,
            format!("{shown} is no proof of an export: {error}"),
        )
        .hint("give the file that `platform audit export` has written beside the rows")
    })
}

/// The length and SHA-256 of a file, however long it is.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            let digest = hash.finish();
            return Ok((
                bytes,
                digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            ));
        }
        hash.update(piece.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

fn taken(path: &Path) -> Failure {
    let message = format!("{} is there already", path.display());
    Failure::new(ErrorCode::Conflict, message)
        .hint("name another file, or move it away: exports and proofs are not overwritten")
}

fn found(path: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => unwritable(path, &error),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{} can't be written: {error}", path.display());
    Failure::new(ErrorCode::Storage, message).hint("choose another place, or make room there")
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{} can't be read: {error}", path.display());
    Failure::new(ErrorCode::Usage, message)
}
