//! The management API.

use strongroom_contract::{
    audit::{
        AuditReindexed, AuditTail, RetentionView, SetRetention, SignedCheckpoint, VerifyAudit,
    },
    clients::{ClientList, ClientView, ErasedClient},
    diagnosis::{Diagnosis, Exhibit},
    export::{ExportProof, ExportVerification},
    limits::{LimitSuggestion, RouteList, SetClientLimit, SetDelay, SetQuota, SetRouteCost},
    manage::{
        AdvanceClock, AllowAllView, AuditPage, AuditVerification, CapturedRequest, ChangeAllowlist,
        ClockView, CreateKey, CreatedKey, KeyList, KeyView, RetireSecret, RotateKey, RotatedKey,
        SetExpiry, SetLimit, SetName, SetNote, SetPublicKey, SetScopes, SourceCheck,
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

const LIMIT: Parameter = query(
    "limit",
    false,
    "How many rows; 100 if absent",
    r#"{"type": "integer", "minimum": 1, "maximum": 1000}"#,
);

/// Which rows of the audit log are asked for: those that fit all that is given.
const QUESTION: [Parameter; 9] = [
    query("key", false, "Of this key, by its public id", TEXT),
    query(
        "route",
        false,
        "Of this route: a path, or method and path; with * at the end, all that begin like it",
        TEXT,
    ),
    query(
        "status",
        false,
        "With this status, such as 429 or 4xx",
        r#"{"type": "string", "pattern": "^([1-5][0-9][0-9]|[1-5][xX][xX])$"}"#,
    ),
    query(
        "rule",
        false,
        "Refused by this rule, or by any",
        r#"{"type": "string", "enum": ["any", "flood", "body", "scenario", "identify", "authenticate", "state", "freshness", "replay", "source", "rate", "permission", "audit"]}"#,
    ),
    query("act", false, "Of this management act, or `request`", TEXT),
    query("source", false, "From this IP address", TEXT),
    query(
        "text",
        false,
        "With this text in the route, the act, the rule, or the key's id or name; or a request's id",
        TEXT,
    ),
    query("from", false, "From this time of the platform on", TIME),
    query("until", false, "Before this time of the platform", TIME),
];

const TEXT: &str = r#"{"type": "string"}"#;
/// RFC 3339, or seconds since 1970.
const TIME: &str =
    r#"{"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": "^[0-9]+$"}]}"#;

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
        &["/manage/v1/keys/{}/name"],
        "Renames a key",
        Shape::Of(of::<SetName>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/expiry"],
        "Changes when a key ends, or lets it go on without an end",
        Shape::Of(of::<SetExpiry>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/public-key"],
        "Registers the public key that a key's signatures are verified with, or ends it",
        Shape::Of(of::<SetPublicKey>),
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
        &["/manage/v1/keys/{}/quota"],
        "Sets how many requests a key may make in a day (UTC), or ends its quota",
        Shape::Of(of::<SetQuota>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/delay"],
        "Lets a key's requests over a limit wait for a slot, up to a bound, or refuses them at once",
        Shape::Of(of::<SetDelay>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    entry(
        "GET",
        &["/manage/v1/keys/{}/limit/suggestion"],
        "A limit that a key's use in the audit log suggests, with its reasons",
        Shape::Nothing,
        (200, Shape::Of(of::<LimitSuggestion>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/keys/{}/allowlist"],
        "Replaces the source addresses that a key may be used from",
        Shape::Of(of::<ChangeAllowlist>),
        (200, Shape::Of(of::<KeyView>)),
    ),
    Entry {
        parameters: &[query(
            "address",
            true,
            "The source address",
            r#"{"type": "string"}"#,
        )],
        ..entry(
            "GET",
            &["/manage/v1/keys/{}/source"],
            "Whether a key may be used from an address, and what lets it",
            Shape::Nothing,
            (200, Shape::Of(of::<SourceCheck>)),
        )
    },
    entry(
        "GET",
        &["/manage/v1/allowlist"],
        "The source addresses that any key may be used from",
        Shape::Nothing,
        (200, Shape::Of(of::<AllowAllView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/allowlist"],
        "Replaces the source addresses that any key may be used from",
        Shape::Of(of::<ChangeAllowlist>),
        (200, Shape::Of(of::<AllowAllView>)),
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
            LIMIT,
            query(
                "before",
                false,
                "Only rows before the one with this number",
                r#"{"type": "integer", "minimum": 0}"#,
            ),
            QUESTION[0],
            QUESTION[1],
            QUESTION[2],
            QUESTION[3],
            QUESTION[4],
            QUESTION[5],
            QUESTION[6],
            QUESTION[7],
            QUESTION[8],
        ],
        ..entry(
            "GET",
            &["/manage/v1/audit"],
            "Rows of the audit log, the newest first",
            Shape::Nothing,
            (200, Shape::Of(of::<AuditPage>)),
        )
    },
    Entry {
        parameters: &[
            LIMIT,
            query(
                "from_row",
                false,
                "The first row; if absent, only where the log ends is said",
                r#"{"type": "integer", "minimum": 0}"#,
            ),
            query(
                "wait_ms",
                false,
                "How long to wait for rows, if there are none; looks at the log are left out then",
                r#"{"type": "integer", "minimum": 0, "maximum": 30000}"#,
            ),
            QUESTION[0],
            QUESTION[1],
            QUESTION[2],
            QUESTION[3],
            QUESTION[4],
            QUESTION[5],
            QUESTION[6],
            QUESTION[7],
            QUESTION[8],
        ],
        ..entry(
            "GET",
            &["/manage/v1/audit/rows"],
            "Rows of the audit log, in the order in which they were written",
            Shape::Nothing,
            (200, Shape::Of(of::<AuditTail>)),
        )
    },
    entry(
        "POST",
        &["/manage/v1/audit/verify"],
        "Checks the audit log's chain and checkpoints, also against copies that were kept elsewhere",
        Shape::Maybe(of::<VerifyAudit>),
        (200, Shape::Of(of::<AuditVerification>)),
    ),
    entry(
        "POST",
        &["/manage/v1/audit/checkpoint"],
        "Signs how far the audit log goes, to be kept elsewhere",
        Shape::Nothing,
        (200, Shape::Of(of::<SignedCheckpoint>)),
    ),
    Entry {
        parameters: &[
            query(
                "format",
                false,
                "How rows are written; jsonl if absent",
                r#"{"type": "string", "enum": ["jsonl", "csv"]}"#,
            ),
            QUESTION[0],
            QUESTION[1],
            QUESTION[2],
            QUESTION[3],
            QUESTION[4],
            QUESTION[5],
            QUESTION[6],
            QUESTION[7],
            QUESTION[8],
        ],
        ..entry(
            "GET",
            &["/manage/v1/audit/export"],
            "Rows of the audit log as text, in their order. The last line is JSON: {\"proof\": ExportProof} of the bytes \
             before it, or why there is none; without it the export is incomplete",
            Shape::Nothing,
            (200, Shape::Export),
        )
    },
    entry(
        "POST",
        &["/manage/v1/audit/export/verify"],
        "Whether an export's proof was signed here, and the rows that were looked at stand in the log as they stood then",
        Shape::Of(of::<ExportProof>),
        (200, Shape::Of(of::<ExportVerification>)),
    ),
    entry(
        "POST",
        &["/manage/v1/audit/reindex"],
        "Makes the index of the audit log anew from its files",
        Shape::Nothing,
        (200, Shape::Of(of::<AuditReindexed>)),
    ),
    entry(
        "GET",
        &["/manage/v1/audit/retention"],
        "For how long rows of the audit log are kept, and what there is of it",
        Shape::Nothing,
        (200, Shape::Of(of::<RetentionView>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/audit/retention"],
        "Sets for how long rows of the audit log are kept, and cuts off what is older",
        Shape::Of(of::<SetRetention>),
        (200, Shape::Of(of::<RetentionView>)),
    ),
    entry(
        "GET",
        &["/manage/v1/clients"],
        "Whose keys there are",
        Shape::Nothing,
        (200, Shape::Of(of::<ClientList>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/clients/{}/limit"],
        "Sets how many requests all keys of a client may make in every rolling minute, or ends that limit",
        Shape::Of(of::<SetClientLimit>),
        (200, Shape::Of(of::<ClientView>)),
    ),
    entry(
        "GET",
        &["/manage/v1/routes"],
        "The routes that a key may call, and how many slots each takes",
        Shape::Nothing,
        (200, Shape::Of(of::<RouteList>)),
    ),
    entry(
        "PUT",
        &["/manage/v1/routes/cost"],
        "Sets how many slots of its key's limits a request to a route takes",
        Shape::Of(of::<SetRouteCost>),
        (200, Shape::Of(of::<RouteList>)),
    ),
    entry(
        "POST",
        &["/manage/v1/clients/{}/erase"],
        "Ends a client's keys and erases what is personal of it; the audit log still verifies",
        Shape::Nothing,
        (200, Shape::Of(of::<ErasedClient>)),
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
