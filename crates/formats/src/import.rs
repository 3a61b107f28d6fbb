//! What came in from a foreign file.

use crate::{
    environment::Environment,
    problem::Problem,
    query,
    request::{Body, Entry, SavedRequest},
    secrets::{Extractor, FoundSecret},
    template::Template,
};

/// What came in: what is sound, and what was wrong with the rest.
///
/// As a parser gives it, it holds whatever secrets the file had, for those who need them (the debugger).
/// [`Import::without_secrets`] comes before anything is saved or shown.
#[derive(Default)]
pub struct Import {
    /// The requests in order.
    pub requests: Vec<Imported>,
    /// The environments.
    pub environments: Vec<Environment>,
    /// What did not come in, or not as it stood.
    pub problems: Vec<Problem>,
    /// Credentials of the file that no request has a place for.
    pub credentials: Vec<FoundSecret>,
}

/// A request that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The folders it stood in, the outermost first.
    pub folder: Vec<String>,
    /// The request.
    pub request: SavedRequest,
}

impl Import {
    /// Nothing but a problem.
    pub(crate) fn failed(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, request: SavedRequest) {
        self.requests.push(Imported {
            folder: Vec::new(),
            request,
        });
    }

    /// The same with `file` named in every problem.
    #[must_use]
    pub fn of_file(mut self, file: &str) -> Self {
        for problem in &mut self.problems {
            problem.file = Some(file.to_owned());
        }
        self
    }

    /// Adds what came in from another file.
    pub fn append(&mut self, mut other: Self) {
        self.requests.append(&mut other.requests);
        self.environments.append(&mut other.environments);
        self.problems.append(&mut other.problems);
        self.credentials.append(&mut other.credentials);
    }

    /// Takes every secret out: `{{secret:NAME}}` stands in its place. Bytes that are no text and hold one are
    /// left out, which is a problem of its own.
    #[must_use]
    pub fn without_secrets(self) -> (Self, Vec<FoundSecret>) {
        self.without_secrets_beside([])
    }

    /// The same with names other than those that placeholders have already, where it will be saved.
    #[must_use]
    pub fn without_secrets_beside(
        mut self,
        taken: impl IntoIterator<Item = String>,
    ) -> (Self, Vec<FoundSecret>) {
        let mut extractor = Extractor::beside(taken);
        for imported in &mut self.requests {
            extractor.imported(imported);
        }
        for environment in &mut self.environments {
            extractor.environment(environment);
        }
        let (mut found, mut problems) = extractor.finish();
        self.problems.append(&mut problems);
        found.append(&mut self.credentials);
        (self, found)
    }
}

/// A body of text by its content type, and without a header that says no more than the body does.
pub(crate) fn typed_body(text: String, headers: &mut Vec<Entry>) -> Body {
    let declared = take_content_type(headers);
    let keep = |headers: &mut Vec<Entry>, declared: Option<(usize, Entry)>| {
        if let Some((at, line)) = declared {
            headers.insert(at, line);
        }
    };
    let value = declared
        .as_ref()
        .map(|(_, line)| line.value.trim().to_ascii_lowercase());
    let essence = value
        .as_deref()
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let plain = value.as_deref() == Some(essence);
    match essence {
        "application/json" => {
            if !plain {
                keep(headers, declared);
            }
            Body::Json(text)
        }
        json if json.ends_with("+json") => {
            keep(headers, declared);
            Body::Json(text)
        }
        FORM if plain => match form(&text) {
            Some(fields) => Body::Form(fields),
            None => Body::Text {
                text,
                content_type: Some(FORM.to_owned()),
            },
        },
        _ => Body::Text {
            text,
            content_type: declared.map(|(_, line)| line.value),
        },
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The one enabled content type and where it stood; `None` if there is none, or more than one.
pub(crate) fn take_content_type(headers: &mut Vec<Entry>) -> Option<(usize, Entry)> {
    let is = |line: &Entry| line.enabled && line.name.eq_ignore_ascii_case("content-type");
    let at = headers.iter().position(is)?;
    if headers.iter().filter(|line| is(line)).count() > 1 {
        return None;
    }
    Some((at, headers.remove(at)))
}

/// A form as a table, if it is the same text when written again.
fn form(text: &str) -> Option<Vec<Entry>> {
    let template = Template::parse(text).ok()?;
    let literal = template.literal()?;
    if literal.is_empty() {
        return Some(Vec::new());
    }
    let (_, fields) = query::split(&format!("?{literal}"));
    (!fields.is_empty()).then_some(fields)
}

/// A URL with its query as a table, where that keeps every byte.
pub(crate) fn split_url(url: &str) -> (String, Vec<Entry>) {
    match Template::parse(url)
        .ok()
        .as_ref()
        .and_then(Template::literal)
    {
        Some(literal) => {
            let literal = literal.split('#').next().unwrap_or_default();
            query::split(literal)
        }
        None => (url.to_owned(), Vec::new()),
    }
}

/// A name for a request that has none: its method and path.
pub(crate) fn name_of(method: &str, url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest
        .find('/')
        .map_or("/", |at| rest.get(at..).unwrap_or("/"));
    let path = path.split(['?', '#']).next().unwrap_or("/");
    format!("{method} {path}")
}
