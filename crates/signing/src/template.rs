//! A provider's own canonical form, described by settings: what is joined to the string to sign, how the
//! MAC over it is written, and which headers carry what.
//!
//! ```text
//! content   = "{timestamp}.{method}.{path_and_query}.{body}"       \n is a line end, {{ and }} are braces
//! algorithm = hmac-sha256 | hmac-sha512
//! encoding  = hex | base64 | base64url
//! headers   = "x-timestamp: {timestamp}\nx-signature: v1={signature}"
//! ```

use std::borrow::Cow;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{
    hash,
    mac::{HmacSha256, constant_time_eq, hmac_sha512_public},
};

use crate::{
    api_key::is_header_name,
    credential::{Credential, KeyProblem},
    header_pair::visible_ascii,
    message::{Request, trim},
    settings::{Encoding, Setting, SettingError, Settings},
    sign::{SignError, Signed, public, refuse_present, shown_bytes, step},
    verify::{Refusal, Verified, same_id},
};

const CONTENT: &str = "content";
const ALGORITHM: &str = "algorithm";
const ENCODING: &str = "encoding";
const HEADERS: &str = "headers";

pub(crate) const SETTINGS: [Setting; 5] = [
    Setting::required(
        CONTENT,
        "what is signed, as in {timestamp}.{body}",
        "{timestamp}.{method}.{path_and_query}.{body}",
    ),
    Setting::required(
        HEADERS,
        "the headers that carry it, one a line",
        "x-timestamp: {timestamp}\\nx-signature: {signature}",
    ),
    Setting::optional(
        ALGORITHM,
        "hmac-sha256 or hmac-sha512 (hmac-sha256)",
        "hmac-sha512",
    ),
    Setting::optional(ENCODING, "hex, base64 or base64url (hex)", "base64"),
    Setting::secret_encoding(),
];

/// What a pair of braces can name, beside `header:NAME`.
const NAMES: [&str; 15] = [
    "body",
    "body_sha256",
    "body_sha256_base64",
    "host",
    "id",
    "method",
    "nonce",
    "path",
    "path_and_query",
    "query",
    "scheme",
    "signature",
    "timestamp",
    "timestamp_ms",
    "url",
];

/// The canonical form.
pub(crate) struct Template<'a> {
    content: Vec<Piece<'a>>,
    headers: Vec<(String, Vec<Piece<'a>>)>,
    sha512: bool,
    encoding: Encoding,
}

/// A piece of a text with braces.
enum Piece<'a> {
    Text(Cow<'a, str>),
    Value(&'a str),
}

impl<'a> Template<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, SettingError> {
        let content = pieces(CONTENT, settings.needed(CONTENT)?)?;
        if uses(&content, "signature") {
            return Err(SettingError::malformed(
                CONTENT,
                "without {signature}, which is made of it",
            ));
        }
        let mut headers = Vec::new();
        for line in settings.needed(HEADERS)?.split("\\n").flat_map(str::lines) {
            let (name, value) = line
                .split_once(':')
                .map(|(name, value)| (name.trim(), value.trim()))
                .filter(|(name, _)| is_header_name(name))
                .ok_or_else(|| SettingError::malformed(HEADERS, "lines of NAME: VALUE"))?;
            let value = pieces(HEADERS, value)?;
            if uses(&value, "body") {
                return Err(SettingError::malformed(
                    HEADERS,
                    "without {body}, which no header can hold",
                ));
            }
            headers.push((name.to_owned(), value));
        }
        if !headers.iter().any(|(_, value)| uses(value, "signature")) {
            return Err(SettingError::malformed(
                HEADERS,
                "with a {signature} in one of them",
            ));
        }
        let sha512 = match settings.get(ALGORITHM) {
            None | Some("hmac-sha256") => false,
            Some("hmac-sha512") => true,
            Some(_) => {
                return Err(SettingError::malformed(
                    ALGORITHM,
                    "hmac-sha256 or hmac-sha512",
                ));
            }
        };
        let encoding = Encoding::read(settings, ENCODING, Encoding::Hex)?;
        if encoding == Encoding::Utf8 {
            return Err(SettingError::malformed(
                ENCODING,
                "hex, base64 or base64url",
            ));
        }
        settings.secret_encoding()?;
        Ok(Self {
            content,
            headers,
            sha512,
            encoding,
        })
    }

    fn signature(&self, content: &[u8], credential: &Credential<'_>) -> Result<String, KeyProblem> {
        let key = credential
            .settings
            .secret_encoding()?
            .decode(credential.secret)
            .filter(|key| !key.is_empty())
            .ok_or(KeyProblem::Secret)?;
        Ok(if self.sha512 {
            let tag = hmac_sha512_public(key.expose_secret(), content);
            self.encoding.encode(&tag)
        } else {
            let tag = HmacSha256::new(key.expose_secret()).tag(&[content]);
            self.encoding.encode(&tag.into_public())
        })
    }
}

