//! Runs a script: its commands in its own directory and home, its output compared or, with
//! `STRONGROOM_BLESS=1`, written into the script.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;
use strongroom_crypto::totp::{Codes, Step};

use crate::{
    redact::redact,
    script::{self, Entry, Run},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_strongroom");

/// Runs the script at `path`.
pub(crate) fn run(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let mut entries = script::parse(&text);
    let mut stage = Stage::new();
    let mut differences = Vec::new();
    for entry in &mut entries {
        match entry {
            Entry::Words(_) => {}
            Entry::File { name, lines } => {
                let content: String = lines.iter().map(|line| stage.filled(line) + "\n").collect();
                let path = stage.directory.path().join(name);
                fs::write(&path, content).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            Entry::Let { name, pointer } => stage.assign(name, pointer),
            Entry::Stop => stage.stop(),
            Entry::Run(run) => {
                let (exit, output) = if run.goes_on {
                    (0, stage.start(run))
                } else {
                    stage.run(run)
                };
                if (exit, &output) != (run.exit, &run.output) {
                    differences.push(difference(run, exit, &output));
                    run.exit = exit;
                    run.output = output;
                }
            }
        }
    }
    if differences.is_empty() {
        return;
    }
    if std::env::var_os("STRONGROOM_BLESS").is_some() {
        fs::write(path, script::write(&entries)).unwrap();
        return;
    }
    panic!(
        "{}: not as expected\n{}\nSTRONGROOM_BLESS=1 accepts what is seen.",
        path.display(),
        differences.join("\n")
    );
}

fn difference(run: &Run, exit: i32, output: &[String]) -> String {
    let listed =
        |lines: &[String]| -> String { lines.iter().map(|line| format!("    {line}\n")).collect() };
    format!(
        "$ {}\n  expected, exit {}:\n{}  seen, exit {exit}:\n{}",
        run.command,
        run.exit,
        listed(&run.output),
        listed(output)
    )
}

/// A directory, a home, and the processes of one script.
struct Stage {
    directory: tempfile::TempDir,
    began: Step,
    variables: BTreeMap<String, String>,
    last: Value,
    going: Vec<(Child, BufReader<ChildStdout>)>,
    owner: Option<Child>,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["home", "run", "tmp"] {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut stage = Self {
            directory,
            began: Step::at(seconds),
            variables: BTreeMap::new(),
            last: Value::Null,
            going: Vec::new(),
            owner: None,
        };
        // Started here rather than by the first command, so that it ends with the script.
        stage.owner = Some(
            stage
                .command(PROGRAM, &["agent".to_owned()])
                .spawn()
                .unwrap(),
        );
        stage
    }

    fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    fn command(&self, program: &str, arguments: &[String]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("TMPDIR", self.directory.path().join("tmp"))
            .env("STRONGROOM_HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.directory.path().join("run"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn run(&mut self, run: &Run) -> (i32, Vec<String>) {
        let mut words = script::words(&self.filled(&run.command)).into_iter();
        let mut child = match words.next().as_deref() {
            Some("strongroom") => self.command(PROGRAM, &words.collect::<Vec<_>>()),
            Some("sh") => self.command("sh", &words.collect::<Vec<_>>()),
            other => panic!("not a command of scripts: {other:?}"),
        }
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        let (mut stdin, mut stdout, mut stderr) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
            child.stderr.take().unwrap(),
        );
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut text = String::new();
        for line in &run.stdin {
            if line.waits {
                stdout.read_line(&mut text).unwrap();
                self.remember(&text);
            }
            // A command that refuses its arguments does not read its stdin.
            let _ = writeln!(stdin, "{}", self.filled(&line.text));
        }
        drop(stdin);
        stdout.read_to_string(&mut text).unwrap();
        let stderr = stderr.join().unwrap();
        let status = child.wait().unwrap();
        self.remember(&text);
        let known = self.known();
        if !run.members.is_empty() {
            text = members(&text, &run.members);
        }
        let mut output = redact(&text, &known);
        if !stderr.is_empty() {
            output.push("stderr:".to_owned());
            output.extend(redact(&stderr, &known));
        }
        (status.code().unwrap_or(-1), output)
    }

    fn start(&mut self, run: &Run) -> Vec<String> {
        let words = script::words(&self.filled(&run.command));
        let mut child = self
            .command(PROGRAM, &words[1..])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        self.going.push((child, stdout));
        self.remember(&line);
        redact(&line, &self.known())
    }

    fn stop(&mut self) {
        let (mut child, mut stdout) = self.going.pop().expect("something that goes on");
        terminate(&child);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "it ended with {status} after SIGTERM");
    }

    /// Keeps the JSON of an output for `let`, and the URI of a new vault for its codes.
    fn remember(&mut self, text: &str) {
        let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        for document in documents.map_while(Result::ok) {
            if let Some(uri) = document.pointer("/otpauth_uri").and_then(Value::as_str) {
                self.variables
                    .insert("otpauth_uri".to_owned(), uri.to_owned());
            }
            self.last = document;
        }
    }

    fn assign(&mut self, name: &str, pointer: &str) {
        let value = match self.last.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => panic!("{pointer} is not in {}", self.last),
        };
        self.variables.insert(name.to_owned(), value);
    }

    /// `text` with its variables filled in.
    fn filled(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("`${` has its `}`");
            filled.push_str(before);
            filled.push_str(&self.value(name));
            rest = after;
        }
        filled + rest
    }

    fn value(&self, name: &str) -> String {
        let (kind, ahead) = name.split_once('+').unwrap_or((name, "0"));
        let step = || Step(self.began.0 + ahead.parse::<u64>().expect("a number of steps"));
        match kind {
            "at" => (step().begins() + 15).to_string(),
            "code" => {
                let uri = &self.variables["otpauth_uri"];
                let code = Codes::from_otpauth_uri(uri).unwrap().at(step());
                format!("{:06}", code.expose_secret())
            }
            "program" => PROGRAM.to_owned(),
            "dir" => self.directory.path().to_str().unwrap().to_owned(),
            _ => self
                .variables
                .get(name)
                .unwrap_or_else(|| panic!("no variable {name}"))
                .clone(),
        }
    }

    /// Values of this run, and what stands for them.
    fn known(&self) -> Vec<(String, String)> {
        let mut known: Vec<_> = self
            .variables
            .iter()
            .filter(|(_, value)| value.len() >= 8)
            .map(|(name, value)| (value.clone(), format!("${{{name}}}")))
            .collect();
        known.push((self.value("dir"), "${dir}".to_owned()));
        // The longest first: one value may hold another.
        known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        known
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let going = self.going.drain(..).map(|(child, _)| child);
        for mut child in going.chain(self.owner.take()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One line for each document of `text`: the members that `pointers` name.
fn members(text: &str, pointers: &[String]) -> String {
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    documents
        .map(|document| {
            let document = document.expect("JSON on stdout");
            let values = pointers
                .iter()
                .map(|pointer| match document.pointer(pointer) {
                    Some(Value::String(text)) => text.clone(),
                    Some(value) => value.to_string(),
                    None => "-".to_owned(),
                });
            values.collect::<Vec<_>>().join("  ") + "\n"
        })
        .collect()
}

/// Asks a process to end, as service managers do.
fn terminate(child: &Child) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
}
