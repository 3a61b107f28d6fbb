//! An example of what a schema describes.

use serde_json::{Map, Value};

use super::{resolve::target, room::Room};

/// How many values an example may have: schemas in schemas could make it grow without measure.
const MOST_VALUES: usize = 1_000;
/// How deep they may stand in one another.
const MOST_DEEP: usize = 16;

/// Makes examples of the schemas of one description.
pub(super) struct Examples<'a, 'r> {
    document: &'a Value,
    room: &'r Room,
    left: usize,
    /// The references that are being followed.
    within: Vec<&'a str>,
    problem: Option<String>,
}

impl<'a, 'r> Examples<'a, 'r> {
    pub(super) fn of(document: &'a Value, room: &'r Room) -> Self {
        Self {
            document,
            room,
            left: MOST_VALUES,
            within: Vec::new(),
            problem: None,
        }
    }

    /// What was wrong with a schema, if anything was.
    pub(super) fn problem(&mut self) -> Option<String> {
        self.problem.take()
    }

    /// An example of `schema`: its own, its default, or one made of its type. A schema within itself ends
    /// there with `null`.
    pub(super) fn example(&mut self, schema: &'a Value) -> Value {
        if self.left == 0 || self.room.is_full() || self.within.len() > MOST_DEEP {
            return Value::Null;
        }
        self.left -= 1;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.referenced(reference);
        }
        // The reference that stands for a schema without one: its depth counts as well.
        self.within.push("");
        let example = self.plain(schema);
        self.within.pop();
        example
    }

    fn referenced(&mut self, reference: &'a str) -> Value {
        if self.within.contains(&reference) {
            return Value::Null;
        }
        match target(self.document, reference) {
            Ok(schema) => {
                self.within.push(reference);
                let example = self.example(schema);
                self.within.pop();
                example
            }
            Err(message) => {
                self.problem.get_or_insert(message);
                Value::Null
            }
        }
    }

    fn plain(&mut self, schema: &'a Value) -> Value {
        for key in ["example", "const", "default"] {
            if let Some(value) = schema.get(key) {
                return self.room.copy(value);
            }
        }
        for key in ["examples", "enum"] {
            if let Some(value) = schema.get(key).and_then(|list| list.get(0)) {
                return self.room.copy(value);
            }
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            let mut joined = Map::new();
            for part in all {
                if let Value::Object(fields) = self.example(part) {
                    joined.extend(fields);
                }
            }
            if let Value::Object(fields) = self.object(schema) {
                joined.extend(fields);
            }
            return Value::Object(joined);
        }
        for key in ["oneOf", "anyOf"] {
            let first = schema.get(key).and_then(|list| list.get(0));
            if let Some(first) = first {
                return self.example(first);
            }
        }
        match type_of(schema) {
            "object" => self.object(schema),
            "array" => match schema.get("items") {
                Some(items) => Value::Array(vec![self.example(items)]),
                None => Value::Array(Vec::new()),
            },
            "integer" => schema
                .get("minimum")
                .filter(|minimum| minimum.is_i64())
                .cloned()
                .unwrap_or_else(|| 0.into()),
            "number" => schema
                .get("minimum")
                .filter(|minimum| minimum.is_number())
                .cloned()
                .unwrap_or_else(|| 0.into()),
            "boolean" => true.into(),
            "string" => text(schema).into(),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Value) -> Value {
        let mut fields = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if property.get("readOnly") == Some(&Value::Bool(true)) || self.left == 0 {
                continue;
            }
            if !self.room.take(name.len()) {
                break;
            }
            fields.insert(name.clone(), self.example(property));
        }
        Value::Object(fields)
    }
}

/// The type, the first that is not `null` of several (3.1), or what the keywords imply.
fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

fn text(schema: &Value) -> &'static str {
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("email") => "someone@example.com",
        Some("uuid") => "123e4567-e89b-12d3-a456-426614174000",
        Some("uri" | "url") => "https://example.com/",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("binary" | "byte") => "",
        _ => "string",
    }
}
