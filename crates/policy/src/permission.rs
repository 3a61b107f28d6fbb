//! Rule `permission`: the key may do what the route asks for. Denied by default.

use strongroom_contract::explain::Remedy;

use crate::{
    identify::Presented,
    key::KeyRecord,
    scopes::{Needs, Route},
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
        Needs::Secret if presented.uses_secret() => Ok(()),
        Needs::Secret => Err(Finding::new(
            "A token can't be had for a token.",
            presented.ways(),
            format!("{method} {path} called with the key's secret or a signature"),
            "Send app-id and secret-key, or sign the request.",
        )),
        Needs::Scope(scope) if key.scopes.contains(scope) => Ok(()),
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

pub(crate) fn passed(route: &Route, key: &KeyRecord) -> Passed {
    let expected = match route.needs {
        Needs::Key => "any key".to_owned(),
        Needs::Secret => "the key's secret or a signature".to_owned(),
        Needs::Scope(scope) => format!("the scope {scope}"),
    };
    Passed::new(format!("the key has {}", key.scopes), expected)
}
