//! Hides what differs between two replies to the same request, without changing a length: serial numbers and times.

use std::time::{SystemTime, UNIX_EPOCH};

/// Fewer hexadecimal digits in a row are not a serial number.
const SERIAL: usize = 12;
/// Serial numbers are small, so that they begin with many zeros.
const ZEROS: &[u8] = b"000000";
/// Seconds around now within which a number is the time.
const NOW: u64 = 10_000;

/// The bytes with `1` in place of every digit that may differ.
pub(super) fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    runs(&mut bytes, u8::is_ascii_hexdigit, |run| {
        (run.len() >= SERIAL && run.starts_with(ZEROS)) || {
            let number = std::str::from_utf8(run).ok().and_then(|run| run.parse::<u64>().ok());
            number.is_some_and(|number| number.abs_diff(now) < NOW)
        }
    });
    let time = |byte: &u8| byte.is_ascii_digit() || b"-:TZ.".contains(byte);
    runs(&mut bytes, time, |run| run.len() >= 20 && run.starts_with(b"20") && run.contains(&b'T'));
    date(&mut bytes);
    bytes
}

/// Overwrites every longest run of such bytes that is to be hidden.
fn runs(bytes: &mut [u8], of: impl Fn(&u8) -> bool, hide: impl Fn(&[u8]) -> bool) {
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| of(byte)).count();
        if hide(&bytes[at..at + length]) {
            bytes[at..at + length].fill(b'1');
        }
        at += length.max(1);
    }
}

/// Overwrites the value of every `date` field.
fn date(bytes: &mut [u8]) {
    const BEFORE: &[u8] = b"\r\ndate: ";
    const LENGTH: usize = 29;
    let fields: Vec<usize> = memchr::memmem::find_iter(bytes, BEFORE).map(|at| at + BEFORE.len()).collect();
    for at in fields {
        let end = (at + LENGTH).min(bytes.len());
        bytes[at..end].fill(b'1');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_and_times_are_hidden_and_nothing_else() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let text = format!(
            "\r\ndate: Sat, 21 Nov 2026 13:45:11 GMT\r\nreq_00000000000000af {now} 2026-11-21T13:45:11Z"
        );
        let hidden = "1".repeat(29);
        let expected = format!("\r\ndate: {hidden}\r\nreq_1111111111111111 1111111111 11111111111111111111");
        assert_eq!(String::from_utf8(masked(text.as_bytes())).unwrap(), expected);
        for same in ["deadbeef0000", "1234567890", "2026-11-21", "000000"] {
            assert_eq!(masked(same.as_bytes()), same.as_bytes());
        }
    }
}
