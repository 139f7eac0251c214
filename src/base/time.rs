//! Time as plain numbers. Only `Timestamp::now` reads the clock; pure rooms take it as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Timestamp {
    /// The system's clock. Not for `run`, `workflow` or `matching`.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    #[must_use]
    pub fn plus(self, length: Millis) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.0).unwrap_or(i64::MAX)))
    }

    /// `2026-11-20 17:40` in the local time zone.
    pub fn local_minute(self) -> String {
        self.local("%Y-%m-%d %H:%M")
    }

    /// `17:40` in the local time zone.
    pub fn local_clock(self) -> String {
        self.local("%H:%M")
    }

    /// `17:40:05` in the local time zone.
    pub fn local_clock_seconds(self) -> String {
        self.local("%H:%M:%S")
    }

    /// `2026-11-20` in the local time zone.
    pub fn local_date(self) -> String {
        self.local("%Y-%m-%d")
    }

    /// `2026-11-20-174005` in the local time zone, for names of files.
    pub fn local_stamp(self) -> String {
        self.local("%Y-%m-%d-%H%M%S")
    }

    /// RFC 3339 in UTC, for JSON.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |t| t.to_string())
    }

    fn local(self, format: &str) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(
            |_| self.0.to_string(),
            |t| t.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string(),
        )
    }
}

impl Millis {
    pub const ZERO: Self = Self(0);

    pub fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }

    /// Reads `500ms`, `45s`, `30m`, `2h`, `1d` and sums like `1h30m`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number: u64 = rest.get(..digits)?.parse().ok()?;
            rest = rest.get(digits..)?;
            let unit_end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let factor = match rest.get(..unit_end)? {
                "ms" => 1,
                "s" => 1000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            rest = rest.get(unit_end..)?.trim_start();
            total = total.checked_add(number.checked_mul(factor)?)?;
        }
        Some(Self(total))
    }
}

impl fmt::Display for Millis {
    /// `850 ms`, `41 s`, `2 m 41 s`, `30 m`, `1 h 12 m`, `3 d 4 h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        let text = match (seconds / 86_400, seconds / 3600, seconds / 60, seconds) {
            (0, 0, 0, 0) => format!("{} ms", self.0),
            (0, 0, 0, s) => format!("{s} s"),
            (0, 0, m, s) if s % 60 == 0 => format!("{m} m"),
            (0, 0, m, s) => format!("{m} m {:02} s", s % 60),
            (0, h, m, _) if m % 60 == 0 => format!("{h} h"),
            (0, h, m, _) => format!("{h} h {:02} m", m % 60),
            (d, h, _, _) if h % 24 == 0 => format!("{d} d"),
            (d, h, _, _) => format!("{d} d {} h", h % 24),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_and_print() {
        assert_eq!(Millis::parse("1h30m"), Some(Millis(5_400_000)));
        assert_eq!(Millis::parse("500ms"), Some(Millis(500)));
        assert_eq!(Millis::parse("2 m"), None);
        assert_eq!(Millis::parse(""), None);
        assert_eq!(Millis::parse("99999999999999999999d"), None);
        assert_eq!(Millis(161_000).to_string(), "2 m 41 s");
        assert_eq!(Millis(0).to_string(), "0 ms");
        assert_eq!(Millis(1_800_000).to_string(), "30 m");
    }
}
