//! From the pieces of a proof to the bytes that must come.

use super::Reply;
use super::changes::changed;
use super::reply::find;
use crate::fault::{Changes, Coding, EventSight, EventsSight, FramingSight, HeadSight, Part, Piece, Range};

/// Stands for a content length that is taken as it comes.
pub(super) const ANY: &str = "any";

/// A part of what must come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// A head: its status line, and its other lines in any order.
    Head {
        /// The first line.
        status_line: String,
        /// The others, sorted.
        lines: Vec<String>,
        /// Whether the blank line comes.
        ended: bool,
    },
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes in chunks, which may cut what differs between two replies.
    Chunks {
        /// The bytes without framing.
        bytes: Vec<u8>,
        /// How many of them a chunk has.
        size: usize,
    },
    /// A record of TLS that holds a ServerHello, whole or cut.
    ServerHello {
        /// Whether it ends where it says that it does.
        whole: bool,
    },
    /// As many bytes as the content length says, which are these bytes in another coding.
    Coded(Coding, Vec<u8>),
}

impl Expected {
    fn unended(self) -> Self {
        match self {
            Self::Head { status_line, lines, .. } => Self::Head { status_line, lines, ended: false },
            other => other,
        }
    }
}

/// What must come, over the healthy reply to the same request.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    pub(super) healthy: &'a Reply,
    /// The words by which the provider gives itself away.
    pub(super) canary: &'a str,
}

