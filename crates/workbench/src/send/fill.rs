//! Filling in a composed request: placeholders get their values, a body its bytes. What comes out is signed
//! and sent as it is.

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    compose::{ComposeProblem, ComposedSend},
    error::Failure,
    exchange::SendRequest,
};
use strongroom_crypto::{SecretText, random};
use strongroom_formats::{
    Body, Content, Entry, Part, SavedRequest, query,
    template::{Reference, ResolvedPiece, resolve},
};

use super::dynamic;
use crate::folder::{Folder, convert};

/// After how many milliseconds a request is given up if it does not say.
const TIMEOUT_MS: u64 = 30_000;
/// How much of an answer's body is kept if nothing is said.
const BODY_LIMIT: u64 = 1024 * 1024;
/// The longest file that a body is made from.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What placeholders stand for.
pub(crate) struct Values<'a> {
    /// Variables by name, the strongest first.
    pub(crate) variables: [&'a BTreeMap<String, String>; 2],
    /// Fields of the vault.
    pub(crate) field: &'a dyn Fn(&Reference) -> Result<SecretText, Failure>,
}

impl Values<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let known = self.variables.iter().find_map(|set| set.get(name));
        known.cloned().or_else(|| dynamic::value(name))
    }
}

/// Fills in a request. What has problems is left empty.
pub(crate) fn fill(
    args: &ComposedSend,
    folder: Option<&Folder>,
    values: &Values<'_>,
) -> (SendRequest, Vec<ComposeProblem>) {
    let mut filler = Filler {
        values,
        folder,
        path: args.path.as_deref(),
        problems: Vec::new(),
    };
    let request = match convert::saved(args.request.clone()) {
        Ok(request) => request,
        Err(failure) => {
            filler.problem("request", &failure);
            SavedRequest::default()
        }
    };
    let url = filler.url(&request);
    let mut headers = filler.lines("header", &request.headers);
    let (body, content_type) = filler.body(&request);
    if let Some(content_type) = content_type {
        headers.push(("content-type".to_owned(), content_type));
    }
    let auth = request.auth.unwrap_or_default();
    let scheme = auth.scheme.map(|scheme| filler.text("auth", &scheme));
    let key = auth
        .key
        .map(|key| filler.name_of_key(&key))
        .filter(|key| !key.is_empty() && scheme.as_deref() != Some("none"));
    let settings = auth
        .settings
        .into_iter()
        .map(|(name, value)| {
            let value = filler.text("auth", &value);
            (name, value)
        })
        .collect();
    let options = args.options.clone();
    let sent = SendRequest {
        method: request.method.to_string(),
        url,
        headers,
        body_base64: BASE64.encode(body),
        scheme: scheme.filter(|_| key.is_some()),
        key,
        settings,
        ca_pem: Vec::new(),
        timeout_ms: request.options.timeout_ms.unwrap_or(TIMEOUT_MS),
        body_limit: options.body_limit.unwrap_or(BODY_LIMIT),
        allow_plain_http: options.allow_plain_http,
        options: strongroom_contract::exchange::SendOptions {
            follow_redirects: options.follow_redirects || request.options.follow_redirects,
            ..options
        },
    };
    (sent, filler.problems)
}

struct Filler<'a> {
    values: &'a Values<'a>,
    folder: Option<&'a Folder>,
    /// Where the request is saved.
    path: Option<&'a str>,
    problems: Vec<ComposeProblem>,
}

