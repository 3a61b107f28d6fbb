//! What creating and recovering share: the factors, what to scan, a first code, the recovery code.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use strongroom_contract::{
    agent::{
        CreateBegin, CreateFinish, EnrolFinish, Nothing, Operation, RecoverArgs, RecoverBegin,
        RecoverFinish, Status,
    },
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::{DeviceSecretPlace, Enrolled, Enrolment, EnrolmentStarted, VaultState},
};

use crate::{
    client::Client,
    input,
    output::Output,
    qr,
    style::{ACCENT, DIM, GOOD, STRONG, WARN},
};

pub(crate) const AFTER_HELP: &str = "\
At a terminal, the code that your authenticator app shows is asked for before anything is made: a
wrong scan would lock you out. With --code-stdin --json, a first line holds `otpauth_uri`; write a
code to stdin, and the rest follows; that code is then spent. Otherwise no code is asked for, and
one document holds `otpauth_uri`, `recovery_code` and `vault_id`.

The vault is left locked.";

#[derive(clap::Args)]
pub(crate) struct EnrolArgs {
    /// Read the passphrase from a file, `-` for stdin
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Keep the device secret in the OS keyring, or in a file such as file:/media/usb/strongroom.key
    #[arg(long, value_name = "keyring|file:PATH", default_value = "keyring", value_parser = parse_place)]
    device_secret: DeviceSecretPlace,
    /// Memory that each guess at the passphrase costs, 64 to 2048 [default: measured, from 256 up]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..=2048))]
    kdf_memory: Option<u32>,
    /// For how many days codes will work, 365 to 3650
    #[arg(long, value_name = "DAYS", default_value_t = 730, value_parser = clap::value_parser!(u32).range(365..=3650))]
    totp_horizon: u32,
    /// Read the first code from stdin
    #[arg(long)]
    code_stdin: bool,
}

fn parse_place(typed: &str) -> Result<DeviceSecretPlace, String> {
    match typed.split_once(':') {
        None if typed == "keyring" => Ok(DeviceSecretPlace::Keyring),
        Some(("file", path)) if !path.is_empty() => {
            // The owner process has a working directory of its own.
            std::path::absolute(path)
                .map_err(|error| format!("{path}: {error}"))?
                .into_os_string()
                .into_string()
                .map(DeviceSecretPlace::File)
                .map_err(|_| "the path is not UTF-8".to_owned())
        }
        _ => Err("expected `keyring`, or `file:` and a path".to_owned()),
    }
}

impl EnrolArgs {
    fn enrolment(&self, output: Output) -> Result<Enrolment, Failure> {
        let file = self.passphrase_file.as_deref();
        Ok(Enrolment {
            passphrase: input::passphrase(file, self.code_stdin, true, output)?,
            device_secret: self.device_secret.clone(),
            kdf_memory_mib: self.kdf_memory,
            totp_horizon_days: self.totp_horizon,
        })
    }
}

pub(crate) fn create(args: &EnrolArgs, output: Output) -> Result<ExitCode, Failure> {
    let mut client = Client::connect(output)?;
    let status = client.call::<Status>(&Nothing {})?;
    if let (VaultState::Locked | VaultState::Unlocked, Some(path)) = (status.state, status.path) {
        // Said before anybody thinks of a passphrase; the owner says the same.
        return Err(Failure::new(
            ErrorCode::Conflict,
            format!("there is a vault already: {path}"),
        )
        .hint("use it, or set STRONGROOM_HOME to another directory"));
    }
    let enrolment = args.enrolment(output)?;
    let started = client.call::<CreateBegin>(&enrolment)?;
    drop(enrolment);
    finish::<CreateFinish>(&mut client, started, args.code_stdin, "created", output)
}

