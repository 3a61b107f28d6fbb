//! The errors of this crate as every face of Strongroom shows them.

use serde_json::json;
use strongroom_contract::error::{ErrorCode, Failure};

use crate::{
    CostError, CreateError, Damage, FieldError, HorizonError, InvalidItem, OpenError,
    PassphraseError, ReadError, RecoverError, SelectError, StorageError, UnlockError, WriteError,
};

const RESTORE: &str = "Keep the file as it is, and restore a backup beside it.";
const FREE_SPACE: &str = "Make room on the disk and try again; nothing that was saved is lost.";
const OLDER: &str = "Look for the newer file. To go on with this copy, unlock it with --accept-older: \
                     what only the other copy holds stays there.";

impl From<&Damage> for Failure {
    fn from(error: &Damage) -> Self {
        Self::new(ErrorCode::Damaged, error.to_string())
            .hint(RESTORE)
            .details(json!({ "place": error.place, "problem": error.problem }))
    }
}

impl From<&StorageError> for Failure {
    fn from(error: &StorageError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            StorageError::Full => failure(ErrorCode::Storage).hint(FREE_SPACE),
            StorageError::ReadOnly => failure(ErrorCode::Storage)
                .hint("Make the file and its folder writable, or copy the vault to where it can be written."),
            StorageError::Busy => failure(ErrorCode::InUse).hint("Close the other program."),
            StorageError::Damaged(damage) => damage.into(),
            StorageError::Io(_) => failure(ErrorCode::Storage).hint(
                "Look at the disk and the room on it, and try again; nothing that was saved is lost.",
            ),
        }
    }
}

impl From<&CostError> for Failure {
    fn from(error: &CostError) -> Self {
        match error {
            CostError::Bounds => Self::new(ErrorCode::Usage, error.to_string()),
            CostError::Memory { .. } => Self::new(ErrorCode::Failed, error.to_string()).hint(
                "Close other programs, or choose less with --kdf-memory when a vault is created.",
            ),
        }
    }
}

impl From<&HorizonError> for Failure {
    fn from(error: &HorizonError) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
    }
}

impl From<&PassphraseError> for Failure {
    fn from(error: &PassphraseError) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
    }
}

impl From<&OpenError> for Failure {
    fn from(error: &OpenError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            OpenError::NotFound(_) => {
                failure(ErrorCode::NotFound).hint("Create one with: strongroom vault create")
            }
            OpenError::NotAVault(_) => failure(ErrorCode::Damaged).hint(RESTORE),
            OpenError::InUse { pid } => failure(ErrorCode::InUse)
                .hint("Lock the vault there, or end that process.")
                .details(json!({ "pid": pid })),
            OpenError::UnknownFormat { found } => failure(ErrorCode::Version)
                .hint("A newer version of Strongroom has written it: update.")
                .details(json!({ "format": found })),
            OpenError::UnfinishedChanges(_) => failure(ErrorCode::Storage).hint(
                "Copy the vault together with the files beside it to where it can be written, and open it there.",
            ),
            OpenError::Damaged(damage) => damage.into(),
            OpenError::Storage(error) => error.into(),
        }
    }
}

impl From<&CreateError> for Failure {
    fn from(error: &CreateError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            CreateError::CodeMismatch => code_mismatch(error.to_string()),
            CreateError::Exists(_) => failure(ErrorCode::Conflict),
            CreateError::InUse { pid } => failure(ErrorCode::InUse).details(json!({ "pid": pid })),
            CreateError::Cost(error) => error.into(),
            CreateError::Storage(error) => error.into(),
        }
    }
}

impl From<&UnlockError> for Failure {
    fn from(error: &UnlockError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            UnlockError::WrongFactors { next_code_in } => failure(ErrorCode::WrongFactors)
                .hint(match next_code_in {
                    // Longer than two codes: the clock is behind what was used last.
                    Some(60..) => {
                        "Codes of a later time were used on this file: check this machine's clock."
                    }
                    _ => "Check the passphrase, and that both clocks are right. A machine with a dead clock takes --at TIME.",
                })
                .details(json!({ "next_code_in": next_code_in })),
            UnlockError::WrongDeviceSecret => failure(ErrorCode::DeviceSecret).hint(
                "Use the key file or the keyring that belongs to this vault. If it is lost: strongroom vault recover",
            ),
            UnlockError::HorizonLapsed { last_code_day } => failure(ErrorCode::HorizonLapsed)
                .hint("Check the clock. If it is right, set the factors anew: strongroom vault recover")
                .details(json!({ "last_code_day": last_code_day })),
            UnlockError::Older { file, seen } => failure(ErrorCode::RolledBack)
                .hint(OLDER)
                .details(json!({ "file": file, "seen": seen })),
            UnlockError::Diverged => failure(ErrorCode::RolledBack).hint(OLDER),
            UnlockError::Cost(error) => error.into(),
            UnlockError::Damaged(damage) => damage.into(),
            UnlockError::Storage(error) => error.into(),
        }
    }
}

