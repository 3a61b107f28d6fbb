//! Requests as programs: Python, JavaScript, Rust, Go. Placeholders are environment variables.

mod go;
mod javascript;
mod python;
mod rust;

pub use go::go;
pub use javascript::javascript;
pub use python::python;
pub use rust::rust;

use crate::{
    export::env_name,
    template::{Piece, Template},
};

/// The pieces of a template as expressions of a language, joined.
fn joined(
    template: &Template,
    text: impl Fn(&str) -> String,
    variable: impl Fn(&str) -> String,
    separator: &str,
) -> String {
    let pieces = template.pieces();
    if pieces.is_empty() {
        return text("");
    }
    let expressions: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(literal) => text(literal),
            Piece::Placeholder(placeholder) => variable(&env_name(placeholder)),
        })
        .collect();
    expressions.join(separator)
}

/// Comment lines in front of a program.
fn comments(lines: &[String], mark: &str) -> String {
    lines
        .iter()
        .map(|line| format!("{mark} {}\n", line.replace(['\r', '\n'], " ")))
        .collect()
}

/// A text between double quotes with the escapes that Python, JavaScript, Rust and Go share, but for
/// characters without a picture, which `other` writes.
fn quoted(text: &str, other: impl Fn(char) -> String) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_ascii() && !c.is_control() => literal.push(c),
            c if c.is_alphanumeric() => literal.push(c),
            c => literal.push_str(&other(c)),
        }
    }
    literal.push('"');
    literal
}
