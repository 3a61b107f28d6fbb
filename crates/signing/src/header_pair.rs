//! An API key as two headers: the public `app-id` and the secret `secret-key`.

use strongroom_crypto::{
    SecretText,
    mac::{HmacSha256, SecretTag, constant_time_eq},
};

use crate::{
    credential::Credential,
    message::{Field, Repeated, Request, only},
    scheme::Scheme,
    sign::{Header, HeaderValue, SignError, Signed, public, public_id, refuse_present, step},
    verify::{Refusal, Verified, same_id},
};

/// The header with the public id.
pub const APP_ID: &str = "app-id";
/// The header with the secret.
pub const SECRET_KEY: &str = "secret-key";

/// What a request presents: an id and a secret that still has to be checked.
#[derive(Clone, Copy)]
pub struct HeaderPair<'a> {
    /// The public id: visible ASCII.
    pub app_id: &'a str,
    /// The secret.
    pub secret: PresentedSecret<'a>,
}

/// Reads the pair out of a request's headers; `None` if neither is there.
///
/// # Errors
///
/// [`HeaderPairError`] if one is missing, is there twice, or is not visible ASCII.
pub fn read<'a>(headers: &[Field<'a>]) -> Result<Option<HeaderPair<'a>>, HeaderPairError> {
    match (only(headers, APP_ID)?, only(headers, SECRET_KEY)?) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(HeaderPairError::Missing { name: SECRET_KEY }),
        (None, Some(_)) => Err(HeaderPairError::Missing { name: APP_ID }),
        (Some(app_id), Some(secret)) => Ok(Some(HeaderPair {
            app_id: visible_ascii(app_id).ok_or(HeaderPairError::Malformed { name: APP_ID })?,
            secret: visible_ascii(secret)
                .map(PresentedSecret)
                .ok_or(HeaderPairError::Malformed { name: SECRET_KEY })?,
        })),
    }
}

pub(crate) fn sign(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    refuse_present(request, &[APP_ID, SECRET_KEY])?;
    let public_id = public_id(Scheme::HeaderPair, credential)?;
    let secret = credential.secret.expose_secret();
    visible_ascii(secret.as_bytes()).ok_or(SignError::Secret)?;
    Ok(Signed::new(
        vec![
            public(APP_ID, public_id.to_owned()),
            Header {
                name: SECRET_KEY.into(),
                value: HeaderValue::Secret {
                    value: SecretText::new(secret.to_owned()),
                    shown: credential.reference.to_owned(),
                },
            },
        ],
        vec![
            step(APP_ID, public_id),
            step(SECRET_KEY, credential.reference),
        ],
    ))
}

pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let pair = read(request.headers())
        .map_err(|error| Refusal::Malformed(error.to_string()))?
        .ok_or_else(|| Refusal::Absent("headers app-id and secret-key".to_owned()))?;
    same_id(pair.app_id, credential)?;
    if !pair.secret.matches(credential.secret) {
        return Err(Refusal::OtherSecret);
    }
    Ok(Verified {
        steps: vec![
            step(APP_ID, pair.app_id),
            step(SECRET_KEY, "the secret is this one"),
        ],
        made: None,
    })
}

/// A secret as it came in, borrowed from the request. It can be compared and hashed, not printed.
#[derive(Clone, Copy)]
pub struct PresentedSecret<'a>(pub(crate) &'a str);

impl<'a> PresentedSecret<'a> {
    /// The secret itself, not checked yet.
    #[must_use]
    pub const fn expose_secret(self) -> &'a str {
        self.0
    }

    /// Whether it equals `expected`, in constant time.
    #[must_use]
    pub fn matches(self, expected: &SecretText) -> bool {
        constant_time_eq(self.0.as_bytes(), expected.expose_secret().as_bytes())
    }

    /// Its tag under `pepper`, which is what a platform stores of a secret.
    #[must_use]
    pub fn tag(self, pepper: &HmacSha256) -> SecretTag {
        pepper.tag(&[self.0.as_bytes()])
    }
}

/// A header pair is incomplete or malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderPairError {
    /// One of the two is not there.
    #[error("the header {name} is missing: app-id and secret-key belong together")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// One is empty or has other characters than visible ASCII.
    #[error("the header {name} is empty or has characters other than visible ASCII")]
    Malformed {
        /// Which.
        name: &'static str,
    },
    /// One is there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

/// The bytes as text, if there are any and all are visible ASCII (RFC 9110's `VCHAR`).
pub(crate) fn visible_ascii(bytes: &[u8]) -> Option<&str> {
    let visible = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    visible.then(|| str::from_utf8(bytes).ok()).flatten()
}
