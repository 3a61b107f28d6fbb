//! Points in time and spans, as they are typed and as they are printed.

use std::{fmt, str::FromStr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since the Unix epoch. Printed as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(transparent, extend("format" = "date-time"))
)]
pub struct UnixMillis(#[cfg_attr(feature = "schema", schemars(with = "String"))] pub u64);

impl UnixMillis {
    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1_000
    }

    /// This much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    fn timestamp(self) -> Timestamp {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// How far it lies from `now`, in words: `in 4 minutes`, `3 days ago`, `now`.
    #[must_use]
    pub fn relative_to(self, now: Self) -> String {
        const UNITS: [(u64, u64, &str); 4] = [
            (120, 1, "second"),
            (2 * 3_600, 60, "minute"),
            (2 * 86_400, 3_600, "hour"),
            (u64::MAX, 86_400, "day"),
        ];
        let seconds = self.secs().abs_diff(now.secs());
        if seconds == 0 {
            return "now".to_owned();
        }
        let unit = UNITS.iter().find(|(below, _, _)| seconds < *below);
        let (_, length, name) = unit.unwrap_or(&UNITS[3]);
        let count = seconds / length;
        let plural = if count == 1 { "" } else { "s" };
        if self.0 > now.0 {
            format!("in {count} {name}{plural}")
        } else {
            format!("{count} {name}{plural} ago")
        }
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl FromStr for UnixMillis {
    type Err = TimeError;

    /// RFC 3339 (`2026-11-01T12:00:00Z`) or Unix seconds (`1793534400`).
    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Ok(seconds) = text.parse::<u64>() {
            // The last second that RFC 3339 can print: 9999-12-30T22:00:00Z, jiff's maximum.
            return if seconds <= Timestamp::MAX.as_second().unsigned_abs() {
                Ok(Self::from_secs(seconds))
            } else {
                Err(TimeError)
            };
        }
        let timestamp: Timestamp = text.parse().map_err(|_| TimeError)?;
        u64::try_from(timestamp.as_millisecond())
            .map(Self)
            .map_err(|_| TimeError)
    }
}

/// The text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is RFC 3339, such as 2026-11-01T12:00:00Z, or Unix seconds, from 1970 on")]
pub struct TimeError;

impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A span of time as it is typed: `90s`, `2h`, `30d`, `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut seconds: u64 = 0;
        let mut number = String::new();
        let mut parts = 0;
        for character in text.trim().chars() {
            if character.is_ascii_digit() {
                number.push(character);
                continue;
            }
            let unit: u64 = match character {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                'w' => 7 * 86_400,
                _ => return Err(SpanError),
            };
            let count: u64 = std::mem::take(&mut number).parse().map_err(|_| SpanError)?;
            let part = count.checked_mul(unit).ok_or(SpanError)?;
            seconds = seconds.checked_add(part).ok_or(SpanError)?;
            parts += 1;
        }
        if number.is_empty() && parts > 0 {
            Ok(Self(Duration::from_secs(seconds)))
        } else {
            Err(SpanError)
        }
    }
}

impl fmt::Display for Span {
    /// Whole units from the largest on, without those that are zero: `1d12h`, `90s` as `1m30s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

/// The text is not a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number with a unit, such as 90s, 15m, 2h or 30d")]
pub struct SpanError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_distance_of_two_times_is_in_words() {
        let words = |seconds: i64| {
            let now = UnixMillis::from_secs(1_000_000_000);
            let at = 1_000_000_000_i64 + seconds;
            UnixMillis::from_secs(at.unsigned_abs()).relative_to(now)
        };
        for (seconds, expected) in [
            (0, "now"),
            (1, "in 1 second"),
            (-90, "90 seconds ago"),
            (300, "in 5 minutes"),
            (-7_200, "2 hours ago"),
            (172_800, "in 2 days"),
            (-864_000, "10 days ago"),
        ] {
            assert_eq!(words(seconds), expected);
        }
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let noon = UnixMillis::from_secs(1_793_534_400);
        assert_eq!("1793534400".parse(), Ok(noon));
        assert_eq!("2026-11-01T12:00:00Z".parse(), Ok(noon));
        assert_eq!("2026-11-01T13:00:00+01:00".parse(), Ok(noon));
        assert_eq!(noon.to_string(), "2026-11-01T12:00:00.000Z");
        for wrong in [
            "",
            "now",
            "-1",
            "2026-11-01",
            "2026-13-01T00:00:00Z",
            "99999999999999999999",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(wrong.parse::<UnixMillis>(), Err(TimeError), "{wrong:?}");
        }
    }

    #[test]
    fn spans_are_read_with_their_units() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("2h", 7_200),
            ("30d", 2_592_000),
            ("1h30m", 5_400),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_secs(seconds))),
                "{text}"
            );
        }
        for wrong in [
            "",
            "5",
            "h",
            "5 m",
            "-3s",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999w",
        ] {
            assert_eq!(wrong.parse::<Span>(), Err(SpanError), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(seconds in 0..10_000_000_000u64, millis in 0..253_402_207_200_000u64) {
            let span = Span(Duration::from_secs(seconds));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            let time = UnixMillis(millis);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
