//! A limit suggested from what was asked for with a key, with its reasons.

use strongroom_contract::{
    limits::{LimitSuggestion, UsageSample},
    time::UnixMillis,
};

use crate::{
    credential::AppId,
    limiter::{Limit, RollingWindow},
};

/// Fewer requests than this say too little.
const FEWEST_REQUESTS: usize = 100;
/// Requests in fewer minutes than this say too little.
const FEWEST_MINUTES: usize = 10;

const RULE: &str = "The larger of 1.25 x the most that was asked for within any 60 s and 2 x what 99 of \
                    100 active minutes asked for, rounded up to two digits. Requests that a limit \
                    refused count as asked for.";

/// A request that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// When, by the platform's clock.
    pub at: UnixMillis,
    /// How many slots it asked for, or took.
    pub slots: u32,
    /// Whether a limit refused it.
    pub is_refused: bool,
}

/// The limit that the use of a key suggests: of the requests in `asked`, before which there are older ones
/// if `is_cut`.
#[must_use]
pub fn suggest(
    app_id: AppId,
    current: Limit,
    mut asked: Vec<Asked>,
    is_cut: bool,
) -> LimitSuggestion {
    asked.sort_unstable();
    let minutes = minutes(&asked);
    let sample = UsageSample {
        requests: asked.len() as u64,
        refused: asked.iter().filter(|it| it.is_refused).count() as u64,
        from: asked.first().map(|it| it.at),
        until: asked.last().map(|it| it.at),
        active_minutes: minutes.len() as u64,
        peak: peak(&asked),
        p99: percentile_99(minutes),
        is_cut,
    };
    let current = current.per_minute();
    let is_enough =
        asked.len() >= FEWEST_REQUESTS && sample.active_minutes >= FEWEST_MINUTES as u64;
    let suggested = is_enough.then(|| {
        let by_peak = u64::from(sample.peak) * 5;
        let wanted = by_peak.div_ceil(4).max(u64::from(sample.p99) * 2);
        u32::try_from(rounded_up(wanted))
            .unwrap_or(Limit::MAX)
            .clamp(1, Limit::MAX)
    });
    LimitSuggestion {
        app_id: app_id.to_string(),
        current,
        suggested,
        rule: RULE.to_owned(),
        reasons: reasons(&sample, current, suggested),
        sample,
    }
}

fn reasons(sample: &UsageSample, current: u32, suggested: Option<u32>) -> Vec<String> {
    let UsageSample {
        requests,
        refused,
        active_minutes,
        peak,
        p99,
        is_cut,
        ..
    } = *sample;
    let (Some(from), Some(until)) = (sample.from, sample.until) else {
        return vec!["No request of this key is in the audit log.".to_owned()];
    };
    let cut = if is_cut { ", the newest of them" } else { "" };
    let mut reasons = vec![format!(
        "{requests} requests{cut}, in {active_minutes} minutes between {from} and {until}."
    )];
    let Some(suggested) = suggested else {
        reasons.push(format!(
            "That is too little to go by: {FEWEST_REQUESTS} requests in {FEWEST_MINUTES} minutes \
             are needed."
        ));
        return reasons;
    };
    reasons.push(format!(
        "At most {peak} slots were asked for within any 60 s."
    ));
    reasons.push(format!("99 of 100 active minutes asked for at most {p99}."));
    reasons.push(match refused {
        0 => "No request was refused by a limit.".to_owned(),
        _ => {
            let share = percent(refused, requests);
            format!("{refused} of {requests} requests ({share} %) were refused by a limit (429).")
        }
    });
    reasons.push(match suggested.cmp(&current) {
        std::cmp::Ordering::Equal => format!("The limit of {current} a minute fits."),
        std::cmp::Ordering::Greater => {
            format!(
                "The limit of {current} a minute is tight: {suggested} leaves room for a burst."
            )
        }
        std::cmp::Ordering::Less => format!(
            "The limit of {current} a minute is wide: {suggested} would stop a runaway or a thief \
             earlier."
        ),
    });
    reasons
}

/// In tenths, at least 0.1: `12.5`.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (part * 1_000 / whole.max(1)).max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The slots of each minute of the clock that has a request.
fn minutes(asked: &[Asked]) -> Vec<u32> {
    let same_minute = |a: &Asked, b: &Asked| a.at.secs() / 60 == b.at.secs() / 60;
    let minutes = asked.chunk_by(same_minute);
    minutes
        .map(|minute| {
            minute
                .iter()
                .fold(0, |sum: u32, it| sum.saturating_add(it.slots))
        })
        .collect()
}

