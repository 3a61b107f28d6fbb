//! Rule `identify`: a credential is presented, well formed, of one key.
//!
//! Ways in: the headers `app-id` and `secret-key`; a token in `access-token` or `Authorization:
//! Bearer`; a signature by RFC 9421; at the endpoints of OAuth 2.0 also a client secret (RFC 6749,
//! section 2.3.1). Several at once must be of one key, and all must verify.
//!
//! A secret-key that is not well formed names no key and so is no matter of this rule: it can only
//! be a wrong one, which `authenticate` finds out, in the same work as for any other.

use strongroom_crypto::SecretText;
use strongroom_signing::{
    Field, Request,
    client_auth::{self, ClientAuth, PresentedClient},
    header_pair::{self, PresentedSecret},
    jwt::JwtError,
    token::{self as token_header},
};

use crate::{
    credential::AppId,
    platform::Platform,
    profile::{self, ProfiledSignature},
    scopes::{Needs, Route},
    token::{self, Token},
    trace::{Finding, Passed},
};

pub(crate) const EXPECTED: &str = "a credential of one key: app-id and secret-key, an access token, or a \
                        signature by RFC 9421; several at once only of the same key";
const APP_ID: &str = "header app-id";
const CLIENT_ID: &str = "client id";

/// What a request presents.
pub(crate) enum Claim<'r> {
    /// Credentials of one key, still to be checked.
    OfKey(Presented<'r>),
    /// A token that this platform did not issue: no key can be read from it.
    Forged(ForgedToken),
}

/// Credentials of one key: at least one of them is there.
pub(crate) struct Presented<'r> {
    pub(crate) app_id: AppId,
    pub(crate) secret: Option<ShownSecret<'r>>,
    pub(crate) tokens: [Option<Token>; 2],
    pub(crate) signature: Option<Box<ProfiledSignature>>,
}

/// A secret that a request presents, still to be checked.
pub(crate) enum ShownSecret<'r> {
    /// In the header secret-key.
    Header(PresentedSecret<'r>),
    /// As an OAuth 2.0 client secret.
    Client(ClientAuth, SecretText),
}

/// A token that this platform did not issue.
pub(crate) struct ForgedToken {
    pub(crate) header: &'static str,
    pub(crate) error: JwtError,
}

/// Reads what `request` presents.
pub(crate) fn check<'r>(
    request: &Request<'r>,
    route: &Route,
    platform: &Platform,
) -> Result<Claim<'r>, Finding> {
    let headers = request.headers();
    let pair = header_pair::read(headers).map_err(|error| {
        malformed(
            error.to_string(),
            "Send both headers, app-id and secret-key, once each.",
        )
    })?;
    let client = match route.needs {
        Needs::Client => client(request)?,
        _ => None,
    };
    let is_basic = client
        .as_ref()
        .is_some_and(|it| it.way == ClientAuth::Basic);
    let (pair_id, secret) = match (pair, client) {
        (Some(pair), None) => (
            Some((APP_ID, app_id(APP_ID, pair.app_id)?)),
            Some(ShownSecret::Header(pair.secret)),
        ),
        (None, Some(client)) => (
            Some((CLIENT_ID, app_id(CLIENT_ID, &client.client_id)?)),
            Some(ShownSecret::Client(client.way, client.client_secret)),
        ),
        (Some(_), Some(client)) => {
            return Err(malformed(
                format!(
                    "a secret in the header secret-key and one as {}",
                    client.way
                ),
                "Present the secret one way.",
            ));
        }
        (None, None) => (None, None),
    };
    let signature = match profile::read(request)? {
        Some(signature) => Some((app_id("signature's keyid", &signature.keyid)?, signature)),
        None => None,
    };
    // `Authorization: Basic` is no token, and was read already.
    let Tokens { issued, forged } = match is_basic {
        false => tokens(headers, platform)?,
        true => {
            let is_other =
                |field: &&Field<'_>| !field.name.eq_ignore_ascii_case(token_header::AUTHORIZATION);
            let others: Vec<_> = headers.iter().filter(is_other).copied().collect();
            tokens(&others, platform)?
        }
    };

    let signature_id = signature.as_ref().map(|(id, _)| ("signature's keyid", *id));
    let token_ids = issued.iter().flatten().map(|(id, it)| (it.header, *id));
    let mut claims = pair_id.into_iter().chain(signature_id).chain(token_ids);
    let first = claims.next();
    if let Some((place, first)) = first
        && let Some((other_place, other)) = claims.find(|(_, id)| *id != first)
    {
        return Err(different(place, first, other_place, other));
    }
    match (first, forged) {
        (_, Some(forged)) => Ok(Claim::Forged(forged)),
        (Some((_, app_id)), None) => Ok(Claim::OfKey(Presented {
            app_id,
            secret,
            tokens: issued.map(|it| it.map(|(_, token)| token)),
            signature: signature.map(|(_, signature)| Box::new(signature)),
        })),
        (None, None) => Err(Finding::new(
            "The request presents no credential.",
            "none of the headers app-id, access-token, authorization and signature",
            EXPECTED,
            "Send the headers app-id and secret-key, or an access token, or sign the request.",
        )),
    }
}

