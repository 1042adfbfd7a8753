//! Plays what goes wrong with HTTP/2, frame by frame.

use std::sync::Arc;

use super::strike::{Still, Under, ended_by};
use crate::fault::{FrameOp, Http2Op};
use crate::journal::Ended;
use crate::server::play::Finished;
use crate::server::tls;
use crate::server::wire::Left;

/// What a client begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD: usize = 9;
/// No client may send a longer frame unless it was told so.
const LONGEST: usize = 1 << 14;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

impl Under {
    pub(super) async fn http2(self, op: &Http2Op) -> Still {
        let bindings = &self.meeting.active().bindings;
        match op {
            Http2Op::Begin => self.begin().await,
            Http2Op::AwaitRequest => self.request().await,
            Http2Op::Frame(frame) => self.frame(frame).await,
            Http2Op::GoAway(code) => {
                let code = code_of(code.value(bindings));
                self.meeting.strikes(&[]);
                let bytes = frame(GOAWAY, 0, 0, &[[0; 4], code].concat());
                self.write(&bytes).await
            }
            Http2Op::ResetStream(code) => {
                let code = code_of(code.value(bindings));
                self.meeting.strikes(&[]);
                let bytes = frame(RST_STREAM, 0, self.stream, &code);
                self.write(&bytes).await
            }
            Http2Op::EveryRequest(ops) => self.every_request(ops).await,
        }
    }

    async fn every_request(mut self, ops: &[Http2Op]) -> Still {
        loop {
            self = self.request().await?;
            for op in ops {
                self = Box::pin(self.http2(op)).await?;
            }
        }
    }

    async fn begin(mut self) -> Still {
        if self.wire.ahead().is_empty() {
            self = self.reads().await?;
        }
        if self.wire.is_plain() && tls::begins(&mut self.wire).await {
            let (under, _, offers) = self.hello().await?;
            if !offers.iter().any(|offer| offer == b"h2") {
                return under.spare("the peer does not offer h2 by ALPN".to_owned());
            }
            self = under.secure().await?;
        }
        while self.wire.ahead().len() < PREFACE.len() && PREFACE.starts_with(self.wire.ahead()) {
            self = self.reads().await?;
        }
        if !self.wire.ahead().starts_with(PREFACE) {
            return self.spare("the peer speaks no HTTP/2".to_owned());
        }
        self.wire.take(PREFACE.len());
        Ok(self)
    }

    async fn secure(self) -> Still {
        let Self { meeting, wire, patience, alone, stream } = self;
        let config = Arc::clone(&meeting.active().tls);
        let shaken = tokio::select! {
            shaken = tls::secure(wire, config, patience, Arc::default()) => shaken.map_err(|(error, _)| error),
            () = meeting.lifted() => Err(std::io::Error::other(super::strike::LIFTED)),
        };
        match shaken {
            Ok(wire) => Ok(Self { meeting, wire, patience, alone, stream }),
            Err(error) => {
                meeting.note(|record| record.remark = Some(error.to_string()));
                meeting.ended(Ended::PeerClosed);
                Err(Finished::Gone)
            }
        }
    }

    /// Reads frames up to the head of a request.
    async fn request(mut self) -> Still {
        loop {
            while self.frame_length().is_none_or(|length| self.wire.ahead().len() < length) {
                self = self.reads().await?;
            }
            let length = self.frame_length().unwrap_or_default();
            let bytes = self.wire.ahead()[..length].to_vec();
            self.wire.take(length);
            let (head, payload) = bytes.split_at(FRAME_HEAD);
            match (head[3], head[4] & ACK) {
                _ if payload.len() > LONGEST => return Err(self.finish().await),
                (SETTINGS, 0) => self = self.write(&frame(SETTINGS, ACK, 0, &[])).await?,
                (PING, 0) => self = self.write(&frame(PING, ACK, 0, payload)).await?,
                (HEADERS, _) => {
                    self.stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
                    return Ok(self);
                }
                _ => {}
            }
        }
    }

    /// The length of the frame that has begun, its head included.
    fn frame_length(&self) -> Option<usize> {
        match self.wire.ahead() {
            [a, b, c, ..] if self.wire.ahead().len() >= FRAME_HEAD => {
                Some(FRAME_HEAD + (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)))
            }
            _ => None,
        }
    }

    /// Reads more, until the fault is lifted.
    async fn reads(mut self) -> Still {
        let more: Option<Result<(), Left>> = tokio::select! {
            more = self.wire.more() => Some(more),
            () = self.meeting.lifted() => None,
        };
        match more {
            Some(Ok(())) => Ok(self),
            Some(Err(left)) => Err(self.over(ended_by(left))),
            None => self.too_late().await,
        }
    }

    async fn frame(self, op: &FrameOp) -> Still {
        let stream = if op.on_stream { self.stream } else { 0 };
        let Some(payload) = hex(&op.payload) else {
            return self.spare("the payload is not in hexadecimal digits".to_owned());
        };
        self.write(&frame(op.kind, op.flags, stream, &payload)).await
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn code_of(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect()).flatten()
}
