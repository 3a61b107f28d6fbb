//! How a client says who it is at an OAuth 2.0 endpoint (RFC 6749, section 2.3.1), as the one who runs
//! the endpoint reads it: `client_secret_basic`, where id and secret are form-encoded and stand in
//! `Authorization: Basic`, or `client_secret_post`, where they stand in the form of the body.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::{SecretBytes, SecretText};
use url::form_urlencoded;

use crate::{
    message::{Field, Repeated, only},
    token::AUTHORIZATION,
};

/// One of the two ways, by its name in the registry of RFC 7591, section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the header.
    Basic,
    /// In the body.
    Post,
}

impl fmt::Display for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        })
    }
}

/// What a client presents: an id and a secret that still has to be checked.
pub struct PresentedClient {
    /// Which way.
    pub way: ClientAuth,
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretText,
}

/// Reads the client out of a request's headers and its body, a form; `None` if it says who it is in
/// neither of the two ways.
///
/// # Errors
///
/// [`ClientAuthError`]: both ways at once, one that is incomplete or malformed, or a parameter that is
/// there twice.
pub fn read(
    headers: &[Field<'_>],
    body: &[u8],
) -> Result<Option<PresentedClient>, ClientAuthError> {
    match (basic(headers)?, post(body)?) {
        (Some(_), Some(_)) => Err(ClientAuthError::TwoWays),
        (basic, post) => Ok(basic.or(post)),
    }
}

fn basic(headers: &[Field<'_>]) -> Result<Option<PresentedClient>, ClientAuthError> {
    let Some(value) = only(headers, AUTHORIZATION)? else {
        return Ok(None);
    };
    let scheme_end = value.iter().take_while(|byte| **byte != b' ').count();
    let (scheme, encoded) = value.split_at(scheme_end);
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Ok(None);
    }
    let user_pass = BASE64_STANDARD
        .decode(encoded.trim_ascii())
        .map(SecretBytes::new)
        .map_err(|_| ClientAuthError::Base64)?;
    let bytes = user_pass.expose_secret();
    let colon = bytes.iter().position(|byte| *byte == b':');
    let (id, secret) = bytes.split_at(colon.ok_or(ClientAuthError::Colon)?);
    let client_id = form_decoded(id)?;
    let client_secret = form_decoded(secret.get(1..).unwrap_or_default())?;
    Ok(Some(PresentedClient {
        way: ClientAuth::Basic,
        client_id: client_id.expose_secret().to_owned(),
        client_secret,
    }))
}

/// A text as a form's value encodes it, with `+` for a space.
fn form_decoded(encoded: &[u8]) -> Result<SecretText, ClientAuthError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, behind @ ..] = rest {
        rest = behind;
        let byte = match (first, behind) {
            (b'+', _) => b' ',
            (b'%', [high, low, behind @ ..]) => {
                rest = behind;
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)
                    .zip(digit(low))
                    .map(|(high, low)| 16 * high + low);
                let byte = byte.and_then(|byte| u8::try_from(byte).ok());
                byte.ok_or(ClientAuthError::FormEncoding)?
            }
            (b'%', _) => return Err(ClientAuthError::FormEncoding),
            (other, _) => *other,
        };
        decoded.push(byte);
    }
    SecretBytes::new(decoded)
        .into_text()
        .map_err(|_| ClientAuthError::FormEncoding)
}

fn post(body: &[u8]) -> Result<Option<PresentedClient>, ClientAuthError> {
    let Some(client_secret) = parameter(body, CLIENT_SECRET)? else {
        return Ok(None);
    };
    let client_secret = SecretText::new(client_secret);
    let client_id = parameter(body, CLIENT_ID)?.ok_or(ClientAuthError::NoId)?;
    Ok(Some(PresentedClient {
        way: ClientAuth::Post,
        client_id,
        client_secret,
    }))
}

const CLIENT_ID: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";

/// The one parameter of this name in a form; `None` if there is none, or it has no value, which counts
/// as the same (RFC 6749, section 3.2).
///
/// # Errors
///
/// [`ClientAuthError::Twice`] if it is there more than once.
pub fn parameter(form: &[u8], name: &'static str) -> Result<Option<String>, ClientAuthError> {
    let mut found = form_urlencoded::parse(form).filter(|(found, _)| found == name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(ClientAuthError::Twice(name)),
        (found, None) => Ok(found
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())),
    }
}

