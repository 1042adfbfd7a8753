//! Whether what came is what must come.

use super::mask::masked;
use super::pieces::Expected;
use super::raw::{End, Raw};
use super::reply::find;

/// A longer text is cut where it is shown.
const SHOWN: usize = 240;

/// Reads and compares, part by part; the number of bytes that came.
///
/// # Errors
/// The first difference.
pub(super) async fn compare(raw: &mut Raw, expected: &[Expected]) -> Result<usize, String> {
    let mut count = 0;
    for part in expected {
        count += match part {
            Expected::Head { status_line, lines } => head(raw, status_line, lines).await?,
            Expected::ServerHello { whole } => server_hello(raw, *whole).await?,
            Expected::Bytes(bytes) => exactly(raw, bytes).await?,
        };
    }
    Ok(count)
}

async fn head(raw: &mut Raw, status_line: &str, lines: &[String]) -> Result<usize, String> {
    let end = loop {
        if let Some(at) = find(raw.unread(), b"\r\n\r\n") {
            break at + 4;
        }
        if let Some(end) = raw.more().await.map_err(|error| error.to_string())? {
            return Err(format!("a head was to come, and {} came, then {end:?}", shown(raw.unread())));
        }
    };
    let bytes = masked(&raw.take(end));
    let text = String::from_utf8_lossy(&bytes);
    let mut came = text.trim_end_matches("\r\n").split("\r\n");
    let first = came.next().unwrap_or_default();
    if first != status_line {
        return Err(format!("status line {first:?} instead of {status_line:?}"));
    }
    let mut came: Vec<&str> = came.collect();
    came.sort_unstable();
    let odd = |from: &[&str], than: &[&str]| -> Vec<String> {
        from.iter().filter(|line| !than.contains(line)).map(|line| shown(line.as_bytes())).collect()
    };
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    if came != lines {
        let (more, missing) = (odd(&came, &lines), odd(&lines, &came));
        return Err(format!("head lines: too many {more:?}, missing {missing:?}"));
    }
    Ok(end)
}

/// One record of a handshake (type 22) that begins with a ServerHello (type 2), each with its length in front.
async fn server_hello(raw: &mut Raw, whole: bool) -> Result<usize, String> {
    let announced = |bytes: &[u8]| match bytes {
        [22, 3, _, high, low, 2, ..] => Some(5 + (usize::from(*high) << 8 | usize::from(*low))),
        _ => None,
    };
    loop {
        let came = raw.unread().len();
        let length = announced(raw.unread());
        match length {
            Some(length) if whole && came >= length => return Ok(raw.take(length).len()),
            None if came > 5 => return Err(format!("{:02x?} is no ServerHello", &raw.unread()[..6])),
            _ => {}
        }
        let ended = raw.more().await.map_err(|error| error.to_string())?;
        match (ended, length) {
            (None, _) => {}
            (Some(_), Some(length)) if !whole && came < length => return Ok(raw.take(came).len()),
            (Some(end), _) => {
                return Err(format!("a ServerHello was to come, and {came} bytes came, then {end:?}"));
            }
        }
    }
}

async fn exactly(raw: &mut Raw, expected: &[u8]) -> Result<usize, String> {
    let mut ended: Option<End> = None;
    while raw.unread().len() < expected.len() && ended.is_none() {
        ended = raw
            .more()
            .await
            .map_err(|error| format!("{error}; {} of {} bytes came", raw.unread().len(), expected.len()))?;
    }
    let came = masked(&raw.take(expected.len()));
    let expected = masked(expected);
    if came == expected {
        return Ok(came.len());
    }
    let at = came.iter().zip(&expected).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(20);
    Err(format!(
        "byte {at} of {}: {} instead of {}{}",
        expected.len(),
        shown(&came[from..]),
        shown(&expected[from..]),
        ended.map_or(String::new(), |end| format!(", then {end:?}")),
    ))
}

/// Bytes as a person can read them, cut to what fits.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    format!("{text:?}{}", if bytes.len() > SHOWN { " …" } else { "" })
}