impl Pieces<'_> {
    /// What these pieces stand for.
    ///
    /// # Errors
    /// A piece that the healthy reply does not have.
    pub(super) fn expected(&self, pieces: &[Piece]) -> Result<Vec<Expected>, String> {
        let mut all = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let part = match piece {
                Piece::Head => self.head(&HeadSight::default(), 0)?,
                Piece::Chunks { of, size } => {
                    Expected::Chunks { bytes: self.bytes(of)?, size: (*size).max(1) }
                }
                Piece::ServerHello => Expected::ServerHello { whole: true },
                Piece::HalfServerHello => Expected::ServerHello { whole: false },
                Piece::HeadWith(sight) => self.head_before(sight, &pieces[at + 1..])?,
                Piece::Coded { coding, bytes } => Expected::Coded(*coding, self.bytes(bytes)?),
                Piece::UnendedHead(sight) => self.head(sight, 0)?.unended(),
                other => {
                    let bytes = self.bytes(std::slice::from_ref(other))?;
                    match all.last_mut() {
                        Some(Expected::Bytes(before)) => before.extend(bytes),
                        _ => all.push(Expected::Bytes(bytes)),
                    }
                    continue;
                }
            };
            all.push(part);
        }
        Ok(all)
    }

    /// How many events these pieces complete.
    pub(super) fn events(&self, pieces: &[Piece]) -> usize {
        let count = |piece: &Piece| match piece {
            Piece::Events(range)
            | Piece::BareEvents(range)
            | Piece::Each { events: range, .. }
            | Piece::EventsWith(EventsSight { range, .. }) => self.range(*range).map_or(0, <[_]>::len),
            Piece::Event(_) => 1,
            Piece::Chunk(of) | Piece::Replaced { of, .. } => self.events(of),
            Piece::Chunks { of, .. } | Piece::ChunksBehind { of, .. } => self.events(of),
            Piece::Repeat { bytes, times } => self.events(bytes) * times,
            _ => 0,
        };
        pieces.iter().map(count).sum()
    }

    fn head_before(&self, sight: &HeadSight, rest: &[Piece]) -> Result<Expected, String> {
        let rest = match sight.framing {
            Some(FramingSight::Rest) => self.bytes(rest)?.len(),
            _ => 0,
        };
        self.head(sight, rest)
    }

    fn head(&self, sight: &HeadSight, rest: usize) -> Result<Expected, String> {
        let mut lines = self.healthy.head.trim_end_matches("\r\n").split("\r\n").map(str::to_owned);
        let status_line = lines.next().ok_or("the healthy head is empty")?;
        let mut lines: Vec<String> = lines.collect();
        let mut set = |name: &str, value: Option<String>| {
            let field =
                |line: &String| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
            lines.retain(|line| !field(line));
            lines.extend(value.map(|value| format!("{name}: {value}")));
        };
        if let Some(framing) = sight.framing {
            set("content-length", None);
            set("transfer-encoding", None);
            match framing {
                FramingSight::Rest => set("content-length", Some(rest.to_string())),
                FramingSight::Longer(more) => {
                    let length = i64::try_from(self.healthy.body.len()).unwrap_or(i64::MAX);
                    set("content-length", Some(length.saturating_add(more).to_string()));
                }
                FramingSight::Some => set("content-length", Some(ANY.to_owned())),
                FramingSight::Chunked => set("transfer-encoding", Some("chunked".to_owned())),
                FramingSight::Close => {}
            }
        }
        sight.without.iter().for_each(|name| set(name, None));
        sight.set.iter().for_each(|(name, value)| set(name, Some(value.clone())));
        lines.extend(sight.lines.iter().cloned());
        if let Some((fields, bytes)) = sight.flood {
            let value = "p".repeat(bytes);
            lines.extend((0..fields).map(|number| format!("x-padding-{number}: {value}")));
        }
        lines.sort();
        Ok(Expected::Head {
            status_line: sight.status_line.clone().unwrap_or(status_line),
            lines,
            ended: true,
        })
    }

    fn bytes(&self, pieces: &[Piece]) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(self.one(piece)?);
        }
        Ok(all)
    }

    fn one(&self, piece: &Piece) -> Result<Vec<u8>, String> {
        let body = &self.healthy.body;
        Ok(match piece {
            Piece::ServerHello | Piece::HalfServerHello => {
                return Err("a ServerHello stands in no other piece".to_owned());
            }
            Piece::Head | Piece::HeadWith(_) | Piece::UnendedHead(_) | Piece::Coded { .. } => {
                return Err("a head, or a coded body, stands in no other piece".to_owned());
            }
            Piece::Body(Part::Whole) => body.clone(),
            Piece::Body(Part::FirstHalf) => body[..body.len() / 2].to_vec(),
            Piece::Body(Part::SecondHalf) => body[body.len() / 2..].to_vec(),
            Piece::BodyWith(changes) => self.changed(body, changes)?,
            Piece::SpoiledBody(behind) => {
                let mut body = body.clone();
                let at = find(&body, behind.as_bytes()).ok_or("the healthy body has no such text")?;
                body[at + behind.len()] = 0xff;
                body
            }
            Piece::BareEvents(range) => self.range(*range)?.concat(),
            Piece::Events(range) => self.range(*range)?.iter().flat_map(|event| chunk(event)).collect(),
            Piece::HalfEvent(at) => {
                let event = self.healthy.chunks.get(*at).ok_or("there is no such event")?;
                chunk(&event[..event.len() / 2])
            }
            Piece::EventWith(sight) => self.event_with(sight)?,
            Piece::EventsWith(EventsSight { range, changes }) => {
                let mut all = Vec::new();
                for event in self.range(*range)? {
                    all.extend(chunk(&self.event_changed(event, changes)?));
                }
                all
            }
            Piece::Event(pieces) | Piece::Chunk(pieces) => chunk(&self.bytes(pieces)?),
            Piece::Each { events, before, replace } => {
                let before = self.bytes(before)?;
                let each = self.range(*events)?.iter().map(|event| {
                    let own = replace.iter().fold(event.clone(), |event, (text, other)| {
                        replaced(&event, text.as_bytes(), other.as_bytes()).unwrap_or(event)
                    });
                    chunk(&[before.clone(), own].concat())
                });
                each.collect::<Vec<_>>().concat()
            }
            Piece::Replaced { of, text, with } => {
                replaced(&self.bytes(of)?, text.as_bytes(), &self.bytes(with)?)
                    .ok_or_else(|| format!("there is no {text:?} to be replaced"))?
            }
            Piece::Through { of, mark } => {
                let (of, mark) = (self.bytes(of)?, self.bytes(mark)?);
                let at = find(&of, &mark).ok_or("there is no such mark")?;
                of[..at + mark.len()].to_vec()
            }
            Piece::Chunks { .. } => return Err("chunks of a size stand in no other piece".to_owned()),
            Piece::Slice { of, bytes } => {
                let of = self.bytes(of)?;
                within(&of, *bytes).ok_or("there are no such bytes")?.to_vec()
            }
            Piece::Flipped { of, at } => {
                let mut of = self.bytes(of)?;
                let byte =
                    place(*at, of.len()).and_then(|at| of.get_mut(at)).ok_or("there is no such byte")?;
                *byte = !*byte;
                of
            }
            Piece::Crc32(of) => crc32fast::hash(&self.bytes(of)?).to_be_bytes().to_vec(),
            Piece::ChunksBehind { of, mark } => chunks_behind(&self.bytes(of)?, &self.bytes(mark)?),
            Piece::LongChunk(longer, pieces) => {
                let bytes = self.bytes(pieces)?;
                [format!("{:x}\r\n", bytes.len() + longer).as_bytes(), &bytes].concat()
            }
            Piece::ExtendedChunk(extension, pieces) => {
                let bytes = self.bytes(pieces)?;
                [format!("{:x}{extension}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat()
            }
            Piece::LastChunk => b"0\r\n\r\n".to_vec(),
            Piece::Text(text) => text.clone().into_bytes(),
            Piece::Hex(digits) => hex(digits).ok_or("not hexadecimal digits")?,
            Piece::Json(value) => value.to_string().replace("$(canary)", self.canary).into_bytes(),
            Piece::Fill { text, times } => text.repeat(*times).into_bytes(),
            Piece::Repeat { bytes, times } => self.bytes(bytes)?.repeat(*times),
        })
    }

    fn range(&self, range: Range) -> Result<&[Vec<u8>], String> {
        within(&self.healthy.chunks, range).ok_or_else(|| "there are no such events".to_owned())
    }

    fn event_with(&self, EventSight { at, changes }: &EventSight) -> Result<Vec<u8>, String> {
        let chunks = &self.healthy.chunks;
        let event = place(*at, chunks.len()).and_then(|at| chunks.get(at)).ok_or("there is no such event")?;
        self.event_changed(event, changes)
    }

    fn event_changed(&self, event: &[u8], changes: &Changes) -> Result<Vec<u8>, String> {
        let text = String::from_utf8_lossy(event);
        let (before, data) = text.split_once("data: ").ok_or("the event has no data")?;
        let changed = self.changed(data.trim_end().as_bytes(), changes)?;
        Ok([before.as_bytes(), b"data: ", &changed, b"\n\n"].concat())
    }

    fn changed(&self, json: &[u8], changes: &Changes) -> Result<Vec<u8>, String> {
        changed(json, changes, |pieces| self.bytes(pieces))
    }
}

/// The items of a range.
fn within<T>(items: &[T], Range { from, to }: Range) -> Option<&[T]> {
    let to = to.map_or(Some(items.len()), |to| place(to, items.len()))?;
    items.get(place(from, items.len())?..to)
}

/// The place that a number means, negative ones being counted from the end.
fn place(number: i64, length: usize) -> Option<usize> {
    match usize::try_from(number) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?),
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn chunks_behind(mut bytes: &[u8], mark: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(at) = find(bytes, mark) {
        let (part, rest) = bytes.split_at(at + mark.len());
        all.extend(chunk(part));
        bytes = rest;
    }
    if !bytes.is_empty() {
        all.extend(chunk(bytes));
    }
    all
}

/// The bytes with the part replaced wherever it is, at least once.
fn replaced(mut bytes: &[u8], part: &[u8], with: &[u8]) -> Option<Vec<u8>> {
    find(bytes, part)?;
    let mut all = Vec::new();
    while let Some(at) = find(bytes, part) {
        all.extend_from_slice(&bytes[..at]);
        all.extend_from_slice(with);
        bytes = &bytes[at + part.len()..];
    }
    all.extend_from_slice(bytes);
    Some(all)
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect()).flatten()
}