/// What a client presents is incomplete or malformed. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// In the header and in the body.
    #[error("the client presents its secret in the Authorization header and in the body")]
    TwoWays,
    /// What follows `Basic` is not base64.
    #[error("what follows \"Basic \" in the Authorization header is not base64 with its padding")]
    Base64,
    /// There is no colon between id and secret.
    #[error("the Authorization header's base64 has no colon between client id and client secret")]
    Colon,
    /// Id or secret is not form-encoded.
    #[error("client id or client secret in the Authorization header is not form-encoded UTF-8")]
    FormEncoding,
    /// A secret without an id.
    #[error("the body has a client_secret and no client_id")]
    NoId,
    /// A parameter is there more than once.
    #[error("the parameter {0} is there more than once")]
    Twice(&'static str),
    /// The header is there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Credential, Settings,
        oauth2::{TokenRequest, token_request},
    };

    fn asked(id: &str, secret: &str, way: &str) -> TokenRequest {
        let secret = SecretText::new(secret.to_owned());
        let settings = [
            ("token_url", "https://localhost/oauth/token"),
            ("client_auth", way),
        ];
        let settings: Settings = settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let credential = Credential::new(&secret, "sr://test/secret")
            .with_public_id(id)
            .with_settings(&settings);
        token_request(&credential).unwrap()
    }

    fn read_back(request: &TokenRequest) -> Result<Option<PresentedClient>, ClientAuthError> {
        let headers = request.headers.iter();
        let fields: Vec<_> = headers
            .map(|header| Field::new(&header.name, header.value.expose_secret().as_bytes()))
            .collect();
        read(&fields, request.body.expose_secret().as_bytes())
    }

    proptest! {
        #[test]
        fn what_a_client_sends_is_read_back(
            id in "[ -~é]{1,20}", secret in "[ -~é:%+&=]{1,20}", in_body in any::<bool>(),
        ) {
            let way = if in_body { "body" } else { "basic" };
            let read = read_back(&asked(&id, &secret, way)).unwrap().unwrap();
            prop_assert_eq!(read.way == ClientAuth::Post, in_body);
            prop_assert_eq!(read.client_id, id);
            prop_assert_eq!(read.client_secret.expose_secret(), secret);
        }

        #[test]
        fn hostile_bytes_never_panic(header in prop::collection::vec(any::<u8>(), 0..80),
                                     body in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut value = b"Basic ".to_vec();
            value.extend_from_slice(&header);
            let _ = read(&[Field::new(AUTHORIZATION, &value)], &body);
            let encoded = format!("Basic {}", BASE64_STANDARD.encode(&header));
            let _ = read(&[Field::new(AUTHORIZATION, encoded.as_bytes())], &body);
        }
    }

    #[test]
    fn the_example_of_rfc6749_is_read() {
        // Section 2.3.1 and 4.4.2.
        let basic: &[u8] = b"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
        let headers = [Field::new("Authorization", basic)];
        let read = read(&headers, b"grant_type=client_credentials");
        let read = read.unwrap().unwrap();
        assert_eq!(read.way, ClientAuth::Basic);
        assert_eq!(read.client_id, "s6BhdRkqt3");
        assert_eq!(read.client_secret.expose_secret(), "gX1fBat3bV");
    }

    #[test]
    fn what_is_malformed_is_told_apart() {
        use ClientAuthError::*;
        let of = |header: Option<&str>, body: &str| {
            let header = header.map(str::as_bytes);
            let fields: Vec<_> = header
                .map(|it| Field::new(AUTHORIZATION, it))
                .into_iter()
                .collect();
            read(&fields, body.as_bytes()).map(|found| found.is_some())
        };
        assert_eq!(
            of(None, "grant_type=client_credentials&client_id=a"),
            Ok(false)
        );
        assert_eq!(of(Some("Bearer abc"), ""), Ok(false));
        assert_eq!(of(None, "client_id=a&client_secret="), Ok(false));
        for (header, body, wrong) in [
            (Some("Basic YTpi"), "client_id=a&client_secret=b", TwoWays),
            (Some("Basic ***"), "", Base64),
            (Some("Basic YWI="), "", Colon),
            (Some("Basic YTolNA=="), "", FormEncoding),
            (Some("Basic YTolZmY="), "", FormEncoding),
            (None, "client_secret=b", NoId),
            (
                None,
                "client_id=a&client_secret=b&client_secret=c",
                Twice("client_secret"),
            ),
        ] {
            assert_eq!(of(header, body), Err(wrong), "{header:?} {body}");
        }
    }
}
