//! Rule `permission`: the key may do what the route asks for. Denied by default.

use strongroom_contract::explain::Remedy;

use crate::{
    identify::Presented,
    key::KeyRecord,
    scopes::{Needs, Route, Scopes},
    trace::{Finding, Passed},
};

pub(crate) fn check(
    route: &Route,
    presented: &Presented<'_>,
    key: &KeyRecord,
) -> Result<(), Finding> {
    let Route { method, path, .. } = route;
    match route.needs {
        Needs::Key => Ok(()),
        Needs::Secret | Needs::Client if presented.uses_secret() => Ok(()),
        Needs::Secret | Needs::Client => Err(Finding::new(
            "A token can't be had for a token.",
            presented.ways(),
            format!("{method} {path} called with the key's secret or a signature"),
            "Send app-id and secret-key, or sign the request.",
        )),
        Needs::Scope(scope) if key.scopes.contains(scope) => match narrowed(presented) {
            Some(narrowed) if !narrowed.contains(scope) => Err(Finding::new(
                format!(
                    "The access token was asked for without the scope {scope} that {method} {path} needs."
                ),
                format!("the token has {narrowed}; its key has {}", key.scopes),
                format!("the scope {scope}"),
                format!(
                    "Ask for a token with {scope} in its `scope`, or without `scope` for all that the key may do."
                ),
            )),
            _ => Ok(()),
        },
        Needs::Scope(scope) => Err(Finding::new(
            format!(
                "Key {} lacks the scope {scope} that {method} {path} needs.",
                key.app_id
            ),
            format!("the key has {}", key.scopes),
            format!("the scope {scope}"),
            format!(
                "Give the key the scope: strongroom platform scope {} {}",
                key.app_id,
                {
                    let mut scopes = key.scopes.to_strings();
                    scopes.push(scope.to_string());
                    scopes.join(" ")
                }
            ),
        )
        .remedy(Remedy::GrantScope {
            app_id: key.app_id.to_string(),
            scope: scope.to_string(),
        })),
    }
}

/// What every token that was presented was narrowed to; `None` if none was.
fn narrowed(presented: &Presented<'_>) -> Option<Scopes> {
    let tokens = presented.tokens.iter().flatten();
    tokens
        .filter_map(|token| token.scopes)
        .reduce(|one, other| one.iter().filter(|scope| other.contains(*scope)).collect())
}

pub(crate) fn passed(route: &Route, presented: &Presented<'_>, key: &KeyRecord) -> Passed {
    let expected = match route.needs {
        Needs::Key => "any key".to_owned(),
        Needs::Secret | Needs::Client => "the key's secret or a signature".to_owned(),
        Needs::Scope(scope) => format!("the scope {scope}"),
    };
    let observed = match narrowed(presented) {
        Some(narrowed) => format!("the token has {narrowed}; its key has {}", key.scopes),
        None => format!("the key has {}", key.scopes),
    };
    Passed::new(observed, expected)
}
