//! What a key may call.

use super::{Entry, Parameter, Shape, query};

const IDEMPOTENCY_KEY: Parameter = Parameter {
    name: "Idempotency-Key",
    place: "header",
    required: false,
    about: "Makes the request once, however often it is sent within a day",
    schema: r#"{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"}"#,
};

const UUID: Parameter = query(
    "uuid",
    true,
    "The resource's id",
    r#"{"type": "string", "minLength": 1}"#,
);

const fn shown(
    paths: &'static [&'static str],
    summary: &'static str,
    parameters: &'static [Parameter],
    answer: &'static str,
    problems: &'static [u16],
) -> Entry {
    Entry {
        method: "GET",
        paths,
        summary,
        parameters,
        body: Shape::Nothing,
        answer: (200, Shape::Named(answer)),
        problems,
    }
}

const fn made(
    paths: &'static [&'static str],
    summary: &'static str,
    body: &'static str,
    answer: (u16, &'static str),
    problems: &'static [u16],
) -> Entry {
    Entry {
        method: "POST",
        paths,
        summary,
        parameters: &[IDEMPOTENCY_KEY],
        body: Shape::Named(body),
        answer: (answer.0, Shape::Named(answer.1)),
        problems,
    }
}

/// One entry for each resource.
pub(super) const ENTRIES: &[Entry] = &[
    shown(
        &["/api/v1/ping", "/std/v1/ping"],
        "Says that the key works",
        &[],
        "Pong",
        &[],
    ),
    shown(
        &["/api/v1/payment_gateways/access_token"],
        "An access token, good for an hour",
        &[],
        "AccessToken",
        &[],
    ),
    Entry {
        method: "POST",
        paths: &["/oauth/token"],
        summary: "An access token by client credentials (RFC 6749, section 4.4)",
        parameters: &[],
        body: Shape::Form("TokenRequest"),
        answer: (200, Shape::Named("Token")),
        problems: &[],
    },
    Entry {
        method: "POST",
        paths: &["/oauth/revoke"],
        summary: "Ends an access token before its time (RFC 7009)",
        parameters: &[],
        body: Shape::Form("RevocationRequest"),
        answer: (200, Shape::Named("Revoked")),
        problems: &[],
    },
    made(
        &["/api/v2/payins", "/std/v1/payins"],
        "Makes a payin",
        "CreatePayin",
        (201, "Payin"),
        &[422],
    ),
    shown(
        &["/api/v2/payins/detail", "/std/v1/payins/detail"],
        "One of the client's payins",
        &[UUID],
        "Payin",
        &[404, 422],
    ),
    made(
        &["/api/v2/payouts", "/std/v1/payouts"],
        "Makes a payout",
        "CreatePayout",
        (201, "Payout"),
        &[422],
    ),
];
