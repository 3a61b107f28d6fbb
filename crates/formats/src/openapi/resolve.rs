//! References within a description.

use serde_json::Value;

/// How many references may lead to one another.
const MOST_STEPS: usize = 32;

/// What `value` stands for: itself, or what its `$ref` leads to within `document`.
pub(super) fn resolved<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, String> {
    let mut value = value;
    for _ in 0..MOST_STEPS {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        value = target(document, reference)?;
    }
    Err("this reference leads back to itself".to_owned())
}

/// What a reference names.
pub(super) fn target<'a>(document: &'a Value, reference: &str) -> Result<&'a Value, String> {
    let Some(pointer) = reference.strip_prefix('#') else {
        return Err(format!(
            "the reference {:?} leads to another document, which is not read: bundle the description into one file",
            shortened(reference)
        ));
    };
    let decoded = crate::query::percent_decode(pointer);
    document
        .pointer(decoded.as_deref().unwrap_or(pointer))
        .ok_or_else(|| format!("the reference {:?} leads nowhere", shortened(reference)))
}

/// As much of a reference as helps to find it.
fn shortened(reference: &str) -> String {
    reference.chars().take(100).collect()
}