impl From<&RecoverError> for Failure {
    fn from(error: &RecoverError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            RecoverError::Code(_) => failure(ErrorCode::Usage).hint(
                "Compare it with the print, group by group; upper and lower case do not matter.",
            ),
            RecoverError::WrongCode => failure(ErrorCode::WrongFactors).hint(
                "Look for the newest print: each recovery and each new code outdates those before.",
            ),
            RecoverError::CodeMismatch => code_mismatch(error.to_string()),
            RecoverError::Passphrase(error) => error.into(),
            RecoverError::Cost(error) => error.into(),
            RecoverError::Damaged(damage) => damage.into(),
            RecoverError::Storage(error) => error.into(),
        }
    }
}

fn code_mismatch(message: String) -> Failure {
    Failure::new(ErrorCode::WrongFactors, message)
        .hint("Type the code of the entry that was scanned just now; check both clocks.")
}

impl From<&SelectError> for Failure {
    fn from(error: &SelectError) -> Self {
        match error {
            SelectError::NotFound(_) => Self::new(ErrorCode::NotFound, error.to_string())
                .hint("strongroom key list shows what there is."),
            SelectError::Ambiguous { candidates, .. } => {
                Self::new(ErrorCode::Ambiguous, error.to_string())
                    .hint("Name the one that is meant by its id.")
                    .details(json!({ "candidates": candidates }))
            }
        }
    }
}

impl From<&InvalidItem> for Failure {
    fn from(error: &InvalidItem) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
    }
}

impl From<&FieldError> for Failure {
    fn from(error: &FieldError) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
    }
}

impl From<&ReadError> for Failure {
    fn from(error: &ReadError) -> Self {
        match error {
            ReadError::Select(error) => error.into(),
            ReadError::NoVersion { .. } | ReadError::NoneCurrent(_) => {
                Self::new(ErrorCode::NotFound, error.to_string())
            }
            ReadError::NoField { fields, .. } => Self::new(ErrorCode::NotFound, error.to_string())
                .details(json!({ "fields": fields })),
            ReadError::Damaged(damage) => damage.into(),
            ReadError::Storage(error) => error.into(),
        }
    }
}

impl From<&WriteError> for Failure {
    fn from(error: &WriteError) -> Self {
        let failure = |code| Self::new(code, error.to_string());
        match error {
            WriteError::Select(error) => error.into(),
            WriteError::Invalid(error) => error.into(),
            WriteError::TooLong(_) => failure(ErrorCode::Usage),
            WriteError::NameTaken(_) => {
                failure(ErrorCode::Conflict).hint("Choose another name, or change that item.")
            }
            WriteError::NameNotYetFree(_) => failure(ErrorCode::Conflict)
                .hint("Undo the removal, or wait a few seconds and try again."),
            WriteError::NoVersion { .. } => failure(ErrorCode::NotFound),
            WriteError::MustBeKept { .. } => failure(ErrorCode::Refused),
            WriteError::Damaged(damage) => damage.into(),
            WriteError::Storage(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(error: impl Into<Failure>) -> u8 {
        let failure = error.into();
        assert!(
            failure.message.len() > 10 && !failure.message.ends_with('.'),
            "{failure}"
        );
        failure.code.exit_code()
    }

    #[test]
    fn errors_have_the_exit_codes_that_scripts_rely_on() {
        let damage = || Damage::new("header", "its checksum does not fit");
        let wrong = UnlockError::WrongFactors {
            next_code_in: Some(12),
        };
        assert_eq!(
            wrong.to_string(),
            "the passphrase or the code is wrong; a code works once, and the next one comes in 12s"
        );
        let lapsed = UnlockError::HorizonLapsed {
            last_code_day: "2026-11-01".to_owned(),
        };
        for locked in [wrong, UnlockError::WrongDeviceSecret, lapsed] {
            assert_eq!(exit(&locked), 3, "{locked}");
        }
        let older = UnlockError::Older { file: 1, seen: 2 };
        for broken in [UnlockError::Damaged(damage()), older, UnlockError::Diverged] {
            assert_eq!(exit(&broken), 6, "{broken}");
        }
        assert_eq!(exit(&OpenError::Damaged(damage())), 6);
        assert_eq!(exit(&OpenError::NotAVault("vault".into())), 6);
        assert_eq!(exit(&OpenError::NotFound("vault".into())), 4);
        assert_eq!(exit(&OpenError::InUse { pid: Some(7) }), 1);
        assert_eq!(exit(&RecoverError::WrongCode), 3);
        assert_eq!(exit(&SelectError::NotFound("name".to_owned())), 4);
        assert_eq!(exit(&WriteError::NameTaken("name".to_owned())), 1);
        assert_eq!(exit(&WriteError::Storage(StorageError::Full)), 1);
        assert_eq!(exit(&CreateError::Cost(CostError::Bounds)), 2);
    }
}
