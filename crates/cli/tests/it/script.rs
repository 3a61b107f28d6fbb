//! The format of a script.
//!
//! ```text
//! # A comment.
//! file pass.txt             a file in the script's directory, its lines behind `| `
//! | correct horse
//! $ strongroom status       a command, run to its end; its output follows, up to an empty line
//! < 123456                  a line of its stdin; with `<+` once it has printed a line
//! ! 3                       the exit code that it must have, if not 0
//! ? /status /tls/version    of the JSON of its stdout, these members alone
//! {...}                     its stdout, and behind `stderr:` its stderr
//! & strongroom serve        a command that goes on; its first line of output follows
//! stop                      ends the last such command by SIGTERM and waits for it
//! let id = /key/app_id      a variable, from the JSON of the last output
//! ```
//!
//! `${name}` stands for a variable. `${code+2}` is the code of the step that is two after the one in
//! which the script began, for the vault of `${otpauth_uri}`, and `${at+2}` the middle of that step
//! in Unix seconds. What differs from run to run is replaced in the output: see `redact`.

/// One entry of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Kept as it is: comments, empty lines.
    Words(String),
    File {
        name: String,
        lines: Vec<String>,
    },
    Run(Run),
    Stop,
    Let {
        name: String,
        pointer: String,
    },
}

/// A command, and what must come of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) command: String,
    pub(crate) goes_on: bool,
    pub(crate) stdin: Vec<Line>,
    pub(crate) exit: i32,
    /// JSON pointers; all of the output if there are none.
    pub(crate) members: Vec<String>,
    pub(crate) output: Vec<String>,
}

/// A line of stdin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Whether it is written only once the command has printed a line.
    pub(crate) waits: bool,
}

/// Reads a script.
pub(crate) fn parse(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let entry = if let Some(name) = line.strip_prefix("file ") {
            let mut content = Vec::new();
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                content.push(
                    line.trim_start_matches('|')
                        .trim_start_matches(' ')
                        .to_owned(),
                );
            }
            Entry::File {
                name: name.to_owned(),
                lines: content,
            }
        } else if line.starts_with("$ ") || line.starts_with("& ") {
            let mut run = Run {
                command: line[2..].to_owned(),
                goes_on: line.starts_with('&'),
                ..Run::default()
            };
            while let Some(line) = lines.next_if(|line| line.starts_with('<')) {
                let (mark, text) = line.split_once(' ').expect("`< TEXT`");
                run.stdin.push(Line {
                    text: text.to_owned(),
                    waits: mark == "<+",
                });
            }
            if let Some(line) = lines.next_if(|line| line.starts_with("! ")) {
                run.exit = line[2..].parse().expect("an exit code behind `! `");
            }
            if let Some(line) = lines.next_if(|line| line.starts_with("? ")) {
                run.members = words(&line[2..]);
            }
            // An empty line within the output is written as a single dot.
            while let Some(line) = lines.next_if(|line| !line.is_empty()) {
                run.output.push(line.to_owned());
            }
            Entry::Run(run)
        } else if line == "stop" {
            Entry::Stop
        } else if let Some(assignment) = line.strip_prefix("let ") {
            let (name, pointer) = assignment.split_once(" = ").expect("`let NAME = POINTER`");
            Entry::Let {
                name: name.to_owned(),
                pointer: pointer.to_owned(),
            }
        } else {
            assert!(
                line.is_empty() || line.starts_with('#'),
                "not understood: {line}"
            );
            Entry::Words(line.to_owned())
        };
        entries.push(entry);
    }
    entries
}

/// Writes a script, as [`parse`] reads it.
pub(crate) fn write(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    for entry in entries {
        match entry {
            Entry::Words(words) => line(words),
            Entry::File { name, lines } => {
                line(&format!("file {name}"));
                for content in lines {
                    line(format!("| {content}").trim_end());
                }
            }
            Entry::Run(run) => {
                let mark = if run.goes_on { '&' } else { '$' };
                line(&format!("{mark} {}", run.command));
                for stdin in &run.stdin {
                    let mark = if stdin.waits { "<+" } else { "<" };
                    line(&format!("{mark} {}", stdin.text));
                }
                if run.exit != 0 {
                    line(&format!("! {}", run.exit));
                }
                if !run.members.is_empty() {
                    line(&format!("? {}", run.members.join(" ")));
                }
                for output in &run.output {
                    line(output);
                }
            }
            Entry::Stop => line("stop"),
            Entry::Let { name, pointer } => line(&format!("let {name} = {pointer}")),
        }
    }
    text
}

/// The words of a command: split at spaces, with `'...'` and `"..."` kept together.
pub(crate) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in command.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {command}");
    words.extend(word);
    words
}

#[test]
fn what_is_parsed_is_written_again() {
    let text = "# words\nfile a\n| one\n|\n\n$ strongroom x 'y z'\n< in\n<+ later\n! 3\n? /a /b\nout\n.\nstderr:\nerr\n\n& serve\n{}\n\nlet a = /b/0\nstop\n";
    assert_eq!(write(&parse(text)), text);
    assert_eq!(words("a 'b c' \"d 'e'\" ''"), ["a", "b c", "d 'e'", ""]);
}
