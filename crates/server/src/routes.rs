//! What answers at each route that a key may call. Which routes there are and what they ask of a
//! key is [`strongroom_policy::scopes::ROUTES`].

use strongroom_policy::scopes::Route;

use crate::resources::Kind;

/// What answers at a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Says that the key works.
    Ping,
    /// An access token, as the real platform gives it.
    AccessToken,
    /// An access token, as OAuth 2.0 gives it (RFC 6749, section 4.4).
    OauthToken,
    /// Ends an access token before its time (RFC 7009).
    OauthRevoke,
    /// Makes a resource.
    Create(Kind),
    /// Shows a resource.
    Detail(Kind),
}

impl Resource {
    /// Whether its answer waits for the store.
    pub(crate) const fn needs_store(self) -> bool {
        matches!(self, Self::Create(_) | Self::Detail(_) | Self::OauthRevoke)
    }
}

const TABLE: &[(&str, &str, Resource)] = &[
    ("GET", "/api/v1/ping", Resource::Ping),
    (
        "GET",
        "/api/v1/payment_gateways/access_token",
        Resource::AccessToken,
    ),
    ("POST", "/api/v2/payins", Resource::Create(Kind::Payin)),
    (
        "GET",
        "/api/v2/payins/detail",
        Resource::Detail(Kind::Payin),
    ),
    ("POST", "/api/v2/payouts", Resource::Create(Kind::Payout)),
    ("GET", "/std/v1/ping", Resource::Ping),
    ("POST", "/oauth/token", Resource::OauthToken),
    ("POST", "/oauth/revoke", Resource::OauthRevoke),
    ("POST", "/std/v1/payins", Resource::Create(Kind::Payin)),
    (
        "GET",
        "/std/v1/payins/detail",
        Resource::Detail(Kind::Payin),
    ),
    ("POST", "/std/v1/payouts", Resource::Create(Kind::Payout)),
];

/// What answers at `route`; `None` for [`Route::NONE`].
pub(crate) fn resource(route: &Route) -> Option<Resource> {
    TABLE
        .iter()
        .find(|(method, path, _)| *path == route.path && *method == route.method)
        .map(|(_, _, resource)| *resource)
}

#[cfg(test)]
mod tests {
    use strongroom_policy::scopes::ROUTES;

    use super::*;

    #[test]
    fn every_route_has_an_answer_and_every_answer_a_route() {
        for route in ROUTES {
            assert!(resource(route).is_some(), "{} {}", route.method, route.path);
        }
        assert_eq!(TABLE.len(), ROUTES.len());
        assert_eq!(resource(&Route::NONE), None);
    }
}
