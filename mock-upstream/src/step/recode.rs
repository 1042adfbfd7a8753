//! The healthy body in another coding, sound or not.

use std::io::Write as _;

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};

use super::Score;
use crate::fault::{Arg, Bindings, Recoding};

/// A gzip file ends with a checksum of four bytes and a length of four bytes.
const GZIP_TRAILER: usize = 8;
/// What a cut takes away: the trailer and some of the compressed data.
const GZIP_CUT: usize = GZIP_TRAILER + 8;

/// Makes the score write its body in this coding.
///
/// # Errors
/// The healthy body has no place for the flaw.
pub(super) fn play(score: &mut Score<'_>, recoding: &Recoding, bindings: &Bindings) -> Result<(), String> {
    let body = score.healthy_body().clone();
    let (body, coding) = match recoding {
        Recoding::Gzip => (gzip(&body)?, Some("gzip")),
        Recoding::GzipCut => {
            let mut coded = gzip(&body)?;
            coded.truncate(coded.len().saturating_sub(GZIP_CUT));
            (coded, Some("gzip"))
        }
        Recoding::GzipBadChecksum => {
            let mut coded = gzip(&body)?;
            let checksum = coded.len() - GZIP_TRAILER;
            coded[checksum] ^= 0xff;
            (coded, Some("gzip"))
        }
        Recoding::GzipBomb(megabytes) => (bomb(&body, megabytes.value(bindings))?, Some("gzip")),
        Recoding::Padding(megabytes) => (padded(&body, megabytes, bindings), None),
        Recoding::Utf16 => {
            let text = String::from_utf8_lossy(&body);
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            (units.flat_map(u16::to_le_bytes).collect(), None)
        }
        Recoding::ByteOrderMark => ([&b"\xef\xbb\xbf"[..], &body].concat(), None),
        Recoding::InvalidUtf8 => {
            let mut bytes = body.to_vec();
            let text = memchr::memmem::find(&bytes, b"\"content\":\"").map(|at| at + 11);
            let letter = text.or_else(|| memchr::memmem::find(&bytes, b":\"").map(|at| at + 2));
            let letter = letter.filter(|at| bytes.get(*at).is_some_and(u8::is_ascii_alphanumeric));
            bytes[letter.ok_or("the healthy body has no text")?] = 0xff;
            (bytes, None)
        }
    };
    score.recode(Bytes::from(body), coding);
    if matches!(recoding, Recoding::GzipBomb(_) | Recoding::Padding(_)) {
        score.vast();
    }
    Ok(())
}

fn padded(body: &[u8], megabytes: &Arg, bindings: &Bindings) -> Vec<u8> {
    let padding = usize::try_from(megabytes.value(bindings)).unwrap_or(usize::MAX).saturating_mul(1 << 20);
    let mut padded = vec![b' '; padding];
    padded.extend_from_slice(body);
    padded
}

fn gzip(body: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

/// One gzip file of so many megabytes of white space and the body, at the price of one megabyte: what a compressor writes up
/// to a full flush leans on nothing before it, so that it can be repeated.
fn bomb(body: &[u8], megabytes: u64) -> Result<Vec<u8>, String> {
    let blank = vec![b' '; 1 << 20];
    let megabyte = deflate(&blank, FlushCompress::Full)?;
    let mut checksum_of_one = Hasher::new();
    checksum_of_one.update(&blank);
    // Deflate, no flags, no time, an unknown system.
    let mut coded = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut checksum = Hasher::new();
    for _ in 0..megabytes {
        coded.extend_from_slice(&megabyte);
        checksum.combine(&checksum_of_one);
    }
    checksum.update(body);
    coded.extend(deflate(body, FlushCompress::Finish)?);
    coded.extend(checksum.finalize().to_le_bytes());
    let length = megabytes.wrapping_mul(1 << 20).wrapping_add(body.len() as u64);
    // The length is told modulo its four bytes.
    coded.extend_from_slice(&length.to_le_bytes()[..4]);
    Ok(coded)
}

fn deflate(bytes: &[u8], flush: FlushCompress) -> Result<Vec<u8>, String> {
    let mut coded = Vec::with_capacity(bytes.len() + 1024);
    let mut compressor = Compress::new(Compression::default(), false);
    compressor.compress_vec(bytes, &mut coded, flush).map_err(|error| error.to_string())?;
    Ok(coded)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_bomb_is_a_sound_gzip_file() {
        let coded = bomb(b"{}", 3).unwrap();
        assert!(coded.len() < 16_000, "{}", coded.len());
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text.len(), (3 << 20) + 2);
        assert!(text.ends_with(b"  {}") && text[..3 << 20].iter().all(|byte| *byte == b' '));
    }
}
