//! Files of ours, written: the same value always as the same bytes, one line for each line of a table.

use std::fmt::Display;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

use super::Folder;
use crate::{
    environment::Environment,
    expect::{Capture, Check, Expectations, Source, StatusMatch},
    request::{Auth, Body, Content, Entry, Options, Part, SavedRequest},
};

/// How many characters of base64 stand on a line.
const BASE64_LINE: usize = 76;

/// A request's file. What may not be saved is the caller's to refuse: see [`crate::secrets`].
#[must_use]
pub fn write_request(request: &SavedRequest) -> String {
    let mut file = File::default();
    file.pair("name", text(&request.name));
    file.optional("description", request.description.as_deref().map(long_text));
    file.optional("order", request.order);
    file.pair("method", text(request.method.as_str()));
    file.pair("url", text(&request.url));
    file.entries("query", &request.query);
    file.entries("headers", &request.headers);
    if let Some(body) = &request.body {
        file.body(body);
    }
    if let Some(Auth {
        key: item,
        scheme,
        settings,
    }) = &request.auth
    {
        file.table("auth");
        file.optional("key", item.as_deref().map(text));
        file.optional("scheme", scheme.as_deref().map(text));
        if !settings.is_empty() {
            file.table("auth.settings");
            for (name, value) in settings {
                file.pair(&key(name), long_text(value));
            }
        }
    }
    if !request.expect.is_empty() {
        file.expect(&request.expect);
    }
    for capture in &request.capture {
        file.capture(capture);
    }
    if request.options != Options::default() {
        let Options {
            follow_redirects,
            timeout_ms,
        } = request.options;
        file.table("options");
        file.optional("follow_redirects", follow_redirects.then_some(true));
        file.optional("timeout_ms", timeout_ms);
    }
    file.text
}

/// An environment's file.
#[must_use]
pub fn write_environment(environment: &Environment) -> String {
    let mut file = File::default();
    file.pair("name", text(&environment.name));
    file.optional("production", environment.production.then_some(true));
    if !environment.variables.is_empty() {
        file.table("variables");
        for (name, value) in &environment.variables {
            file.pair(&key(name), long_text(value));
        }
    }
    file.text
}

/// What a folder says of itself.
#[must_use]
pub fn write_folder(folder: &Folder) -> String {
    let mut file = File::default();
    file.optional("name", folder.name.as_deref().map(text));
    file.optional("description", folder.description.as_deref().map(long_text));
    file.optional("order", folder.order);
    file.text
}

#[derive(Default)]
struct File {
    text: String,
}

impl File {
    fn line(&mut self, line: impl Display) {
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }

    fn pair(&mut self, key: &str, value: impl Display) {
        self.line(format_args!("{key} = {value}"));
    }

    fn optional(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.pair(key, value);
        }
    }

    fn table(&mut self, name: &str) {
        self.line(format_args!("\n[{name}]"));
    }

    /// An array with one element on each line.
    fn array(&mut self, key: &str, elements: impl Iterator<Item = String>) {
        let mut elements = elements.peekable();
        if elements.peek().is_none() {
            return;
        }
        self.line(format_args!("{key} = ["));
        for element in elements {
            self.line(format_args!("  {element},"));
        }
        self.line("]");
    }

    fn entries(&mut self, key: &str, entries: &[Entry]) {
        self.array(key, entries.iter().map(entry));
    }

    fn body(&mut self, body: &Body) {
        self.table("body");
        match body {
            Body::Json(json) => self.pair("json", long_text(json)),
            // An empty form is a body too.
            Body::Form(fields) if fields.is_empty() => self.pair("form", "[]"),
            Body::Form(fields) => self.entries("form", fields),
            Body::Multipart(parts) if parts.is_empty() => self.pair("multipart", "[]"),
            Body::Multipart(parts) => self.array("multipart", parts.iter().map(part)),
            Body::Text {
                text,
                content_type: of,
            } => {
                self.content_type(of.as_deref());
                self.pair("text", long_text(text));
            }
            Body::File {
                path,
                content_type: of,
            } => {
                self.content_type(of.as_deref());
                self.pair("file", text(path));
            }
            Body::Binary {
                bytes,
                content_type: of,
            } => {
                self.content_type(of.as_deref());
                self.pair("base64", long_text(&wrapped(bytes)));
            }
        }
    }

    fn content_type(&mut self, content_type: Option<&str>) {
        self.optional("content_type", content_type.map(text));
    }

    fn expect(&mut self, expect: &Expectations) {
        self.table("expect");
        if !expect.status.is_empty() {
            let statuses: Vec<String> = expect.status.iter().map(status).collect();
            self.pair("status", format_args!("[{}]", statuses.join(", ")));
        }
        self.optional("time_ms", expect.time_ms);
        self.optional("schema", expect.schema.as_deref().map(text));
        let headers = expect.headers.iter();
        self.array(
            "headers",
            headers.map(|of| format!("{{ name = {}, {} }}", text(&of.name), check(&of.check))),
        );
        let json = expect.json.iter();
        self.array(
            "json",
            json.map(|of| format!("{{ path = {}, {} }}", text(&of.path), check(&of.check))),
        );
    }

    fn capture(&mut self, capture: &Capture) {
        self.line("\n[[capture]]");
        self.pair("name", text(&capture.name));
        match &capture.from {
            Source::Json(path) => self.pair("json", text(path)),
            Source::Header(name) => self.pair("header", text(name)),
            Source::Body => self.pair("body", true),
            Source::Status => self.pair("status", true),
        }
    }
}

