//! Reads one request: hyper parses it, then the socket is taken back.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};

use super::wire::{Left, Wire};
use crate::journal::{Clock, Moment};
use crate::script::Request;

/// A request as far as it came.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) request: Request,
    pub(super) body_length: u64,
    pub(super) body_sha256: String,
    pub(super) body_capped: bool,
    pub(super) arrived: Moment,
    /// `None` when the client left within the body.
    pub(super) body_read: Option<Moment>,
}

/// What came next on a connection.
#[derive(Debug)]
pub(super) enum Next {
    /// A request; the connection is ready to be written to.
    Request(Arrived, Wire),
    /// The client left within a request.
    Broken(Arrived, Left),
    /// Bytes that are not HTTP; the parser has said so.
    Unreadable,
    /// Nothing: the client left, or the connection was idle when it was to be dropped.
    Nothing,
}

/// What a connection is read with.
#[derive(Clone, Copy)]
pub(super) struct Intake<'a> {
    pub(super) clock: Clock,
    /// Bytes of a body that are stored; all are digested.
    pub(super) body_cap: usize,
    /// Called once, when the head has come.
    pub(super) busy: &'a (dyn Fn() + Send + Sync),
}

/// Reads the next request, unless `drop` is changed while there is none.
pub(super) async fn next(wire: Wire, intake: Intake<'_>, drop: &mut watch::Receiver<u64>) -> Next {
    let desk = Arc::new(Desk::default());
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let desk = Arc::clone(&desk);
        async move {
            desk.take(request, intake).await;
            // The reply is played on the socket once this service has been dropped.
            std::future::pending::<Result<hyper::Response<Empty<Bytes>>, Infallible>>().await
        }
    });
    let mut connection = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(wire), service);
    let result = loop {
        tokio::select! {
            biased;
            () = desk.over.notified() => break Ok(()),
            result = &mut connection => break result,
            _ = drop.changed() => if desk.is_empty() {
                return Next::Nothing;
            },
        }
    };
    let parts = connection.into_parts();
    let mut wire = parts.io.into_inner();
    let Some(mut sheet) = desk.sheet().take() else {
        let parse = result.is_err_and(|error| error.is_parse());
        return if parse { Next::Unreadable } else { Next::Nothing };
    };
    sheet.with_head_as_sent(wire.head());
    let whole = sheet.body_read.is_some();
    let left = wire.left();
    let arrived = sheet.finish();
    if whole {
        wire.rewind(bytes::BytesMut::from(&parts.read_buf[..]));
        Next::Request(arrived, wire)
    } else {
        Next::Broken(arrived, left.unwrap_or(Left::Closed))
    }
}

/// Where the service lays the request down.
#[derive(Debug, Default)]
struct Desk {
    sheet: Mutex<Option<Sheet>>,
    /// Told once the body is whole or will never be.
    over: Notify,
}

impl Desk {
    async fn take(&self, request: hyper::Request<Incoming>, intake: Intake<'_>) {
        (intake.busy)();
        let (parts, mut body) = request.into_parts();
        *self.sheet() = Some(Sheet::new(&parts, intake.clock.now()));
        let whole = loop {
            match body.frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => {
                    if let (Some(data), Some(sheet)) = (frame.data_ref(), self.sheet().as_mut()) {
                        sheet.add(data, intake.body_cap);
                    }
                }
            }
        };
        if let Some(sheet) = self.sheet().as_mut() {
            sheet.body_read = whole.then(|| intake.clock.now());
        }
        self.over.notify_one();
    }

    fn is_empty(&self) -> bool {
        self.sheet().is_none()
    }

    fn sheet(&self) -> MutexGuard<'_, Option<Sheet>> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request while it comes in.
#[derive(Debug)]
struct Sheet {
    request: Request,
    body: Vec<u8>,
    length: u64,
    digest: Sha256,
    arrived: Moment,
    body_read: Option<Moment>,
}

impl Sheet {
    fn new(parts: &http::request::Parts, arrived: Moment) -> Self {
        let fields = parts.headers.iter();
        let headers =
            fields.map(|(name, value)| (name.to_string(), Bytes::copy_from_slice(value.as_bytes())));
        let request = Request {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            minor_version: u8::from(parts.version != http::Version::HTTP_10),
            headers: headers.collect(),
            body: Bytes::new(),
        };
        Self { request, body: Vec::new(), length: 0, digest: Sha256::new(), arrived, body_read: None }
    }

    fn add(&mut self, data: &[u8], cap: usize) {
        self.length += data.len() as u64;
        self.digest.update(data);
        let room = cap.saturating_sub(self.body.len()).min(data.len());
        self.body.extend_from_slice(&data[..room]);
    }

    /// Replaces target and fields by what stood in the head, where the parser lost order or case. A head that was too
    /// long to be remembered stays as the parser gave it.
    fn with_head_as_sent(&mut self, head: &[u8]) {
        let mut slots = [httparse::EMPTY_HEADER; 256];
        let mut parsed = httparse::Request::new(&mut slots);
        if matches!(parsed.parse(head), Ok(httparse::Status::Complete(_)))
            && parsed.headers.len() == self.request.headers.len()
        {
            let fields = parsed.headers.iter();
            self.request.headers =
                fields.map(|field| (field.name.to_owned(), Bytes::copy_from_slice(field.value))).collect();
            self.request.target = parsed.path.unwrap_or_default().to_owned();
        }
    }

    fn finish(mut self) -> Arrived {
        let body_capped = self.length > self.body.len() as u64;
        self.request.body = Bytes::from(self.body);
        Arrived {
            request: self.request,
            body_length: self.length,
            body_sha256: hex(&self.digest.finalize()),
            body_capped,
            arrived: self.arrived,
            body_read: self.body_read,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
