//! Checking the vault's file: everything while it is open, structure and checksums while it is not.

use strongroom_contract::{
    error::Failure,
    vault::{Finding, Verification},
};
use strongroom_vault::OpenError;

use crate::session::Session;

/// What is found. A file that is too damaged to be opened is a finding, not a failure.
pub(crate) fn verify(session: &Session) -> Result<Verification, Failure> {
    session.look(
        |open| open.vault.verify(),
        |locked| locked.verify(),
        damaged,
    )
}

fn damaged(error: &OpenError) -> Option<Verification> {
    let finding = match error {
        OpenError::Damaged(damage) => damage.clone().into(),
        OpenError::NotAVault(_) => Finding {
            place: "header".to_owned(),
            problem: error.to_string(),
        },
        _ => return None,
    };
    Some(Verification {
        ok: false,
        unlocked: false,
        records: 0,
        findings: vec![finding],
    })
}
