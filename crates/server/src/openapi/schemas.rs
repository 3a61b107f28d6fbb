//! The schemas of resources and errors, which the code reads and writes field by field.

use serde_json::{Map, Value, json};

/// An object of these members, of which those in `required` are always there.
fn object(required: &[&str], members: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": members })
}

fn described(about: &str, mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), about.into());
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 1000, "pattern": "\\S" })
}

fn currency() -> Value {
    json!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "An ISO 4217 code" })
}

fn amount() -> Value {
    json!({ "type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01 })
}

fn email() -> Value {
    json!({ "type": "string", "format": "email" })
}

fn nullable(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// The same, or `null`, which counts as left out.
fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    schema
}

fn webhook() -> Value {
    described(
        "Where news go, by POST with the text as Authorization",
        object(
            &["endpoint_url", "authorization_header"],
            json!({
                "endpoint_url": { "type": "string", "format": "uri" },
                "authorization_header": text(),
            }),
        ),
    )
}

/// Every schema that is written by hand.
pub(super) fn by_hand() -> Map<String, Value> {
    let schemas = errors().into_iter().chain(tokens());
    let schemas = schemas.chain(payins()).chain(payouts());
    schemas
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn errors() -> Vec<(&'static str, Value)> {
    let text = json!({ "type": "string" });
    let code = object(
        &["code", "message"],
        json!({ "code": &text, "message": &text }),
    );
    let fields = json!({
        "type": "object", "minProperties": 1, "additionalProperties": &text,
        "description": "A message for each field that is missing or wrong",
    });
    let field = object(
        &["field", "detail"],
        json!({ "field": &text, "detail": &text }),
    );
    let problem = object(
        &["type", "title", "status", "code", "request_id"],
        json!({
            "type": &text, "title": &text, "status": { "type": "integer" }, "code": &text,
            "request_id": &text, "detail": &text, "errors": { "type": "array", "items": field },
        }),
    );
    vec![
        ("Errors", object(&["errors"], json!({ "errors": code }))),
        (
            "FieldErrors",
            object(&["errors"], json!({ "errors": fields })),
        ),
        ("Problem", described("Problem details (RFC 9457)", problem)),
    ]
}

fn tokens() -> Vec<(&'static str, Value)> {
    let text = json!({ "type": "string" });
    let seconds = json!({ "type": "integer", "minimum": 1 });
    vec![
        (
            "Pong",
            object(&["message"], json!({ "message": { "const": "pong" } })),
        ),
        (
            "AccessToken",
            object(
                &["access_token", "expires_in"],
                json!({ "access_token": &text, "expires_in": &seconds }),
            ),
        ),
        (
            "TokenRequest",
            object(
                &["grant_type"],
                json!({
                    "grant_type": { "const": "client_credentials" },
                    "scope": described("Some of the key's scopes; all if absent", json!(&text)),
                    "client_id": &text,
                    "client_secret": &text,
                }),
            ),
        ),
        (
            "RevocationRequest",
            object(
                &["token"],
                json!({
                    "token": { "type": "string", "minLength": 1 }, "token_type_hint": &text,
                    "client_id": &text, "client_secret": &text,
                }),
            ),
        ),
        ("Revoked", object(&[], json!({}))),
        (
            "Token",
            object(
                &["access_token", "token_type", "expires_in"],
                json!({
                    "access_token": &text, "token_type": { "const": "Bearer" }, "expires_in": &seconds,
                    "scope": &text,
                }),
            ),
        ),
        (
            "OauthError",
            described(
                "RFC 6749, section 5.2",
                object(
                    &["error"],
                    json!({ "error": &text, "error_description": &text }),
                ),
            ),
        ),
    ]
}

fn payins() -> Vec<(&'static str, Value)> {
    let create = object(
        &[
            "currency",
            "gst",
            "amount",
            "name",
            "email",
            "payin_method_name",
        ],
        json!({
            "currency": currency(),
            "gst": { "type": "boolean", "description": "Whether goods and services tax is added" },
            "amount": amount(),
            "name": text(),
            "email": email(),
            "payin_method_name": text(),
            "payin_method_params": optional(json!({ "type": "object" })),
            "external_id": optional(text()),
            "description": optional(text()),
            "webhook_notification": optional(webhook()),
        }),
    );
    let payin = object(
        &["uuid", "status", "currency", "amount", "total"],
        json!({
            "uuid": { "type": "string", "pattern": "^[A-Z]{8}$" },
            "name": { "type": "string" },
            "email": { "type": "string" },
            "external_id": nullable("string"),
            "status": { "enum": [
                "pending", "received", "expired", "return_pending", "return_received", "return_expired",
            ] },
            "pay_code": { "type": "object" },
            "currency": currency(),
            "gst": { "type": "boolean" },
            "amount": { "type": "number" },
            "gst_amount": { "type": "number" },
            "total": { "type": "number" },
            "paid_amount": { "type": "number" },
            "payment_method": { "type": "string" },
            "description": nullable("string"),
            "is_refundable": { "type": "boolean" },
            "expired_at": { "type": "string", "format": "date-time" },
            "pay_by": { "type": "string", "format": "date-time" },
            "webhook_notification": { "type": ["object", "null"] },
        }),
    );
    vec![("CreatePayin", create), ("Payin", payin)]
}

fn payouts() -> Vec<(&'static str, Value)> {
    let transaction = object(
        &[
            "first_name",
            "last_name",
            "email",
            "amount",
            "payout_method_params",
        ],
        json!({
            "first_name": text(),
            "last_name": text(),
            "email": email(),
            "amount": amount(),
            "external_id": optional(text()),
            "payout_method_params": { "type": "object" },
        }),
    );
    let create = object(
        &[
            "currency",
            "payout_method_name",
            "description",
            "webhook_notification",
            "payout_transaction_details",
        ],
        json!({
            "currency": currency(),
            "payout_method_name": text(),
            "description": { "type": "string", "minLength": 5, "maxLength": 90, "pattern": "\\S" },
            "external_id": optional(text()),
            "scheduled_at": optional(text()),
            "webhook_notification": webhook(),
            "payout_transaction_details": {
                "type": "array", "minItems": 1, "maxItems": 1000, "items": transaction,
            },
        }),
    );
    let payout = object(
        &[
            "uuid",
            "currency",
            "total_amount",
            "status",
            "payout_transactions",
        ],
        json!({
            "uuid": { "type": "string", "pattern": "^[A-Z]{8}$" },
            "currency": currency(),
            "payout_method_name": { "type": "string" },
            "description": { "type": "string" },
            "total_amount": { "type": "string" },
            "status": { "enum": ["created", "processing", "scheduled", "completed", "expired"] },
            "scheduled_at": nullable("string"),
            "webhook_notification": { "type": ["object", "null"] },
            "external_id": nullable("string"),
            "payout_transactions": { "type": "array", "items": { "type": "object" } },
        }),
    );
    vec![("CreatePayout", create), ("Payout", payout)]
}