fn entry(entry: &Entry) -> String {
    let Entry {
        name,
        value,
        enabled,
    } = entry;
    let off = if *enabled { "" } else { ", enabled = false" };
    format!("{{ name = {}, value = {}{off} }}", text(name), text(value))
}

fn part(part: &Part) -> String {
    let mut line = format!("{{ name = {}", text(&part.name));
    let mut pair = |key: &str, value: String| {
        line.push_str(", ");
        line.push_str(key);
        line.push_str(" = ");
        line.push_str(&value);
    };
    match &part.content {
        Content::Text(content) => pair("text", text(content)),
        Content::File { path, file_name } => {
            pair("file", text(path));
            if let Some(file_name) = file_name {
                pair("file_name", text(file_name));
            }
        }
    }
    if let Some(content_type) = &part.content_type {
        pair("content_type", text(content_type));
    }
    if !part.enabled {
        pair("enabled", "false".to_owned());
    }
    line + " }"
}

fn status(status: &StatusMatch) -> String {
    match status {
        StatusMatch::Exactly(status) => status.to_string(),
        StatusMatch::Class(_) => text(&status.to_string()),
    }
}

fn check(check: &Check) -> String {
    match check {
        Check::Present => "present = true".to_owned(),
        Check::Absent => "present = false".to_owned(),
        Check::Equals(Value::String(value)) => format!("equals = {}", text(value)),
        Check::Equals(Value::Bool(value)) => format!("equals = {value}"),
        Check::Equals(Value::Number(number)) if number.is_i64() => format!("equals = {number}"),
        Check::Equals(value) => format!("equals_json = {}", text(&value.to_string())),
        Check::Contains(value) => format!("contains = {}", text(value)),
        Check::Matches(pattern) => format!("matches = {}", text(pattern)),
        Check::AtLeast(number) => format!("at_least = {}", float(*number)),
        Check::AtMost(number) => format!("at_most = {}", float(*number)),
    }
}

fn float(number: f64) -> String {
    number.to_toml_value()
}

/// A key, quoted only where it must be.
fn key(name: &str) -> String {
    TomlKeyBuilder::new(name).as_default().to_toml_key()
}

/// A text on one line.
fn text(text: &str) -> String {
    let builder = TomlStringBuilder::new(text);
    let style = builder
        .as_basic_pretty()
        .or_else(|| builder.as_literal())
        .unwrap_or_else(|| builder.as_basic());
    style.to_toml_value()
}

/// A text over as many lines as it has, if it has more than one.
fn long_text(long: &str) -> String {
    if !long.contains('\n') || long.contains('\r') {
        return text(long);
    }
    let builder = TomlStringBuilder::new(long);
    let style = builder
        .as_ml_literal()
        .unwrap_or_else(|| builder.as_ml_basic());
    style.to_toml_value()
}

fn wrapped(bytes: &[u8]) -> String {
    let encoded = BASE64_STANDARD.encode(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    for (index, c) in encoded.chars().enumerate() {
        if index > 0 && index % BASE64_LINE == 0 {
            lines.push('\n');
        }
        lines.push(c);
    }
    lines
}
