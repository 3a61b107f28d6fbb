//! Scenarios: a platform with a key that meets a rule, and what a client needs to meet it too.

use std::{fmt, str::FromStr, time::Duration};

use serde::Serialize;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    manage::{CreateKey, CreatedKey, RotateKey, SetExpiry},
    secret::Revealed,
};

use super::every_scope;
use crate::manage::Platform;

/// How many requests a minute `tight-limit` lets through.
const TIGHT: u32 = 3;
/// Where the key of `ip-denied` may be used from: a network for documentation (RFC 5737), which no
/// request comes from.
const ELSEWHERE: &str = "203.0.113.0/24";
/// For how long `rotating` lets the older secret count.
const OVERLAP: Duration = Duration::from_secs(3_600);
/// After how long the key of `expired-key` ends.
const BRIEF: Duration = Duration::from_secs(1);

/// What a client meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A key that has expired: 401.
    ExpiredKey,
    /// A limit that is soon reached: 429.
    TightLimit,
    /// A source that the key may not be used from: 403.
    IpDenied,
    /// A key that is being rotated: both of its secrets count, for an hour.
    Rotating,
    /// Some requests are answered with 500 or 503, late, or not at all.
    Flaky,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 5] = [
        Self::ExpiredKey,
        Self::TightLimit,
        Self::IpDenied,
        Self::Rotating,
        Self::Flaky,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExpiredKey => "expired-key",
            Self::TightLimit => "tight-limit",
            Self::IpDenied => "ip-denied",
            Self::Rotating => "rotating",
            Self::Flaky => "flaky",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}

/// There is no such scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no scenario {0:?}; scenarios are expired-key, tight-limit, ip-denied, rotating and flaky"
)]
pub struct UnknownScenario(pub String);

/// A scenario that is to be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Play {
    /// Which.
    pub scenario: Scenario,
    /// What the faults of [`Scenario::Flaky`] follow from.
    pub seed: u64,
}

/// What a client needs to meet a scenario.
#[derive(Serialize)]
pub struct Staged {
    /// Its name.
    pub scenario: &'static str,
    /// The key's public id.
    pub app_id: String,
    /// The key's secret.
    pub secret_key: Revealed,
    /// The secret that takes over, if the key is being rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_secret_key: Option<Revealed>,
    /// What faults follow from, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What the client meets.
    pub expect: String,
}

/// Sets a scenario's stage on a platform with a virtual clock.
///
/// # Errors
///
/// What the platform answers.
pub(super) async fn stage(platform: &Platform, play: Play) -> Result<Staged, Failure> {
    let Play { scenario, seed } = play;
    let mut wanted = CreateKey {
        name: scenario.as_str().to_owned(),
        note: Some(format!("made for the scenario {scenario}")),
        scopes: every_scope(),
        ..CreateKey::default()
    };
    match scenario {
        Scenario::TightLimit => wanted.limit_per_minute = Some(TIGHT),
        Scenario::IpDenied => wanted.allow = vec![ELSEWHERE.to_owned()],
        Scenario::ExpiredKey | Scenario::Rotating | Scenario::Flaky => {}
    }
    let CreatedKey {
        app_id, secret_key, ..
    } = platform.create_key(&wanted).await?;
    let secret_key = secret_key
        .ok_or_else(|| Failure::new(ErrorCode::Failed, "the key was issued without a secret"))?;
    let mut next_secret_key = None;
    match scenario {
        Scenario::ExpiredKey => {
            let expires = platform.clock().await?.now.after(BRIEF);
            let expiry = SetExpiry {
                expires: Some(expires),
            };
            platform.set_expiry(&app_id, &expiry).await?;
            platform.advance_clock(2 * BRIEF).await?;
        }
        Scenario::Rotating => {
            let overlap_ms = u64::try_from(OVERLAP.as_millis()).ok();
            let rotated = platform.rotate(&app_id, &RotateKey { overlap_ms }).await?;
            next_secret_key = Some(rotated.secret_key);
        }
        Scenario::TightLimit | Scenario::IpDenied | Scenario::Flaky => {}
    }
    Ok(Staged {
        scenario: scenario.as_str(),
        app_id,
        secret_key,
        next_secret_key,
        seed: (scenario == Scenario::Flaky).then_some(seed),
        expect: expect(scenario),
    })
}

fn expect(scenario: Scenario) -> String {
    match scenario {
        Scenario::ExpiredKey => {
            "401 for every request, by the rule state: the key has expired. A client should ask for \
             a new key, not try again."
                .to_owned()
        }
        Scenario::TightLimit => format!(
            "200 for {TIGHT} requests in every rolling minute, then 429 with Retry-After, by the rule \
             rate. A client should wait that long; `strongroom platform clock advance 60s` makes it \
             short."
        ),
        Scenario::IpDenied => format!(
            "403 for every request, by the rule source: the key may be used from {ELSEWHERE} alone. A \
             client should tell its operator, not try again."
        ),
        Scenario::Rotating => {
            "200 with either secret for an hour, then 401 with secret_key. A client should take \
             next_secret_key over before; `strongroom platform clock advance 1h` ends the hour."
                .to_owned()
        }
        Scenario::Flaky => {
            "500 and 503, answers that come late, and connections that are cut, in four of ten \
             requests, the same for every run with this seed. A client should try again with the same \
             Idempotency-Key."
                .to_owned()
        }
    }
}
