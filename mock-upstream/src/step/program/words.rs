//! What the words in a program's texts mean while it is played.

use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
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

/// The time as RFC 3339 writes it; the last that it can write for one beyond.
fn rfc3339(unix_time: u64) -> String {
    let second = i64::try_from(unix_time).unwrap_or(i64::MAX);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_string()
}
