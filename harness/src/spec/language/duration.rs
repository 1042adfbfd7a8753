//! Durations as written: `250ms`, `2s`, `1m`.

use std::time::Duration;

use crate::spec::language::path::Unreadable;

/// Reads a whole number with `ms`, `s` or `m` behind it.
///
/// # Errors
/// Anything else, and what is too long to be counted in milliseconds.
pub fn parse(written: &str) -> Result<Duration, Unreadable> {
    let digits = written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len());
    let (number, unit) = written.split_at(digits);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let milliseconds =
        number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    milliseconds.map(Duration::from_millis).ok_or_else(|| {
        Unreadable::new(format!("`{written}` is not a duration"), "write `250ms`, `2s` or `1m`".to_owned())
    })
}

/// Writes a duration as it is read.
pub fn written(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0 => "0s".to_owned(),
        _ if milliseconds.is_multiple_of(60_000) => format!("{}m", milliseconds / 60_000),
        _ if milliseconds.is_multiple_of(1_000) => format!("{}s", milliseconds / 1_000),
        _ => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_shown() {
        for text in ["250ms", "2s", "1m", "90s", "0s"] {
            assert_eq!(written(parse(text).unwrap()), text);
        }
        for text in ["", "2", "s", "2h", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615m"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
