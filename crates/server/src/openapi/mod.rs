//! The OpenAPI 3.1 document of every route, of both faces and of the management API.
//!
//! What is written here by hand is one entry for each route and the schemas of resources; the
//! schemas of the management API are those of the types that it is spoken with. Tests hold the
//! entries against the route tables, and foreign tools the answers against the document.

mod faces;
mod management;
mod schemas;

use std::{collections::HashMap, sync::LazyLock};

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use strongroom_policy::scopes::{ROUTES, Route};

/// Where the platform shows its document, to whoever asks.
pub(crate) const PATH: &str = "/openapi.json";

/// The document as it is served while every route costs what it does at first.
pub(crate) static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

/// How many slots of its key's limits a request to an operation takes.
const COST: &str = "x-ratelimit-cost";

/// One route, or one that both faces have.
struct Entry {
    method: &'static str,
    /// As the route tables have them: `{}` stands for one segment.
    paths: &'static [&'static str],
    /// What it does, in one line.
    summary: &'static str,
    parameters: &'static [Parameter],
    body: Shape,
    /// What is answered when all is well, and with which status.
    answer: (u16, Shape),
    /// How it can end otherwise, beside what can happen to any request.
    problems: &'static [u16],
}

/// A parameter of the query, or a header.
#[derive(Clone, Copy)]
struct Parameter {
    name: &'static str,
    place: &'static str,
    required: bool,
    about: &'static str,
    /// The schema, as JSON.
    schema: &'static str,
}

const fn query(
    name: &'static str,
    required: bool,
    about: &'static str,
    schema: &'static str,
) -> Parameter {
    Parameter {
        name,
        place: "query",
        required,
        about,
        schema,
    }
}

/// What a body is.
enum Shape {
    /// There is none.
    Nothing,
    /// A type of the management API.
    Of(fn(&mut SchemaGenerator) -> Schema),
    /// The same, which may be left out.
    Maybe(fn(&mut SchemaGenerator) -> Schema),
    /// One of the schemas written by hand.
    Named(&'static str),
    /// The same as form parameters.
    Form(&'static str),
    /// Rows of the audit log as text, and a line with their proof.
    Export,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Who speaks, and so how errors are worded and who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Api,
    Standard,
    Oauth,
    Management,
}

impl Side {
    fn of(path: &str) -> Self {
        match path {
            _ if path.starts_with("/manage/") => Self::Management,
            _ if path.starts_with("/api/") => Self::Api,
            _ if path.starts_with("/oauth/") => Self::Oauth,
            _ => Self::Standard,
        }
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Standard | Self::Oauth => "standard",
            Self::Management => "management",
        }
    }

    /// What can happen to any request on this side.
    const fn problems(self) -> &'static [u16] {
        match self {
            Self::Api | Self::Standard | Self::Oauth => &[400, 401, 403, 408, 413, 429, 431, 503],
            Self::Management => &[400, 401, 403, 408, 413, 422, 429, 431, 503],
        }
    }

    fn problem(self, status: u16) -> Value {
        let (media, schema) = match self {
            // What is turned away before it is read is worded alike for all.
            Self::Management if [408, 413, 429].contains(&status) => PROBLEM,
            // What can't be read is on no side yet.
            _ if status == 431 => ("application/json", "Errors"),
            Self::Oauth => ("application/json", "OauthError"),
            Self::Management => ("application/json", "FailureDocument"),
            Self::Standard => PROBLEM,
            Self::Api if status == 422 => ("application/json", "FieldErrors"),
            Self::Api => ("application/json", "Errors"),
        };
        let mut content = json!({ media: { "schema": reference(schema) } });
        if let (Self::Management, 400, Value::Object(content)) = (self, status, &mut content) {
            // Either the body can't be read, or the request around it.
            let (media, schema) = PROBLEM;
            content.insert(media.to_owned(), json!({ "schema": reference(schema) }));
        }
        json!({ "description": about(status), "content": content })
    }
}

const PROBLEM: (&str, &str) = ("application/problem+json", "Problem");

