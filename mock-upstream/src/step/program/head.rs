//! Heads that differ from the healthy one, and chunks that need not be sound.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::head_of;
use crate::dialect::Content;
use crate::fault::{self, Bindings, ChunkOp, Flood, HeadOp};
use crate::step::Score;
use crate::step::frame::{Form, Framing};

pub(super) fn play(score: &mut Score<'_>, op: &HeadOp, bindings: &Bindings) {
    let mut head = head_of(score);
    if let Some(coding) = score.coding() {
        head.headers.set("content-encoding", coding);
    }
    for name in &op.without {
        head.headers.remove(name);
    }
    head.headers.override_with(&op.set);
    let flood = op.flood.iter().flat_map(|flood| padding(flood, bindings));
    if let Some(line) = &op.status_line {
        // Without a status the journal says that no status line was meant to be written.
        head.status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        head.reason = line.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    }
    head.form = Form {
        status_line: op.status_line.clone(),
        lines: op.lines.iter().cloned().chain(flood).collect(),
        unended: op.unended,
    };
    let (framing, lies) = framing(score, op.framing);
    match &op.drip {
        None => {
            score.head(head, framing);
            if !op.is_healthy() && !op.unended {
                score.estrange_head();
            }
        }
        Some(pace) => {
            let every = Duration::from_millis(pace.every.value(bindings));
            let size = usize::try_from(pace.bytes.value(bindings)).unwrap_or(usize::MAX);
            score.drip_head(head, framing, every, size);
        }
    }
    if lies {
        score.distrust();
    }
}

fn framing(score: &Score<'_>, framing: fault::Framing) -> (Framing, bool) {
    let length = score.body_length();
    match (framing, &score.healthy().content) {
        (fault::Framing::Length, _) | (fault::Framing::Healthy, Content::Whole(_)) => {
            (Framing::Length(length), false)
        }
        (fault::Framing::Chunked, _) | (fault::Framing::Healthy, Content::Events(_)) => {
            (Framing::Chunked, false)
        }
        (fault::Framing::Longer(more), _) => (Framing::Length(length + more), true),
        (fault::Framing::Shorter(less), _) => (Framing::Length(length.saturating_sub(less)), true),
        (fault::Framing::Close, _) => (Framing::Close, true),
    }
}

fn padding(flood: &Flood, bindings: &Bindings) -> impl Iterator<Item = String> {
    let value = "p".repeat(usize::try_from(flood.bytes.value(bindings)).unwrap_or(usize::MAX));
    (0..flood.fields.value(bindings)).map(move |number| format!("x-padding-{number}: {value}"))
}

pub(super) fn chunk(score: &mut Score<'_>, op: &ChunkOp) {
    let data = score.part(op.of);
    let size = op.size.clone().unwrap_or_else(|| format!("{:x}", data.len() + op.longer));
    let mut framed = BytesMut::new();
    framed.put_slice(format!("{size}{}\r\n", op.extension).as_bytes());
    framed.put_slice(&data);
    if !op.unended {
        framed.put_slice(b"\r\n");
    }
    let framed: Bytes = framed.freeze();
    score.chunk_as_is(framed, &data);
}
