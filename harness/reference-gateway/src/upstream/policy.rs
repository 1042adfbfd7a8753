//! What is done about a failed attempt, as data: which failures are tried again, where, how often and after what wait.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::failure::UpstreamFailure;

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The same provider is asked again while it has attempts left, then the next one.
    Retry,
    /// The next provider is asked at once.
    FailOver,
    /// Nobody is asked any more.
    Stop,
}

/// A personality's rules for failed attempts.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// By the status of a refusal: the first row that holds it decides, and a status without a row stops.
    pub(crate) statuses: Vec<(RangeInclusive<u16>, Decision)>,
    /// No connection, or none that lived until a response began.
    pub(crate) unavailable: Decision,
    pub(crate) timed_out: Decision,
    /// A 200 that cannot be used.
    pub(crate) unusable: Decision,
    /// The most attempts at one provider.
    pub(crate) attempts: u32,
    pub(crate) backoff: Backoff,
}

impl Policy {
    pub(crate) fn decide(&self, failure: &UpstreamFailure) -> Decision {
        match failure {
            UpstreamFailure::Unavailable(_) => self.unavailable,
            UpstreamFailure::TimedOut => self.timed_out,
            UpstreamFailure::Unusable(_) | UpstreamFailure::Told(_) => self.unusable,
            UpstreamFailure::Refused(refused) => {
                let status = refused.status.as_u16();
                let row = self.statuses.iter().find(|(statuses, _)| statuses.contains(&status));
                row.map_or(Decision::Stop, |(_, decision)| *decision)
            }
        }
    }
}

/// The waits between attempts at one provider: each twice as long as the one before, with up to a quarter of jitter on top,
/// so that even with jitter they grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// The wait before the second attempt.
    pub(crate) first: Duration,
    /// The longest wait, jitter aside.
    pub(crate) longest: Duration,
    /// The longest `Retry-After` that is waited for; a provider that asks for more is left for the next one.
    pub(crate) obeys: Duration,
}

impl Backoff {
    /// The wait after so many failed attempts, at least 1, at a provider that asked for `asked`; `jitter` is from 0 to 1.
    /// `None` where the provider asked for more than is waited for.
    pub(crate) fn wait(&self, failed: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if asked > self.obeys {
            return None;
        }
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let wait = self.first.saturating_mul(doubled).min(self.longest);
        Some(wait.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 4.0).max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_millis(350),
        obeys: Duration::from_secs(2),
    };

    #[test]
    fn waits_grow_up_to_the_longest_whatever_the_jitter() {
        let wait = |failed, jitter| BACKOFF.wait(failed, None, jitter).unwrap().as_millis();
        assert_eq!([wait(1, 0.0), wait(2, 0.0), wait(3, 0.0), wait(40, 0.0)], [100, 200, 350, 350]);
        assert!(wait(1, 1.0) < wait(2, 0.0) && wait(2, 1.0) < wait(3, 0.0));
    }

    #[test]
    fn a_provider_is_given_the_time_it_asks_for_or_left() {
        let wait = |asked| BACKOFF.wait(1, Some(Duration::from_millis(asked)), 0.0);
        assert_eq!(wait(10), Some(Duration::from_millis(100)));
        assert_eq!(wait(2000), Some(Duration::from_secs(2)));
        assert_eq!(wait(2001), None);
    }
}
