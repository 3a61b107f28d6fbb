//! `read`: one field of an item, by its reference.

use strongroom_contract::{
    agent::{ReadArgs, Value},
    error::{ErrorCode, Failure},
    secret::Revealed,
};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Caller, Session, Work},
};

/// Fields that `key show` shows as well: no grant is needed for them.
const SHOWN: [&str; 5] = ["base_url", "id", "name", "provider", "scheme"];

/// A reference: `sr://NAME/FIELD`, or an item's id in the place of its name.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    item: &'a str,
    field: &'a str,
}

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        let parts = text
            .strip_prefix("sr://")
            .and_then(|rest| rest.split_once('/'));
        match parts {
            Some((item, field))
                if !item.is_empty() && !field.is_empty() && !field.contains('/') =>
            {
                Ok(Self { item, field })
            }
            _ => Err(Failure::new(
                ErrorCode::Usage,
                format!("{text:?} is not a reference: expected sr://NAME/FIELD"),
            )
            .hint("for example sr://payments/secret or sr://payments/id")),
        }
    }
}

/// Reveals a field. A secret one needs leave that was given when the vault was opened, or a person at
/// the window.
///
/// # Errors
///
/// [`ErrorCode::Refused`] without that leave; [`ErrorCode::Usage`], [`ErrorCode::NotFound`],
/// [`ErrorCode::Ambiguous`], [`ErrorCode::Locked`].
pub(crate) fn read(session: &Session, args: &ReadArgs, work: &Work) -> Result<Value, Failure> {
    let reference = Reference::parse(&args.reference)?;
    let is_secret = is_secret(reference.field);
    let record = |act, name: &str| {
        if is_secret {
            let subject = format!("sr://{name}/{}", reference.field);
            let activity = session.activity();
            activity.record(act, clock::now(), Some(&subject), &work.client);
        }
    };
    session.with_open(|open| {
        let name = open
            .vault
            .find(reference.item)
            .map_err(shown)?
            .name()
            .to_owned();
        let allowed = open.reveal_allowed || work.caller == Caller::Window;
        if is_secret && !allowed {
            record(Act::RevealRefused, &name);
            return Err(Failure::new(
                ErrorCode::Refused,
                "showing secrets to other programs was not allowed when the vault was unlocked",
            )
            .hint("unlock it with --allow-read; `send` uses a key without showing it"));
        }
        let value = open
            .vault
            .secret(reference.item, reference.field, None)
            .map_err(shown)?;
        record(Act::Revealed, &name);
        Ok(Value {
            value: Revealed::new(value.expose_secret().to_owned()),
        })
    })
}

/// Whether a field is to be kept from those who may not have it revealed.
fn is_secret(field: &str) -> bool {
    !SHOWN.contains(&field)
}

/// A field's text on its way to the clipboard.
#[cfg(feature = "desktop")]
pub(crate) struct Copy {
    pub(crate) text: strongroom_crypto::SecretText,
    /// Whether it must not stay there.
    pub(crate) is_secret: bool,
}

/// Takes a field's text for the clipboard, on behalf of the person at the window.
///
/// # Errors
///
/// [`ErrorCode::NotFound`], [`ErrorCode::Ambiguous`], [`ErrorCode::Locked`].
#[cfg(feature = "desktop")]
pub(crate) fn copy(
    session: &Session,
    item: &str,
    field: &str,
    client: &str,
) -> Result<Copy, Failure> {
    session.with_open(|open| {
        let name = open.vault.find(item).map_err(shown)?.name().to_owned();
        let text = open.vault.secret(item, field, None).map_err(shown)?;
        let is_secret = is_secret(field);
        if is_secret {
            let subject = format!("sr://{name}/{field}");
            let activity = session.activity();
            activity.record(Act::Copied, clock::now(), Some(&subject), client);
        }
        Ok(Copy { text, is_secret })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_nothing_else() {
        for (text, item, field) in [
            ("sr://payments/secret", "payments", "secret"),
            ("sr://payments dev/id", "payments dev", "id"),
            (
                "sr://0123456789abcdef/private_key",
                "0123456789abcdef",
                "private_key",
            ),
        ] {
            assert_eq!(
                Reference::parse(text),
                Ok(Reference { item, field }),
                "{text}"
            );
        }
        for wrong in [
            "",
            "payments/secret",
            "sr://",
            "sr://a",
            "sr://a/",
            "sr:///b",
            "sr://a/b/c",
        ] {
            let refused = Reference::parse(wrong).unwrap_err();
            assert_eq!(refused.code, ErrorCode::Usage, "{wrong}");
            assert!(refused.hint.is_some());
        }
    }
}
