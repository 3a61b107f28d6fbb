//! JSON and YAML documents, and places in them.

mod beginning;
mod pieces;

use std::fmt;

use serde_json::Value;

use crate::problem::{Place, Problem};

/// The longest document, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The most nodes of a YAML document, the copies that its aliases stand for counted.
const MOST_NODES: usize = 4_000_000;

/// A place in a document, as it is reached from the root.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> At<'b> {
        At::Key(self, key)
    }

    pub(crate) fn index(&self, index: usize) -> At<'_> {
        At::Index(self, index)
    }

    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(Place::Pointer(self.to_string()), message)
    }
}

/// The JSON pointer (RFC 6901).
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Root => Ok(()),
            At::Key(parent, key) => {
                write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            At::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// A JSON document.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    let bytes = bounded(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            Place::Line {
                line: error.line(),
                column: error.column(),
            },
            format!("this is not JSON: {}", without_place(&error.to_string())),
        )
    })
}

/// A JSON document, or as much of a broken one as is sound, with what was wrong: the elements of the arrays
/// or objects called one of `lists` before the place at which it breaks.
///
/// # Errors
///
/// What was wrong, if no such element is whole.
pub(crate) fn json_as_far_as_sound(
    bytes: &[u8],
    lists: &[&str],
) -> Result<(Value, Vec<Problem>), Problem> {
    let problem = match json(bytes) {
        Ok(document) => return Ok((document, Vec::new())),
        Err(problem) => problem,
    };
    let bytes = bounded(bytes)?;
    let beginning = beginning::sound(bytes, offset(bytes, &problem.place), lists);
    match beginning.and_then(|beginning| serde_json::from_slice(&beginning).ok()) {
        Some(document) => {
            let message = format!("{}; what is whole before it came in", problem.message);
            Ok((document, vec![Problem { message, ..problem }]))
        }
        None => Err(problem),
    }
}

/// The byte that serde_json's line and column stand for.
fn offset(bytes: &[u8], place: &Place) -> usize {
    let Place::Line { line, column } = place else {
        return 0;
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    // The column is that of the byte that was wrong, from 1; it may be one that would have been right.
    before + column.saturating_sub(1)
}

/// A JSON or YAML document: JSON if it begins with a brace. Of broken JSON, as [`json_as_far_as_sound`]; of
/// broken YAML, what can be read by itself, with what was wrong.
///
/// # Errors
///
/// What was wrong, if nothing of one of `lists` can be read.
pub(crate) fn json_or_yaml(bytes: &[u8], lists: &[&str]) -> Result<(Value, Vec<Problem>), Problem> {
    let bytes = bounded(bytes)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        return json_as_far_as_sound(bytes, lists);
    }
    let problem = match yaml(bytes, MOST_NODES) {
        Ok(document) => return Ok((document, Vec::new())),
        Err(problem) => problem,
    };
    let (sound, mut left_out) = pieces::sound(bytes);
    let came_in = |list: &&str| sound.get(*list).is_some_and(Value::is_object);
    if !lists.iter().any(came_in) {
        return Err(problem);
    }
    // What broke the whole is mostly what broke a piece.
    left_out.retain(|left| left.place != problem.place);
    let message = format!("{}; what can be read without it came in", problem.message);
    left_out.insert(0, Problem { message, ..problem });
    Ok((Value::Object(sound), left_out))
}

/// A YAML document of at most so many nodes.
fn yaml(bytes: &[u8], most_nodes: usize) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let sound = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Problem::new(Place::at(&sound, sound.len()), "this is not UTF-8")
    })?;
    // Anchors may make a document grow without measure, so their copies are counted. A document that
    // large is no description of an API.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 120,
            max_nodes: most_nodes,
            max_events: 2 * most_nodes,
            max_total_scalar_bytes: MOST_BYTES,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or(Place::Whole, |at| Place::Line {
            line: usize::try_from(at.line()).unwrap_or_default(),
            column: usize::try_from(at.column()).unwrap_or_default(),
        });
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        let told = without_place(first);
        Problem::new(place, format!("this is not YAML that can be read: {told}"))
    })
}

fn bounded(bytes: &[u8]) -> Result<&[u8], Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.len() > MOST_BYTES {
        return Err(Problem::new(
            Place::Whole,
            format!(
                "the file has {} bytes; at most {MOST_BYTES} are read",
                bytes.len()
            ),
        ));
    }
    Ok(bytes)
}

/// A parser's message without the place that is told beside it.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}
