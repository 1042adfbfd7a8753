//! Server-sent events, parsed as the bytes arrive; every event keeps its offsets and its instant.

use std::ops::Range;
use std::time::Duration;

/// One event: the block of lines up to a blank one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The value of the last `event` field.
    pub name: Option<String>,
    /// The `data` fields joined by line feeds; `None` when there was none, so that a browser would not dispatch it.
    pub data: Option<String>,
    /// The value of the last `id` field.
    pub id: Option<String>,
    /// The value of the last `retry` field, in milliseconds.
    pub retry: Option<u64>,
    /// Where its bytes are in the stream, the blank line included.
    pub bytes: Range<usize>,
    /// When its last byte arrived, since the exchange started.
    pub at: Duration,
    /// Whether all of its bytes were UTF-8; what was not is replaced in the texts.
    pub utf8: bool,
}

/// A whole stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The events that were ended by a blank line.
    pub events: Vec<Event>,
    /// Comment lines, without the colon.
    pub comments: Vec<String>,
    /// What came after the last blank line, read as if it had ended there; clients drop it.
    pub incomplete: Option<Event>,
    /// Whether it began with a byte order mark.
    pub bom: bool,
}

impl Stream {
    /// Parses a recorded body; `pieces` are offsets behind each piece of it and their instants, as an exchange keeps them.
    pub fn read(body: &[u8], pieces: &[(usize, Duration)]) -> Self {
        let mut parser = Parser::default();
        let mut from = 0;
        for &(end, at) in pieces {
            let end = end.clamp(from, body.len());
            parser.push(&body[from..end], at);
            from = end;
        }
        parser.push(&body[from..], pieces.last().map_or(Duration::ZERO, |&(_, at)| at));
        parser.finish()
    }
}

/// The incremental parser. A line ends at CRLF, LF or CR; an event is there as soon as its blank line is.
#[derive(Debug, Default)]
pub struct Parser {
    stream: Stream,
    line: Vec<u8>,
    block: Option<Event>,
    offset: usize,
    last: Duration,
    after_cr: bool,
    past_first_line: bool,
}

impl Parser {
    /// Takes the next bytes, which arrived `at`.
    pub fn push(&mut self, bytes: &[u8], at: Duration) {
        let mut rest = bytes;
        while let [byte, ..] = *rest {
            let after_cr = std::mem::take(&mut self.after_cr);
            let begin = self.offset;
            let taken = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()).max(1);
            let (piece, behind) = rest.split_at(taken);
            rest = behind;
            self.offset += taken;
            if byte == b'\n' && after_cr {
                self.belated_line_feed();
                continue;
            }
            self.last = at;
            self.block.get_or_insert_with(|| Event { bytes: begin..begin, utf8: true, ..Event::default() });
            match byte {
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    self.end_of_line();
                }
                _ => self.line.extend_from_slice(piece),
            }
        }
    }

    /// The events seen so far.
    pub fn events(&self) -> &[Event] {
        &self.stream.events
    }

    /// Ends the stream.
    pub fn finish(mut self) -> Stream {
        if !self.line.is_empty() {
            self.field();
        }
        self.stream.incomplete = self.block.take().filter(Event::says_something).map(|mut event| {
            event.bytes.end = self.offset;
            event.at = self.last;
            event
        });
        self.stream
    }

    /// The second half of a CRLF belongs to what the CR ended, however the bytes were cut.
    fn belated_line_feed(&mut self) {
        match (&mut self.block, self.stream.events.last_mut()) {
            (None, Some(event)) if event.bytes.end + 1 == self.offset => event.bytes.end = self.offset,
            _ => {}
        }
    }

    fn end_of_line(&mut self) {
        if !self.line.is_empty() {
            return self.field();
        }
        self.past_first_line = true;
        if let Some(mut event) = self.block.take().filter(Event::says_something) {
            event.bytes.end = self.offset;
            event.at = self.last;
            self.stream.events.push(event);
        }
    }

    fn field(&mut self) {
        let line = std::mem::take(&mut self.line);
        let first = !std::mem::replace(&mut self.past_first_line, true);
        let line = match line.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) if first => {
                self.stream.bom = true;
                rest
            }
            _ => &line,
        };
        let Some(event) = &mut self.block else { return };
        event.utf8 &= std::str::from_utf8(line).is_ok();
        let line = String::from_utf8_lossy(line);
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.starts_with(':') => self.stream.comments.push(value.to_owned()),
            "event" => event.name = Some(value.to_owned()),
            "data" => match &mut event.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => event.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => event.id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                event.retry = value.parse().ok();
            }
            _ => {}
        }
    }
}

