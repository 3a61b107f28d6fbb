//! A certificate that is held, as far as a person looks at it.

use strongroom_contract::{
    agent::KeyName,
    error::{ErrorCode, Failure},
    vault::{HeldCertificate, ItemKind},
};
use strongroom_sender::certificates_from_pem;

use crate::{problem::shown, session::Session};

/// The certificate of an item, of a name or id. It is public: what is shown is what any server sees.
pub(crate) fn certificate(
    session: &Session,
    KeyName { name }: &KeyName,
) -> Result<HeldCertificate, Failure> {
    session.with_open(|open| {
        let item = open.vault.find(name).map_err(shown)?;
        if item.view().kind != ItemKind::Certificate {
            let message = format!("{} is not a certificate", item.name());
            return Err(Failure::new(ErrorCode::Usage, message));
        }
        let id = item.id().to_string();
        let pem = open.vault.secret(&id, "certificate", None).map_err(shown)?;
        Ok(HeldCertificate {
            chain: certificates_from_pem(pem.expose_secret())?,
            has_private_key: open.vault.secret(&id, "private_key", None).is_ok(),
        })
    })
}
