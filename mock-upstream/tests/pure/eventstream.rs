//! A decoder of `application/vnd.amazon.eventstream` that shares nothing with the encoder, its checksum included.

use std::collections::BTreeMap;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Cut,
    PreludeChecksum,
    MessageChecksum,
    Header,
}

/// The messages of these bytes, in order.
pub(crate) fn decode(mut bytes: &[u8]) -> Result<Vec<Message>, Wrong> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let total = number(bytes, 0)? as usize;
        let headers = number(bytes, 4)? as usize;
        if number(bytes, 8)? != crc32(&bytes[..8]) {
            return Err(Wrong::PreludeChecksum);
        }
        let message = bytes.get(..total).ok_or(Wrong::Cut)?;
        if number(message, total - 4)? != crc32(&message[..total - 4]) {
            return Err(Wrong::MessageChecksum);
        }
        let headers_end = 12 + headers;
        messages.push(Message {
            headers: fields(&message[12..headers_end])?,
            payload: message[headers_end..total - 4].to_vec(),
        });
        bytes = &bytes[total..];
    }
    Ok(messages)
}

/// Whether the checksum of the prelude is right, and whether that of one whole message is.
pub(crate) fn sums(message: &[u8]) -> (bool, bool) {
    let right = |at: usize| number(message, at) == Ok(crc32(&message[..at]));
    (right(8), right(message.len() - 4))
}

fn number(bytes: &[u8], at: usize) -> Result<u32, Wrong> {
    let four = bytes.get(at..at + 4).ok_or(Wrong::Cut)?;
    Ok(u32::from_be_bytes(four.try_into().unwrap()))
}

fn fields(mut bytes: &[u8]) -> Result<BTreeMap<String, String>, Wrong> {
    let mut fields = BTreeMap::new();
    while !bytes.is_empty() {
        let name = take_text(&mut bytes, 1)?;
        if take(&mut bytes, 1)? != [7] {
            return Err(Wrong::Header);
        }
        let value = take_text(&mut bytes, 2)?;
        if fields.insert(name, value).is_some() {
            return Err(Wrong::Header);
        }
    }
    Ok(fields)
}

/// A text behind its length of so many bytes.
fn take_text(bytes: &mut &[u8], width: usize) -> Result<String, Wrong> {
    let length = take(bytes, width)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    String::from_utf8(take(bytes, length)?.to_vec()).map_err(|_| Wrong::Header)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Wrong> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(Wrong::Header)?;
    *bytes = rest;
    Ok(taken)
}

/// CRC-32 as in RFC 1952, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let by_bit = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    let by_byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| by_bit(sum));
    !bytes.iter().fold(!0, by_byte)
}

#[test]
fn the_checksum_is_the_one_of_the_standard() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    assert_eq!(decode(&[]), Ok(Vec::new()));
    // The empty message of the format's own description.
    let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    assert_eq!(decode(&empty).unwrap().len(), 1);
}