impl Filler<'_> {
    fn problem(&mut self, place: &str, failure: &Failure) {
        self.problems.push(ComposeProblem {
            place: place.to_owned(),
            variables: Vec::new(),
            message: failure.message.clone(),
        });
    }

    fn text(&mut self, place: &str, template: &str) -> String {
        let resolved = match resolve(template, |name| self.values.variable(name)) {
            Ok(resolved) => resolved,
            Err(error) => {
                self.problems.push(ComposeProblem {
                    place: place.to_owned(),
                    message: error.to_string(),
                    variables: error.chain,
                });
                return String::new();
            }
        };
        let mut text = String::new();
        for piece in resolved.pieces() {
            match piece {
                ResolvedPiece::Text(piece) => text.push_str(piece),
                ResolvedPiece::Reference(reference) => match (self.values.field)(reference) {
                    Ok(value) => text.push_str(value.expose_secret()),
                    Err(failure) => self.problem(place, &failure),
                },
            }
        }
        text
    }

    fn lines(&mut self, what: &str, lines: &[Entry]) -> Vec<(String, String)> {
        lines
            .iter()
            .filter(|line| line.enabled)
            .map(|line| {
                let place = format!("{what} {}", line.name);
                (
                    self.text(&place, &line.name),
                    self.text(&place, &line.value),
                )
            })
            .collect()
    }

    /// The URL with its query table. A value is encoded after it is filled in, so that it stays one value.
    fn url(&mut self, request: &SavedRequest) -> String {
        let url = self.text("url", &request.url);
        let (before, fragment) = match url.split_once('#') {
            Some((before, fragment)) => (before, format!("#{fragment}")),
            None => (url.as_str(), String::new()),
        };
        let mut url = before.to_owned();
        for (name, value) in self.lines("query", &request.query) {
            if !url.contains('?') {
                url.push('?');
            } else if !url.ends_with(['?', '&']) {
                url.push('&');
            }
            query::percent_encode(&name, &mut url);
            url.push('=');
            query::percent_encode(&value, &mut url);
        }
        url + &fragment
    }

    fn name_of_key(&mut self, key: &str) -> String {
        // A variable may stand for `sr://NAME`, which is no reference to a field.
        let text = self.text("auth", key);
        text.strip_prefix("sr://").unwrap_or(&text).to_owned()
    }

    /// The body's bytes, and the content type that it brings unless a header says another.
    fn body(&mut self, request: &SavedRequest) -> (Vec<u8>, Option<String>) {
        let implied = request.implied_content_type().map(str::to_owned);
        let implied = implied.map(|content_type| self.text("body", &content_type));
        let bytes = match &request.body {
            None => Vec::new(),
            Some(Body::Json(text) | Body::Text { text, .. }) => {
                self.text("body", text).into_bytes()
            }
            Some(Body::Form(fields)) => {
                let fields = self.lines("form", fields);
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields);
                form.finish().into_bytes()
            }
            Some(Body::Multipart(parts)) => return self.multipart(request, parts),
            Some(Body::File { path, .. }) => {
                let path = self.text("body", path);
                self.file("body", &path)
            }
            Some(Body::Binary { bytes, .. }) => bytes.clone(),
        };
        (bytes, implied)
    }

    /// RFC 7578, with names escaped as browsers do (WHATWG HTML, "multipart/form-data encoding").
    fn multipart(&mut self, request: &SavedRequest, parts: &[Part]) -> (Vec<u8>, Option<String>) {
        if request.header("content-type").is_some() {
            self.problems.push(ComposeProblem {
                place: "header content-type".to_owned(),
                variables: Vec::new(),
                message: "a body of parts brings its own content type, with the boundary between them: remove the header"
                    .to_owned(),
            });
        }
        let boundary = format!("strongroom-{}", hex(&random::bytes::<16>()));
        let mut body = Vec::new();
        for part in parts.iter().filter(|part| part.enabled) {
            let place = format!("part {}", part.name);
            let name = self.text(&place, &part.name);
            let (content, file_name) = match &part.content {
                Content::Text(text) => (self.text(&place, text).into_bytes(), None),
                Content::File { path, file_name } => {
                    let path = self.text(&place, path);
                    let last = path.rsplit('/').next().unwrap_or_default().to_owned();
                    let name = file_name
                        .as_ref()
                        .map_or(last, |name| self.text(&place, name));
                    (self.file(&place, &path), Some(name))
                }
            };
            let content_type = match (&part.content_type, &file_name) {
                (Some(content_type), _) => Some(one_line(&self.text(&place, content_type))),
                (None, Some(_)) => Some("application/octet-stream".to_owned()),
                (None, None) => None,
            };
            let mut head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
                quoted(&name)
            );
            if let Some(file_name) = file_name {
                head.push_str(&format!("; filename=\"{}\"", quoted(&file_name)));
            }
            if let Some(content_type) = content_type {
                head.push_str(&format!("\r\nContent-Type: {content_type}"));
            }
            head.push_str("\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        (body, Some(content_type))
    }

    fn file(&mut self, place: &str, path: &str) -> Vec<u8> {
        let found = match self.folder {
            Some(folder) if !path.starts_with('/') => folder.beside(self.path, path),
            _ => Ok(PathBuf::from(path)),
        };
        let read = found.and_then(|found| {
            let unreadable = |problem: String| {
                Failure::new(
                    strongroom_contract::error::ErrorCode::NotFound,
                    format!("the file {path:?} can't be read: {problem}"),
                )
            };
            let about = fs::metadata(&found).map_err(|error| unreadable(error.to_string()))?;
            if !about.is_file() || about.len() > MOST_BYTES {
                return Err(unreadable(
                    "it is no file, or longer than 64 MiB".to_owned(),
                ));
            }
            fs::read(&found).map_err(|error| unreadable(error.to_string()))
        });
        match read {
            Ok(bytes) => bytes,
            Err(failure) => {
                self.problem(place, &failure);
                Vec::new()
            }
        }
    }
}

fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use strongroom_contract::{
        compose::{Composed, ComposedBody, ComposedPart, Line, PartContent},
        error::ErrorCode,
    };

    use super::*;

    fn line(name: &str, value: &str) -> Line {
        Line {
            name: name.to_owned(),
            value: value.to_owned(),
            enabled: true,
        }
    }

    fn filled(request: Composed, variables: &[(&str, &str)]) -> (SendRequest, Vec<ComposeProblem>) {
        let variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let field = |reference: &Reference| match reference.item() {
            "payments" => Ok(SecretText::new("s&cret".to_owned())),
            other => Err(Failure::new(
                ErrorCode::NotFound,
                format!("no item {other}"),
            )),
        };
        let args = ComposedSend {
            request,
            ..ComposedSend::default()
        };
        let values = Values {
            variables: [&variables, &BTreeMap::new()],
            field: &field,
        };
        fill(&args, None, &values)
    }

    fn body(request: &SendRequest) -> String {
        String::from_utf8(BASE64.decode(&request.body_base64).unwrap()).unwrap()
    }

    #[test]
    fn values_are_filled_in_and_encoded_where_they_stand() {
        let request = Composed {
            method: "POST".to_owned(),
            url: "{{base}}/p?a=b#top".to_owned(),
            query: vec![line("q", "{{q}}"), line("k", "{{sr://payments/secret}}")],
            headers: vec![line("X-Key", "v {{sr://payments/secret}}")],
            body: ComposedBody::Form {
                fields: vec![line("x y", "{{q}}")],
            },
            key: Some("{{key}}".to_owned()),
            ..Composed::default()
        };
        let variables = [
            ("base", "https://{{host}}"),
            ("host", "localhost"),
            ("q", "a b&c"),
            ("key", "sr://payments"),
        ];
        let (sent, problems) = filled(request, &variables);
        assert_eq!(problems, []);
        assert_eq!(
            sent.url,
            "https://localhost/p?a=b&q=a%20b%26c&k=s%26cret#top"
        );
        assert_eq!(sent.headers[0], ("X-Key".to_owned(), "v s&cret".to_owned()));
        assert_eq!(sent.headers[1].1, "application/x-www-form-urlencoded");
        assert_eq!(body(&sent), "x+y=a+b%26c");
        assert_eq!(sent.key.as_deref(), Some("payments"));
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let request = Composed {
            url: "{{missing}}".to_owned(),
            headers: vec![line("A", "{{one}}"), line("B", "{{sr://other/secret}}")],
            body: ComposedBody::File {
                path: "/no/such/file".to_owned(),
                content_type: None,
            },
            ..Composed::default()
        };
        let (_, problems) = filled(request, &[("one", "{{two}}"), ("two", "{{one}}")]);
        let told: Vec<(&str, &str)> = problems
            .iter()
            .map(|problem| (problem.place.as_str(), problem.message.as_str()))
            .collect();
        assert_eq!(told[0], ("url", "there is no variable {{missing}}"));
        assert_eq!(
            told[1],
            ("header A", "a variable needs itself (one → two → one)")
        );
        assert_eq!(problems[1].variables, ["one", "two", "one"]);
        assert_eq!(told[2], ("header B", "no item other"));
        assert_eq!(told[3].0, "body");
    }

    #[test]
    fn parts_are_told_apart_by_a_boundary_and_names_cannot_break_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.bin");
        fs::write(&file, b"\x00\xff").unwrap();
        let part = |name: &str, content| ComposedPart {
            name: name.to_owned(),
            content,
            content_type: None,
            enabled: true,
        };
        let request = Composed {
            method: "POST".to_owned(),
            url: "https://localhost/".to_owned(),
            body: ComposedBody::Multipart {
                parts: vec![
                    part(
                        "a\"\r\nX: y",
                        PartContent::Text {
                            text: "{{v}}".to_owned(),
                        },
                    ),
                    part(
                        "f",
                        PartContent::File {
                            path: file.to_str().unwrap().to_owned(),
                            file_name: None,
                        },
                    ),
                ],
            },
            ..Composed::default()
        };
        let (sent, problems) = filled(request, &[("v", "1")]);
        assert_eq!(problems, []);
        let (_, boundary) = sent.headers[0].1.split_once("boundary=").unwrap();
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"\r\n\r\n1\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let bytes = BASE64.decode(&sent.body_base64).unwrap();
        let rest = bytes.strip_prefix(expected.as_bytes()).unwrap();
        let end = format!("\r\n--{boundary}--\r\n");
        assert_eq!(rest, [b"\x00\xff", end.as_bytes()].concat());
    }

    #[test]
    fn no_signature_where_none_is_wanted() {
        let request = Composed {
            url: "https://localhost/".to_owned(),
            key: Some("payments".to_owned()),
            scheme: Some("none".to_owned()),
            ..Composed::default()
        };
        let (sent, _) = filled(request, &[]);
        assert_eq!((sent.key, sent.scheme), (None, None));
    }
}
