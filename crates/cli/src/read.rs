//! `read`: one field of an item, for another program.

use std::process::ExitCode;

use strongroom_contract::{
    agent::{Read, ReadArgs},
    error::Failure,
};

use crate::{client::Client, output::Output};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field: sr://NAME/FIELD, such as sr://payments/secret
    #[arg(value_name = "REFERENCE")]
    reference: String,
    /// Print no line end behind the value
    #[arg(short, long)]
    no_newline: bool,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<ExitCode, Failure> {
    field(&args.reference, !args.no_newline, output)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the value as it is: it is meant for a program, or for eyes that asked for it.
pub(crate) fn field(reference: &str, line_end: bool, output: Output) -> Result<(), Failure> {
    let args = ReadArgs {
        reference: reference.to_owned(),
    };
    let value = Client::connect(output)?.call::<Read>(&args)?;
    output.print_raw(&value, |out| {
        out.write_all(value.value.expose_secret().as_bytes())?;
        if line_end {
            out.write_all(b"\n")
        } else {
            Ok(())
        }
    })
}
