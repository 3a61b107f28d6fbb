//! `sign`: a request is signed and shown, and not sent.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{SignArgs, SignedRequest, TypedCredential},
};
use strongroom_crypto::SecretText;
use strongroom_signing::{Scheme, Settings};

use super::{Credential, Draft, check_hosts, fresh_nonce, scheme, time_to_sign_with};
use crate::{home::Home, os::clock};

/// Signs with a credential of the vault. Where the secret itself would stand, its reference stands.
///
/// # Errors
///
/// [`ErrorCode::Refused`] if the secret may not go to that host; [`ErrorCode::Usage`] if the request, the
/// scheme or its settings make no sense.
pub(crate) async fn sign_with_key(
    home: &Home,
    args: &SignArgs,
    credential: &Credential,
) -> Result<SignedRequest, Failure> {
    check_hosts(&args.request, &credential.hosts)?;
    let mut draft = Draft::read(&args.request)?;
    let scheme = scheme(&args.request, credential)?;
    if scheme == Scheme::OAuth2 || (scheme == Scheme::AccessToken && credential.public_id.is_some())
    {
        return Err(Failure::new(
            ErrorCode::Usage,
            format!(
                "the scheme {scheme} sends a token that is fetched first, and sign fetches nothing"
            ),
        )
        .hint("send it with `strongroom send`, which shows what was fetched too"));
    }
    let now = match args.at {
        Some(at) => at,
        None => time_to_sign_with(home, &draft, scheme).await?,
    };
    let nonce = args.nonce.clone().unwrap_or_else(fresh_nonce);
    let (steps, _) = draft.sign(&nonce, scheme, credential, now)?;
    Ok(draft.finish_signed(false, steps))
}

/// Signs with a credential that was typed for this call, in this process: no vault is needed, and the
/// request comes back whole.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if the request, the credential, the scheme or its settings make no sense.
pub fn with_typed_credential(
    args: &SignArgs,
    typed: TypedCredential,
) -> Result<SignedRequest, Failure> {
    let own: Settings = typed.settings.into_iter().collect();
    let credential = Credential {
        name: None,
        public_id: typed.id,
        secret: SecretText::new(typed.secret.into_exposed()),
        is_token: false,
        session_token: typed
            .session_token
            .map(|token| SecretText::new(token.into_exposed())),
        hosts: Vec::new(),
        scheme: None,
        settings: own.overridden_by(Settings::from(&args.request.settings)),
    };
    let mut draft = Draft::read(&args.request)?;
    let scheme = scheme(&args.request, &credential)?;
    if scheme == Scheme::OAuth2 && !typed.is_token {
        return Err(Failure::new(
            ErrorCode::Usage,
            "the scheme oauth2 sends a token, which has to be fetched first",
        )
        .hint(
            "give the token as access_token; `strongroom send` fetches one with a key of the vault",
        ));
    }
    let nonce = args.nonce.clone().unwrap_or_else(fresh_nonce);
    let (steps, _) = draft.sign(
        &nonce,
        scheme,
        &credential,
        args.at.unwrap_or_else(clock::now),
    )?;
    Ok(draft.finish_signed(true, steps))
}
