//! A reply taken apart by its own framing, with code that the mock does not use.

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// With the blank line.
    pub(super) head: String,
    /// Without framing.
    pub(super) body: Vec<u8>,
    /// The chunks, where there are any.
    pub(super) chunks: Vec<Vec<u8>>,
}

impl Reply {
    /// The first reply in these bytes and its length on the wire, if it is whole.
    pub(super) fn whole(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = find(bytes, b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let rest = &bytes[end..];
        if let Some(length) = field(&head, "content-length") {
            let length: usize = length.parse().ok()?;
            let body = rest.get(..length)?.to_vec();
            return Some((Self { head, body, chunks: Vec::new() }, end + length));
        }
        if field(&head, "transfer-encoding").is_none() {
            return Some((Self { head, body: Vec::new(), chunks: Vec::new() }, end));
        }
        let (mut at, mut chunks) = (0, Vec::new());
        loop {
            let line = find(rest.get(at..)?, b"\r\n")?;
            let size = std::str::from_utf8(rest.get(at..at + line)?).ok()?;
            let size = usize::from_str_radix(size, 16).ok()?;
            at += line + 2;
            let chunk = rest.get(at..at + size + 2)?;
            at += size + 2;
            if size == 0 {
                let body = chunks.concat();
                return Some((Self { head, body, chunks }, end + at));
            }
            chunks.push(chunk[..size].to_vec());
        }
    }
}

/// The value of a field in a head.
fn field(head: &str, name: &str) -> Option<String> {
    head.lines().skip(1).find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// Where a part begins.
pub(super) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, part)
}
