//! Writes events of the healthy stream in another form: line ends, fields, chunks, writes.

use std::time::Duration;

use bytes::Bytes;

use super::events::{size, spanned};
use crate::fault::{Bindings, Cut, EventsAs, LineEnd, Pack};
use crate::step::{Parcel, Score};

/// Writes the next events in this form.
///
/// # Errors
/// The stream does not have them, or they cannot have this form.
pub(super) fn play(score: &mut Score<'_>, form: &EventsAs, bindings: &Bindings) -> Result<(), String> {
    let events = spanned(score, &form.span, bindings)?;
    let formed: Result<Vec<Bytes>, _> = events.iter().map(|event| formed(&event.bytes, form)).collect();
    let formed = formed?;
    if let Some(latest) = formed.last() {
        score.remember_event(latest);
    }
    let parcels = match &form.pack {
        Pack::Each => formed.iter().map(|event| score.parcel(event, 1)).collect(),
        Pack::OneChunk => {
            let count = u32::try_from(formed.len()).unwrap_or(u32::MAX);
            vec![score.parcel(&formed.concat().into(), count)]
        }
        Pack::Chunks(cut) => {
            let mut parcels = Vec::new();
            for event in &formed {
                parcels.extend(
                    last_completes(cuts(event, cut, bindings))
                        .map(|(piece, events)| score.parcel(&piece, events)),
                );
            }
            parcels
        }
        Pack::Writes(cut) => {
            let mut parcels = Vec::new();
            for event in &formed {
                let Parcel { bytes, .. } = score.parcel(event, 1);
                let pieces = last_completes(cuts(&bytes, cut, bindings));
                parcels.extend(pieces.map(|(bytes, events)| Parcel { bytes, events }));
            }
            parcels
        }
    };
    let every = form.every.as_ref().map_or(0, |every| every.value(bindings));
    score.mark();
    score.parcels(parcels, Duration::from_millis(every));
    Ok(())
}

/// The pieces, the last of which completes the event.
fn last_completes(pieces: Vec<Bytes>) -> impl Iterator<Item = (Bytes, u32)> {
    let last = pieces.len().saturating_sub(1);
    pieces.into_iter().enumerate().map(move |(at, piece)| (piece, u32::from(at == last)))
}

fn cuts(bytes: &Bytes, cut: &Cut, bindings: &Bindings) -> Vec<Bytes> {
    match cut {
        Cut::Bytes(count) => {
            bytes.chunks(size(count.value(bindings)).max(1)).map(|piece| bytes.slice_ref(piece)).collect()
        }
        Cut::InCharacters => {
            let leads = |byte: &u8| *byte >= 0xc0;
            bytes.split_inclusive(leads).map(|piece| bytes.slice_ref(piece)).collect()
        }
    }
}

fn formed(event: &Bytes, form: &EventsAs) -> Result<Bytes, String> {
    let EventsAs { line_end, bare_colon, data_lines, lines, .. } = form;
    if *line_end == LineEnd::Lf && !bare_colon && !data_lines && lines.is_empty() {
        return Ok(event.clone());
    }
    let text = std::str::from_utf8(event).map_err(|_| "the events of this stream are not text")?;
    let own = text.strip_suffix("\n\n").ok_or("the events of this stream have no lines")?;
    let mut all: Vec<String> = lines.clone();
    for line in own.split('\n') {
        match line.strip_prefix("data: ") {
            Some(data) if *data_lines => {
                all.extend(over_lines(data).into_iter().map(|part| format!("data: {part}")))
            }
            _ => all.push(line.to_owned()),
        }
    }
    if *bare_colon {
        all.iter_mut().for_each(|line| *line = line.replacen(": ", ":", 1));
    }
    all.push(String::new());
    Ok(ended(&all, *line_end).into())
}

/// The data in parts that are joined by line ends, which JSON takes for spaces; the end mark stays whole.
fn over_lines(data: &str) -> Vec<&str> {
    match data.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => vec!["{", inner, "}"],
        None => vec![data],
    }
}

fn ended(lines: &[String], line_end: LineEnd) -> String {
    let end = |at: usize| match line_end {
        LineEnd::Lf => "\n",
        LineEnd::CrLf => "\r\n",
        LineEnd::Cr => "\r",
        LineEnd::Mixed => ["\n", "\r\n", "\r"][at % 3],
    };
    lines.iter().enumerate().flat_map(|(at, line)| [line.as_str(), end(at)]).collect()
}
