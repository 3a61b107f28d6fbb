//! An API key as one header or one query parameter, under whichever name the provider chose.

use strongroom_crypto::{SecretText, mac::constant_time_eq};
use url::form_urlencoded;

use crate::{
    credential::Credential,
    header_pair::visible_ascii,
    message::{Request, trim},
    settings::{Setting, SettingError, Settings},
    sign::{Header, HeaderValue, QueryParameter, SignError, Signed, refuse_present, step},
    verify::{Refusal, Verified},
};

const HEADER: &str = "header";
const QUERY: &str = "query";
const PREFIX: &str = "prefix";
const DEFAULT_HEADER: &str = "x-api-key";

pub(crate) const SETTINGS: [Setting; 3] = [
    Setting::optional(
        HEADER,
        "the header that carries the key (x-api-key)",
        "x-api-key",
    ),
    Setting::optional(
        QUERY,
        "the query parameter that carries it instead",
        "api_key",
    ),
    Setting::optional(
        PREFIX,
        "what stands in front of the key in the header",
        "Token ",
    ),
];

/// Where the key stands.
pub(crate) enum Place<'a> {
    Header { name: &'a str, prefix: &'a str },
    Query { name: &'a str },
}

impl<'a> Place<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, SettingError> {
        let prefix = settings.get(PREFIX).unwrap_or_default();
        if prefix.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
            return Err(SettingError::malformed(PREFIX, "printable ASCII"));
        }
        match (settings.get(HEADER), settings.get(QUERY)) {
            (Some(_), Some(_)) => Err(SettingError::malformed(QUERY, "without a header")),
            (None, Some("")) => Err(SettingError::malformed(QUERY, "a parameter's name")),
            (None, Some(_)) if !prefix.is_empty() => {
                Err(SettingError::malformed(PREFIX, "of use in a query"))
            }
            (None, Some(name)) => Ok(Self::Query { name }),
            (name, None) => {
                let name = name.unwrap_or(DEFAULT_HEADER);
                if !is_header_name(name) {
                    return Err(SettingError::malformed(HEADER, "a header's name"));
                }
                Ok(Self::Header { name, prefix })
            }
        }
    }
}

/// RFC 9110's `token`.
pub(crate) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

pub(crate) fn sign(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    let secret = credential.secret.expose_secret();
    let reference = credential.reference;
    match Place::read(credential.settings)? {
        Place::Header { name, prefix } => {
            refuse_present(request, &[name])?;
            visible_ascii(secret.as_bytes()).ok_or(SignError::Secret)?;
            // Room for all of it at once, so that growing leaves no copy of the secret behind.
            let mut value = String::with_capacity(prefix.len() + secret.len());
            value.push_str(prefix);
            value.push_str(secret);
            let shown = format!("{prefix}{reference}");
            let steps = vec![step(name, &*shown)];
            let header = Header {
                name: name.to_owned().into(),
                value: HeaderValue::Secret {
                    value: SecretText::new(value),
                    shown,
                },
            };
            Ok(Signed::new(vec![header], steps))
        }
        Place::Query { name } => {
            let query = request.target().query().unwrap_or_default();
            if form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name) {
                return Err(SignError::ParameterPresent(name.to_owned()));
            }
            if secret.is_empty() {
                return Err(SignError::Secret);
            }
            // Each byte becomes three at most.
            let mut value = String::with_capacity(3 * secret.len());
            encode_into(&mut value, secret);
            let mut encoded = String::new();
            encode_into(&mut encoded, name);
            Ok(Signed {
                headers: Vec::new(),
                steps: vec![step(name, reference)],
                query: Some(QueryParameter {
                    name: encoded,
                    value: HeaderValue::Secret {
                        value: SecretText::new(value),
                        shown: reference.to_owned(),
                    },
                }),
            })
        }
    }
}

/// Percent-encoded by the set of `application/x-www-form-urlencoded`, with a space as `%20`.
fn encode_into(encoded: &mut String, text: &str) {
    for piece in form_urlencoded::byte_serialize(text.as_bytes()) {
        encoded.push_str(if piece == "+" { "%20" } else { piece });
    }
}

pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let expected = credential.secret.expose_secret().as_bytes();
    match Place::read(credential.settings)? {
        Place::Header { name, prefix } => {
            let mut lines = request
                .headers()
                .iter()
                .filter(|field| field.name.eq_ignore_ascii_case(name));
            let line = lines
                .next()
                .ok_or_else(|| Refusal::Absent(format!("header {name}")))?;
            if lines.next().is_some() {
                return Err(Refusal::Malformed(format!(
                    "the header {name} is there more than once; it may stand once"
                )));
            }
            let found = trim(line.value).strip_prefix(prefix.as_bytes());
            let found = found.ok_or_else(|| {
                Refusal::Malformed(format!("the header {name} does not start with {prefix:?}"))
            })?;
            outcome(constant_time_eq(found, expected), name)
        }
        Place::Query { name } => {
            let query = request.target().query().unwrap_or_default();
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
            let (_, value) = found
                .next()
                .ok_or_else(|| Refusal::Absent(format!("query parameter {name}")))?;
            if found.next().is_some() {
                return Err(Refusal::Malformed(format!(
                    "the query has {name} more than once"
                )));
            }
            outcome(constant_time_eq(value.as_bytes(), expected), name)
        }
    }
}

fn outcome(same: bool, place: &str) -> Result<Verified, Refusal> {
    if !same {
        return Err(Refusal::OtherSecret);
    }
    Ok(Verified {
        steps: vec![step(place, "the key is this one")],
        made: None,
    })
}
