//! The fields that every reply of Anthropic has.

use jiff::Timestamp;

use crate::dialect::Scene;
use crate::script::Headers;

/// What is limited, how much of it a minute, and how much is left.
const LIMITS: [(&str, u64, u64); 4] = [
    ("requests", 4_000, 3_999),
    ("tokens", 480_000, 479_000),
    ("input-tokens", 400_000, 399_000),
    ("output-tokens", 80_000, 80_000),
];
/// Seconds until a limit is whole again.
const RESET: u64 = 1;

/// The fields for a body of this type.
pub(super) fn of(content_type: &str, scene: &Scene<'_>) -> Headers {
    let mut headers = Headers::from_iter([
        ("content-type", content_type),
        ("request-id", &scene.request_id()),
        ("anthropic-organization-id", &scene.identity.organization),
        ("x-served-by", &scene.identity.host),
    ]);
    let reset = rfc3339(scene.unix_time.saturating_add(RESET));
    for (what, limit, remaining) in LIMITS {
        headers.add(format!("anthropic-ratelimit-{what}-limit"), limit.to_string());
        headers.add(format!("anthropic-ratelimit-{what}-remaining"), remaining.to_string());
        headers.add(format!("anthropic-ratelimit-{what}-reset"), reset.as_str());
    }
    headers
}

/// The time as RFC 3339 writes it; the last that it can write for one beyond.
fn rfc3339(unix_time: u64) -> String {
    let second = i64::try_from(unix_time).unwrap_or(i64::MAX);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_string()
}
