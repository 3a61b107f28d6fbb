//! An environment's values in the place of its variables, before a request is exported.

use crate::{
    environment::Environment,
    request::{Body, Content, Entry, SavedRequest},
    template::{Cause, Piece, Placeholder, ResolvedPiece, Template, VariableError, resolve},
};

/// Puts the values of `environment` into every text of `request`. References stay references, and what the
/// environment does not know stays a variable.
///
/// # Errors
///
/// [`VariableError`] if a variable needs itself, or a value is malformed or grows without measure.
pub fn fill(request: &mut SavedRequest, environment: &Environment) -> Result<(), VariableError> {
    let filler = Filler { environment };
    filler.text(&mut request.url)?;
    filler.entries(&mut request.query)?;
    filler.entries(&mut request.headers)?;
    match &mut request.body {
        Some(Body::Json(text)) => filler.text(text)?,
        Some(Body::Text { text, content_type }) => {
            filler.text(text)?;
            filler.optional(content_type.as_mut())?;
        }
        Some(Body::Form(fields)) => filler.entries(fields)?,
        Some(Body::Multipart(parts)) => {
            for part in parts {
                if let Content::Text(text) = &mut part.content {
                    filler.text(text)?;
                }
            }
        }
        Some(Body::File { content_type, .. } | Body::Binary { content_type, .. }) => {
            filler.optional(content_type.as_mut())?;
        }
        None => {}
    }
    // The key is a reference to an item, or a variable that stands for one.
    if let Some(key) = request.auth.as_mut().and_then(|auth| auth.key.as_mut())
        && let Some(value) = key
            .strip_prefix("{{")
            .and_then(|key| environment.value(key.strip_suffix("}}")?.trim()))
    {
        value.clone_into(key);
    }
    Ok(())
}

struct Filler<'a> {
    environment: &'a Environment,
}

impl Filler<'_> {
    fn optional(&self, text: Option<&mut String>) -> Result<(), VariableError> {
        text.map_or(Ok(()), |text| self.text(text))
    }

    fn entries(&self, entries: &mut [Entry]) -> Result<(), VariableError> {
        for entry in entries {
            self.text(&mut entry.name)?;
            self.text(&mut entry.value)?;
        }
        Ok(())
    }

    fn text(&self, text: &mut String) -> Result<(), VariableError> {
        let malformed = |error| VariableError {
            chain: Vec::new(),
            cause: Cause::Malformed(error),
        };
        let template = Template::parse(text).map_err(malformed)?;
        let mut pieces = Vec::new();
        for piece in template.pieces() {
            match piece {
                Piece::Placeholder(
                    placeholder @ (Placeholder::Variable(_) | Placeholder::Secret(_)),
                ) => pieces.append(&mut self.value(placeholder)?),
                other => pieces.push(other.clone()),
            }
        }
        *text = pieces.into_iter().collect::<Template>().to_string();
        Ok(())
    }

    fn value(&self, placeholder: &Placeholder) -> Result<Vec<Piece>, VariableError> {
        let lookup = |name: &str| self.environment.value(name).map(str::to_owned);
        match resolve(&placeholder.to_string(), lookup) {
            Ok(resolved) => Ok(resolved
                .pieces()
                .iter()
                .map(|piece| match piece {
                    ResolvedPiece::Text(text) => Piece::Text(text.clone()),
                    ResolvedPiece::Reference(reference) => {
                        Piece::Placeholder(Placeholder::Reference(reference.clone()))
                    }
                })
                .collect()),
            Err(VariableError {
                cause: Cause::Missing(_) | Cause::SecretUnset(_),
                ..
            }) => Ok(vec![Piece::Placeholder(placeholder.clone())]),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Auth;

    #[test]
    fn values_take_the_place_of_variables_and_references_stay() {
        let environment = Environment {
            variables: [
                ("host", "h.example"),
                ("base", "https://{{host}}"),
                ("key", "sr://payments/secret"),
                ("item", "sr://payments"),
                ("half", "{{host}} {{unknown}}"),
                ("braces", "\\{{"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            ..Environment::default()
        };
        let mut request = SavedRequest {
            url: "{{base}}/{{unknown}}?{{braces}}".to_owned(),
            headers: vec![
                Entry::new("x", "{{key}} {{$uuid}}"),
                Entry::new("y", "{{half}}"),
                Entry::new("z", "{{secret:a}}"),
            ],
            auth: Some(Auth {
                key: Some("{{item}}".to_owned()),
                scheme: None,
                ..Auth::default()
            }),
            ..SavedRequest::default()
        };
        fill(&mut request, &environment).unwrap();
        assert_eq!(request.url, "https://h.example/{{unknown}}?\\{{");
        let values: Vec<_> = request.headers.iter().map(|line| &line.value).collect();
        assert_eq!(
            values,
            [
                "{{sr://payments/secret}} {{$uuid}}",
                "{{half}}",
                "{{secret:a}}"
            ]
        );
        let key = request.auth.unwrap().key;
        assert_eq!(key.as_deref(), Some("sr://payments"));
    }

    #[test]
    fn a_variable_that_needs_itself_is_named() {
        let environment = Environment {
            variables: [("a", "{{b}}"), ("b", "{{a}}")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Environment::default()
        };
        let mut request = SavedRequest {
            url: "{{a}}".to_owned(),
            ..SavedRequest::default()
        };
        let error = fill(&mut request, &environment).unwrap_err();
        assert_eq!(error.cause, Cause::Cycle);
    }
}
