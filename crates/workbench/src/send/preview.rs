//! How a request would be signed, shown while it is composed.
//!
//! The item's secret is not touched: a sample takes its place, so that no genuine signature leaves the
//! vault for a request that may never be sent, and nothing is recorded as a use.

use strongroom_contract::{
    error::Failure,
    exchange::{Preview, SendRequest, Step},
};
use strongroom_crypto::SecretText;
use strongroom_vault::Item;

use super::{Credential, Draft, check_hosts, fresh_nonce, scheme, told};
use crate::{os::clock, problem::shown, session::Session};

/// Stands for the secret. It can stand in a header, and nobody takes it for a credential.
const SAMPLE: &str = "a-sample-in-the-place-of-the-secret";

/// The steps of signing `request` with its key, none without a key; and what would go out.
///
/// # Errors
///
/// As for sending it, as far as that can be told without sending.
pub(crate) fn preview(session: &Session, request: &SendRequest) -> Result<Preview, Failure> {
    let Some(selector) = &request.key else {
        return finished(Draft::read(request)?, Vec::new());
    };
    let sample = session.with_open(|open| {
        let item = open.vault.find(selector).map_err(shown)?;
        check_hosts(request, item.hosts())?;
        Ok(sample(item, request))
    })?;
    let mut draft = Draft::read(request)?;
    let scheme = scheme(request, &sample)?;
    let (steps, _) = draft.sign(&fresh_nonce(), scheme, &sample, clock::now())?;
    finished(draft, steps)
}

fn finished(draft: Draft, steps: Vec<Step>) -> Result<Preview, Failure> {
    let target = draft.target().path_and_query().to_owned();
    let (_, sent) = draft.finish()?;
    let mut head = format!("{} {target} HTTP/1.1\n", sent.method);
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {value}\n"));
    }
    Ok(Preview { steps, head })
}

/// What an item gives to a request, but for its secret.
pub(super) fn sample(item: &Item, request: &SendRequest) -> Credential {
    Credential {
        name: Some(item.name().to_owned()),
        public_id: item.public_id().map(str::to_owned),
        hosts: item.hosts().to_vec(),
        scheme: item.scheme().map(str::to_owned),
        settings: told(item, request),
        session_token: None,
        is_token: false,
        secret: SecretText::new(SAMPLE.to_owned()),
    }
}
