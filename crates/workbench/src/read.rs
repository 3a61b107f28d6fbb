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
    session::{Session, Work},
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

/// Reveals a field. A secret one needs leave that was given when the vault was opened.
///
/// # Errors
///
/// [`ErrorCode::Refused`] without that leave; [`ErrorCode::Usage`], [`ErrorCode::NotFound`],
/// [`ErrorCode::Ambiguous`], [`ErrorCode::Locked`].
pub(crate) fn read(session: &Session, args: &ReadArgs, work: &Work) -> Result<Value, Failure> {
    let reference = Reference::parse(&args.reference)?;
    let is_secret = !SHOWN.contains(&reference.field);
    let record = |act| {
        if is_secret {
            let activity = session.activity();
            activity.record(act, clock::now(), Some(&args.reference), &work.client);
        }
    };
    let value = session.with_open(|open| {
        if is_secret && !open.reveal_allowed {
            // Which item is meant is no secret: a wrong name is told as one.
            open.vault.find(reference.item).map_err(shown)?;
            record(Act::RevealRefused);
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
        Ok(Revealed::new(value.expose_secret().to_owned()))
    })?;
    record(Act::Revealed);
    Ok(Value { value })
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
