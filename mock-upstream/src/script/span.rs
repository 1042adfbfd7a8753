//! When a turn answers: within a time, for a share of the requests, how often.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::millis;

/// The time since the script was set within which a turn answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct During {
    /// From so many milliseconds on.
    #[serde(with = "millis")]
    pub from: Duration,
    /// Until before so many milliseconds; for ever when absent.
    #[serde(with = "some_millis", skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// Starts the time over after so many milliseconds.
    #[serde(with = "some_millis", skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
}

impl During {
    /// Whether a request that comes so long after the script was set is within the time.
    pub fn holds(&self, since: Duration) -> bool {
        let since = match self.every {
            Some(every) if !every.is_zero() => {
                let nanos = since.as_nanos() % every.as_nanos();
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
            _ => since,
        };
        since >= self.from && self.until.is_none_or(|until| since < until)
    }

    /// Whether there is such a time at all.
    pub(super) fn is_possible(&self) -> bool {
        let end = [self.until, self.every].into_iter().flatten().min();
        end.is_none_or(|end| self.from < end)
    }
}

/// A part of the requests, chosen by the seed and by which request of the script it is: the same seed always chooses the
/// same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// How many of a hundred, 0 to 100.
    pub percent: u8,
    /// What chooses them.
    #[serde(default)]
    pub seed: u64,
}

impl Share {
    /// Whether the request of this number, counted from 0, belongs to the share.
    pub fn holds(&self, number: u64) -> bool {
        mixed(self.seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % 100
            < u64::from(self.percent)
    }
}

/// The finishing function of the SplitMix64 generator: every bit of the result depends on every bit of the number.
fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// How often a turn answers; in files a number, or `always`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// So often, at least once; then the turn is spent.
    Count(u32),
    /// Whenever a request fits; the turn is never spent.
    Always,
}

impl Default for Times {
    fn default() -> Self {
        Self::Count(1)
    }
}

impl Times {
    /// Whether it is the usual one.
    pub fn is_once(&self) -> bool {
        *self == Self::Count(1)
    }
}

const ALWAYS: &str = "always";

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Always => serializer.serialize_str(ALWAYS),
        }
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Times;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of at least 1, or `always`")
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Times, E> {
                let refused = || E::invalid_value(de::Unexpected::Unsigned(count), &self);
                let count = u32::try_from(count).ok().filter(|count| *count > 0);
                count.map(Times::Count).ok_or_else(refused)
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Times, E> {
                let refused = || E::invalid_value(de::Unexpected::Signed(count), &self);
                u64::try_from(count).map_err(|_| refused()).and_then(|count| self.visit_u64(count))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Times, E> {
                if word == ALWAYS {
                    Ok(Times::Always)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(word), &self))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

mod some_millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
