//! A new version of a key's secret.

use strongroom_contract::{
    agent::KeyRenewArgs,
    error::{ErrorCode, Failure},
    vault::{ItemKind, ItemView, VersionState},
};
use strongroom_crypto::SecretText;
use strongroom_vault::SecretFields;

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Adds a version that takes over from the one in use, which is kept.
pub(crate) fn renew(
    session: &Session,
    args: KeyRenewArgs,
    work: &Work,
) -> Result<ItemView, Failure> {
    let KeyRenewArgs { name, secret } = args;
    let fields = SecretFields::secret(SecretText::new(secret.into_exposed()));
    work.check()?;
    let now = clock::now();
    let renewed = session.with_open(|open| {
        let item = open.vault.find(&name).map_err(shown)?;
        if item.view().kind == ItemKind::Certificate {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!(
                    "{} is a certificate: it is replaced together with its key",
                    item.name()
                ),
            )
            .hint("add the new one as an item of its own, and remove this one when it has ended"));
        }
        open.vault
            .add_version(&name, &fields, VersionState::Current, now)
            .map_err(shown)?;
        open.vault
            .find(&name)
            .map(strongroom_vault::Item::view)
            .map_err(shown)
    })?;
    let activity = session.activity();
    activity.record(Act::Renewed, now, Some(&renewed.name), &work.client);
    session.changed();
    Ok(renewed)
}
