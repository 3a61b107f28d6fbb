//! Files of ours, read.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::Folder;
use crate::{
    environment::Environment,
    expect::{Capture, Check, Expectations, HeaderCheck, JsonCheck, Source, StatusMatch},
    problem::{Place, Problem},
    request::{Auth, Body, Content, Entry, Method, Options, Part, SavedRequest},
    template::is_name,
};

/// Reads a request's file.
///
/// # Errors
///
/// [`Problem`] with the line and column of what is not as docs/REQUESTS.md says.
pub fn read_request(text: &str) -> Result<SavedRequest, Problem> {
    parse::<RequestFile>(text).map(SavedRequest::from)
}

/// Reads an environment's file.
///
/// # Errors
///
/// [`Problem`] with the line and column of what is not as docs/REQUESTS.md says.
pub fn read_environment(text: &str) -> Result<Environment, Problem> {
    let file: EnvironmentFile = parse(text)?;
    Ok(Environment {
        name: file.name,
        production: file.production,
        variables: file
            .variables
            .into_iter()
            .map(|(name, value)| (name.0, value))
            .collect(),
    })
}

/// Reads what a folder says of itself.
///
/// # Errors
///
/// [`Problem`] with the line and column of what is not as docs/REQUESTS.md says.
pub fn read_folder(text: &str) -> Result<Folder, Problem> {
    let file: FolderFile = parse(text)?;
    Ok(Folder {
        name: file.name,
        description: file.description,
        order: file.order,
    })
}

