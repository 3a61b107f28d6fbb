//! What the answers of a burst say of a limit.

use std::time::{Duration, Instant};

use strongroom_contract::burst::MeasuredLimit;
use strongroom_sender::Brief;

/// The window that is assumed if no answer names one, in seconds.
const USUAL_WINDOW: u64 = 60;
/// The longest that is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Looks at answers as they come.
#[derive(Default)]
pub(super) struct Observer {
    /// When requests were accepted, since the burst began, in milliseconds, as the answers came.
    accepted: Vec<u64>,
    window: Option<u64>,
    last: Option<Limited>,
}

/// The last 429.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limited {
    came: Instant,
    retry_after: Option<u64>,
}

impl Limited {
    /// When a request is to be accepted again; `None` if that was not said or is too far away.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        let wait = Duration::from_secs(self.retry_after?);
        (wait <= LONGEST_WAIT).then(|| self.came + wait)
    }
}

impl Observer {
    pub(super) fn note(&mut self, at: Duration, brief: &Brief) {
        if brief.status < 400 {
            let millis = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
            self.accepted.push(millis);
        }
        if let Some(policy) = &brief.rate_limit_policy
            && self.window.is_none()
        {
            self.window = window(policy);
        }
        if brief.status == 429 {
            self.last = Some(Limited {
                came: Instant::now(),
                retry_after: brief
                    .retry_after
                    .as_ref()
                    .and_then(|text| text.trim().parse().ok()),
            });
        }
    }

    pub(super) const fn last(&self) -> Option<Limited> {
        self.last
    }

    /// The limit, if one was met. `held` is whether waiting as long as was asked for helped.
    pub(super) fn measured(&self, held: Option<bool>) -> Option<MeasuredLimit> {
        let last = self.last?;
        let window_s = self.window.unwrap_or(USUAL_WINDOW);
        Some(MeasuredLimit {
            accepted: most_within(&self.accepted, window_s * 1_000),
            window_s,
            window_stated: self.window.is_some(),
            retry_after_s: last.retry_after,
            retry_after_held: held,
        })
    }
}

/// The window of the first policy, in seconds (draft-ietf-httpapi-ratelimit-headers, section 3: `w`).
fn window(policy: &str) -> Option<u64> {
    let first = policy.split(',').next()?;
    let seconds = first
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("w="))?
        .parse()
        .ok()?;
    (1..=86_400).contains(&seconds).then_some(seconds)
}

/// The most of `times` that lie within any `window`. Answers may come in another order than requests were
/// sent, so they are sorted first.
fn most_within(times: &[u64], window: u64) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut most = 0;
    let mut oldest = times.iter().peekable();
    let mut held = 0_u64;
    for time in &times {
        held += 1;
        while oldest.next_if(|first| *first + window <= *time).is_some() {
            held -= 1;
        }
        most = most.max(held);
    }
    most
}

/// What was measured, in one sentence.
pub(super) fn sentence(
    limit: Option<&MeasuredLimit>,
    accepted: u64,
    sent: u64,
    rate: f64,
) -> String {
    let Some(limit) = limit else {
        return format!("{accepted} of {sent} accepted at {rate:.0} a second; no limit was met");
    };
    let window = if limit.window_stated {
        ""
    } else {
        " (the window is an assumption)"
    };
    let retry = match (limit.retry_after_s, limit.retry_after_held) {
        (None, _) => "; 429 does not say how long to wait".to_owned(),
        (Some(wait), None) => format!("; 429 says wait {wait} s"),
        (Some(wait), Some(true)) => format!("; 429 says wait {wait} s, and that was true"),
        (Some(wait), Some(false)) => format!("; 429 says wait {wait} s, and that was not enough"),
    };
    format!(
        "{} accepted in any {} s{window}{retry}",
        limit.accepted, limit.window_s
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(status: u16, retry_after: Option<&str>, policy: Option<&str>) -> Brief {
        Brief {
            status,
            took: Duration::ZERO,
            retry_after: retry_after.map(str::to_owned),
            rate_limit_policy: policy.map(str::to_owned),
        }
    }

    #[test]
    fn the_most_in_any_window_are_counted() {
        assert_eq!(most_within(&[], 10), 0);
        assert_eq!(most_within(&[0, 1, 2, 9, 11, 12], 10), 4);
        assert_eq!(most_within(&[12, 0, 11, 1, 9, 2], 10), 4, "in any order");
        assert_eq!(most_within(&[0, 10], 10), 1, "a window is open at its end");
    }

    #[test]
    fn the_limit_is_told_in_a_sentence() {
        let mut observer = Observer::default();
        assert!(observer.measured(None).is_none());
        for at in 0..60 {
            observer.note(
                Duration::from_millis(at),
                &brief(200, None, Some("\"minute\";q=60;w=60")),
            );
        }
        observer.note(Duration::from_secs(1), &brief(429, Some("12"), None));
        let limit = observer.measured(Some(true)).unwrap();
        assert_eq!(
            sentence(Some(&limit), 60, 61, 1.0),
            "60 accepted in any 60 s; 429 says wait 12 s, and that was true"
        );
        assert!(observer.last().unwrap().retry_at().is_some());
        observer.note(Duration::from_secs(1), &brief(429, Some("9999"), None));
        assert!(
            observer.last().unwrap().retry_at().is_none(),
            "nobody waits that long"
        );
        assert_eq!(
            sentence(None, 5, 5, 10.4),
            "5 of 5 accepted at 10 a second; no limit was met"
        );
    }

    #[test]
    fn a_policy_names_its_window() {
        assert_eq!(
            window("\"minute\";q=60;w=60, \"day\";q=9;w=86400"),
            Some(60)
        );
        for none in ["", "\"x\";q=1", "\"x\";w=0", "\"x\";w=a"] {
            assert_eq!(window(none), None, "{none}");
        }
    }
}
