//! `requests export`: a saved request as a command, a file or a program.

use std::path::PathBuf;

use strongroom_contract::{error::Failure, requests::SecretTaken};
use strongroom_workbench::foreign;

use crate::{output::Output, text::printable};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The saved request
    file: PathBuf,
    /// curl, http, har, python, javascript, rust or go
    #[arg(long, value_name = "F")]
    format: String,
    /// Fill in the values of this environment, by its name or file
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<(), Failure> {
    let exported = foreign::export(&args.file, &args.format, args.env.as_deref())?;
    for SecretTaken {
        variable, place, ..
    } in &exported.secrets
    {
        output.warn(&format!(
            "a secret stands in the saved request ({}); {{{{{variable}}}}} stands for it here",
            printable(place, false)
        ));
    }
    output.print_raw(&exported, |out| out.write_all(exported.text.as_bytes()))
}
