//! The management API.

use strongroom_contract::{
    diagnosis::{Diagnosis, Exhibit},
    manage::{
        AdvanceClock, AuditPage, AuditVerification, CapturedRequest, ClockView, CreateKey,
        CreatedKey, KeyList, KeyView, RetireSecret, RotateKey, RotatedKey, SetAllowlist, SetLimit,
        SetNote, SetScopes,
    },
};

use super::{Entry, Parameter, Shape, of, query};

const NO_PARAMETERS: &[Parameter] = &[];

const fn entry(
    method: &'static str,
    paths: &'static [&'static str],
    summary: &'static str,
    body: Shape,
    answer: (u16, Shape),
) -> Entry {
    Entry {
        method,
        paths,
        summary,
        parameters: NO_PARAMETERS,
        body,
        answer,
        problems: &[404, 409],
    }
}

/// One entry for each route.
pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "POST",
        &["/manage/v1/keys"],
        "Issues a key; its secret is in the answer and nowhere else",
        Shape::Of(of::<CreateKey>),
        (201, Shape::Of(of::<CreatedKey>)),
    ),
    entry(
        "GET",
        &["/manage/v1/keys"],
        "The keys, without secrets",
        Shape::Nothing,
        (200, Shape::Of(of::<KeyList>)),
    ),
    entry(
        "GET",
        &["/manage/v1/keys/{}"],
        "One key",
        Shape::Nothing,
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "POST",
        &["/manage/v1/keys/{}/revoke"],
        "Ends a key: once this is answered, no request with it is accepted",
        Shape::Nothing,
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "POST",
        &["/manage/v1/keys/{}/rotate"],
        "Gives a key a second secret, which takes over",
        Shape::Of(of::<RotateKey>),
        (200, Shape::Of(of::<RotatedKey>)),
    ),
    entry(
        "POST",
        &["/manage/v1/keys/{}/retire"],
        "Ends one of a key's two secrets at once",
        Shape::Of(of::<RetireSecret>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/note"],
        "Replaces what is noted about a key",
        Shape::Of(of::<SetNote>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/limit"],
        "Sets how many requests a key may make in every rolling minute",
        Shape::Of(of::<SetLimit>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/allowlist"],
        "Replaces the source addresses that a key may be used from",
        Shape::Of(of::<SetAllowlist>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/scopes"],
        "Replaces a key's scopes",
        Shape::Of(of::<SetScopes>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    Entry {
        parameters: &[
            query(
                "limit",
                false,
                "How many rows; 100 if absent",
                r#"{"type": "integer", "minimum": 1, "maximum": 1000}"#,
            ),
            query(
                "before",
                false,
                "Only rows before the one with this number",
                r#"{"type": "integer", "minimum": 0}"#,
            ),
        ],
        ..entry(
            "GET",
            &["/manage/v1/audit"],
            "Rows of the audit log, the newest first",
            Shape::Nothing,
            (200, Shape::Of(of::<AuditPage>)),
        )
    },
    entry(
        "POST",
        &["/manage/v1/audit/verify"],
        "Checks the audit log's chain and checkpoints",
        Shape::Nothing,
        (200, Shape::Of(of::<AuditVerification>)),
    ),
    entry(
        "GET",
        &["/manage/v1/requests/{}"],
        "A refused request as it arrived, credentials replaced",
        Shape::Nothing,
        (200, Shape::Of(of::<CapturedRequest>)),
    ),
    entry(
        "GET",
        &["/manage/v1/requests/{}/explain"],
        "Why a request was let through or refused",
        Shape::Nothing,
        (200, Shape::Of(of::<Diagnosis>)),
    ),
    entry(
        "POST",
        &["/manage/v1/explain"],
        "What the rules make of a request that is pasted; nothing is changed by it",
        Shape::Of(of::<Exhibit>),
        (200, Shape::Of(of::<Diagnosis>)),
    ),
    entry(
        "GET",
        &["/manage/v1/clock"],
        "The platform's clock",
        Shape::Nothing,
        (200, Shape::Of(of::<ClockView>)),
    ),
    entry(
        "POST",
        &["/manage/v1/clock/advance"],
        "Lets the virtual clock jump ahead",
        Shape::Of(of::<AdvanceClock>),
        (200, Shape::Of(of::<ClockView>)),
    ),
];
