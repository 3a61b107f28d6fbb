//! The sound pieces of a YAML document that can't be read as a whole: the members of its block mappings that
//! can be read by themselves.
//!
//! A member reaches from its name to the next line that is indented no deeper (YAML 1.2.2, section 8.2.2):
//! neither a block scalar nor a value over several lines of a well-formed document has such a line in it.

use serde_json::{Map, Value};

use super::yaml;
use crate::problem::{Place, Problem};

/// How deep is looked for sound pieces: a section, a path in it, an operation of that.
const DEPTH: usize = 3;
/// The most problems that are told one by one.
const MOST_PROBLEMS: usize = 100;

/// A part of the document from the beginning of a line to the end of one.
#[derive(Clone, Copy)]
struct Piece<'a> {
    /// The number of its first line, from 1.
    line: usize,
    bytes: &'a [u8],
}

/// What of a document can be read piece by piece, and what was left out with its place.
pub(super) fn sound(bytes: &[u8]) -> (Map<String, Value>, Vec<Problem>) {
    let mut left_out = Vec::new();
    let document = Piece { line: 1, bytes };
    let sound = members(document, DEPTH, &mut left_out);
    let more = left_out.len().saturating_sub(MOST_PROBLEMS);
    if more > 0 {
        left_out.truncate(MOST_PROBLEMS);
        let message = format!("{more} more pieces are left out, which can't be read either");
        left_out.push(Problem::new(Place::Whole, message));
    }
    (sound, left_out)
}

/// The members of a block mapping that can be read; of others, the members that they have.
fn members(block: Piece<'_>, depth: usize, left_out: &mut Vec<Problem>) -> Map<String, Value> {
    let mut read = Map::new();
    for piece in split(block) {
        let (name, value) = match member(piece) {
            Ok(member) => member,
            Err(problem) => match parts(piece).filter(|_| depth > 1) {
                Some((name, inner)) => {
                    let inner = members(inner, depth - 1, left_out);
                    if inner.is_empty() {
                        continue;
                    }
                    (name, Value::Object(inner))
                }
                None => {
                    left_out.push(problem);
                    continue;
                }
            },
        };
        if read.contains_key(&name) {
            left_out.push(piece.problem(&format!(
                "{name:?} stands here again and is left out: the first one came in"
            )));
        } else {
            read.insert(name, value);
        }
    }
    read
}

/// A piece as one member of a mapping.
fn member(piece: Piece<'_>) -> Result<(String, Value), Problem> {
    // Without aliases there is less than a node for each byte, so that all pieces together cost what their
    // bytes do.
    let read = yaml(piece.bytes, piece.bytes.len() + 16).map_err(|problem| {
        let message = format!("this is left out: {}", problem.message);
        match problem.place {
            Place::Line { line, column } => {
                let line = line.max(1) + piece.line - 1;
                Problem::new(Place::Line { line, column }, message)
            }
            _ => piece.problem(&message),
        }
    })?;
    let single = match read {
        Value::Object(members) if members.len() == 1 => members.into_iter().next(),
        _ => None,
    };
    single.ok_or_else(|| piece.problem("this is left out: expected a name and a colon here"))
}

/// The name of a member whose value is a block below it, and that block.
fn parts(piece: Piece<'_>) -> Option<(String, Piece<'_>)> {
    let end = piece.bytes.iter().position(|byte| *byte == b'\n')? + 1;
    let (head, below) = piece.bytes.split_at(end);
    let head = Piece {
        bytes: head,
        ..piece
    };
    let (name, value) = member(head).ok()?;
    let below = Piece {
        line: piece.line + 1,
        bytes: below,
    };
    value.is_null().then_some((name, below))
}

