//! `explain`: why a request was refused, and what would make it match.
//!
//! A request that is pasted is judged where the key is: by the platform that issued it, by the vault's
//! owner, or in the caller's process with a secret that was typed for this alone. It is kept nowhere.

mod past;
mod paste;

use strongroom_contract::{
    agent::{ExplainArgs, ExplainPastArgs},
    diagnosis::{Diagnosis, Exhibit as Pasted},
    error::{ErrorCode, Failure},
    exchange::TypedCredential,
    history::HistoryEntry,
};
use strongroom_crypto::SecretText;
use strongroom_debugger::{Exhibit, HeldKey, Knowledge, diagnose, report};
use strongroom_signing::{Scheme, Settings, scheme::UnknownScheme};

pub use self::paste::{Format, paste};
use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// How many other keys are tried, in case one of them was used by mistake.
const OTHERS: usize = 32;

/// Judges a request in this process: by the credential that was typed, or by what the request alone
/// tells. No vault is needed, open or closed.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if the request can't be looked at.
pub fn here(
    pasted: &Pasted,
    typed: Option<TypedCredential>,
    scheme: Option<&str>,
) -> Result<Diagnosis, Failure> {
    let scheme = scheme.map(parsed).transpose()?;
    let exhibit = read(pasted)?;
    let key = typed.map(|typed| HeldKey {
        name: "the credential that was typed".to_owned(),
        id: typed.id,
        secret: Some(SecretText::new(typed.secret.into_exposed())),
        settings: typed.settings.into_iter().collect(),
        scheme,
    });
    let knowledge = Knowledge::Held {
        key: key.as_ref(),
        others: &[],
    };
    Ok(diagnose(&exhibit, &knowledge, clock::now()))
}

/// Judges a request by a key of the open vault; its other keys are tried too. No secret leaves the
/// owner's process.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if the request can't be looked at; [`ErrorCode::Locked`],
/// [`ErrorCode::NotFound`], [`ErrorCode::Ambiguous`].
pub(crate) fn with_key(
    session: &Session,
    args: &ExplainArgs,
    work: &Work,
) -> Result<Diagnosis, Failure> {
    let exhibit = read(&args.exhibit)?;
    let asked = args.scheme.as_deref().map(parsed).transpose()?;
    judged(session, &exhibit, &args.key, asked, work)
}

/// Judges a request of the history by a key of the open vault, at the time at which it was sent; by what the
/// request alone tells if it was sent without a key and none is named.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if what was sent is not kept as it was; else as [`with_key`].
pub(crate) fn past(
    session: &Session,
    entry: &HistoryEntry,
    args: &ExplainPastArgs,
    work: &Work,
) -> Result<Diagnosis, Failure> {
    let scheme = args.scheme.as_deref().or(entry.request.scheme.as_deref());
    let asked = scheme.map(parsed).transpose()?;
    let mut pasted = session.with_open(|open| {
        past::exhibit(entry, &|reference| {
            let id = open.vault.find(reference.item()).ok()?.id().to_string();
            open.vault.secret(&id, reference.field(), None).ok()
        })
    })?;
    let exhibit = read(&pasted);
    past::wipe(&mut pasted);
    match args.key.as_deref().or(entry.row.key.as_deref()) {
        Some(key) => judged(session, &exhibit?, key, asked, work),
        None => {
            let knowledge = Knowledge::Held {
                key: None,
                others: &[],
            };
            Ok(diagnose(&exhibit?, &knowledge, clock::now()))
        }
    }
}

fn judged(
    session: &Session,
    exhibit: &Exhibit,
    key: &str,
    asked: Option<Scheme>,
    work: &Work,
) -> Result<Diagnosis, Failure> {
    let (key, others) = session.with_open(|open| {
        let chosen = open.vault.find(key).map_err(shown)?.id().to_string();
        let mut others = Vec::new();
        let mut key = None;
        for item in open.vault.items() {
            let id = item.id().to_string();
            if id != chosen && others.len() >= OTHERS {
                continue;
            }
            let own: Option<Scheme> = item.scheme().and_then(|id| id.parse().ok());
            let held = HeldKey {
                name: item.name().to_owned(),
                id: item.public_id().map(str::to_owned),
                secret: open.vault.secret(&id, "secret", None).ok(),
                settings: match asked.filter(|_| id == chosen) {
                    Some(asked) if own != Some(asked) => Settings::new(),
                    _ => item.settings().into(),
                },
                scheme: asked.filter(|_| id == chosen).or(own),
            };
            if id == chosen {
                key = Some(held);
            } else {
                others.push(held);
            }
        }
        Ok((key, others))
    })?;
    let name = key.as_ref().map(|key| key.name.as_str());
    let activity = session.activity();
    activity.record(Act::Compared, clock::now(), name, &work.client);
    let knowledge = Knowledge::Held {
        key: key.as_ref(),
        others: &others,
    };
    Ok(diagnose(exhibit, &knowledge, clock::now()))
}

fn parsed(scheme: &str) -> Result<Scheme, Failure> {
    scheme
        .parse()
        .map_err(|error: UnknownScheme| Failure::new(ErrorCode::Usage, error.to_string()))
}

fn read(pasted: &Pasted) -> Result<Exhibit, Failure> {
    Exhibit::read(pasted).map_err(|error| {
        let message = format!("the request can't be looked at: {error}");
        Failure::new(ErrorCode::Usage, message)
    })
}

/// A report for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Markdown with tables.
    Markdown,
    /// One HTML page that loads nothing.
    Html,
}

impl Report {
    /// The report that a file of this name holds, by its ending.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] for any other ending than `.md` and `.html`.
    pub fn of_file(name: &str) -> Result<Self, Failure> {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("md") => Ok(Self::Markdown),
            Some("html") => Ok(Self::Html),
            _ => Err(Failure::new(
                ErrorCode::Usage,
                "a report is Markdown or HTML, by the ending of its file",
            )
            .hint("name it something.md or something.html")),
        }
    }

    /// The document. It holds no secret.
    #[must_use]
    pub fn write(self, diagnosis: &Diagnosis) -> String {
        match self {
            Self::Markdown => report::markdown(diagnosis),
            Self::Html => report::html(diagnosis),
        }
    }
}
