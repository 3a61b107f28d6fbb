//! Postman collections (format 2.1) and environments.

use serde_json::Value;

use crate::{
    document::{self, At},
    environment::Environment,
    import::{FORM, Import, Imported, split_url, typed_body},
    problem::{Place, Problem},
    request::{Auth, Body, Content, Entry, Method, Part, SavedRequest},
    template::{Piece, Placeholder, Template, as_name},
};

/// How deep folders may stand in folders.
const MOST_DEEP: usize = 32;

/// Reads a collection or an environment.
#[must_use]
pub fn parse(bytes: &[u8]) -> Import {
    let (document, problems) = match document::json_as_far_as_sound(bytes, &["item", "values"]) {
        Ok(read) => read,
        Err(problem) => return Import::failed(problem),
    };
    let mut import = Import {
        problems,
        ..Import::default()
    };
    if let Some(values) = document.get("values").and_then(Value::as_array) {
        let name = text(&document, "name").unwrap_or("imported");
        let variables = environment(name, values);
        import.environments.push(variables);
        return import;
    }
    // Postman's own API wraps a collection once more.
    let document = document.get("collection").unwrap_or(&document);
    let Some(items) = document.get("item").and_then(Value::as_array) else {
        return Import::failed(Problem::new(
            Place::Pointer("/item".to_owned()),
            "this is no Postman collection and no environment: expected an array of items here, or of values at /values",
        ));
    };
    let name = document
        .pointer("/info/name")
        .and_then(Value::as_str)
        .unwrap_or("imported");
    if let Some(variables) = document.get("variable").and_then(Value::as_array)
        && !variables.is_empty()
    {
        import.environments.push(environment(name, variables));
    }
    let root = At::Root;
    scripts(document, &root, &mut import.problems);
    let mut reader = Reader {
        import,
        folder: Vec::new(),
    };
    reader.items(items, &root.key("item"), document.get("auth"));
    reader.import
}

struct Reader {
    import: Import,
    folder: Vec<String>,
}

impl Reader {
    fn items(&mut self, items: &[Value], at: &At<'_>, auth: Option<&Value>) {
        for (index, item) in items.iter().enumerate() {
            let at = at.index(index);
            let name = text(item, "name").unwrap_or_default();
            scripts(item, &at, &mut self.import.problems);
            let auth = item.get("auth").or(auth);
            if let Some(items) = item.get("item").and_then(Value::as_array) {
                if self.folder.len() >= MOST_DEEP {
                    self.problem(
                        &at,
                        "folders stand too deep in one another; this one is left out",
                    );
                    continue;
                }
                self.folder.push(name.to_owned());
                self.items(items, &at.key("item"), auth);
                self.folder.pop();
                continue;
            }
            let Some(request) = item.get("request") else {
                self.problem(
                    &at,
                    "this item is left out: it has neither a request nor items",
                );
                continue;
            };
            if let Some(request) = self.request(name, request, &at.key("request"), auth) {
                self.import.requests.push(Imported {
                    folder: self.folder.clone(),
                    request,
                });
            }
        }
    }

