//! Placeholders are given their values: variables in variables, down to texts and references.

use std::fmt;

use super::{Piece, Placeholder, Reference, Template, TemplateError};

/// How long a text may become, in bytes: variables in variables could double it again and again.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many pieces are looked at for one text, for the same reason.
const MOST_PIECES: usize = 100_000;
/// How deep variables may stand in variables.
const MOST_DEEP: usize = 64;

/// A text whose variables have their values. References are still to be looked up, by someone who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pieces: Vec<ResolvedPiece>,
}

/// A piece of a resolved text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedPiece {
    /// What stands for itself.
    Text(String),
    /// A field of the vault.
    Reference(Reference),
}

impl Resolved {
    /// The pieces in order. No text is empty, and no two follow one another.
    #[must_use]
    pub fn pieces(&self) -> &[ResolvedPiece] {
        &self.pieces
    }

    /// The text, if no reference is in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [ResolvedPiece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The references in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.pieces.iter().filter_map(|piece| match piece {
            ResolvedPiece::Reference(reference) => Some(reference),
            ResolvedPiece::Text(_) => None,
        })
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(ResolvedPiece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(ResolvedPiece::Text(text.to_owned())),
        }
    }
}

/// As it is shown: references by their names.
impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                ResolvedPiece::Text(text) => f.write_str(text)?,
                ResolvedPiece::Reference(reference) => reference.fmt(f)?,
            }
        }
        Ok(())
    }
}

/// A placeholder has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableError {
    /// The variables that were gone through, the outermost first, and the one at fault last.
    pub chain: Vec<String>,
    /// What is wrong.
    pub cause: Cause,
}

/// Why a placeholder has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// There is no such variable.
    #[error("there is no variable {{{{{0}}}}}")]
    Missing(String),
    /// A secret of an imported file has been given no reference yet.
    #[error(
        "{{{{secret:{0}}}}} stands where an imported file had a secret: put the secret into the vault and set the variable secret:{0} to its reference, sr://NAME/FIELD"
    )]
    SecretUnset(String),
    /// What `secret:NAME` is set to is no reference.
    #[error("secret:{0} must be set to a reference, sr://NAME/FIELD, and to nothing else")]
    SecretNotReference(String),
    /// A variable's value needs the variable itself.
    #[error("a variable needs itself")]
    Cycle,
    /// The text, or a value, is no template.
    #[error(transparent)]
    Malformed(#[from] TemplateError),
    /// Values in values make the text longer than 16 MiB, or are too many or too deep.
    #[error("the variables make it too long or stand too deep in one another")]
    TooLarge,
}

impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        match self.chain.as_slice() {
            [] => Ok(()),
            [one] if matches!(&self.cause, Cause::Missing(name) if name == one) => Ok(()),
            chain => write!(f, " ({})", chain.join(" → ")),
        }
    }
}

impl std::error::Error for VariableError {}

