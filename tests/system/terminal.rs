//! A command at a terminal, with somebody who answers its questions.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use strongroom_testkit::Home;

/// What a command at a terminal showed, and its exit code.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) code: i32,
}

/// Runs a line of shell at a terminal of its own. Whenever what it shows ends with a question, it
/// gets what `answer` makes of (all that was shown so far, the question).
pub(crate) fn run(
    home: &Home,
    line: &str,
    questions: &[&str],
    mut answer: impl FnMut(&str, &str) -> String,
) -> Shown {
    let bin = strongroom_testkit::program();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = home
        .surround(&mut Command::new("script"))
        .env(
            "PATH",
            format!("{}:{path}", bin.parent().unwrap().display()),
        )
        .args([
            "--quiet",
            "--return",
            "--flush",
            "--command",
            line,
            "/dev/null",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut shown, mut answered) = (Vec::new(), 0);
    let mut buffer = [0; 4096];
    loop {
        let count = screen.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        shown.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&shown).into_owned();
        if let Some(question) = questions.iter().find(|question| text.ends_with(*question))
            && answered < shown.len()
        {
            answered = shown.len();
            let typed = answer(&text, question);
            keyboard.write_all(format!("{typed}\n").as_bytes()).unwrap();
        }
    }
    Shown {
        text: String::from_utf8_lossy(&shown).into_owned(),
        code: child.wait().unwrap().code().unwrap_or(-1),
    }
}