    fn request(
        &mut self,
        name: &str,
        request: &Value,
        at: &At<'_>,
        auth: Option<&Value>,
    ) -> Option<SavedRequest> {
        let url = match request {
            Value::String(url) => url.as_str(),
            _ => match request.get("url") {
                Some(Value::String(url)) => url,
                Some(url) => text(url, "raw").unwrap_or_default(),
                None => "",
            },
        };
        let mut url = translated(url);
        let assembled;
        if url.trim().is_empty()
            && let Some(parts) = request.get("url").and_then(assemble)
        {
            assembled = parts;
            url = translated(&assembled);
        }
        if url.trim().is_empty() || url.chars().any(char::is_control) {
            self.problem(at, "this request is left out: it has no URL");
            return None;
        }
        let method = match text(request, "method").unwrap_or("GET").parse::<Method>() {
            Ok(method) => method,
            Err(error) => {
                self.problem(
                    &at.key("method"),
                    &format!("this request is left out: {error}"),
                );
                return None;
            }
        };
        let (mut url, mut query) = match split_url(&url) {
            (url, query) if query.is_empty() => split_placeholders(&url),
            split => split,
        };
        // What is switched off stands in the table alone.
        if let Some(table) = request.pointer("/url/query").and_then(Value::as_array) {
            for line in table.iter().filter(|line| is_off(line)) {
                query.push(entry(line).disabled());
            }
        }
        // `:id` in the path is a variable of the request.
        let variables = request.pointer("/url/variable").and_then(Value::as_array);
        for variable in variables.into_iter().flatten() {
            let Some(key) = text(variable, "key").filter(|key| !key.is_empty()) else {
                continue;
            };
            let value = match translated(text(variable, "value").unwrap_or_default()) {
                value if value.is_empty() => format!("{{{{{}}}}}", as_name(key)),
                value => value,
            };
            url = url
                .split('/')
                .map(|segment| match segment.strip_prefix(':') {
                    Some(name) if name == key => value.as_str(),
                    _ => segment,
                })
                .collect::<Vec<&str>>()
                .join("/");
        }
        let mut headers = Vec::new();
        let lines = request.get("header").and_then(Value::as_array);
        for (index, line) in lines.into_iter().flatten().enumerate() {
            let entry = entry(line);
            if (entry.name.parse::<Method>().is_err() && !entry.name.contains("{{"))
                || entry.value.contains(['\r', '\n', '\0'])
            {
                let list = at.key("header");
                self.problem(
                    &list.index(index),
                    "this header is left out: its name is no token, or its value holds a line end",
                );
                continue;
            }
            headers.push(entry);
        }
        let body = self.body(request.get("body"), &at.key("body"), &mut headers);
        let auth = self.auth(
            request.get("auth").or(auth),
            &at.key("auth"),
            &mut headers,
            &mut query,
        );
        Some(SavedRequest {
            name: name.to_owned(),
            description: description(request),
            method,
            url,
            query,
            headers,
            body,
            auth,
            ..SavedRequest::default()
        })
    }

