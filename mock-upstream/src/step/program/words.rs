//! What the words in a program's texts mean while it is played.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::Stage;
use crate::fault::words::{Word, expand};

/// The text with its words replaced.
pub(super) fn spoken(text: &str, stage: &Stage<'_>) -> String {
    let scene = &stage.answer.scene;
    expand(text, |word| match word {
        Word::Canary => scene.canary(),
        Word::RequestId => scene.request_id(),
        Word::Date(shift) => http_date(shift.from(scene.unix_time, stage.bindings)),
        Word::Time(shift) => rfc3339(shift.from(scene.unix_time, stage.bindings)),
        Word::Param(name) => stage.bindings.get(name).to_string(),
    })
}

/// The same for every string in a JSON document.
pub(super) fn spoken_in(value: &Value, stage: &Stage<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(spoken(text, stage)),
        Value::Array(items) => items.iter().map(|item| spoken_in(item, stage)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), spoken_in(value, stage))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn http_date(unix_time: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix_time))
}

/// The date as RFC 3339 has it, in UTC and to the second, by the calendar of a 400-year cycle that begins in March.
fn rfc3339(unix_time: u64) -> String {
    const CYCLE: u64 = 146_097;
    let (days, second) = (unix_time / 86_400 + 719_468, unix_time % 86_400);
    let (cycle, day) = (days / CYCLE, days % CYCLE);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + cycle * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn rfc_3339_and_the_http_date_are_the_same_moment() {
        for (unix_time, said) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(super::rfc3339(unix_time), said, "{}", super::http_date(unix_time));
        }
    }
}
