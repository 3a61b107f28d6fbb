//! `platform audit export|verify-export`: rows elsewhere, and whether they are what was exported.

use std::{fs::OpenOptions, io, path::PathBuf, process::ExitCode};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    export::{ExportFormat, ExportProof},
};
use strongroom_workbench::platform::{export_to_file, proof_beside, verify_file};

use super::{Place, ask, query::QueryArgs};
use crate::{
    output::Output,
    style::{BAD, DIM, GOOD},
    text::{self, printable},
};

const AFTER_HELP: &str = "\
With --out, the proof is written beside FILE, as FILE.proof.json. Without, rows go to stdout, and the
proof where --proof says. `platform audit verify-export FILE` checks both later.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::platform) struct ExportArgs {
    /// How rows are written: jsonl, or csv
    #[arg(long, value_name = "FORMAT", default_value_t = ExportFormat::Jsonl)]
    format: ExportFormat,
    /// Write the rows to this file, which must not be there
    #[arg(long, value_name = "FILE", conflicts_with = "proof")]
    out: Option<PathBuf>,
    /// Write the proof of rows on stdout to this file, which must not be there
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    #[command(flatten)]
    query: QueryArgs,
}

#[derive(clap::Args)]
pub(in crate::platform) struct VerifyExportArgs {
    /// The exported rows
    file: PathBuf,
    /// Their proof [default: FILE.proof.json]
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

pub(super) fn export(
    args: &ExportArgs,
    place: &Place,
    output: Output,
) -> Result<ExitCode, Failure> {
    let query = args.query.query()?;
    if let Some(file) = &args.out {
        let exported = ask(place, async |platform| {
            export_to_file(platform, &query, args.format, file, false, |_| {}).await
        })?;
        output.print(&exported, |out| {
            let rows = text::count(exported.proof.rows, "row");
            let file = exported.file.display();
            writeln!(out, "{GOOD}✓{GOOD:#} {rows} exported to {file}")?;
            let proof = exported.proof_file.display();
            writeln!(out, "  {DIM}their proof is {proof}; keep both{DIM:#}")
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if output.is_json() && args.format != ExportFormat::Jsonl {
        let failure = Failure::new(
            ErrorCode::Usage,
            "rows on stdout with --json are JSON Lines",
        );
        return Err(failure.hint("name a file with --out, or leave --json out"));
    }
    // Before the rows, which can't be taken back.
    let proof_file = args.proof.as_ref().map(|path| {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        file.map_err(|error| unusable(path, &error))
    });
    let proof_file = proof_file.transpose()?;
    let proof = ask(place, async |platform| {
        let mut out = io::BufWriter::new(io::stdout().lock());
        platform.export_audit(&query, args.format, &mut out).await
    });
    let proof = proof.inspect_err(|_| {
        if let Some(path) = &args.proof {
            // Empty, and a proof of nothing.
            drop(std::fs::remove_file(path));
        }
    })?;
    match (proof_file, &args.proof) {
        (Some(file), Some(path)) => {
            write_proof(&file, &proof).map_err(|error| unusable(path, &error))?;
        }
        _ => output
            .hint("no proof was kept: name a file for it with --proof, or for both with --out"),
    }
    Ok(ExitCode::SUCCESS)
}

fn write_proof(file: &std::fs::File, proof: &ExportProof) -> io::Result<()> {
    serde_json::to_writer_pretty(file, proof)?;
    file.sync_all()
}

pub(super) fn verify(
    args: &VerifyExportArgs,
    place: &Place,
    output: Output,
) -> Result<ExitCode, Failure> {
    let proof_file = args.proof.clone();
    let proof_file = proof_file.unwrap_or_else(|| proof_beside(&args.file));
    let checked = ask(place, async |platform| {
        verify_file(platform, &args.file, &proof_file).await
    })?;
    output.print(&checked, |out| {
        let proof = &checked.proof;
        if let Some(problem) = checked.problem.as_deref().filter(|_| !checked.ok) {
            return writeln!(out, "{BAD}✗ not proven{BAD:#} {}", printable(problem, false));
        }
        let rows = text::count(proof.rows, "row");
        writeln!(out, "{GOOD}✓{GOOD:#} {rows}, as the platform exported them at {}", proof.at)?;
        let looked_at = match proof.end_row.checked_sub(1) {
            Some(last) if last >= proof.first_row => format!("rows {} to {last}", proof.first_row),
            _ => "an empty log".to_owned(),
        };
        let filters = proof.filters.iter();
        let filters: Vec<_> = filters.map(|(name, value)| format!("{name}={value}")).collect();
        let picked = match filters.is_empty() {
            true => "all of them".to_owned(),
            false => printable(&filters.join(" "), false).to_string(),
        };
        writeln!(out, "  {DIM}from{DIM:#}  {looked_at} of the log: {picked}")?;
        match checked.rows_cut {
            0 => writeln!(out, "  {DIM}log{DIM:#}   they stand in it as they stood then"),
            cut => writeln!(
                out,
                "  {DIM}log{DIM:#}   {} of them were cut off since by retention, which is signed; the rest stands in it",
                text::count(cut, "row")
            ),
        }
    })?;
    Ok(match checked.ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn unusable(path: &std::path::Path, error: &io::Error) -> Failure {
    let shown = path.display();
    Failure::new(ErrorCode::Usage, format!("can't use {shown}: {error}"))
}
