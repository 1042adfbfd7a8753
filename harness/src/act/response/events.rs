//! Counts server-sent events as they become whole, for moments such as "the client has seen event 1".

use std::time::Duration;

use crate::wire::sse::Parser;

/// A count of the events that carry data; what they say is read from the recorded body, not here.
#[derive(Debug, Default)]
pub(super) struct EventCount {
    parser: Parser,
    looked_at: usize,
    with_data: usize,
}

impl EventCount {
    /// How many so far.
    pub(super) fn whole(&self) -> usize {
        self.with_data
    }

    /// Takes the next bytes of the body.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.parser.push(bytes, Duration::ZERO);
        let events = self.parser.events();
        self.with_data += events[self.looked_at..].iter().filter(|event| event.data.is_some()).count();
        self.looked_at = events.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_with_data_count_whatever_the_line_ends_and_the_cuts() {
        for stream in [
            "data: a\n\n: ping\n\nevent: x\ndata:b\n\ndata: cut\n",
            "data: a\r\n\r\n: ping\r\n\r\nevent: x\r\ndata:b\r\n\r\ndata: cut\r\n",
            "data: a\r\r: ping\r\revent: x\rdata\r\rdata: cut",
        ] {
            let mut whole = EventCount::default();
            whole.feed(stream.as_bytes());
            let mut single = EventCount::default();
            stream.bytes().for_each(|byte| single.feed(&[byte]));
            assert_eq!((whole.whole(), single.whole()), (2, 2), "{stream:?}");
        }
    }

    #[test]
    fn other_fields_and_plain_json_do_not_count() {
        let mut count = EventCount::default();
        count.feed(b"database: 1\n\nevent: ping\n\n{\n  \"data\": 1\n\n}\n\n");
        assert_eq!(count.whole(), 0);
    }
}
