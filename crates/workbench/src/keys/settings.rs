//! What a key's scheme is told beside its secret.

use std::collections::BTreeMap;

use strongroom_contract::{
    agent::KeySetArgs,
    error::{ErrorCode, Failure},
    vault::ItemView,
};
use strongroom_signing::{Scheme, Settings};
use strongroom_vault::{Changes, Item};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Changes single settings of a key, and its scheme if one is given.
pub(crate) fn set(session: &Session, args: KeySetArgs, work: &Work) -> Result<ItemView, Failure> {
    work.check()?;
    let now = clock::now();
    let edited = session.with_open(|open| {
        let item = open.vault.find(&args.name).map_err(shown)?;
        let scheme = args.scheme.as_deref().or(item.scheme());
        let mut settings = if args.scheme.is_some() {
            kept(item.settings(), scheme)
        } else {
            item.settings().clone()
        };
        for name in &args.unset {
            if settings.remove(name).is_none() && !item.settings().contains_key(name) {
                return Err(Failure::new(
                    ErrorCode::NotFound,
                    format!("the key '{}' has no setting {name:?}", item.name()),
                )
                .hint("`strongroom key show` lists what it has"));
            }
        }
        settings.extend(args.set);
        check(scheme, &settings)?;
        let changes = Changes {
            scheme: args.scheme.map(Some),
            settings: Some(settings),
            ..Changes::default()
        };
        let edited = open.vault.update(&args.name, changes, now);
        edited.map(Item::view).map_err(shown)
    })?;
    let activity = session.activity();
    activity.record(Act::Edited, now, Some(&edited.name), &work.client);
    session.changed();
    Ok(edited)
}

/// Refuses a scheme that we don't know, and settings that it does not know or that are none. What it
/// needs may be missing: a command can say it each time.
pub(super) fn check(
    scheme: Option<&str>,
    settings: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let usage = |message: String| Failure::new(ErrorCode::Usage, message);
    let Some(scheme) = scheme else {
        return match settings.keys().next() {
            None => Ok(()),
            Some(name) => Err(usage(format!(
                "the setting {name:?} tells a scheme something, and the key has no scheme"
            ))
            .hint("name the scheme with --scheme")),
        };
    };
    let scheme: Scheme = scheme
        .parse()
        .map_err(|error: strongroom_signing::scheme::UnknownScheme| usage(error.to_string()))?;
    Settings::from(settings)
        .check_given(scheme)
        .map_err(|error| usage(error.to_string()).hint("`strongroom scheme list` explains them"))
}

/// Those of `settings` that `scheme` knows.
pub(super) fn kept(
    settings: &BTreeMap<String, String>,
    scheme: Option<&str>,
) -> BTreeMap<String, String> {
    let scheme: Option<Scheme> = scheme.and_then(|id| id.parse().ok());
    let known = scheme.map_or(&[][..], Scheme::settings);
    let mut kept = settings.clone();
    kept.retain(|name, _| known.iter().any(|setting| setting.name == name));
    kept
}
