//! Typed readings of parts: seconds, numbers, JSON, the greatest.

use std::time::SystemTime;

use serde_json::{Value as Json, json};

use crate::judge::scene::part::Part;
use crate::spec::language::path::{Corner, View};
use crate::wire::json as body;

/// The parts as a view shows them; what does not parse is absent.
pub(in crate::judge) fn seen(parts: Vec<Part>, view: View, corner: Corner) -> Vec<Part> {
    let each = |read: &dyn Fn(&Part, &Json) -> Option<Json>| {
        let parts = parts.iter().cloned();
        parts.map(|part| Part { value: part.value.as_ref().and_then(|v| read(&part, v)), ..part }).collect()
    };
    match view {
        View::Seconds => each(&|part, value| seconds(value, part.clock, corner)),
        View::Milliseconds => each(&|_, value| {
            let count = numeric(&number(value)?).filter(|count| *count >= 0.0)?;
            Some(json!(count / 1000.0))
        }),
        View::Number => each(&|_, value| number(value)),
        View::Json => each(&|_, value| match value {
            Json::String(text) => body::body(text.as_bytes()).ok(),
            other => Some(other.clone()),
        }),
        View::Max => {
            let greatest = parts
                .into_iter()
                .filter(|part| {
                    part.value.as_ref().and_then(numeric).is_some() || part.unreached || part.value.is_none()
                })
                .max_by(|a, b| {
                    let size =
                        |part: &Part| part.value.as_ref().and_then(numeric).unwrap_or(f64::NEG_INFINITY);
                    size(a).total_cmp(&size(b))
                });
            greatest.into_iter().collect()
        }
    }
}

/// Not negative: digits with or without a fraction, or a date. A date of the upstream's is granted one second less, since
/// it was rounded to seconds and read a little later.
fn seconds(value: &Json, clock: Option<SystemTime>, corner: Corner) -> Option<Json> {
    let text = match value {
        Json::String(text) => text.trim(),
        number => return numeric(number).filter(|n| *n >= 0.0).map(|_| number.clone()),
    };
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        return number(value).map(|number| match numeric(&number) {
            Some(seconds) if seconds > FOR_EVER => json!(FOR_EVER),
            _ => number,
        });
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let ahead = date.duration_since(clock?).unwrap_or_default().as_secs_f64();
    let slack = if corner == Corner::Played { 1.0 } else { 0.0 };
    Some(json!((ahead - slack).max(0.0)))
}

/// RFC 9111 §1.2.2: who cannot represent a number of seconds takes this, or the greatest that it can; all beyond are alike.
const FOR_EVER: f64 = 2_147_483_648.0;

fn number(value: &Json) -> Option<Json> {
    match value {
        Json::Number(_) => Some(value.clone()),
        Json::String(text) => {
            let text = text.trim();
            let whole = text.parse::<u64>().map(Json::from).or_else(|_| text.parse::<i64>().map(Json::from));
            whole.ok().or_else(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Json::from))
        }
        _ => None,
    }
}

/// A JSON number's size.
pub(in crate::judge) fn numeric(value: &Json) -> Option<f64> {
    value.as_f64()
}