/// The most slots within any 60 s, of requests in order.
fn peak(asked: &[Asked]) -> u32 {
    let (mut peak, mut sum) = (0, 0u64);
    let mut oldest = asked.iter().peekable();
    for newest in asked {
        sum += u64::from(newest.slots);
        while let Some(old) = oldest.next_if(|old| newest.at.since(old.at) >= RollingWindow::LENGTH)
        {
            sum -= u64::from(old.slots);
        }
        peak = peak.max(sum);
    }
    u32::try_from(peak).unwrap_or(u32::MAX)
}

/// The smallest number that 99 of 100 do not exceed.
fn percentile_99(mut numbers: Vec<u32>) -> u32 {
    numbers.sort_unstable();
    let index = (numbers.len() * 99).div_ceil(100).saturating_sub(1);
    numbers.get(index).copied().unwrap_or_default()
}

/// To two digits: 61 to 65, 132 to 140, 1,001 to 1,100. The second of small numbers is 0 or 5.
fn rounded_up(number: u64) -> u64 {
    let step = match number {
        0..100 => 5,
        _ => 10u64.pow(number.ilog10() - 1),
    };
    number.div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credential::Environment;

    const START: u64 = 1_793_534_400_000;

    fn asked(at: u64, is_refused: bool) -> Asked {
        Asked {
            at: UnixMillis(START + at),
            slots: 1,
            is_refused,
        }
    }

    fn of(requests: Vec<Asked>) -> LimitSuggestion {
        let app_id = AppId::generate(Environment::Test);
        suggest(app_id, Limit::DEFAULT, requests, false)
    }

    #[test]
    fn a_steady_key_gets_twice_its_minute() {
        // Thirty a minute for an hour.
        let suggestion = of((0..1_800).map(|at| asked(at * 2_000, false)).collect());
        let sample = suggestion.sample;
        assert_eq!((sample.peak, sample.p99, sample.refused), (30, 30, 0));
        assert_eq!(sample.active_minutes, 60);
        assert_eq!(suggestion.suggested, Some(60));
        let fits = suggestion.reasons.last().unwrap();
        assert!(fits.contains("fits"), "{fits}");
    }

    #[test]
    fn a_burst_over_the_turn_of_a_minute_is_seen_and_refusals_are_told() {
        let mut requests: Vec<_> = (0..20)
            .map(|minute| asked(minute * 60_000, false))
            .collect();
        // 100 within 20 s, half of them in either minute; 40 were refused.
        requests.extend((0..100).map(|index| asked(590_000 + index * 200, index >= 60)));
        let suggestion = of(requests);
        assert_eq!(suggestion.sample.peak, 101);
        assert_eq!(suggestion.sample.refused, 40);
        assert_eq!(suggestion.suggested, Some(130));
        let told = suggestion.reasons.join(" ");
        assert!(told.contains("40 of 120 requests (33.3 %)"), "{told}");
        assert!(told.contains("tight"), "{told}");
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        for requests in [
            Vec::new(),
            vec![asked(0, false); 99],
            // Many, in one minute.
            vec![asked(0, false); 1_000],
        ] {
            let suggestion = of(requests);
            assert_eq!(suggestion.suggested, None);
            assert!(!suggestion.reasons.is_empty());
        }
    }

    #[test]
    fn numbers_are_rounded_up_to_two_digits() {
        for (number, rounded) in [(0, 0), (1, 5), (60, 60), (61, 65), (99, 100), (100, 100)] {
            assert_eq!(rounded_up(number), rounded);
        }
        for (number, rounded) in [(101, 110), (132, 140), (1_001, 1_100), (123_456, 130_000)] {
            assert_eq!(rounded_up(number), rounded);
        }
    }

    proptest! {
        /// The peak is what a look at every request's own 60 s finds.
        #[test]
        fn the_peak_is_that_of_any_rolling_minute(
            times in prop::collection::vec((0..300_000u64, 1..5u32), 0..60),
        ) {
            let mut requests: Vec<_> = times
                .into_iter()
                .map(|(at, slots)| Asked { slots, ..asked(at, false) })
                .collect();
            requests.sort_unstable();
            let within = |first: &Asked| -> u32 {
                let of_it = requests.iter().filter(|it| it.at >= first.at);
                of_it.filter(|it| it.at.since(first.at) < RollingWindow::LENGTH).map(|it| it.slots).sum()
            };
            let expected = requests.iter().map(within).max().unwrap_or(0);
            prop_assert_eq!(peak(&requests), expected);
        }
    }
}
