//! The limits that keys and clients are held to, what routes cost, and a limit suggested from use.

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// `PUT /manage/v1/keys/{app_id}/quota`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetQuota {
    /// Accepted requests in a day (UTC), at least 1; no quota if null.
    pub per_day: Option<u32>,
}

/// `PUT /manage/v1/keys/{app_id}/delay`: whether requests over a limit wait for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetDelay {
    /// How long a request waits at most, in milliseconds, from 1 to 5,000; refused at once if null.
    pub delay_ms: Option<u32>,
}

/// `PUT /manage/v1/clients/{id}/limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetClientLimit {
    /// Accepted requests in every rolling minute over all keys of the client, at least 1; no such limit
    /// if null.
    pub per_minute: Option<u32>,
}

/// `GET /manage/v1/routes`, and the answer to [`SetRouteCost`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RouteList {
    /// The routes that a key may call.
    pub routes: Vec<RouteView>,
}

/// A route that a key may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RouteView {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The scope that it asks for, if it asks for one.
    pub scope: Option<String>,
    /// How many slots of its key's limits a request takes.
    pub cost: u32,
}

/// `PUT /manage/v1/routes/cost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetRouteCost {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// How many slots of its key's limits a request takes, from 1 to 1,000.
    pub cost: u32,
}

/// `GET /manage/v1/keys/{app_id}/limit/suggestion`: a limit by what was asked for with the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LimitSuggestion {
    /// The key.
    pub app_id: String,
    /// Its limit for every rolling minute.
    pub current: u32,
    /// The limit that would fit; null if there is too little to go by.
    pub suggested: Option<u32>,
    /// The rule that it is made by, in words.
    pub rule: String,
    /// What speaks for it, a sentence each.
    pub reasons: Vec<String>,
    /// What was looked at.
    pub sample: UsageSample,
}

/// The use of a key that a limit is suggested from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct UsageSample {
    /// How many requests.
    pub requests: u64,
    /// How many of them were refused by a limit (429).
    pub refused: u64,
    /// When the first came, by the platform's clock.
    pub from: Option<UnixMillis>,
    /// When the last came.
    pub until: Option<UnixMillis>,
    /// In how many minutes of the clock there was a request.
    pub active_minutes: u64,
    /// The most slots that were asked for within any 60 s.
    pub peak: u32,
    /// 99 of 100 active minutes asked for at most so many.
    pub p99: u32,
    /// Whether there are older requests that were not looked at.
    pub is_cut: bool,
}
