//! Server-sent events, cut out of the bytes of an upstream stream.

use bytes::BytesMut;

/// Bytes that have arrived and are not yet events.
#[derive(Default)]
pub(crate) struct Lines {
    pending: BytesMut,
    data: Vec<u8>,
    has_data: bool,
}

impl Lines {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Bytes held back, complete lines of an unfinished event included.
    pub(crate) fn held(&self) -> usize {
        self.pending.len() + self.data.len()
    }

    /// Whether the stream could end here without cutting an event.
    pub(crate) fn between_events(&self) -> bool {
        self.pending.is_empty() && !self.has_data
    }

    /// The data of the next whole event; comments, and events without data, are passed over.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if std::mem::take(&mut self.has_data) {
                    return Some(std::mem::take(&mut self.data));
                }
            } else if let Some(value) = line.strip_prefix(b"data:") {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
        None
    }

    /// The next line without its end: LF, CRLF or CR. A CR at the very end may be half of a CRLF and waits.
    fn line(&mut self) -> Option<BytesMut> {
        let end = self.pending.iter().position(|it| matches!(it, b'\n' | b'\r'))?;
        let length = match (self.pending[end], self.pending.get(end + 1)) {
            (b'\r', None) => return None,
            (b'\r', Some(b'\n')) => 2,
            _ => 1,
        };
        let mut line = self.pending.split_to(end + length);
        line.truncate(end);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&str]) -> (Vec<String>, bool) {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            lines.push(chunk.as_bytes());
            while let Some(event) = lines.next() {
                seen.push(String::from_utf8(event).unwrap());
            }
        }
        (seen, lines.between_events())
    }

    #[test]
    fn events_do_not_depend_on_how_bytes_arrive() {
        let whole = ": ping\r\n\r\nevent: x\ndata: a\ndata:b\r\n\r\ndata: c\n\n";
        let bytes: Vec<&str> = whole.split_inclusive(|_: char| true).collect();
        let expected = (vec!["a\nb".to_owned(), "c".to_owned()], true);
        assert_eq!(events(&[whole]), expected);
        assert_eq!(events(&bytes), expected);
    }

    #[test]
    fn a_cut_event_is_noticed() {
        assert_eq!(events(&["data: a\n\nda"]), (vec!["a".to_owned()], false));
        assert_eq!(events(&["data: a\n"]), (vec![], false));
    }
}
