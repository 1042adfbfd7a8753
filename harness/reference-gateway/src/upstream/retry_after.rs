//! `Retry-After`: what an upstream asked for, as whole seconds that a client can obey.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::mutant::{Flaw, Flaws};

/// Said when an upstream names no usable delay.
pub(crate) const DEFAULT_SECONDS: u64 = 5;

/// The value to send: the longest delay that the upstream named in seconds, milliseconds or as a date,
/// rounded up and at least 1; the default where it named none that can be read.
pub(crate) fn value(headers: &HeaderMap, now: SystemTime, flaws: Flaws) -> String {
    if let Some(verbatim) = verbatim(headers, flaws) {
        return verbatim;
    }
    longest(headers, now).map_or(DEFAULT_SECONDS, |it| it.max(1)).to_string()
}

/// The longest delay that the upstream named, in whole seconds; none where it named none that can be read.
pub(crate) fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    longest(headers, now).map(Duration::from_secs)
}

fn longest(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let delays = [
        text(headers, "retry-after-ms").and_then(|it| seconds(it, 1000.0)),
        text(headers, RETRY_AFTER.as_str()).and_then(|it| seconds(it, 1.0).or_else(|| until(it, now))),
    ];
    delays.into_iter().flatten().max()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A non-negative decimal number of `1/scale` seconds, rounded up; what no clock can hold is the longest that one can.
fn seconds(text: &str, scale: f64) -> Option<u64> {
    let decimal = text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let number = text.parse::<f64>().ok().filter(|_| decimal)?;
    Some(Duration::try_from_secs_f64(number / scale).map_or(u64::MAX, whole))
}

/// How long until an HTTP date; nothing once it has passed.
fn until(date: &str, now: SystemTime) -> Option<u64> {
    let at = httpdate::parse_http_date(date).ok()?;
    Some(whole(at.duration_since(now).unwrap_or_default()))
}

fn whole(delay: Duration) -> u64 {
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}

/// What a flawed relay sends without understanding it.
fn verbatim(headers: &HeaderMap, flaws: Flaws) -> Option<String> {
    let sent = text(headers, RETRY_AFTER.as_str());
    let understood = sent.and_then(|it| seconds(it, 1.0)).is_some();
    let date = sent.is_some_and(|it| httpdate::parse_http_date(it).is_ok());
    let negative = sent.is_some_and(|it| it.starts_with('-'));
    let relayed = if flaws.has(Flaw::RetryAfterDateRelayed) {
        sent.filter(|_| date)
    } else if flaws.has(Flaw::RetryAfterNegativeRelayed) {
        sent.filter(|_| negative)
    } else if flaws.has(Flaw::RetryAfterGarbageRelayed) {
        sent.filter(|_| !understood && !date && !negative)
    } else if flaws.has(Flaw::RetryAfterFractionRelayed) {
        sent.filter(|it| understood && it.contains('.'))
    } else if flaws.has(Flaw::RetryAfterMillisecondsRelayed) {
        return text(headers, "retry-after-ms").map(|it| format!("{it}ms"));
    } else {
        None
    };
    relayed.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&'static str, &str)]) -> String {
        let headers = headers.iter().map(|(name, it)| (name.parse().unwrap(), it.parse().unwrap())).collect();
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        value(&headers, now + Duration::from_millis(500), Flaws::default())
    }

    #[test]
    fn every_form_becomes_whole_seconds() {
        assert_eq!(told(&[("retry-after", "7")]), "7");
        assert_eq!(told(&[("retry-after", "1.2")]), "2");
        assert_eq!(told(&[("retry-after-ms", "2001")]), "3");
        assert_eq!(told(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), "10");
        assert_eq!(told(&[("retry-after", "1"), ("retry-after-ms", "9000")]), "9");
    }

    #[test]
    fn what_cannot_be_read_becomes_the_default() {
        for it in ["", "soon", "-3", "NaN", "1e3", "."] {
            assert_eq!(told(&[("retry-after", it)]), DEFAULT_SECONDS.to_string(), "{it:?}");
        }
        assert_eq!(told(&[]), DEFAULT_SECONDS.to_string());
    }

    #[test]
    fn a_delay_that_no_clock_can_hold_stays_as_long_as_can_be() {
        assert_eq!(told(&[("retry-after", "99999999999999999999999999")]), u64::MAX.to_string());
    }

    #[test]
    fn a_delay_that_is_over_is_one_second() {
        assert_eq!(told(&[("retry-after", "0")]), "1");
        assert_eq!(told(&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT")]), "1");
    }
}
