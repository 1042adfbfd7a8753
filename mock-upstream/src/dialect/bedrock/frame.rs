//! Frames of `application/vnd.amazon.eventstream`: two lengths and their checksum, headers, payload, checksum of all.

use std::ops::Range;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::Value;

use crate::dialect::Spoil;

/// Both lengths and their checksum, four bytes each.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// The kind of header value that is a text behind a length of two bytes.
const TEXT: u8 = 7;

/// An event of this type with JSON as its payload.
pub(super) fn event(kind: &str, payload: &[u8]) -> Bytes {
    frame(
        &[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    )
}

/// An exception of this type, which ends the stream.
pub(super) fn exception(kind: &str, payload: &[u8]) -> Bytes {
    frame(
        &[(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")],
        payload,
    )
}

fn frame(fields: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut headers = BytesMut::new();
    for (name, value) in fields {
        headers.put_u8(name.len() as u8);
        headers.put_slice(name.as_bytes());
        // A script may name the type of an exception, at any length.
        let value = &value.as_bytes()[..value.len().min(usize::from(u16::MAX))];
        headers.put_u8(TEXT);
        headers.put_u16(value.len() as u16);
        headers.put_slice(value);
    }
    let total = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut frame = BytesMut::with_capacity(total);
    frame.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
    frame.put_u32(headers.len() as u32);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(&headers);
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

/// Which bytes of a frame are its payload.
pub(super) fn span(event: &[u8]) -> Option<Range<usize>> {
    let headers = event.get(4..8)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let payload = PRELUDE + headers..event.len().checked_sub(CHECKSUM)?;
    event.get(payload.clone()).map(|_| payload)
}

/// The frame with the length and the checksums that its bytes have by now.
pub(super) fn reframed(event: &Bytes) -> Bytes {
    let Some(covered) = event.len().checked_sub(CHECKSUM).filter(|covered| *covered >= PRELUDE) else {
        return event.clone();
    };
    let mut frame = BytesMut::with_capacity(event.len());
    frame.put_u32(u32::try_from(event.len()).unwrap_or(u32::MAX));
    frame.put_slice(&event[4..8]);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(&event[PRELUDE..covered]);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

/// The payload of a frame of this dialect, when it is JSON.
pub(super) fn payload(frame: &[u8]) -> Option<Value> {
    serde_json::from_slice(&frame[span(frame)?]).ok()
}

/// The frame, broken in one way and right in every other; none for what is no frame.
pub(super) fn spoil(event: &Bytes, how: Spoil) -> Option<Bytes> {
    if event.len() < PRELUDE + CHECKSUM {
        return None;
    }
    let mut frame = BytesMut::from(&event[..]);
    match how {
        Spoil::PreludeChecksum => {
            frame[PRELUDE - 1] ^= 0xff;
            // The checksum at the end covers the one of the prelude, and is to be right.
            let covered = frame.len() - CHECKSUM;
            let sum = crc32fast::hash(&frame[..covered]);
            frame[covered..].copy_from_slice(&sum.to_be_bytes());
        }
        Spoil::MessageChecksum => {
            let last = frame.len() - 1;
            frame[last] ^= 0xff;
        }
        Spoil::Cut => frame.truncate(PRELUDE + (frame.len() - PRELUDE) / 2),
        Spoil::Separator => return None,
    }
    Some(frame.freeze())
}
