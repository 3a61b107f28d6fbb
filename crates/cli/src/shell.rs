//! `completions` and `man`: made from the grammar, so that they are never behind it.

use std::{path::PathBuf, process::ExitCode};

use clap::CommandFactory;
use clap_complete::Shell;
use serde::Serialize;
use strongroom_contract::error::{ErrorCode, Failure};

use crate::{args::Cli, output::Output, style::GOOD};

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that the script is for
    shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Where the pages go; made if it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

#[derive(Serialize)]
struct Pages {
    directory: String,
    pages: Vec<String>,
}

pub(crate) fn completions(args: &CompletionsArgs, output: Output) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "strongroom", &mut script);
    let document = Script {
        shell: args.shell.to_string(),
        script: String::from_utf8_lossy(&script).into_owned(),
    };
    output.print_raw(&document, |out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn man(args: &ManArgs, output: Output) -> Result<ExitCode, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("can't write to {}: {error}", args.directory.display());
        Failure::new(ErrorCode::Storage, message)
    };
    std::fs::create_dir_all(&args.directory).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.directory).map_err(failed)?;
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(&args.directory).map_err(failed)? {
        let name = entry
            .map_err(failed)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("strongroom") && name.ends_with(".1") {
            pages.push(name);
        }
    }
    pages.sort();
    let document = Pages {
        directory: args.directory.display().to_string(),
        pages,
    };
    output.print(&document, |out| {
        let (pages, directory) = (document.pages.len(), &document.directory);
        writeln!(out, "{GOOD}✓{GOOD:#} {pages} pages in {directory}")
    })?;
    Ok(ExitCode::SUCCESS)
}