impl Presented<'_> {
    /// The ways in, in words.
    pub(crate) fn ways(&self) -> String {
        let pair = self.secret.as_ref().map(|secret| match secret {
            ShownSecret::Header(_) => "app-id and secret-key".to_owned(),
            ShownSecret::Client(way, _) => format!("client id and secret by {way}"),
        });
        let signature = self.signature.as_ref().map(|_| "a signature".to_owned());
        let tokens = self.tokens.iter().flatten();
        let tokens = tokens.map(|it| format!("a token in {}", it.header));
        let ways: Vec<_> = pair.into_iter().chain(signature).chain(tokens).collect();
        ways.join(", and ")
    }

    pub(crate) fn passed(&self) -> Passed {
        Passed::new(format!("{} of {}", self.ways(), self.app_id), EXPECTED)
    }

    /// Whether the secret itself was used, not a token that was had for it.
    pub(crate) fn uses_secret(&self) -> bool {
        self.secret.is_some() || self.signature.is_some()
    }
}

impl ShownSecret<'_> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Header(secret) => secret.expose_secret().as_bytes(),
            Self::Client(_, secret) => secret.expose_secret().as_bytes(),
        }
    }
}

impl ForgedToken {
    pub(crate) fn passed(&self) -> Passed {
        Passed::new(format!("a token in {}", self.header), EXPECTED)
    }
}

pub(crate) fn malformed(observed: impl Into<String>, fix: &str) -> Finding {
    let observed = observed.into();
    let cause = format!("The credential is malformed: {observed}.");
    Finding::new(cause, observed, EXPECTED, fix)
}

fn different(place: &str, first: AppId, other_place: &str, other: AppId) -> Finding {
    Finding::new(
        "The request presents credentials of different keys.",
        format!("{first} ({place}) and {other} ({other_place})"),
        EXPECTED,
        "Send the credentials of one key only.",
    )
}

fn app_id(place: &str, text: &str) -> Result<AppId, Finding> {
    AppId::parse(text.as_bytes()).map_err(|error| {
        malformed(
            format!("{error} ({place})"),
            "Copy the app-id again, whole, from where the key was issued.",
        )
    })
}

/// The client that an endpoint of OAuth 2.0 is asked by, if it says so in that protocol's own ways.
fn client(request: &Request<'_>) -> Result<Option<PresentedClient>, Finding> {
    client_auth::read(request.headers(), request.body()).map_err(|error| {
        malformed(
            error.to_string(),
            "Present client id and client secret by client_secret_basic or client_secret_post, once \
             and in one of them.",
        )
    })
}

/// What stands in the headers of tokens.
struct Tokens {
    /// Those that this platform issued, and whose they are.
    issued: [Option<(AppId, Token)>; 2],
    /// One that it did not.
    forged: Option<ForgedToken>,
}

/// The tokens that this platform issued, and one that it did not, if there is.
fn tokens(headers: &[Field<'_>], platform: &Platform) -> Result<Tokens, Finding> {
    let fix = "Send a token that the platform issued, as `Authorization: Bearer TOKEN` or \
               `access-token: TOKEN`, once.";
    let presented =
        token_header::read(headers).map_err(|error| malformed(error.to_string(), fix))?;
    let mut tokens = Tokens {
        issued: [None; 2],
        forged: None,
    };
    for (presented, issued) in presented.iter().zip(&mut tokens.issued) {
        let Some(presented) = presented else { continue };
        let header = presented.header;
        match token::read(header, presented.token.expose_secret(), platform) {
            Ok(token) => *issued = Some(token),
            Err(
                error @ (JwtError::TooLong
                | JwtError::NotCompact
                | JwtError::Encoding
                | JwtError::Header),
            ) => {
                return Err(malformed(format!("{error} (header {header})"), fix));
            }
            Err(error) => tokens.forged = Some(ForgedToken { header, error }),
        }
    }
    Ok(tokens)
}
