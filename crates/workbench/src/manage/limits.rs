//! What keys and clients are held to, as the platform's owner sets it.

use reqwest::Method;
use strongroom_contract::{
    clients::ClientView,
    error::Failure,
    limits::{LimitSuggestion, RouteList, SetClientLimit, SetDelay, SetQuota, SetRouteCost},
    manage::KeyView,
};

use super::Platform;

impl Platform {
    /// Sets how many requests a key may make in a day (UTC), or ends its quota.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_quota(&self, app_id: &str, quota: &SetQuota) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "quota"], Some(quota))
            .await
    }

    /// Lets a key's requests over a limit wait for a slot, or refuses them at once.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_delay(&self, app_id: &str, delay: &SetDelay) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "delay"], Some(delay))
            .await
    }

    /// The limit that a key's use suggests, with its reasons.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn limit_suggestion(&self, app_id: &str) -> Result<LimitSuggestion, Failure> {
        self.ask(&["keys", app_id, "limit", "suggestion"]).await
    }

    /// Sets how many requests all keys of a client may make in every rolling minute, or ends that limit.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_client_limit(
        &self,
        id: &str,
        limit: &SetClientLimit,
    ) -> Result<ClientView, Failure> {
        self.call(Method::PUT, &["clients", id, "limit"], Some(limit))
            .await
    }

    /// The routes that a key may call, and what they cost.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn list_routes(&self) -> Result<RouteList, Failure> {
        self.ask(&["routes"]).await
    }

    /// Sets how many slots of its key's limits a request to a route takes.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_route_cost(&self, cost: &SetRouteCost) -> Result<RouteList, Failure> {
        self.call(Method::PUT, &["routes", "cost"], Some(cost))
            .await
    }
}