fn uses(pieces: &[Piece<'_>], name: &str) -> bool {
    pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Value(value) if *value == name))
}

fn pieces<'a>(setting: &'static str, text: &'a str) -> Result<Vec<Piece<'a>>, SettingError> {
    let wrong = |expected: String| SettingError::malformed(setting, expected);
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', '\\']) {
        let (before, special) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.into()));
        }
        let escapes = [("{{", "{"), ("}}", "}"), ("\\n", "\n"), ("\\\\", "\\")];
        let escape = escapes
            .iter()
            .find_map(|(escape, means)| Some((special.strip_prefix(escape)?, *means)));
        rest = if let Some((after, means)) = escape {
            pieces.push(Piece::Text(means.into()));
            after
        } else {
            let (name, after) = special
                .strip_prefix('{')
                .and_then(|named| named.split_once('}'))
                .ok_or_else(|| wrong("text with {NAME} in it ({{ is a brace)".to_owned()))?;
            let header = name.strip_prefix("header:");
            if !NAMES.contains(&name) && !header.is_some_and(is_header_name) {
                let names = NAMES.join(", ");
                return Err(wrong(format!("made of {names} and header:NAME in braces")));
            }
            pieces.push(Piece::Value(name));
            after
        };
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    Ok(pieces)
}

/// What the braces stand for in one request.
struct Values<'a> {
    request: &'a Request<'a>,
    id: Option<&'a str>,
    timestamp: String,
    timestamp_ms: String,
    nonce: String,
    signature: String,
}

impl Values<'_> {
    fn fill(&self, pieces: &[Piece<'_>]) -> Result<Vec<u8>, SignError> {
        let mut filled = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Value(name) => filled.extend_from_slice(&self.value(name)?),
            }
        }
        Ok(filled)
    }

    fn value(&self, name: &str) -> Result<Cow<'_, [u8]>, SignError> {
        let target = self.request.target();
        let body_hash = || hash::sha256(&[self.request.body()]);
        let text = match name {
            "body" => return Ok(self.request.body().into()),
            "body_sha256" => hex::encode(body_hash()),
            "body_sha256_base64" => Encoding::Base64.encode(&body_hash()),
            "host" => target.authority().to_owned(),
            "id" => {
                let id = self
                    .id
                    .ok_or(SignError::NoPublicId(crate::Scheme::HmacTemplate))?;
                visible_ascii(id.as_bytes())
                    .ok_or(SignError::PublicId)?
                    .to_owned()
            }
            "method" => self.request.method().to_owned(),
            "nonce" => self.nonce.clone(),
            "path" => target.path().to_owned(),
            "path_and_query" => target.request_target().to_owned(),
            "query" => target.query().unwrap_or_default().to_owned(),
            "scheme" => target.scheme().to_string(),
            "signature" => self.signature.clone(),
            "timestamp" => self.timestamp.clone(),
            "timestamp_ms" => self.timestamp_ms.clone(),
            "url" => target.to_string(),
            other => {
                let header = other.strip_prefix("header:").unwrap_or(other);
                return self
                    .request
                    .headers()
                    .iter()
                    .filter(|field| field.name.eq_ignore_ascii_case(header))
                    .map(|field| Cow::Borrowed(trim(field.value)))
                    .reduce(|one, other| [&one[..], &other[..]].join(&b", "[..]).into())
                    .ok_or_else(|| SignError::NoHeader(header.to_owned()));
            }
        };
        Ok(text.into_bytes().into())
    }
}

