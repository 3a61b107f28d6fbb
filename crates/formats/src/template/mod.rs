//! Texts with placeholders: `{{name}}`, `{{sr://NAME/FIELD}}`, `{{secret:NAME}}`.
//!
//! The last two of a run of `{` open a placeholder, the next `}}` closes it, and white space just inside is
//! ignored. Backslashes directly before a run of two or more `{` are special, and nowhere else: two stand
//! for one, and a single one left over makes the next two braces text. So `\{{` is `{{`, and `\\{{x}}` is
//! a backslash and the value of `x`.

mod resolve;

use std::fmt;

pub use resolve::{Cause, Resolved, ResolvedPiece, VariableError, resolve};

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What stands for itself, with escapes undone.
    Text(String),
    /// What stands for something else.
    Placeholder(Placeholder),
}

/// What stands for something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// A variable: `{{base_url}}`. Names that begin with `$` are made anew for each request, such as
    /// `{{$uuid}}`.
    Variable(String),
    /// A field of the vault: `{{sr://payments/secret}}`.
    Reference(Reference),
    /// Where a secret stood in an imported file: `{{secret:NAME}}`. It has to be given a reference.
    Secret(String),
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "{{{{{name}}}}}"),
            Self::Reference(reference) => write!(f, "{{{{{reference}}}}}"),
            Self::Secret(name) => write!(f, "{{{{secret:{name}}}}}"),
        }
    }
}

/// A field of an item of the vault: `sr://NAME/FIELD`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    item: String,
    field: String,
}

impl Reference {
    /// Reads `sr://NAME/FIELD`; `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (item, field) = text.strip_prefix("sr://")?.split_once('/')?;
        let sound = |part: &str| {
            !part.is_empty()
                && part.trim() == part
                && !part.contains(|c: char| c == '/' || c.is_control())
                && !part.contains("}}")
                && !part.ends_with('}')
                && !part.contains("{{")
        };
        (sound(item) && sound(field)).then(|| Self {
            item: item.to_owned(),
            field: field.to_owned(),
        })
    }

    /// The item's name or id.
    #[must_use]
    pub fn item(&self) -> &str {
        &self.item
    }

    /// The field, such as `secret`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sr://{}/{}", self.item, self.field)
    }
}

/// A text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}; write \\{{{{ for two braces that are text")]
pub struct TemplateError {
    /// The byte at which the placeholder begins.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: TemplateErrorKind,
}

/// What is wrong with a placeholder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateErrorKind {
    /// There is no `}}`.
    #[error("{{{{ is not closed by }}}}")]
    Open,
    /// What stands between the braces is no name and no reference.
    #[error(
        "{{{{{0}}}}} names nothing: expected {{{{name}}}} (letters, digits, '_', '-', '.', a '$' in front) or {{{{sr://NAME/FIELD}}}}"
    )]
    Name(String),
}

impl Template {
    /// Takes `text` apart.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for a placeholder that is not closed or names nothing.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(found) = rest.find("{{") {
            let (before, braces) = rest.split_at(found);
            let plain = before.trim_end_matches('\\');
            let backslashes = before.len() - plain.len();
            literal.push_str(plain);
            literal.extend(std::iter::repeat_n('\\', backslashes / 2));
            if backslashes % 2 == 1 {
                literal.push_str("{{");
                rest = braces.get(2..).unwrap_or_default();
                continue;
            }
            let run = braces.len() - braces.trim_start_matches('{').len();
            literal.extend(std::iter::repeat_n('{', run - 2));
            let inner = braces.get(run..).unwrap_or_default();
            let offset = text.len() - inner.len() - 2;
            let error = |kind| TemplateError { offset, kind };
            let (name, after) = inner
                .split_once("}}")
                .ok_or_else(|| error(TemplateErrorKind::Open))?;
            let placeholder = placeholder(name.trim())
                .ok_or_else(|| error(TemplateErrorKind::Name(shortened(name))))?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Placeholder(placeholder));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self { pieces })
    }

    /// The pieces in order. No text is empty, and no two follow one another.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, if there is no placeholder in it.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The placeholders in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
    }
}

impl FromIterator<Piece> for Template {
    fn from_iter<I: IntoIterator<Item = Piece>>(from: I) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in from {
            match (pieces.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                (_, piece) => pieces.push(piece),
            }
        }
        Self { pieces }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => f.write_str(&escape_before(text, pieces.peek().is_some()))?,
                Piece::Placeholder(placeholder) => placeholder.fmt(f)?,
            }
        }
        Ok(())
    }
}

/// `text` as a template that stands for just this text.
#[must_use]
pub fn escape(text: &str) -> String {
    escape_before(text, false)
}

/// The same, in front of a placeholder or not.
fn escape_before(text: &str, placeholder_follows: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find('{') {
        let (before, braces) = rest.split_at(found);
        let after = braces.trim_start_matches('{');
        let run = braces.len() - after.len();
        let opens = placeholder_follows && after.is_empty();
        escaped.push_str(before);
        if run >= 2 || opens {
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            escaped.extend(std::iter::repeat_n('\\', backslashes));
        }
        for _ in 0..run / 2 {
            escaped.push_str("\\{{");
        }
        if run % 2 == 1 {
            escaped.push('{');
        }
        rest = after;
    }
    escaped.push_str(rest);
    if placeholder_follows {
        let backslashes = rest.len() - rest.trim_end_matches('\\').len();
        escaped.extend(std::iter::repeat_n('\\', backslashes));
    }
    escaped
}