pub(crate) fn recover(
    recovery_code: Revealed,
    accept_older: bool,
    args: &EnrolArgs,
    output: Output,
) -> Result<ExitCode, Failure> {
    let recovery = RecoverArgs {
        recovery_code,
        enrolment: args.enrolment(output)?,
        accept_older,
    };
    let mut client = Client::connect(output)?;
    let started = client.call::<RecoverBegin>(&recovery)?;
    drop(recovery);
    finish::<RecoverFinish>(&mut client, started, args.code_stdin, "recovered", output)
}

/// How often a code may be mistyped before the enrolment is given up.
const ATTEMPTS: usize = 3;

fn finish<O>(
    client: &mut Client,
    started: EnrolmentStarted,
    code_stdin: bool,
    done: &str,
    output: Output,
) -> Result<ExitCode, Failure>
where
    O: Operation<Args = EnrolFinish, Output = Enrolled>,
{
    let at_terminal = !output.is_json() && !code_stdin && io::stdin().is_terminal();
    let streams = code_stdin || !output.is_json();
    if streams {
        output.print(&started, |out| {
            show_uri(out, &started, output.is_coloured())
        })?;
    }
    let mut enrolled = if at_terminal {
        finish_at_terminal::<O>(client, output)?
    } else {
        let code = code_stdin.then(|| input::code(true)).transpose()?;
        client.call::<O>(&EnrolFinish { code, open: false })?
    };
    enrolled.otpauth_uri = (!streams).then_some(started.otpauth_uri);
    output.print(&enrolled, |out| show_recovery(out, &enrolled, done))?;
    Ok(ExitCode::SUCCESS)
}

fn finish_at_terminal<O>(client: &mut Client, output: Output) -> Result<Enrolled, Failure>
where
    O: Operation<Args = EnrolFinish, Output = Enrolled>,
{
    output.text(|out| {
        writeln!(
            out,
            "\nType the code that it shows now: this proves that the scan worked."
        )
    })?;
    let mut attempt = 1;
    loop {
        let code = Some(input::code(false)?);
        match client.call::<O>(&EnrolFinish { code, open: false }) {
            Err(failure) if is_mistyped(&failure) && attempt < ATTEMPTS => {
                output.warn(&failure.message);
                attempt += 1;
            }
            other => return other,
        }
    }
}

fn is_mistyped(failure: &Failure) -> bool {
    matches!(failure.code, ErrorCode::WrongFactors | ErrorCode::Usage)
}

fn show_uri(out: &mut dyn Write, started: &EnrolmentStarted, coloured: bool) -> io::Result<()> {
    let uri = started.otpauth_uri.expose_secret();
    writeln!(
        out,
        "{STRONG}Scan this{STRONG:#} with your authenticator app, or enter it by hand:\n"
    )?;
    qr::write(out, uri, coloured)?;
    writeln!(out, "\n{uri}")
}

fn show_recovery(out: &mut dyn Write, enrolled: &Enrolled, done: &str) -> io::Result<()> {
    writeln!(
        out,
        "\n{STRONG}Your recovery code{STRONG:#}, shown this once:\n"
    )?;
    writeln!(
        out,
        "    {WARN}{}{WARN:#}\n",
        enrolled.recovery_code.expose_secret()
    )?;
    for line in [
        "Write it down and keep it as you keep cash: with a copy of the vault's file it opens",
        "everything, without the passphrase, the device secret or a code. It is the one way",
        "back in if you lose any of these.",
    ] {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "\n{GOOD}✓{GOOD:#} vault {done} {DIM}{}{DIM:#}; codes work until {}",
        enrolled.vault_id, enrolled.last_code_day
    )?;
    writeln!(
        out,
        "  It is locked. Next: {ACCENT}strongroom unlock{ACCENT:#}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_secret_has_two_places() {
        assert_eq!(parse_place("keyring"), Ok(DeviceSecretPlace::Keyring));
        assert_eq!(
            parse_place("file:/media/usb/key"),
            Ok(DeviceSecretPlace::File("/media/usb/key".to_owned()))
        );
        for wrong in ["", "file", "file:", "usb:/key", "keyring:x"] {
            assert!(parse_place(wrong).is_err(), "{wrong:?}");
        }
    }
}