    fn body(
        &mut self,
        body: Option<&Value>,
        at: &At<'_>,
        headers: &mut Vec<Entry>,
    ) -> Option<Body> {
        let body = body.filter(|body| !is_off(body))?;
        let list = |key: &str| {
            body.get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        match text(body, "mode")? {
            "raw" => {
                let raw = translated(text(body, "raw").unwrap_or_default());
                if raw.is_empty() {
                    return None;
                }
                let language = body
                    .pointer("/options/raw/language")
                    .and_then(Value::as_str);
                let typed = headers
                    .iter()
                    .any(|line| line.enabled && line.name.eq_ignore_ascii_case("content-type"));
                let implied = match language {
                    Some("json") => Some("application/json"),
                    Some("xml") => Some("application/xml"),
                    Some("html") => Some("text/html"),
                    Some("javascript") => Some("application/javascript"),
                    _ => Some("text/plain"),
                };
                if let Some(content_type) = implied.filter(|_| !typed) {
                    headers.push(Entry::new("content-type", content_type));
                }
                Some(typed_body(raw, headers))
            }
            "urlencoded" => {
                headers.retain(|line| {
                    !(line.name.eq_ignore_ascii_case("content-type") && line.value == FORM)
                });
                Some(Body::Form(list("urlencoded").map(entry).collect()))
            }
            "formdata" => {
                let mut parts = Vec::new();
                for line in list("formdata") {
                    let Entry {
                        name,
                        value,
                        enabled,
                    } = entry(line);
                    let source = match line.get("src") {
                        Some(Value::String(path)) => vec![path.as_str()],
                        Some(Value::Array(paths)) => {
                            paths.iter().filter_map(Value::as_str).collect()
                        }
                        _ => Vec::new(),
                    };
                    let content_type = text(line, "contentType").map(str::to_owned);
                    let is_file = text(line, "type") == Some("file");
                    let contents = match is_file {
                        true => source
                            .into_iter()
                            .map(|path| Content::File {
                                path: path.to_owned(),
                                file_name: None,
                            })
                            .collect(),
                        false => vec![Content::Text(value)],
                    };
                    if contents.is_empty() {
                        self.problem(at, "a part of this form names no file and is left out");
                    }
                    parts.extend(contents.into_iter().map(|content| Part {
                        name: name.clone(),
                        content,
                        content_type: content_type.clone(),
                        enabled,
                    }));
                }
                Some(Body::Multipart(parts))
            }
            "file" => {
                let path = body.pointer("/file/src").and_then(Value::as_str);
                if path.is_none() {
                    self.problem(at, "the body is left out: it names no file");
                }
                Some(Body::File {
                    path: path?.to_owned(),
                    content_type: None,
                })
            }
            "graphql" => {
                let graphql = body.get("graphql")?;
                let variables = text(graphql, "variables")
                    .and_then(|text| serde_json::from_str::<Value>(text).ok())
                    .unwrap_or(Value::Null);
                let query = text(graphql, "query").unwrap_or_default();
                let json = serde_json::json!({ "query": query, "variables": variables });
                Some(Body::Json(translated(&json.to_string())))
            }
            mode => {
                self.problem(at, &format!("a body of the mode {mode:?} is left out"));
                None
            }
        }
    }

    /// A credential as the header that it becomes; its secret is taken out with all the others.
    fn auth(
        &mut self,
        auth: Option<&Value>,
        at: &At<'_>,
        headers: &mut Vec<Entry>,
        query: &mut Vec<Entry>,
    ) -> Option<Auth> {
        let auth = auth?;
        let kind = text(auth, "type")?;
        let value = |key: &str| -> String {
            let found = match auth.get(kind) {
                Some(Value::Array(list)) => list
                    .iter()
                    .find(|line| text(line, "key") == Some(key))
                    .and_then(|line| line.get("value")),
                Some(object) => object.get(key),
                None => None,
            };
            translated(found.and_then(Value::as_str).unwrap_or_default())
        };
        let scheme = |id: &str| {
            Some(Auth {
                key: None,
                scheme: Some(id.to_owned()),
                ..Auth::default()
            })
        };
        match kind {
            "noauth" => None,
            "bearer" => {
                let token = value("token");
                headers.push(Entry::new("authorization", format!("Bearer {token}")));
                None
            }
            "apikey" => {
                let entry = Entry::new(value("key"), value("value"));
                match value("in").as_str() {
                    "query" => query.push(entry),
                    _ if entry.name.parse::<Method>().is_ok() => headers.push(entry),
                    _ => self.problem(at, "the API key is left out: its header has no name"),
                }
                None
            }
            "basic" => {
                let pair = format!("{}:{}", value("username"), value("password"));
                let template = Template::parse(&pair).ok();
                match template.as_ref().and_then(Template::literal) {
                    Some(pair) => {
                        let encoded =
                            base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair);
                        headers.push(Entry::new("authorization", format!("Basic {encoded}")));
                        None
                    }
                    None => {
                        self.problem(at, "Basic credentials from variables are left out: put them into the vault and name the item in [auth]");
                        scheme("basic")
                    }
                }
            }
            "awsv4" => {
                self.problem(at, "the AWS credentials are left out: put them into the vault and name the item in [auth]");
                scheme("sigv4")
            }
            "jwt" => {
                let id = match value("algorithm").as_str() {
                    "" | "HS256" => "jwt-hs256",
                    "RS256" => "jwt-rs256",
                    "ES256" => "jwt-es256",
                    "EdDSA" => "jwt-eddsa",
                    _ => {
                        self.problem(at, "the JWT is left out: its algorithm is not HS256, RS256, ES256 or EdDSA");
                        return None;
                    }
                };
                self.problem(at, "the key of the JWT is left out: put it into the vault and name the item in [auth]");
                scheme(id)
            }
            "oauth2" => {
                let token = value("accessToken");
                if token.is_empty() {
                    self.problem(at, "the OAuth settings are left out: put the client into the vault and name the item in [auth]");
                    let is_client = value("grant_type") == "client_credentials";
                    return scheme(if is_client { "oauth2" } else { "bearer" });
                }
                headers.push(Entry::new("authorization", format!("Bearer {token}")));
                None
            }
            other => {
                self.problem(
                    at,
                    &format!(
                        "the authorisation {other:?} is left out: there is no such scheme here"
                    ),
                );
                None
            }
        }
    }

