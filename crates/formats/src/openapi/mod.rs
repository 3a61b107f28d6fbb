//! OpenAPI 3.0 and 3.1, as JSON or YAML.

mod example;
mod resolve;
mod room;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    document::{self, At},
    environment::Environment,
    import::{FORM, Import, Imported, typed_body},
    problem::{Place, Problem},
    request::{Auth, Body, Content, Entry, Method, Part, SavedRequest},
    template::{as_name, escape},
};
use example::Examples;
use resolve::resolved;
use room::Room;

/// The methods that a path may describe.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// What an operation counts beside its texts.
const OPERATION_BYTES: usize = 256;

/// Reads a description: one request for each operation, with examples for what it sends, and an
/// environment with its servers.
#[must_use]
pub fn parse(bytes: &[u8]) -> Import {
    let (document, problems) = match document::json_or_yaml(bytes, &["paths"]) {
        Ok(read) => read,
        Err(problem) => return Import::failed(problem),
    };
    let version = document.get("openapi").and_then(Value::as_str);
    match version {
        Some(version) if version.starts_with("3.") => {}
        Some(version) => {
            return Import::failed(Problem::new(
                Place::Pointer("/openapi".to_owned()),
                format!("OpenAPI {version:?} is not read: expected 3.0 or 3.1"),
            ));
        }
        None => {
            let swagger = document.get("swagger").is_some();
            let message = if swagger {
                "Swagger 2.0 is not read: convert it to OpenAPI 3 first"
            } else {
                "this is no OpenAPI description: expected openapi: 3.0.x or 3.1.x here"
            };
            return Import::failed(Problem::new(Place::Pointer("/openapi".to_owned()), message));
        }
    }
    let title = document.pointer("/info/title").and_then(Value::as_str);
    let mut reader = Reader {
        document: &document,
        import: Import {
            problems,
            ..Import::default()
        },
        title: title.unwrap_or("imported").to_owned(),
        variables: BTreeMap::new(),
        room: Room::new(),
    };
    reader.servers();
    reader.paths();
    let mut import = reader.import;
    import.environments.insert(
        0,
        Environment {
            name: reader.title,
            production: false,
            variables: reader.variables,
        },
    );
    import
}

struct Reader<'a> {
    document: &'a Value,
    import: Import,
    title: String,
    /// Variables of the environment: `base_url`, and what stands in paths.
    variables: BTreeMap<String, String>,
    room: Room,
}

impl<'a> Reader<'a> {
    /// The first server is `base_url`; the others are environments of their own.
    fn servers(&mut self) {
        let servers = self.document.get("servers").and_then(Value::as_array);
        let mut urls = servers.into_iter().flatten().filter_map(|server| {
            let url = server.get("url")?.as_str()?.trim_end_matches('/');
            let description = server.get("description").and_then(Value::as_str);
            Some((filled(url, server), description.unwrap_or(url).to_owned()))
        });
        let Some((base, _)) = urls.next() else {
            self.variables
                .insert("base_url".to_owned(), "https://localhost".to_owned());
            self.import.problems.push(Problem::new(
                Place::Pointer("/servers".to_owned()),
                "no server is named; set the variable base_url",
            ));
            return;
        };
        if !base.contains("://") {
            self.import.problems.push(Problem::new(
                Place::Pointer("/servers/0/url".to_owned()),
                "the server is relative to where the description came from; set the variable base_url",
            ));
        }
        self.variables.insert("base_url".to_owned(), base);
        for (url, name) in urls {
            let variables = BTreeMap::from([("base_url".to_owned(), url)]);
            self.import.environments.push(Environment {
                name,
                production: false,
                variables,
            });
        }
    }

    fn paths(&mut self) {
        let root = At::Root;
        let at = root.key("paths");
        let Some(paths) = self.document.get("paths").and_then(Value::as_object) else {
            self.import
                .problems
                .push(at.problem("there are no paths: nothing to make requests of"));
            return;
        };
        for (path, item) in paths {
            let at = at.key(path);
            let item = match resolved(self.document, item) {
                Ok(item) => item,
                Err(message) => {
                    self.import.problems.push(at.problem(message));
                    continue;
                }
            };
            for name in METHODS {
                let Some(operation) = item.get(name) else {
                    continue;
                };
                let at = at.key(name);
                self.operation(path, name, item, operation, &at);
                if self.room.is_full() {
                    self.import.problems.push(at.problem(Room::problem()));
                    return;
                }
            }
        }
    }

