//! Whether what came is what must come.

use std::io::{ErrorKind, Read as _};

use super::mask::masked;
use super::moment;
use super::pieces::{ANY, Expected};
use super::raw::{End, Raw};
use super::reply::find;
use crate::fault::Coding;

/// A longer text is cut where it is shown.
const SHOWN: usize = 240;

/// Reads and compares, part by part; the number of bytes that came, and how many of them were heads.
///
/// # Errors
/// The first difference.
pub(super) async fn compare(raw: &mut Raw, expected: &[Expected]) -> Result<Came, String> {
    let mut came = Came::default();
    let mut told = None;
    for part in expected {
        match part {
            Expected::Head { status_line, lines, ended } => {
                let head = head(raw, status_line, lines, *ended).await?;
                told = head.content_length;
                came.heads += head.length;
            }
            Expected::ServerHello { whole } => came.behind += server_hello(raw, *whole).await?,
            Expected::Bytes(bytes) => came.behind += exactly(raw, bytes).await?,
            Expected::Chunks { bytes, size } => came.behind += chunks(raw, bytes, *size).await?,
            Expected::Coded(coding, bytes) => {
                let length = told.ok_or("no content length tells how long the coded body is")?;
                came.behind += coded(raw, *coding, bytes, length).await?;
            }
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

/// A head that has come.
struct Head {
    length: usize,
    content_length: Option<usize>,
}

async fn head(raw: &mut Raw, status_line: &str, lines: &[String], ended: bool) -> Result<Head, String> {
    // Without the blank line, the head is as long as its lines are.
    let length = status_line.len() + lines.iter().map(|line| line.len() + 2).sum::<usize>() + 2;
    let end = loop {
        match find(raw.unread(), b"\r\n\r\n") {
            Some(at) if ended => break at + 4,
            None if !ended && raw.unread().len() >= length => break length,
            Some(_) | None => {}
        }
        if let Some(end) = raw.more().await.map_err(|error| error.to_string())? {
            return Err(format!("a head was to come, and {} came, then {end:?}", shown(raw.unread())));
        }
    };
    let bytes = raw.take(end);
    let lines = &in_time(lines, &String::from_utf8_lossy(&bytes))?;
    let bytes = masked(&bytes);
    let text = String::from_utf8_lossy(&bytes);
    let mut came = text.trim_end_matches("\r\n").split("\r\n");
    let first = came.next().unwrap_or_default();
    if first != status_line {
        return Err(format!("status line {first:?} instead of {status_line:?}"));
    }
    let mut came: Vec<&str> = came.collect();
    let expected = lines.len();
    came.sort_unstable();
    let odd = |from: &[&str], than: &[&str]| -> Vec<String> {
        from.iter().filter(|line| !than.contains(line)).map(|line| shown(line.as_bytes())).collect()
    };
    let content_length =
        came.iter().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.parse().ok());
    let any = format!("content-length: {ANY}");
    let lines: Vec<&str> = lines.iter().filter(|line| **line != any).map(String::as_str).collect();
    if lines.len() < expected {
        came.retain(|line| !line.starts_with("content-length: "));
    }
    if came != lines {
        let (more, missing) = (odd(&came, &lines), odd(&lines, &came));
        return Err(format!("head lines: too many {more:?}, missing {missing:?}"));
    }
    Ok(Head { length: end, content_length })
}

/// The lines with the moments that they name, each of which has come to the second; the others as they are.
fn in_time(lines: &[String], head: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        all.push(match moment::resolved(line, head)? {
            None => line.clone(),
            Some(exact) if head.lines().any(|came| came == exact) => {
                String::from_utf8_lossy(&masked(exact.as_bytes())).into_owned()
            }
            Some(exact) => return Err(format!("head lines: missing {exact:?}")),
        });
    }
    all.sort_unstable();
    Ok(all)
}

async fn coded(raw: &mut Raw, coding: Coding, expected: &[u8], length: usize) -> Result<usize, String> {
    while raw.unread().len() < length {
        if let Some(end) = raw.more().await.map_err(|error| error.to_string())? {
            return Err(format!("{} of {length} coded bytes came, then {end:?}", raw.unread().len()));
        }
    }
    let came = masked(&decoded(raw.take(length), coding)?);
    let expected = masked(expected);
    let expected =
        if coding == Coding::GzipCut { &expected[..came.len().min(expected.len())] } else { &expected[..] };
    if came == expected {
        return Ok(length);
    }
    Err(format!("the coded body is {} instead of {}", shown(&came), shown(expected)))
}

fn decoded(mut bytes: Vec<u8>, coding: Coding) -> Result<Vec<u8>, String> {
    match coding {
        Coding::Gzip => gunzip(&bytes).map_err(|(_, error)| error.to_string()),
        Coding::GzipCut => match gunzip(&bytes) {
            Ok(_) => Err("the gzip file is whole".to_owned()),
            Err((_, error)) if error.kind() != ErrorKind::UnexpectedEof => Err(error.to_string()),
            Err((part, _)) => Ok(part),
        },
        Coding::GzipBadChecksum => {
            if gunzip(&bytes).is_ok() {
                return Err("the gzip file is sound".to_owned());
            }
            let checksum = bytes.len().checked_sub(8).ok_or("too short for a gzip file")?;
            bytes[checksum] = !bytes[checksum];
            gunzip(&bytes).map_err(|(_, error)| error.to_string())
        }
        Coding::Utf16 => {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).map(String::into_bytes).map_err(|error| error.to_string())
        }
    }
}

/// The content of a gzip file; with an error what could be read before it.
fn gunzip(file: &[u8]) -> Result<Vec<u8>, (Vec<u8>, std::io::Error)> {
    let mut content = Vec::new();
    match flate2::read::GzDecoder::new(file).read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err((content, error)),
    }
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