/// Gives every placeholder of `text` its value. `lookup` knows the variables by name, `secret:NAME`
/// among them. A value that is `sr://NAME/FIELD` from end to end is a reference; other values may hold
/// placeholders themselves, which are looked up in turn.
///
/// # Errors
///
/// [`VariableError`] with the chain of variables that led there: a missing one, one that needs itself,
/// a malformed placeholder, or a text that grows without measure.
pub fn resolve(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Resolved, VariableError> {
    let mut resolver = Resolver {
        lookup,
        chain: Vec::new(),
        resolved: Resolved { pieces: Vec::new() },
        bytes: 0,
        seen: 0,
    };
    match resolver.fill(text) {
        Ok(()) => Ok(resolver.resolved),
        Err(cause) => Err(VariableError {
            chain: resolver.chain,
            cause,
        }),
    }
}

struct Resolver<F> {
    lookup: F,
    /// On an error it stays as it is then.
    chain: Vec<String>,
    resolved: Resolved,
    bytes: usize,
    seen: usize,
}

impl<F: Fn(&str) -> Option<String>> Resolver<F> {
    fn fill(&mut self, text: &str) -> Result<(), Cause> {
        for piece in Template::parse(text)?.pieces {
            self.seen += 1;
            match piece {
                Piece::Text(text) => {
                    self.bytes += text.len();
                    if self.bytes > MOST_BYTES {
                        return Err(Cause::TooLarge);
                    }
                    self.resolved.push_text(&text);
                }
                Piece::Placeholder(Placeholder::Reference(reference)) => {
                    self.push(reference);
                }
                Piece::Placeholder(Placeholder::Variable(name)) => self.variable(name)?,
                Piece::Placeholder(Placeholder::Secret(name)) => self.secret(name)?,
            }
            if self.seen > MOST_PIECES {
                return Err(Cause::TooLarge);
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: String) -> Result<(), Cause> {
        let again = self.chain.contains(&name);
        self.chain.push(name.clone());
        if again {
            return Err(Cause::Cycle);
        }
        if self.chain.len() > MOST_DEEP {
            return Err(Cause::TooLarge);
        }
        let value = (self.lookup)(&name).ok_or(Cause::Missing(name))?;
        match Reference::parse(&value) {
            Some(reference) => self.push(reference),
            None => self.fill(&value)?,
        }
        self.chain.pop();
        Ok(())
    }

    fn secret(&mut self, name: String) -> Result<(), Cause> {
        let Some(value) = (self.lookup)(&format!("secret:{name}")) else {
            return Err(Cause::SecretUnset(name));
        };
        let reference = Reference::parse(&value).ok_or(Cause::SecretNotReference(name))?;
        self.push(reference);
        Ok(())
    }

    fn push(&mut self, reference: Reference) {
        self.resolved
            .pieces
            .push(ResolvedPiece::Reference(reference));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], text: &str) -> Result<Resolved, VariableError> {
        resolve(text, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_stand_in_variables() {
        let variables = [
            ("base", "https://{{host}}"),
            ("host", "h:{{port}}"),
            ("port", "1"),
            ("key", "sr://payments/secret"),
            ("secret:token", "sr://gateway/token"),
        ];
        let resolved = with(&variables, "{{base}}/p").unwrap();
        assert_eq!(resolved.text(), Some("https://h:1/p"));
        let resolved = with(&variables, "k={{key}};{{sr://a/id}}{{secret:token}}").unwrap();
        assert_eq!(
            resolved.to_string(),
            "k=sr://payments/secret;sr://a/idsr://gateway/token"
        );
        assert_eq!(resolved.text(), None);
        assert_eq!(resolved.references().count(), 3);
    }

    #[test]
    fn a_value_is_not_a_reference_by_half() {
        let resolved = with(&[("x", "see sr://a/b")], "{{x}}").unwrap();
        assert_eq!(resolved.text(), Some("see sr://a/b"));
    }

    #[test]
    fn what_is_missing_is_named_with_its_chain() {
        let error = with(&[], "{{x}}").unwrap_err();
        assert_eq!(error.to_string(), "there is no variable {{x}}");
        let error = with(&[("a", "{{b}}"), ("b", "{{c}}")], "{{a}}").unwrap_err();
        assert_eq!(error.chain, ["a", "b", "c"]);
        assert_eq!(error.to_string(), "there is no variable {{c}} (a → b → c)");
    }

    #[test]
    fn a_cycle_is_named_with_its_chain() {
        let error = with(&[("a", "{{b}}"), ("b", "-{{a}}")], "{{a}}").unwrap_err();
        assert_eq!(error.to_string(), "a variable needs itself (a → b → a)");
    }

    #[test]
    fn a_secret_placeholder_takes_a_reference_and_nothing_else() {
        let error = with(&[], "{{secret:k}}").unwrap_err();
        assert_eq!(error.cause, Cause::SecretUnset("k".to_owned()));
        let error = with(&[("secret:k", "hunter2")], "{{secret:k}}").unwrap_err();
        assert_eq!(error.cause, Cause::SecretNotReference("k".to_owned()));
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_malformed_value_is_told_with_the_variable_that_has_it() {
        let error = with(&[("a", "{{b c}}")], "{{a}}").unwrap_err();
        assert_eq!(error.chain, ["a"]);
        assert!(matches!(error.cause, Cause::Malformed(_)));
    }

    #[test]
    fn values_that_double_again_and_again_are_refused() {
        let lookup = |name: &str| {
            let depth: u32 = name.strip_prefix('v')?.parse().ok()?;
            Some(format!(
                "{{{{v{0}}}}}{{{{v{0}}}}}xxxxxxxxxxxxxxxx",
                depth + 1
            ))
        };
        assert_eq!(
            resolve("{{v0}}", lookup).unwrap_err().cause,
            Cause::TooLarge
        );
        let wide = |name: &str| match name {
            "a" => Some("{{b}}".repeat(1_000)),
            "b" => Some("{{c}}".repeat(1_000)),
            _ => Some(String::new()),
        };
        assert_eq!(resolve("{{a}}", wide).unwrap_err().cause, Cause::TooLarge);
        let long = |_: &str| Some("x".repeat(1 << 20));
        let error = resolve(&"{{a}}".repeat(17), long).unwrap_err();
        assert_eq!(error.cause, Cause::TooLarge);
    }
}