    fn operation(
        &mut self,
        path: &str,
        method: &str,
        item: &'a Value,
        operation: &'a Value,
        at: &At<'_>,
    ) {
        if !operation.is_object() || path.chars().any(char::is_control) {
            self.import
                .problems
                .push(at.problem("this operation is left out: expected an object"));
            return;
        }
        let upper = method.to_ascii_uppercase();
        let text = |key: &str| operation.get(key).and_then(Value::as_str);
        let texts =
            ["summary", "operationId", "description"].map(|key| text(key).map_or(0, str::len));
        if !self
            .room
            .take(OPERATION_BYTES + path.len() + texts.iter().sum::<usize>())
        {
            return;
        }
        let name = text("summary")
            .or_else(|| text("operationId"))
            .filter(|name| !name.trim().is_empty())
            .map_or_else(|| format!("{upper} {path}"), str::to_owned);
        let mut request = SavedRequest {
            name,
            description: text("description")
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned),
            method: upper.parse().unwrap_or_default(),
            url: format!("{{{{base_url}}}}{}", path_template(path)),
            ..SavedRequest::default()
        };
        self.parameters(item, operation, &mut request, at);
        self.body(operation, &mut request, at);
        self.security(operation, &mut request, at);
        if self.room.is_full() {
            return;
        }
        let folder = operation
            .pointer("/tags/0")
            .and_then(Value::as_str)
            .map(|tag| vec![tag.to_owned()]);
        self.import.requests.push(Imported {
            folder: folder.unwrap_or_default(),
            request,
        });
    }

    /// Those of the operation come before those of the path that are the same.
    fn parameters(
        &mut self,
        item: &'a Value,
        operation: &'a Value,
        request: &mut SavedRequest,
        at: &At<'_>,
    ) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for owner in [operation, item] {
            let list = owner.get("parameters").and_then(Value::as_array);
            for parameter in list.into_iter().flatten() {
                let parameter = match resolved(self.document, parameter) {
                    Ok(parameter) => parameter,
                    Err(message) => {
                        self.import
                            .problems
                            .push(at.key("parameters").problem(message));
                        continue;
                    }
                };
                let text = |key: &str| parameter.get(key).and_then(Value::as_str);
                let (Some(name), Some(place)) = (text("name"), text("in")) else {
                    self.import.problems.push(
                        at.key("parameters")
                            .problem("a parameter without name or place is left out"),
                    );
                    continue;
                };
                if seen.contains(&(name, place)) {
                    continue;
                }
                seen.push((name, place));
                let value = self.parameter_value(parameter);
                if !self.room.take(name.len() + value.len()) {
                    return;
                }
                let required = parameter.get("required") == Some(&Value::Bool(true));
                let entry = Entry {
                    name: escape(name),
                    value: escape(&value),
                    enabled: required,
                };
                match place {
                    "query" => request.query.push(entry),
                    "header"
                        if name.parse::<Method>().is_ok()
                            && !value.contains(['\r', '\n', '\0']) =>
                    {
                        request.headers.push(entry);
                    }
                    "cookie" => request.headers.push(Entry {
                        name: "cookie".to_owned(),
                        value: escape(&format!("{name}={value}")),
                        enabled: required,
                    }),
                    "path" => {
                        self.variables
                            .entry(as_name(name))
                            .or_insert_with(|| escape(&value));
                    }
                    _ => self
                        .import
                        .problems
                        .push(at.key("parameters").problem(format!(
                            "the parameter {name:?} is left out: it has no place in a request"
                        ))),
                }
            }
        }
    }

    fn parameter_value(&self, parameter: &Value) -> String {
        let mut examples = Examples::of(self.document, &self.room);
        let example = example_of(self.document, parameter);
        let value = example.map(|example| self.room.copy(example)).or_else(|| {
            parameter
                .get("schema")
                .map(|schema| examples.example(schema))
        });
        match value {
            Some(Value::String(text)) => text,
            Some(Value::Null) | None => String::new(),
            Some(Value::Array(items)) => {
                let texts: Vec<String> = items.iter().map(plain).collect();
                texts.join(",")
            }
            Some(value) => value.to_string(),
        }
    }

    fn body(&mut self, operation: &'a Value, request: &mut SavedRequest, at: &At<'_>) {
        let Some(body) = operation.get("requestBody") else {
            return;
        };
        let at = at.key("requestBody");
        let body = match resolved(self.document, body) {
            Ok(body) => body,
            Err(message) => {
                self.import.problems.push(at.problem(message));
                return;
            }
        };
        let Some(content) = body.get("content").and_then(Value::as_object) else {
            return;
        };
        let json = content.iter().find(|(mime, _)| is_json(mime));
        let Some((mime, media)) = json.or_else(|| content.iter().next()) else {
            return;
        };
        let mut examples = Examples::of(self.document, &self.room);
        let value = example_of(self.document, media)
            .map(|example| self.room.copy(example))
            .or_else(|| media.get("schema").map(|schema| examples.example(schema)))
            .unwrap_or(Value::Null);
        if let Some(problem) = examples.problem() {
            self.import.problems.push(at.problem(problem));
        }
        let essence = mime.split(';').next().unwrap_or_default().trim();
        request.body = Some(match (essence, &value) {
            (mime, _) if is_json(mime) => {
                request
                    .headers
                    .push(Entry::new("content-type", escape(essence)));
                let text = self.room.pretty(&value);
                typed_body(escape(&text), &mut request.headers)
            }
            (FORM, Value::Object(fields)) => Body::Form(
                fields
                    .iter()
                    .map(|(name, value)| Entry::new(escape(name), escape(&plain(value))))
                    .collect(),
            ),
            ("multipart/form-data", Value::Object(fields)) => {
                let schema = media
                    .get("schema")
                    .and_then(|schema| resolved(self.document, schema).ok());
                Body::Multipart(
                    fields
                        .iter()
                        .map(|(name, value)| part(name, value, schema))
                        .collect(),
                )
            }
            (mime, Value::String(text)) => Body::Text {
                text: escape(text),
                content_type: Some(escape(mime)),
            },
            (mime, value) => Body::Text {
                text: match value {
                    Value::Null => String::new(),
                    value => escape(&value.to_string()),
                },
                content_type: Some(escape(mime)),
            },
        });
    }

    /// The first alternative that is asked for. What it needs is in the vault, or a variable.
    fn security(&mut self, operation: &'a Value, request: &mut SavedRequest, at: &At<'_>) {
        let asked = operation
            .get("security")
            .or_else(|| self.document.get("security"))
            .and_then(Value::as_array);
        let Some(first) = asked
            .and_then(|list| list.first())
            .and_then(Value::as_object)
        else {
            return;
        };
        for name in first.keys() {
            let scheme = self
                .document
                .pointer("/components/securitySchemes")
                .and_then(|schemes| schemes.get(name))
                .and_then(|scheme| resolved(self.document, scheme).ok());
            let Some(scheme) = scheme else {
                self.import.problems.push(
                    at.key("security")
                        .problem(format!("the security scheme {name:?} is described nowhere")),
                );
                continue;
            };
            let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
            let http = text("scheme").to_ascii_lowercase();
            let id = match (text("type"), http.as_str()) {
                ("http", "basic") => "basic",
                ("oauth2", _) if scheme.pointer("/flows/clientCredentials").is_some() => "oauth2",
                ("http", "bearer") | ("oauth2" | "openIdConnect", _) => "bearer",
                ("apiKey", _) => {
                    let secret =
                        format!("{{{{secret:{}}}}}", as_name(name).trim_start_matches('$'));
                    let entry = Entry::new(escape(text("name")), secret);
                    match text("in") {
                        "query" => request.query.push(entry),
                        "header" if entry.name.parse::<Method>().is_ok() => request.headers.push(entry),
                        _ => self.import.problems.push(
                            at.key("security")
                                .problem(format!("the security scheme {name:?} is left out: only keys in headers and queries are taken")),
                        ),
                    }
                    continue;
                }
                _ => {
                    self.import
                        .problems
                        .push(at.key("security").problem(format!(
                            "the security scheme {name:?} is left out: there is no such scheme here"
                        )));
                    continue;
                }
            };
            request.auth = Some(Auth {
                key: None,
                scheme: Some(id.to_owned()),
                ..Auth::default()
            });
        }
    }
}