/// Bodies that hold a CR are written with escapes, so a CR in the file itself comes from how it was
/// checked out.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let normal;
    let text = if text.contains("\r\n") {
        normal = text.replace("\r\n", "\n");
        &normal
    } else {
        text
    };
    toml::from_str(text).map_err(|error| {
        let place = error
            .span()
            .map_or(Place::Whole, |span| Place::at(text, span.start));
        Problem::new(place, error.message())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    name: String,
    description: Option<String>,
    order: Option<u32>,
    method: MethodText,
    url: UrlText,
    #[serde(default)]
    query: Vec<EntryTable>,
    #[serde(default)]
    headers: Vec<HeaderTable>,
    body: Option<BodyTable>,
    auth: Option<AuthTable>,
    #[serde(default)]
    expect: ExpectTable,
    #[serde(default)]
    capture: Vec<CaptureTable>,
    #[serde(default)]
    options: OptionsTable,
}

impl From<RequestFile> for SavedRequest {
    fn from(file: RequestFile) -> Self {
        Self {
            name: file.name,
            description: file.description,
            order: file.order,
            method: file.method.0,
            url: file.url.0,
            query: entries(file.query),
            headers: file
                .headers
                .into_iter()
                .map(|HeaderTable(line)| line)
                .collect(),
            body: file.body.map(|BodyTable(body)| body),
            auth: file.auth.map(|auth| Auth {
                key: auth.key,
                scheme: auth.scheme,
                settings: auth.settings,
            }),
            expect: Expectations {
                status: file
                    .expect
                    .status
                    .into_iter()
                    .map(|status| status.0)
                    .collect(),
                time_ms: file.expect.time_ms,
                headers: file
                    .expect
                    .headers
                    .into_iter()
                    .map(|check| check.0)
                    .collect(),
                json: file.expect.json.into_iter().map(|check| check.0).collect(),
                schema: file.expect.schema,
            },
            capture: file.capture.into_iter().map(|capture| capture.0).collect(),
            options: Options {
                follow_redirects: file.options.follow_redirects,
                timeout_ms: file.options.timeout_ms,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct MethodText(Method);

impl TryFrom<String> for MethodText {
    type Error = crate::request::NotAMethod;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct UrlText(String);

impl TryFrom<String> for UrlText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            return Err("url is empty: expected https://HOST/PATH or {{base_url}}/PATH");
        }
        if text.chars().any(char::is_control) {
            return Err("url holds a line end or another control character");
        }
        Ok(Self(text))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryTable {
    name: String,
    #[serde(default)]
    value: String,
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

fn entries(tables: Vec<EntryTable>) -> Vec<Entry> {
    tables.into_iter().map(Entry::from).collect()
}

impl From<EntryTable> for Entry {
    fn from(table: EntryTable) -> Self {
        Self {
            name: table.name,
            value: table.value,
            enabled: table.enabled,
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "EntryTable")]
struct HeaderTable(Entry);

impl TryFrom<EntryTable> for HeaderTable {
    type Error = String;

    fn try_from(table: EntryTable) -> Result<Self, String> {
        if !table.name.contains("{{") && table.name.parse::<Method>().is_err() {
            return Err(format!(
                "{:?} is no header name: letters, digits and !#$%&'*+-.^_`|~",
                table.name
            ));
        }
        if table.value.contains(['\r', '\n', '\0']) {
            return Err(format!(
                "the header {} holds a line end, which would begin another header",
                table.name
            ));
        }
        Ok(Self(table.into()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBody {
    json: Option<String>,
    form: Option<Vec<EntryTable>>,
    multipart: Option<Vec<PartTable>>,
    text: Option<String>,
    file: Option<String>,
    base64: Option<String>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(try_from = "RawBody")]
struct BodyTable(Body);

impl TryFrom<RawBody> for BodyTable {
    type Error = &'static str;

    fn try_from(raw: RawBody) -> Result<Self, Self::Error> {
        const ONE: &str =
            "a body is one of json, form, multipart, text, file and base64, and no two of them";
        let content_type = raw.content_type;
        let typed = content_type.is_some();
        let mut bodies = [
            raw.json.map(Body::Json),
            raw.form.map(|form| Body::Form(entries(form))),
            raw.multipart
                .map(|parts| Body::Multipart(parts.into_iter().map(|part| part.0).collect())),
            raw.text.map(|text| Body::Text {
                text,
                content_type: content_type.clone(),
            }),
            raw.file.map(|path| Body::File {
                path,
                content_type: content_type.clone(),
            }),
            match raw.base64 {
                Some(text) => Some(Body::Binary {
                    bytes: BASE64_STANDARD
                        .decode(text.split_whitespace().collect::<String>())
                        .map_err(|_| "body.base64 is not base64 (RFC 4648, section 4)")?,
                    content_type,
                }),
                None => None,
            },
        ]
        .into_iter()
        .flatten();
        let body = bodies.next().ok_or(ONE)?;
        if bodies.next().is_some() {
            return Err(ONE);
        }
        if typed && matches!(body, Body::Json(_) | Body::Form(_) | Body::Multipart(_)) {
            return Err(
                "content_type goes with text, file and base64; for another type of json or form, set the header content-type",
            );
        }
        Ok(Self(body))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    name: String,
    text: Option<String>,
    file: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(try_from = "RawPart")]
struct PartTable(Part);

impl TryFrom<RawPart> for PartTable {
    type Error = &'static str;

    fn try_from(raw: RawPart) -> Result<Self, Self::Error> {
        let content = match (raw.text, raw.file, raw.file_name) {
            (Some(text), None, None) => Content::Text(text),
            (None, Some(path), file_name) => Content::File { path, file_name },
            _ => return Err("a part has either text or file, and file_name only beside file"),
        };
        Ok(Self(Part {
            name: raw.name,
            content,
            content_type: raw.content_type,
            enabled: raw.enabled,
        }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthTable {
    key: Option<String>,
    scheme: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    #[serde(default)]
    status: Vec<StatusText>,
    time_ms: Option<u64>,
    #[serde(default)]
    headers: Vec<HeaderCheckTable>,
    #[serde(default)]
    json: Vec<JsonCheckTable>,
    schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a status is a number from 100 to 599, or a class such as \"2xx\""
)]
enum RawStatus {
    Number(u16),
    Text(String),
}

#[derive(Deserialize)]
#[serde(try_from = "RawStatus")]
struct StatusText(StatusMatch);

impl TryFrom<RawStatus> for StatusText {
    type Error = crate::expect::NotAStatus;

    fn try_from(raw: RawStatus) -> Result<Self, Self::Error> {
        match raw {
            RawStatus::Number(number) => StatusMatch::exactly(number),
            RawStatus::Text(text) => text.parse(),
        }
        .map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    name: Option<String>,
    path: Option<String>,
    present: Option<bool>,
    equals: Option<Scalar>,
    equals_json: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "equals takes a text, a number or a boolean; other JSON goes into equals_json"
)]
enum Scalar {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl RawCheck {
    /// The name or path, and the check.
    fn parse(self) -> Result<(Option<String>, Option<String>, Check), String> {
        const ONE: &str = "a check is one of present, equals, equals_json, contains, matches, at_least and at_most, and no two of them";
        let finite = |number: f64| match number.is_finite() {
            true => Ok(number),
            false => Err("a number to compare with is finite".to_owned()),
        };
        let mut checks = [
            self.present.map(|present| match present {
                true => Check::Present,
                false => Check::Absent,
            }),
            match self.equals {
                None => None,
                Some(Scalar::Boolean(value)) => Some(Check::Equals(value.into())),
                Some(Scalar::Integer(value)) => Some(Check::Equals(value.into())),
                Some(Scalar::Float(value)) => Some(Check::Equals(finite(value)?.into())),
                Some(Scalar::Text(value)) => Some(Check::Equals(value.into())),
            },
            match self.equals_json {
                None => None,
                Some(text) => Some(Check::Equals(
                    serde_json::from_str::<Value>(&text)
                        .map_err(|error| format!("equals_json is not JSON: {error}"))?,
                )),
            },
            self.contains.map(Check::Contains),
            self.matches.map(Check::Matches),
            self.at_least.map(finite).transpose()?.map(Check::AtLeast),
            self.at_most.map(finite).transpose()?.map(Check::AtMost),
        ]
        .into_iter()
        .flatten();
        let check = checks.next().ok_or(ONE)?;
        match checks.next() {
            None => Ok((self.name, self.path, check)),
            Some(_) => Err(ONE.to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "RawCheck")]
struct HeaderCheckTable(HeaderCheck);

impl TryFrom<RawCheck> for HeaderCheckTable {
    type Error = String;

    fn try_from(raw: RawCheck) -> Result<Self, String> {
        match raw.parse()? {
            (Some(name), None, check) => Ok(Self(HeaderCheck { name, check })),
            _ => Err("a check of a header has a name and no path".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "RawCheck")]
struct JsonCheckTable(JsonCheck);

impl TryFrom<RawCheck> for JsonCheckTable {
    type Error = String;

    fn try_from(raw: RawCheck) -> Result<Self, String> {
        match raw.parse()? {
            (None, Some(path), check) => Ok(Self(JsonCheck { path, check })),
            _ => Err("a check of the body has a path, such as $.id, and no name".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCapture {
    name: VariableName,
    json: Option<String>,
    header: Option<String>,
    body: Option<bool>,
    status: Option<bool>,
}

#[derive(Deserialize)]
#[serde(try_from = "RawCapture")]
struct CaptureTable(Capture);

impl TryFrom<RawCapture> for CaptureTable {
    type Error = &'static str;

    fn try_from(raw: RawCapture) -> Result<Self, Self::Error> {
        let from = match (raw.json, raw.header, raw.body, raw.status) {
            (Some(path), None, None, None) => Source::Json(path),
            (None, Some(name), None, None) => Source::Header(name),
            (None, None, Some(true), None) => Source::Body,
            (None, None, None, Some(true)) => Source::Status,
            _ => {
                return Err(
                    "a value comes from one of json = \"$.PATH\", header = \"NAME\", body = true and status = true",
                );
            }
        };
        Ok(Self(Capture {
            name: raw.name.0,
            from,
        }))
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct OptionsTable {
    #[serde(default)]
    follow_redirects: bool,
    timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentFile {
    name: String,
    #[serde(default)]
    production: bool,
    #[serde(default)]
    variables: BTreeMap<VariableName, String>,
}

/// A variable's name; in an environment also `secret:NAME`.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct VariableName(String);

impl TryFrom<String> for VariableName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_name(text.strip_prefix("secret:").unwrap_or(&text)) {
            return Ok(Self(text));
        }
        Err(format!(
            "{text:?} is no variable name: letters, digits, '_', '-' and '.'"
        ))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderFile {
    name: Option<String>,
    description: Option<String>,
    order: Option<u32>,
}
