//! Whether what came is what must come.

use super::mask::masked;
use super::pieces::Expected;
use super::raw::{End, Raw};
use super::reply::find;

/// A longer text is cut where it is shown.
const SHOWN: usize = 240;

/// Reads and compares, part by part; the number of bytes that came, and how many of them were heads.
///
/// # Errors
/// The first difference.
pub(super) async fn compare(raw: &mut Raw, expected: &[Expected]) -> Result<Came, String> {
    let mut came = Came::default();
    for part in expected {
        match part {
            Expected::Head { status_line, lines } => came.heads += head(raw, status_line, lines).await?,
            Expected::Bytes(bytes) => came.behind += exactly(raw, bytes).await?,
            Expected::Chunks { bytes, size } => came.behind += chunks(raw, bytes, *size).await?,
        }
    }
    Ok(came)
}

/// How many bytes came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Came {
    /// Of heads.
    pub(super) heads: usize,
    /// Of everything else.
    pub(super) behind: usize,
}

impl Came {
    pub(super) fn all(self) -> usize {
        self.heads + self.behind
    }
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

async fn exactly(raw: &mut Raw, expected: &[u8]) -> Result<usize, String> {
    let ended = until(raw, expected.len()).await?;
    let came = masked(&raw.take(expected.len()));
    same(&came, &masked(expected), ended)?;
    Ok(came.len())
}

/// Reads until so many bytes are there; how the connection ended, if it did before.
async fn until(raw: &mut Raw, count: usize) -> Result<Option<End>, String> {
    let mut ended = None;
    while raw.unread().len() < count && ended.is_none() {
        let more = raw.more().await;
        ended = more.map_err(|error| format!("{error}; {} of {count} bytes came", raw.unread().len()))?;
    }
    Ok(ended)
}

fn same(came: &[u8], expected: &[u8], ended: Option<End>) -> Result<(), String> {
    if came == expected {
        return Ok(());
    }
    let at = came.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(20);
    Err(format!(
        "byte {at} of {}: {} instead of {}{}",
        expected.len(),
        shown(&came[from..]),
        shown(&expected[from..]),
        ended.map_or(String::new(), |end| format!(", then {end:?}")),
    ))
}

async fn chunks(raw: &mut Raw, expected: &[u8], size: usize) -> Result<usize, String> {
    let (mut own, mut wire) = (Vec::new(), 0);
    for part in expected.chunks(size) {
        let line = format!("{:x}\r\n", part.len());
        wire += exactly(raw, line.as_bytes()).await?;
        until(raw, part.len()).await?;
        own.extend(raw.take(part.len()));
        wire += part.len() + exactly(raw, b"\r\n").await?;
    }
    same(&masked(&own), &masked(expected), None)?;
    Ok(wire)
}

/// Bytes as a person can read them, cut to what fits.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    format!("{text:?}{}", if bytes.len() > SHOWN { " …" } else { "" })
}
