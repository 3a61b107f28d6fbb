//! `scheme`: how requests can be signed.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;
use strongroom_contract::{error::Failure, scheme::SchemeView};
use strongroom_workbench::schemes::schemes;

use crate::{
    output::Output,
    style::{DIM, STRONG},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the schemes with what each can be told
    List,
}

pub(crate) fn run(command: &Command, output: Output) -> Result<ExitCode, Failure> {
    let Command::List = command;
    let list = schemes();
    output.print(&list, |out| {
        for scheme in &list.schemes {
            show(out, scheme)?;
        }
        writeln!(
            out,
            "\ndocs/SIGNING.md shows an exchange of each. Settings are given with --set NAME=VALUE, or kept\n\
             with a key by `strongroom key set`."
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut dyn Write, scheme: &SchemeView) -> io::Result<()> {
    let SchemeView { id, name, .. } = scheme;
    writeln!(out, "{STRONG}{id}{STRONG:#}  {DIM}{name}{DIM:#}")?;
    if scheme.needs_private_key {
        writeln!(out, "  {DIM}its secret is a private key in PEM{DIM:#}")?;
    }
    for setting in &scheme.settings {
        let needed = if setting.required { ", needed" } else { "" };
        writeln!(
            out,
            "  {}={}  {DIM}{}{needed}{DIM:#}",
            setting.name, setting.example, setting.about
        )?;
    }
    Ok(())
}
