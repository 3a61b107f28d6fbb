//! Arguments that don't make sense, said as every other failure is.

use std::process::ExitCode;

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use strongroom_contract::error::{ErrorCode, Failure};

use crate::{args::Cli, output::Output};

/// Shows help or version if that was asked for, otherwise what is wrong with the arguments.
pub(crate) fn answer(error: &clap::Error) -> ExitCode {
    // The arguments were not understood, so whether they ask for JSON is read from their text.
    let json = std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    let asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if asked_for || !json {
        // Nothing is left to say where neither stdout nor stderr listens.
        let _ = error.print();
        return ExitCode::from(u8::from(!asked_for) * ErrorCode::Usage.exit_code());
    }
    Output::new(true).fail(failure(error))
}

/// The first line of clap's text, without its `error: `, and where to look further.
fn failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let message: Vec<&str> = text
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect();
    let message = message.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a command is missing"
        }
        _ => message,
    };
    let failure = Failure::new(ErrorCode::Usage, message);
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => failure.hint(usage.to_string().trim().to_owned()),
        _ => failure.hint(format!("`{} --help` says what it takes", command())),
    }
}

/// The command that was meant, as far as its words are known.
fn command() -> String {
    let root = Cli::command();
    let mut command = &root;
    let mut words = vec![command.get_name()];
    for argument in std::env::args_os().skip(1) {
        if let Some(subcommand) = command.find_subcommand(&argument) {
            command = subcommand;
            words.push(command.get_name());
        }
    }
    words.join(" ")
}