const fn about(status: u16) -> &'static str {
    match status {
        400 => "The request can't be read.",
        401 => "No credential that counts. Why is told to the platform's owner alone.",
        403 => "Not from there, or not with this credential.",
        404 => "Nothing is there.",
        408 => "The request took too long to arrive.",
        409 => "What is there forbids it.",
        413 => "The body is over its cap.",
        422 => "Some fields or parameters are missing or wrong.",
        429 => "Over a limit; Retry-After says for how many seconds.",
        431 => "The request's line or headers are too long or too many.",
        503 => "The platform can't record requests now; nothing was done.",
        _ => "What was asked for.",
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// The schemas that entries ask for: of what is read, and of what is written.
struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12()
                .with(|settings| settings.definitions_path = "/components/schemas".into())
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    fn content(&mut self, shape: &Shape, is_read: bool) -> Option<Value> {
        let generator = match is_read {
            true => &mut self.read,
            false => &mut self.written,
        };
        let (media, schema) = match shape {
            Shape::Nothing => return None,
            Shape::Of(schema) | Shape::Maybe(schema) => {
                ("application/json", schema(generator).to_value())
            }
            Shape::Named(name) => ("application/json", reference(name)),
            Shape::Form(name) => ("application/x-www-form-urlencoded", reference(name)),
            Shape::Export => {
                let text = json!({ "schema": { "type": "string" } });
                return Some(json!({ "application/x-ndjson": text, "text/csv": text }));
            }
        };
        Some(json!({ media: { "schema": schema } }))
    }

    fn into_definitions(mut self) -> Map<String, Value> {
        let _failures = of::<strongroom_contract::error::FailureDocument>(&mut self.written);
        let mut all = schemas::by_hand();
        all.extend(self.read.take_definitions(true));
        all.extend(self.written.take_definitions(true));
        all
    }
}

/// The document, as a value; every route costs what it does at first.
#[must_use]
pub fn openapi() -> Value {
    of_routes(&mut ROUTES.iter().copied())
}

/// The document of routes that cost what they do.
pub(crate) fn of_routes(routes: &mut dyn Iterator<Item = Route>) -> Value {
    let costs: HashMap<_, _> = routes
        .map(|route| ((route.method, route.path), route.cost.slots()))
        .collect();
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for entry in faces::ENTRIES.iter().chain(management::ENTRIES) {
        for path in entry.paths {
            let mut operation = operation(entry, path, &mut schemas);
            if let (Some(cost), Value::Object(operation)) =
                (costs.get(&(entry.method, *path)), &mut operation)
            {
                operation.insert(COST.to_owned(), (*cost).into());
            }
            let item = paths
                .entry(path.replace("{}", "{id}"))
                .or_insert_with(|| json!({}));
            if let Value::Object(item) = item {
                item.insert(entry.method.to_ascii_lowercase(), operation);
            }
        }
    }
    paths.insert(PATH.to_owned(), own_item());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom's local platform",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "/api/ speaks as the real platform does, /std/ and /oauth/ as the standards have it, \
                            and /manage/ with those who run the platform. One pipeline of rules decides on the first two. \
                            A request takes as many slots of its key's limits as x-ratelimit-cost says.",
        },
        "servers": [{ "url": "/", "description": "the platform that serves this document" }],
        "tags": [
            { "name": "api", "description": "As the real platform speaks" },
            { "name": "standard", "description": "Problem details (RFC 9457) and OAuth 2.0" },
            { "name": "management", "description": "For those who run the platform" },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(),
            "securitySchemes": security_schemes(),
            "headers": headers(),
        },
    });
    plain_descriptions(&mut document);
    document
}

