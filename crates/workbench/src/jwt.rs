//! JSON Web Tokens, read and checked for a person.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    jwt::{JwtReport, JwtVerifyArgs},
    time::UnixMillis,
};
use strongroom_crypto::SecretText;
use strongroom_signing::{Credential, Scheme, Settings, jwt};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// What a token says. Its signature is not checked, and no vault is needed.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if it is so malformed that it says nothing.
pub fn decode(token: &SecretText, at: Option<UnixMillis>) -> Result<JwtReport, Failure> {
    report(token, None, at)
}

/// The same with its signature checked by a key of the open vault.
///
/// # Errors
///
/// As [`decode`]; [`ErrorCode::Locked`], [`ErrorCode::NotFound`], [`ErrorCode::Ambiguous`].
pub(crate) fn verify(
    session: &Session,
    args: JwtVerifyArgs,
    work: &Work,
) -> Result<JwtReport, Failure> {
    let JwtVerifyArgs { token, key, at } = args;
    let token = SecretText::new(token.into_exposed());
    let (name, report) = session.with_open(|open| {
        let item = open.vault.find(&key).map_err(shown)?;
        let id = item.id().to_string();
        let secret = open.vault.secret(&id, "secret", None).map_err(shown)?;
        let scheme = item.scheme().and_then(|id| id.parse::<Scheme>().ok());
        let settings = Settings::from(item.settings());
        let mut credential = Credential::new(&secret, "the secret").with_settings(&settings);
        if let Some(id) = item.public_id() {
            credential = credential.with_public_id(id);
        }
        let report = report(&token, Some((&credential, scheme)), at)?;
        Ok((item.name().to_owned(), report))
    })?;
    let activity = session.activity();
    activity.record(Act::Compared, clock::now(), Some(&name), &work.client);
    Ok(report)
}

fn report(
    token: &SecretText,
    key: Option<(&Credential<'_>, Option<Scheme>)>,
    at: Option<UnixMillis>,
) -> Result<JwtReport, Failure> {
    let at = at.unwrap_or_else(clock::now);
    jwt::report(token.expose_secret(), key, at).map_err(|error| {
        Failure::new(ErrorCode::Usage, error.to_string()).hint(
            "a JSON Web Token is three parts of A-Z a-z 0-9 - _ with a dot between them; copy it whole",
        )
    })
}
