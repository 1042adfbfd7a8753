//! Moments that a proof names by their distance from the reply's own date.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The line with `$(date+60)` (an HTTP date) or `$(time-60)` (RFC 3339) replaced, so many seconds from the date in
/// this head; none when it names no moment.
///
/// # Errors
/// The head has no date, or the words are not of that form.
pub(super) fn resolved(line: &str, head: &str) -> Result<Option<String>, String> {
    let Some((before, rest)) = line.split_once("$(") else { return Ok(None) };
    let (word, behind) = rest.split_once(')').ok_or_else(|| format!("{line:?} names no moment"))?;
    let date = head.lines().find_map(|line| line.strip_prefix("date: ")).ok_or("the head has no date")?;
    let date = httpdate::parse_http_date(date).map_err(|error| error.to_string())?;
    let moment = moment(word, date).ok_or_else(|| format!("`{word}` names no moment"))?;
    Ok(Some(format!("{before}{moment}{behind}")))
}

fn moment(word: &str, date: SystemTime) -> Option<String> {
    let (kind, shift) = word.split_at_checked(4)?;
    let by = Duration::from_secs(shift.get(1..)?.parse().ok()?);
    let moment = match shift.get(..1)? {
        "+" => date.checked_add(by),
        "-" => date.checked_sub(by),
        _ => None,
    }?;
    match kind {
        "date" => Some(httpdate::fmt_http_date(moment)),
        "time" => Some(Timestamp::try_from(moment).ok()?.to_string()),
        _ => None,
    }
}