fn operation(entry: &Entry, path: &str, schemas: &mut Schemas) -> Value {
    let side = Side::of(path);
    let (mut status, shape) = (entry.answer.0, &entry.answer.1);
    if status == 201 && side == Side::Api {
        // The real platform answers so.
        status = 200;
    }
    let mut answer = json!({ "description": about(status), "headers": answer_headers(side) });
    if let (Some(content), Value::Object(answer)) = (schemas.content(shape, false), &mut answer) {
        answer.insert("content".to_owned(), content);
    }
    let mut responses = Map::new();
    responses.insert(status.to_string(), answer);
    for status in side.problems().iter().chain(entry.problems) {
        responses.insert(status.to_string(), side.problem(*status));
    }
    let mut operation = json!({
        "operationId": operation_id(entry.method, path),
        "tags": [side.tag()],
        "summary": entry.summary,
        "security": security(side, path),
        "responses": responses,
    });
    let segment = path.contains("{}").then(|| {
        json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
    });
    let parameters: Vec<_> = segment
        .into_iter()
        .chain(entry.parameters.iter().map(Parameter::described))
        .collect();
    if let Value::Object(operation) = &mut operation {
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(content) = schemas.content(&entry.body, true) {
            let is_required = !matches!(entry.body, Shape::Maybe(_));
            let body = json!({ "required": is_required, "content": content });
            operation.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

impl Parameter {
    fn described(&self) -> Value {
        let schema: Value = serde_json::from_str(self.schema).unwrap_or_default();
        json!({
            "name": self.name, "in": self.place, "required": self.required,
            "description": self.about, "schema": schema,
        })
    }
}

/// `post-api-v2-payins`.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.replace("{}", "id").replace(['/', '_'], "-");
    format!("{}{path}", method.to_ascii_lowercase())
}

/// The way of the document itself.
fn own_item() -> Value {
    json!({ "get": {
        "operationId": operation_id("GET", PATH).replace('.', "-"),
        "tags": [Side::Standard.tag()],
        "summary": "This document",
        "security": [],
        "responses": {
            "200": {
                "description": "The document.",
                "content": { "application/json": { "schema": { "type": "object" } } },
            },
            "429": Side::Api.problem(429),
            "503": Side::Api.problem(503),
        },
    }})
}

fn security(side: Side, path: &str) -> Value {
    match (side, path) {
        (Side::Management, _) => json!([{ "managementKey": [] }]),
        // A token does not beget a token.
        (_, "/api/v1/payment_gateways/access_token") => {
            json!([{ "appId": [], "secretKey": [] }, { "signature": [] }])
        }
        (Side::Oauth, _) => {
            json!([{ "appId": [], "secretKey": [] }, { "basic": [] }, {}, { "signature": [] }])
        }
        _ => json!([
            { "appId": [], "secretKey": [] }, { "accessToken": [] }, { "bearer": [] }, { "signature": [] },
        ]),
    }
}

fn security_schemes() -> Value {
    let header = |name: &str, about: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": about });
    let bearer = |about: &str| json!({ "type": "http", "scheme": "bearer", "description": about });
    json!({
        "appId": header("app-id", "The key's public id"),
        "secretKey": header("secret-key", "The key's secret"),
        "accessToken": header("access-token", "A token of /api/v1/payment_gateways/access_token"),
        "bearer": bearer("A token of /oauth/token or /api/v1/payment_gateways/access_token"),
        "basic": { "type": "http", "scheme": "basic", "description": "app-id and secret-key (RFC 6749, section 2.3.1)" },
        "signature": header("Signature", "RFC 9421, with Signature-Input, by a key that may sign"),
        "managementKey": bearer("A management key, as in owner.key of the state directory"),
    })
}

fn headers() -> Value {
    let header = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "X-Request-Id": header("The request's id, by which it is explained"),
        "RateLimit-Policy": header("The limits that apply (draft-ietf-httpapi-ratelimit-headers-11)"),
        "RateLimit": header("What is left of them, and in how many seconds there is more"),
    })
}

fn answer_headers(side: Side) -> Value {
    let names: &[&str] = match side {
        Side::Management => &["X-Request-Id"],
        _ => &["X-Request-Id", "RateLimit-Policy", "RateLimit"],
    };
    let named = names.iter().map(|name| {
        let header = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), header)
    });
    Value::Object(named.collect())
}

/// Descriptions come from comments for readers of the code, whose links lead nowhere here.
fn plain_descriptions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`");
                    }
                    member => plain_descriptions(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain_descriptions),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn described(entries: &'static [Entry]) -> BTreeSet<(&'static str, &'static str)> {
        let pairs = |entry: &'static Entry| entry.paths.iter().map(|path| (entry.method, *path));
        entries.iter().flat_map(pairs).collect()
    }

    #[test]
    fn every_route_has_its_entry_and_every_entry_its_route() {
        let routes: BTreeSet<_> = ROUTES.iter().map(|it| (it.method, it.path)).collect();
        assert_eq!(described(faces::ENTRIES), routes, "openapi/faces.rs");
        let routes: BTreeSet<_> = crate::manage::routes().collect();
        assert_eq!(
            described(management::ENTRIES),
            routes,
            "openapi/management.rs"
        );
    }

    /// The targets of every `$ref`, and the schemas that there are.
    #[test]
    fn every_schema_that_is_named_is_there_and_no_other() {
        fn references(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) = members.get("$ref") {
                        found.insert(target.clone());
                    }
                    members.values().for_each(|it| references(it, found));
                }
                Value::Array(items) => items.iter().for_each(|it| references(it, found)),
                _ => {}
            }
        }
        let document = openapi();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for target in &found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
        for name in document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
        {
            let target = format!("#/components/schemas/{name}");
            assert!(found.contains(&target), "{name} is used nowhere");
        }
    }

    #[test]
    fn operations_have_ids_of_their_own_and_parameters_that_are_read() {
        let document = openapi();
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id}");
                assert!(
                    operation["responses"].get("503").is_some(),
                    "{method} {path}"
                );
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    assert!(parameter["schema"].is_object(), "{id}: {parameter}");
                }
            }
        }
        let text = document.to_string();
        assert!(!text.contains("[`"), "a link for readers of the code");
    }
}