/// The lines of a block mapping, member by member.
fn split(block: Piece<'_>) -> Vec<Piece<'_>> {
    let mut begins: Vec<(usize, usize)> = Vec::new();
    let mut end = block.bytes.len();
    let mut indent = None;
    let mut at = 0;
    for (number, line) in block
        .bytes
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
    {
        let text = line.trim_ascii();
        let spaces = line.iter().take_while(|byte| **byte == b' ').count();
        if spaces == 0 && is_marker(text) {
            // What stands behind the end of the first document is another one.
            if !begins.is_empty() {
                end = at;
                break;
            }
        } else if !text.is_empty() && !text.starts_with(b"#") {
            let indent = *indent.get_or_insert(spaces);
            // A tab indents nothing (section 6.1): what is broken is the member that it stands in.
            let is_tabbed = line.get(spaces) == Some(&b'\t');
            if spaces <= indent && !is_tabbed && !goes_on(text) {
                begins.push((at, block.line + number));
            }
        }
        at += line.len();
    }
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([end]);
    let pieces = begins.iter().zip(ends).filter_map(|((at, line), end)| {
        let bytes = block.bytes.get(*at..end)?;
        Some(Piece { line: *line, bytes })
    });
    pieces.collect()
}

/// A line that ends or begins a document, or tells the reader something (a directive).
fn is_marker(text: &[u8]) -> bool {
    let dashes = text.strip_prefix(b"---").or(text.strip_prefix(b"..."));
    dashes.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
        || text.starts_with(b"%")
}

/// Whether a line that is not indented deeper belongs to the member before it: an element of its list, the
/// value of its explicit name, or the end of what it opened.
fn goes_on(text: &[u8]) -> bool {
    text == b"-"
        || text.starts_with(b"- ")
        || text.starts_with(b": ")
        || text.starts_with(b"]")
        || text.starts_with(b"}")
}

impl Piece<'_> {
    /// A problem with its first line.
    fn problem(&self, message: &str) -> Problem {
        let spaces = self.bytes.iter().take_while(|byte| **byte == b' ');
        let column = spaces.count() + 1;
        let line = self.line;
        Problem::new(Place::Line { line, column }, message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> (Value, Vec<String>) {
        let (sound, left_out) = sound(text.as_bytes());
        let told = left_out.iter().map(ToString::to_string).collect();
        (Value::Object(sound), told)
    }

    #[test]
    fn members_that_can_be_read_stay_and_the_others_are_told_with_their_place() {
        let (sound, told) = read(
            "%YAML 1.2\n---\n# A comment.\ninfo: { title: x\npaths:\n  /a:\n    get: {}\n    post: { summary: [ }\n  /b:\n    get:\n      - 1\n    tags:\n    - x\n",
        );
        assert_eq!(
            sound,
            json!({ "paths": { "/a": { "get": {} }, "/b": { "get": [1], "tags": ["x"] } } })
        );
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("this is left out"), "{told:?}");
        assert!(told[1].starts_with("8:"), "{told:?}");
    }

    #[test]
    fn the_first_of_two_of_a_name_stays_and_a_second_document_is_none_of_it() {
        let (sound, told) = read("a: 1\nb: 2\na: 3\n---\nc: 4\n");
        assert_eq!(sound, json!({ "a": 1, "b": 2 }));
        assert_eq!(
            told,
            ["3:1: \"a\" stands here again and is left out: the first one came in"]
        );
    }

    #[test]
    fn aliases_in_many_pieces_do_not_add_up() {
        let bomb = |number: usize| {
            format!(
                "p{number}: [&a [1,1,1,1,1,1,1,1], &b [*a,*a,*a,*a,*a,*a,*a,*a], *b, *b, *b, *b]\n"
            )
        };
        let text: String = (0..300).map(bomb).collect();
        let (sound, told) = read(&text);
        assert_eq!(sound, json!({}));
        assert_eq!(told.len(), MOST_PROBLEMS + 1);
        assert_eq!(
            told.last().map(String::as_str),
            Some("200 more pieces are left out, which can't be read either")
        );
    }
}