pub(crate) fn sign(
    nonce: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    let template = Template::read(credential.settings)?;
    let names: Vec<&str> = template.headers.iter().map(|(name, _)| &**name).collect();
    refuse_present(request, &names)?;
    let mut values = Values {
        request,
        id: credential.public_id,
        timestamp: now.secs().to_string(),
        timestamp_ms: now.0.to_string(),
        nonce: nonce.to_owned(),
        signature: String::new(),
    };
    let content = values.fill(&template.content)?;
    values.signature = template.signature(&content, credential)?;
    let mut headers = Vec::new();
    for (name, value) in &template.headers {
        let value = values.fill(value)?;
        headers.push(public(
            name.clone(),
            String::from_utf8_lossy(&value).into_owned(),
        ));
    }
    Ok(Signed::new(
        headers,
        vec![
            step("string_to_sign", shown_bytes(&content)),
            step("signature", values.signature),
        ],
    ))
}

/// Reads time, nonce and id out of the headers that carry them, builds the content anew, and compares.
pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let template = Template::read(credential.settings)?;
    let mut values = Values {
        request,
        id: credential.public_id,
        timestamp: String::new(),
        timestamp_ms: String::new(),
        nonce: String::new(),
        signature: String::new(),
    };
    let mut made = None;
    let mut stated = None;
    for (name, pieces) in &template.headers {
        let mut lines = request
            .headers()
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        let line = lines
            .next()
            .ok_or_else(|| Refusal::Absent(format!("header {name}")))?;
        let malformed = || Refusal::Malformed(format!("the header {name} is not as the form says"));
        if lines.next().is_some() {
            return Err(malformed());
        }
        let value = str::from_utf8(trim(line.value)).map_err(|_| malformed())?;
        for (place, found) in taken_apart(pieces, value).ok_or_else(malformed)? {
            let number = || found.parse::<u64>().map_err(|_| malformed());
            match place {
                "signature" => stated = Some(found.to_owned()),
                "timestamp" => {
                    made = Some(UnixMillis::from_secs(number()?));
                    values.timestamp = found.to_owned();
                }
                "timestamp_ms" => {
                    made = Some(UnixMillis(number()?));
                    values.timestamp_ms = found.to_owned();
                }
                "nonce" => values.nonce = found.to_owned(),
                "id" => same_id(found, credential)?,
                _ => {}
            }
        }
    }
    let content = values.fill(&template.content)?;
    let expected = template.signature(&content, credential)?;
    let steps = vec![step("string_to_sign", shown_bytes(&content))];
    let stated = stated.unwrap_or_default();
    let same = if template.encoding == Encoding::Hex {
        constant_time_eq(expected.as_bytes(), stated.to_ascii_lowercase().as_bytes())
    } else {
        constant_time_eq(expected.as_bytes(), stated.as_bytes())
    };
    if same {
        Ok(Verified { steps, made })
    } else {
        Err(Refusal::Mismatch { steps })
    }
}

/// What stands in the places of the braces: each up to the text that follows it.
fn taken_apart<'a>(pieces: &[Piece<'a>], value: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut found = Vec::new();
    let mut rest = value;
    let mut pieces = pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(&**text)?,
            Piece::Value(name) => {
                let end = match pieces.peek() {
                    Some(Piece::Text(next)) => rest.find(&**next)?,
                    _ => rest.len(),
                };
                let (taken, after) = rest.split_at(end);
                found.push((*name, taken));
                rest = after;
            }
        }
    }
    rest.is_empty().then_some(found)
}