fn placeholder(name: &str) -> Option<Placeholder> {
    if name.starts_with("sr://") {
        return Reference::parse(name).map(Placeholder::Reference);
    }
    if let Some(name) = name.strip_prefix("secret:") {
        return is_name(name).then(|| Placeholder::Secret(name.to_owned()));
    }
    is_name(name).then(|| Placeholder::Variable(name.to_owned()))
}

/// Whether a variable may be called `name`: letters, digits, `_`, `-` and `.`, with or without a `$` in
/// front, at most 128 bytes.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix('$').unwrap_or(name);
    !rest.is_empty()
        && name.len() <= 128
        && rest
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// `text` as a variable's name: what may not stand in one becomes `_`.
#[must_use]
pub fn as_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.trim().chars() {
        if name.len() + c.len_utf8() > 128 {
            break;
        }
        let sound = c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        name.push(if sound || (c == '$' && name.is_empty()) {
            c
        } else {
            '_'
        });
    }
    if is_name(&name) {
        name
    } else {
        "unnamed".to_owned()
    }
}

/// At most the first 40 characters, for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn variable(name: &str) -> Piece {
        Piece::Placeholder(Placeholder::Variable(name.to_owned()))
    }

    #[test]
    fn placeholders_stand_among_text() {
        for (from, pieces) in [
            ("", vec![]),
            ("a { } b }} {", vec![text("a { } b }} {")]),
            ("{{x}}", vec![variable("x")]),
            ("{{ x }}", vec![variable("x")]),
            (
                "{\"a\":{{x}}}",
                vec![text("{\"a\":"), variable("x"), text("}")],
            ),
            ("{{{x}}}", vec![text("{"), variable("x"), text("}")]),
            (
                "{{$uuid}}{{a.b-c_1}}",
                vec![variable("$uuid"), variable("a.b-c_1")],
            ),
            ("\\{{x}}", vec![text("{{x}}")]),
            ("\\\\{{x}}", vec![text("\\"), variable("x")]),
            ("\\\\\\{{x}}", vec![text("\\{{x}}")]),
            ("C:\\dir\\{x}", vec![text("C:\\dir\\{x}")]),
            ("\\{{{{x}}", vec![text("{{"), variable("x")]),
            (
                "{{sr://my key/secret}}",
                vec![Piece::Placeholder(Placeholder::Reference(Reference {
                    item: "my key".to_owned(),
                    field: "secret".to_owned(),
                }))],
            ),
            (
                "{{secret:api_key}}",
                vec![Piece::Placeholder(Placeholder::Secret(
                    "api_key".to_owned(),
                ))],
            ),
        ] {
            assert_eq!(Template::parse(from).unwrap().pieces(), pieces, "{from}");
        }
    }

    #[test]
    fn what_names_nothing_is_told_with_its_place() {
        for (from, offset) in [
            ("ab{{x", 2),
            ("{{}}", 0),
            ("{{{ a b }}", 1),
            ("{{x}} {{sr://a}}", 6),
            ("{{sr:///secret}}", 0),
            ("{{sr://a/b/c}}", 0),
            ("{{secret:}}", 0),
            ("{{a\nb}}", 0),
            ("{{$}}", 0),
        ] {
            assert_eq!(Template::parse(from).unwrap_err().offset, offset, "{from}");
        }
        assert_eq!(
            Template::parse("{{a b}}").unwrap_err().to_string(),
            "{{a b}} names nothing: expected {{name}} (letters, digits, '_', '-', '.', a '$' in front) or \
             {{sr://NAME/FIELD}}; write \\{{ for two braces that are text"
        );
    }

    #[test]
    fn any_text_makes_a_name() {
        for (from, name) in [
            ("Base URL", "Base_URL"),
            ("$guid", "$guid"),
            ("a$b", "a_b"),
            ("größe", "größe"),
            ("", "unnamed"),
            ("$", "unnamed"),
        ] {
            assert_eq!(as_name(from), name);
        }
        assert!(is_name(&as_name(&"ä".repeat(500))));
    }

    proptest! {
        #[test]
        fn an_escaped_text_stands_for_itself(text in "[\\\\{}a]{0,12}|.{0,24}") {
            let escaped = escape(&text);
            let template = Template::parse(&escaped).unwrap();
            prop_assert_eq!(template.literal(), Some(text.as_str()));
        }

        #[test]
        fn what_is_written_is_read_as_the_same_pieces(
            pieces in vec(prop_oneof![
                "[\\\\{}a]{0,6}".prop_map(Piece::Text),
                Just(variable("x")),
                Just(Piece::Placeholder(Placeholder::Reference(Reference::parse("sr://a b/c").unwrap()))),
            ], 0..6)
        ) {
            let template: Template = pieces.into_iter().collect();
            prop_assert_eq!(Template::parse(&template.to_string()).unwrap(), template);
        }

        #[test]
        fn no_text_is_too_much(text in "[\\\\{}a sr:/secret$]{0,40}") {
            let _ = Template::parse(&text);
        }
    }
}