/// `{name}` in a path as `{{name}}`.
fn path_template(path: &str) -> String {
    let mut template = String::with_capacity(path.len() + 8);
    let mut rest = path;
    while let Some((before, inner)) = rest.split_once('{') {
        template.push_str(before);
        match inner.split_once('}') {
            Some((name, after)) if !name.is_empty() && !name.contains('{') => {
                template.push_str(&format!("{{{{{}}}}}", as_name(name)));
                rest = after;
            }
            _ => {
                template.push_str("%7B");
                rest = inner;
            }
        }
    }
    template.push_str(rest);
    template
}

/// A server's URL with the defaults of its variables.
fn filled(url: &str, server: &Value) -> String {
    let mut filled = url.to_owned();
    let variables = server.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        if let Some(default) = variable.get("default").and_then(Value::as_str) {
            filled = filled.replace(&format!("{{{name}}}"), default);
        }
    }
    escape(&filled)
}

/// What a parameter or a media type gives as its example.
fn example_of<'a>(document: &'a Value, owner: &'a Value) -> Option<&'a Value> {
    if let Some(example) = owner.get("example") {
        return Some(example);
    }
    let (_, first) = owner.get("examples")?.as_object()?.iter().next()?;
    resolved(document, first).ok()?.get("value")
}

fn is_json(mime: &str) -> bool {
    let essence = mime.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn part(name: &str, value: &Value, schema: Option<&Value>) -> Part {
    let property = schema.and_then(|schema| schema.get("properties")?.get(name));
    let is_file = property.is_some_and(|property| {
        property.get("format").and_then(Value::as_str) == Some("binary")
            || property.get("contentMediaType").is_some()
    });
    Part {
        name: name.to_owned(),
        content: match is_file {
            true => Content::File {
                path: name.to_owned(),
                file_name: None,
            },
            false => Content::Text(escape(&plain(value))),
        },
        content_type: None,
        enabled: true,
    }
}
