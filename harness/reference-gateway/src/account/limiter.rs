//! The request rate of a key, in fixed windows that start with their first request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::config::Rate;
use crate::mutant::{Flaw, Flaws};

pub(crate) struct Limiter {
    windows: Mutex<HashMap<String, Window>>,
    flaws: Flaws,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverRate {
    /// Whole seconds until the window ends, at least 1.
    pub(crate) window_ends_in: u64,
}

struct Window {
    opened: Instant,
    used: u32,
}

impl Limiter {
    pub(crate) fn new(flaws: Flaws) -> Self {
        Self { windows: Mutex::new(HashMap::new()), flaws }
    }

    /// Counts a request that arrives at `now`, and refuses it when its window is full.
    pub(crate) fn admit(&self, key: &str, rate: Rate, now: Instant) -> Result<(), OverRate> {
        if self.flaws.has(Flaw::RateLimitUnenforced) {
            return Ok(());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key.to_owned()).or_insert_with(|| Window { opened: now, used: 0 });
        if now.saturating_duration_since(window.opened) >= rate.window {
            *window = Window { opened: now, used: 0 };
        }
        let requests = rate.requests + u32::from(self.flaws.has(Flaw::RateLimitOffByOne));
        if window.used < requests {
            window.used += 1;
            return Ok(());
        }
        if self.flaws.has(Flaw::RetryAfterTooShort) {
            return Err(OverRate { window_ends_in: 1 });
        }
        let left = (window.opened + rate.window).saturating_duration_since(now);
        Err(OverRate { window_ends_in: left.as_secs() + u64::from(left.subsec_nanos() > 0) })
    }

    /// Whether a request at `now` would be admitted, without counting it; only a flawed gateway is content with that.
    pub(crate) fn peek(&self, key: &str, rate: Rate, now: Instant) -> Result<(), OverRate> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        match windows.get(key) {
            Some(window) if window.used >= rate.requests && now < window.opened + rate.window => {
                Err(OverRate { window_ends_in: rate.window.as_secs().max(1) })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn reset(&self) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    #[test]
    fn a_full_window_refuses_until_it_ends() {
        let limiter = Limiter::new(Flaws::default());
        let rate = Rate { requests: 2, window: Duration::from_millis(2500) };
        let start = Instant::now();
        assert_eq!(limiter.admit("k", rate, start), Ok(()));
        assert_eq!(limiter.admit("k", rate, start), Ok(()));
        let later = start + Duration::from_millis(100);
        assert_eq!(limiter.admit("k", rate, later), Err(OverRate { window_ends_in: 3 }));
        assert_eq!(limiter.admit("k", rate, start + Duration::from_millis(2500)), Ok(()));
    }
}