    fn problem(&mut self, at: &At<'_>, message: &str) {
        self.import.problems.push(at.problem(message));
    }
}

fn scripts(item: &Value, at: &At<'_>, problems: &mut Vec<Problem>) {
    let events = item.get("event").and_then(Value::as_array);
    let has_script = events.into_iter().flatten().any(|event| {
        event
            .pointer("/script/exec")
            .is_some_and(|exec| match exec {
                Value::Array(lines) => lines
                    .iter()
                    .any(|line| line.as_str().is_some_and(|line| !line.trim().is_empty())),
                Value::String(line) => !line.trim().is_empty(),
                _ => false,
            })
    });
    if has_script {
        problems.push(at.key("event").problem(
            "scripts are not run here: write what they check under [expect], what they keep under [[capture]]",
        ));
    }
}

fn environment(name: &str, values: &[Value]) -> Environment {
    let variables = values
        .iter()
        .filter(|line| !is_off(line) && line.get("enabled") != Some(&Value::Bool(false)))
        .filter_map(|line| {
            let name = text(line, "key").or_else(|| text(line, "id"))?;
            let value = match line.get("value")? {
                Value::String(text) => translated(text),
                Value::Null => String::new(),
                other => translated(&other.to_string()),
            };
            Some((as_name(name), value))
        })
        .collect();
    Environment {
        name: name.to_owned(),
        production: false,
        variables,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn is_off(value: &Value) -> bool {
    value.get("disabled") == Some(&Value::Bool(true))
}

fn entry(line: &Value) -> Entry {
    let value = match line.get("value") {
        Some(Value::String(text)) => translated(text),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    Entry {
        name: translated(text(line, "key").unwrap_or_default()),
        value,
        enabled: !is_off(line),
    }
}

fn description(request: &Value) -> Option<String> {
    let description = request.get("description")?;
    let text = description
        .as_str()
        .or_else(|| text(description, "content"))?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The URL from its parts.
fn assemble(url: &Value) -> Option<String> {
    let joined = |key: &str, separator: &str| match url.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            Some(parts.join(separator))
        }
        _ => None,
    };
    let host = joined("host", ".")?;
    let path = joined("path", "/").map_or_else(String::new, |path| format!("/{path}"));
    let protocol = text(url, "protocol").map_or_else(String::new, |name| format!("{name}://"));
    Some(format!("{protocol}{host}{path}"))
}

/// A query that has placeholders in it, as a table, where every pair has a name and is plain.
pub(crate) fn split_placeholders(url: &str) -> (String, Vec<Entry>) {
    let Some((before, query)) = url.split_once('?') else {
        return (url.to_owned(), Vec::new());
    };
    let pairs: Option<Vec<Entry>> = query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let entry = Entry::new(name, value);
            let same = crate::query::encode(name) == name && crate::query::encode(value) == value;
            same.then_some(entry)
        })
        .collect();
    match pairs {
        Some(pairs) => (before.to_owned(), pairs),
        None => (url.to_owned(), Vec::new()),
    }
}

/// Postman's `{{name}}` as ours: names that we do not take get their like, and what else is in braces is
/// text.
pub(crate) fn translated(text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (before, braces) = rest.split_at(open);
        // The last two of a run open, as in `{{{name}}}`.
        let run = braces.len() - braces.trim_start_matches('{').len();
        let inner = braces.get(run..).unwrap_or_default();
        let Some((name, after)) = inner.split_once("}}") else {
            break;
        };
        let sound =
            !name.trim().is_empty() && !name.contains(['{', '"', '\n']) && name.len() <= 128;
        pieces.push(Piece::Text(before.to_owned()));
        if sound {
            pieces.push(Piece::Text("{".repeat(run - 2)));
            let name = match name.trim() {
                "$guid" | "$randomUUID" => "$uuid".to_owned(),
                name => as_name(name),
            };
            pieces.push(Piece::Placeholder(Placeholder::Variable(name)));
        } else {
            pieces.push(Piece::Text(format!("{}{name}}}}}", "{".repeat(run))));
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.into_iter().collect::<Template>().to_string()
}
