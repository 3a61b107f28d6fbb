//! A request as it is composed and saved: with placeholders, unsigned, without a secret.
//!
//! Every text but a name may hold `{{variable}}`, `{{sr://NAME/FIELD}}` and `{{secret:NAME}}`. They are
//! filled in before the request is signed; a secret that a reference names is looked up by the vault's
//! owner alone, and goes only to the hosts of its item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exchange::{SendOptions, Step};

/// A request as it is composed. What is absent in JSON is as it is in [`Composed::default`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct Composed {
    /// The name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its place among its neighbours in a folder: ascending, those without one last, by file name.
    pub order: Option<u32>,
    /// The method.
    pub method: String,
    /// The URL; it may hold a query, which is sent as it stands, before that of `query`.
    pub url: String,
    /// The query table: names and values as they read, percent-encoded when sent.
    pub query: Vec<Line>,
    /// The header lines in order; names may repeat.
    pub headers: Vec<Line>,
    /// The content.
    pub body: ComposedBody,
    /// The vault's item to sign with, by name, id or `sr://NAME`.
    pub key: Option<String>,
    /// The scheme's id; the item's own if absent.
    pub scheme: Option<String>,
    /// What the scheme is told beside the key; it comes before what the item says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "typescript",
        ts(optional, as = "Option<BTreeMap<String, String>>")
    )]
    pub settings: BTreeMap<String, String>,
    /// What the answer must be.
    pub expect: Expectations,
    /// What is carried on from the answer to the requests after it.
    pub capture: Vec<Capture>,
    /// Whether redirects are followed rather than shown.
    pub follow_redirects: bool,
    /// After how many milliseconds it is given up; 30 s if absent.
    pub timeout_ms: Option<u64>,
}

impl Default for Composed {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: None,
            order: None,
            method: "GET".to_owned(),
            url: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: ComposedBody::None,
            key: None,
            scheme: None,
            settings: BTreeMap::new(),
            expect: Expectations::default(),
            capture: Vec::new(),
            follow_redirects: false,
            timeout_ms: None,
        }
    }
}

/// One line of a query, header or form table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Line {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether it is sent. One that is not stays in the table.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A request's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ComposedBody {
    /// Nothing.
    #[default]
    None,
    /// JSON, byte for byte as it is sent.
    Json {
        /// The text.
        text: String,
    },
    /// A form, sent as `application/x-www-form-urlencoded`.
    Form {
        /// Its fields.
        fields: Vec<Line>,
    },
    /// Parts, sent as `multipart/form-data` (RFC 7578).
    Multipart {
        /// The parts.
        parts: Vec<ComposedPart>,
    },
    /// Text, byte for byte as it is sent.
    Text {
        /// The text.
        text: String,
        /// What the content type is.
        content_type: Option<String>,
    },
    /// A file's bytes.
    File {
        /// The file, as a path from the request's folder; absolute if it is in none.
        path: String,
        /// What the content type is.
        content_type: Option<String>,
    },
    /// Bytes that are no text; they hold no placeholders.
    Binary {
        /// The bytes, base64.
        base64: String,
        /// What the content type is.
        content_type: Option<String>,
    },
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ComposedPart {
    /// The field's name.
    pub name: String,
    /// What it holds.
    pub content: PartContent,
    /// What the part's content type is.
    pub content_type: Option<String>,
    /// Whether it is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PartContent {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A file's bytes.
    File {
        /// The file, as a path from the request's folder.
        path: String,
        /// The name it is sent under, if not the path's last part.
        file_name: Option<String>,
    },
}

/// What an answer must be. Nothing is expected where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct Expectations {
    /// The status is one of these, such as `201` or `2xx`.
    pub status: Vec<String>,
    /// The whole exchange takes at most as many milliseconds.
    pub time_ms: Option<u64>,
    /// What header lines must be: for one of the lines of `at`, a name in any case.
    pub headers: Vec<Expected>,
    /// What the body's JSON must be: for one of the nodes at `at`, a JSONPath (RFC 9535).
    pub json: Vec<Expected>,
    /// A file with a JSON Schema that the body satisfies, as a path from the request's folder.
    pub schema: Option<String>,
}

/// What one place of an answer must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Expected {
    /// The place: a header's name, or a JSONPath.
    pub at: String,
    /// What must hold there.
    pub check: Check,
}

/// What must hold for a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "ValueCheck"))]
#[serde(tag = "is", content = "value", rename_all = "snake_case")]
pub enum Check {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is this value. A header's value is text.
    Equals(#[cfg_attr(feature = "typescript", ts(type = "unknown"))] Value),
    /// It is a text with this in it, or an array with this text in it.
    Contains(String),
    /// It is a text that this regular expression finds something in.
    Matches(String),
    /// It is a number, and this or more.
    AtLeast(f64),
    /// It is a number, and this or less.
    AtMost(f64),
}

/// A value that is carried on from the answer to the requests after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Capture {
    /// The variable that it becomes.
    pub name: String,
    /// Where it comes from.
    pub from: CaptureSource,
}

/// Where a captured value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", content = "at", rename_all = "snake_case")]
pub enum CaptureSource {
    /// The first node of a JSONPath (RFC 9535): a text as it is, anything else as JSON.
    Json(String),
    /// The first line of a header.
    Header(String),
    /// The whole body, as text.
    Body,
    /// The status.
    Status,
}

/// A composed request, and what its placeholders are filled in from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct ComposedSend {
    /// The request.
    pub request: Composed,
    /// The folder of requests that it belongs to, as an absolute path: its environments are there.
    pub folder: Option<String>,
    /// Where it is saved, as a path in the folder: files of its body are looked for from there.
    pub path: Option<String>,
    /// The environment, by name or by its file's name in the folder.
    pub environment: Option<String>,
    /// Variables that come before those of the environment.
    pub variables: BTreeMap<String, String>,
    /// How it is sent.
    pub options: SendOptions,
}

/// What would go out: the very bytes, with the names of secrets in the place of the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ComposedPreview {
    /// The absolute URL.
    pub url: String,
    /// Request line and header section as they go on the wire, with the empty line. What is made anew for
    /// each request (a nonce, a signature) is a sample.
    pub head: String,
    /// The body as text; absent if it is not UTF-8 (then see `body_base64`).
    pub body: Option<String>,
    /// The body, base64, if it is not UTF-8.
    pub body_base64: Option<String>,
    /// The body's length in bytes as it is sent.
    pub body_bytes: u64,
    /// Each artefact of signing, made with a sample secret: no signature among them is genuine.
    pub steps: Vec<Step>,
    /// The fields of the vault that would be used, as `sr://NAME/FIELD`.
    pub references: Vec<String>,
    /// Whether it goes to production: it is sent only with
    /// [`SendOptions::confirm_production`].
    pub production: bool,
    /// What keeps it from being sent. All else is as far as it is known then.
    pub problems: Vec<ComposeProblem>,
}

/// What keeps a composed request from being sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ComposeProblem {
    /// Where: `method`, `url`, `query NAME`, `header NAME`, `body`, `form NAME`, `part NAME`, `auth`.
    pub place: String,
    /// The variables that were gone through, the outermost first, and the one at fault last; empty if no
    /// variable is at fault.
    pub variables: Vec<String>,
    /// One sentence that names what is missing, cyclic or malformed.
    pub message: String,
}
