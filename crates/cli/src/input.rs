//! Secrets on their way in: from a file, from stdin, from a person. Never from an argument.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    os::{fd::AsFd, unix::fs::PermissionsExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
};
use strongroom_crypto::{SecretBytes, SecretText};
use zeroize::Zeroizing;

use crate::output::Output;

/// The longest secret that is read, in bytes.
const MAX_SECRET: usize = 64 * 1024;
/// Stands for stdin where a file is asked for.
const STDIN: &str = "-";

/// The passphrase: from `file`, or typed at the terminal (twice if it is `new`).
pub(crate) fn passphrase(
    file: Option<&Path>,
    code_follows: bool,
    new: bool,
    output: Output,
) -> Result<Revealed, Failure> {
    let text = match file {
        Some(path) if path.as_os_str() != STDIN => secret_file(path, output)?,
        Some(_) if !io::stdin().is_terminal() && code_follows => stdin_line("a passphrase")?,
        Some(_) if !io::stdin().is_terminal() => secret_stdin("Passphrase: ")?,
        _ => typed_passphrase(new)?,
    };
    if text.is_empty() {
        return Err(usage("the passphrase is empty")
            .hint("choose one of several words; it is all that people can't find in a file"));
    }
    Ok(revealed(text))
}

fn typed_passphrase(new: bool) -> Result<SecretText, Failure> {
    if !io::stdin().is_terminal() {
        return Err(usage("no passphrase: stdin is not a terminal to ask at")
            .hint("name a file with --passphrase-file FILE, or --passphrase-file - for stdin"));
    }
    if !new {
        return prompt("Passphrase: ");
    }
    let first = prompt("New passphrase: ")?;
    let second = prompt("Once more: ")?;
    if first == second {
        Ok(first)
    } else {
        Err(usage("the two passphrases differ").hint("nothing was created; start again"))
    }
}

/// The code: typed at the terminal, or one line of stdin if it is to come `from_stdin`.
pub(crate) fn code(from_stdin: bool) -> Result<Revealed, Failure> {
    if io::stdin().is_terminal() {
        return prompt("Code: ").map(revealed);
    }
    if from_stdin {
        return stdin_line("a code").map(revealed);
    }
    Err(usage("no code: stdin is not a terminal to ask at")
        .hint("give --code-stdin and write the six digits to stdin"))
}

/// A secret out of `path`, `-` for stdin, without its final line end.
pub(crate) fn secret_file(path: &Path, output: Output) -> Result<SecretText, Failure> {
    if path.as_os_str() == STDIN {
        return secret_stdin("Secret: ");
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    if let Ok(metadata) = file.metadata()
        && metadata.is_file()
        && metadata.permissions().mode() & 0o077 != 0
    {
        output.warn(&format!(
            "{} can be read by other users; `chmod 600` it",
            path.display()
        ));
    }
    let text = limited(file, &path.display().to_string())?;
    Ok(text.without_final_line_end())
}

/// A secret that is all of stdin, without its final line end; typed at a terminal without an echo.
pub(crate) fn secret_stdin(question: &str) -> Result<SecretText, Failure> {
    if io::stdin().is_terminal() {
        return prompt(question);
    }
    limited(stdin()?, "stdin").map(SecretText::without_final_line_end)
}

/// One line of stdin. Nothing behind it is taken, so that the next line can be read later.
fn stdin_line(what: &str) -> Result<SecretText, Failure> {
    let mut stdin = stdin()?;
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_SECRET));
    let mut byte = Zeroizing::new([0]);
    while line.len() < MAX_SECRET && line.last() != Some(&b'\n') {
        match stdin.read(byte.as_mut()) {
            Ok(0) => break,
            Ok(_) => line.extend_from_slice(byte.as_ref()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(Path::new("stdin"), &error)),
        }
    }
    if line.is_empty() {
        return Err(usage(format!("stdin ended where {what} was expected")));
    }
    text(line, "stdin").map(SecretText::without_final_line_end)
}

/// All that `reader` holds, into one allocation that is wiped.
fn limited(reader: impl Read, name: &str) -> Result<SecretText, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    let limit = u64::try_from(MAX_SECRET + 1).unwrap_or(u64::MAX);
    reader
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(Path::new(name), &error))?;
    if bytes.len() > MAX_SECRET {
        return Err(usage(format!(
            "{name} holds more than {MAX_SECRET} bytes: too long for a secret"
        )));
    }
    text(bytes, name)
}

fn text(mut bytes: Zeroizing<Vec<u8>>, name: &str) -> Result<SecretText, Failure> {
    SecretBytes::new(std::mem::take(&mut *bytes))
        .into_text()
        .map_err(|error| usage(format!("{name} is {error}")))
}

/// Stdin without the buffer of [`io::stdin`], which would keep a copy and read ahead.
fn stdin() -> Result<File, Failure> {
    io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(File::from)
        .map_err(|error| unreadable(Path::new("stdin"), &error))
}

/// Asks at the terminal without an echo. Ctrl-C gives the terminal its echo back first.
fn prompt(question: &str) -> Result<SecretText, Failure> {
    let default = Arc::new(AtomicBool::new(false));
    let signal = signal_hook::consts::SIGINT;
    signal_hook::flag::register_conditional_default(signal, Arc::clone(&default))
        .map_err(|error| unreadable(Path::new("the terminal"), &error))?;
    let answer = rpassword::prompt_password(question);
    default.store(true, Ordering::SeqCst);
    match answer {
        Ok(typed) => Ok(SecretText::new(typed)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Failure::new(ErrorCode::Cancelled, "cancelled"))
        }
        Err(error) => Err(unreadable(Path::new("the terminal"), &error)),
    }
}

/// The same secret as the type that crosses to another process.
pub(crate) fn revealed(text: SecretText) -> Revealed {
    Revealed::new(text.expose_secret().to_owned())
}

/// Why `path` could not be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::NotFound => ErrorCode::NotFound,
        _ => ErrorCode::Failed,
    };
    Failure::new(code, format!("can't read {}: {error}", path.display()))
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::Usage, message)
}