impl Event {
    /// Its bytes in the stream's body.
    pub fn raw<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.bytes.clone()).unwrap_or_default()
    }

    /// A block of comments alone is no event.
    fn says_something(&self) -> bool {
        self.name.is_some() || self.data.is_some() || self.id.is_some() || self.retry.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(body: &[u8]) -> Stream {
        Stream::read(body, &[])
    }

    fn data(stream: &Stream) -> Vec<&str> {
        stream.events.iter().filter_map(|e| e.data.as_deref()).collect()
    }

    #[test]
    fn lines_end_in_three_ways() {
        for end in ["\n", "\r\n", "\r"] {
            let body = "event: a\ndata: 1\ndata:2\n\ndata: 3\n\n".replace('\n', end);
            let stream = whole(body.as_bytes());
            assert_eq!(data(&stream), ["1\n2", "3"], "{end:?}");
            assert_eq!(stream.events[0].name.as_deref(), Some("a"));
            let raw: Vec<u8> = stream.events.iter().flat_map(|e| e.raw(body.as_bytes()).to_vec()).collect();
            assert_eq!(raw, body.as_bytes(), "no byte is lost between events that end in {end:?}");
        }
    }

    #[test]
    fn comments_marks_ids_and_unknown_fields() {
        let stream = whole(
            b"\xEF\xBB\xBFdata: x\n: keep-alive\nid: 7\nretry: 250\nfoo: bar\n\n:\n\nid: a\0b\ndata\n\n",
        );
        assert!(stream.bom);
        assert_eq!(stream.comments, ["keep-alive", ""]);
        assert_eq!(data(&stream), ["x", ""]);
        assert_eq!((stream.events[0].id.as_deref(), stream.events[0].retry), (Some("7"), Some(250)));
        assert_eq!(stream.events[1].id, None);
    }

    #[test]
    fn a_mark_counts_only_at_the_very_beginning() {
        let stream = whole(b"\n\xEF\xBB\xBFdata: x\n\n");
        assert!(!stream.bom);
        assert_eq!(data(&stream), Vec::<&str>::new());
    }

    #[test]
    fn what_no_blank_line_ends_is_incomplete() {
        let stream = whole(b"data: 1\n\ndata: {\"error\"");
        assert_eq!(data(&stream), ["1"]);
        let rest = stream.incomplete.unwrap();
        assert_eq!((rest.data.as_deref(), rest.bytes), (Some("{\"error\""), 9..23));
        assert_eq!(whole(b"data: 1\n\n: bye\n").incomplete, None);
        assert!(whole(b"data: 1\n").incomplete.is_some());
    }

    #[test]
    fn bad_utf8_is_replaced_and_said() {
        let stream = whole(b"data: a\xFFb\n\ndata: ok\n\n");
        assert_eq!(data(&stream), ["a\u{FFFD}b", "ok"]);
        assert_eq!(stream.events.iter().map(|e| e.utf8).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn an_event_arrives_with_its_blank_line() {
        let ms = Duration::from_millis;
        let stream = Stream::read(b"data: 1\n\ndata: 2\n\n", &[(8, ms(5)), (12, ms(9)), (18, ms(30))]);
        assert_eq!(stream.events.iter().map(|e| e.at).collect::<Vec<_>>(), [ms(9), ms(30)]);
        let mut parser = Parser::default();
        parser.push(b"data: 1\r\r", ms(1));
        assert_eq!(parser.events().len(), 1, "a lone CR does not wait for what follows");
    }

    fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"data: a"[..],
            b"data:",
            b"event: error",
            b": c",
            b"id: 1",
            b"\r",
            b"\n",
            b"\r\n",
            b"\n\n",
            b"\r\n\r\n",
            b"\xEF\xBB\xBF",
            b"\xFF",
            b"\xC3\xA9",
            b"retry: 5",
            b"x",
            b":",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cutting_the_bytes_anywhere_gives_the_same_events(body in stream_bytes(), cuts in prop::collection::vec(0usize..200, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|c| *c <= body.len()).collect();
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let mut from = 0;
            for cut in cuts.into_iter().chain([body.len()]) {
                parser.push(&body[from..cut], Duration::ZERO);
                from = cut;
            }
            prop_assert_eq!(parser.finish(), whole(&body));
        }

        #[test]
        fn events_lie_in_order_inside_the_body(body in stream_bytes()) {
            let stream = whole(&body);
            let mut last = 0;
            for event in stream.events.iter().chain(&stream.incomplete) {
                prop_assert!(last <= event.bytes.start && event.bytes.end <= body.len());
                last = event.bytes.end;
            }
        }
    }
}
