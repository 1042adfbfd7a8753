//! One exchange with the gateway, recorded however it ended.
//!
//! Every exchange has a connection of its own and goes out byte for byte as it was written: no proxy, no redirect, no
//! retry, no decompression, no normalised path. A general HTTP client hides exactly what is looked for here (which
//! byte was malformed, reset against close, the order of headers), so this one reads the socket itself.

pub mod captured;
mod connect;
mod kept;
mod origin;
mod request;
mod response;
pub mod tap;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout_at;

use self::connect::Connector;
use self::origin::Origin;
use self::response::{Decoder, Silence};
use crate::arrange::hooks::trust::{Trust, TrustError};
use crate::wire::exchange::{Break, End, Exchange, Request};

pub use self::kept::Kept;

/// What all exchanges of a client share.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// Certificates in PEM that are trusted beside the system's.
    pub trusted_ca: Option<Vec<u8>>,
}

/// How long and how much of one exchange is read.
#[derive(Clone, Debug)]
pub struct ExchangeOptions {
    /// From the call, connecting included, to the end; what is open then ends as `Deadline`.
    pub deadline: Duration,
    /// Bytes of the body that are kept; more ends the exchange as `Capped`.
    pub body_cap: usize,
    /// Bytes of one head or of the trailers; more ends the exchange as `Capped`.
    pub head_cap: usize,
    /// Headers in one head or trailers in one body; more ends the exchange as `Capped`.
    pub header_count_cap: usize,
}

impl Default for ExchangeOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            body_cap: 2 << 20,
            head_cap: 64 << 10,
            header_count_cap: 256,
        }
    }
}

/// A moment of an exchange, told while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeEvent {
    /// The request's last byte was handed to the connection.
    Sent,
    /// The final head is whole: its status.
    Head(u16),
    /// So many server-sent events that carry data are whole: 1 for the first. Counted whatever the content type says.
    Events(usize),
}

/// What is told of [`ExchangeEvent`]s; must not block.
pub type Progress<'a> = &'a (dyn Fn(ExchangeEvent) + Send + Sync);

/// Sends requests; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    connector: Arc<Connector>,
}

impl Client {
    /// A client that trusts the system's certificates and those given.
    ///
    /// # Errors
    /// When `trusted_ca` holds no certificate, or one that cannot be read.
    pub fn new(options: ClientOptions) -> Result<Self, TrustError> {
        let trust = Trust::new(options.trusted_ca.as_deref())?;
        Ok(Self { connector: Arc::new(Connector::new(&trust)) })
    }

    /// Opens a tap before the gateway at `base_url`, through which another client calls it.
    ///
    /// # Errors
    /// A base URL that is none, or no port to listen at: in words.
    pub async fn tap(&self, base_url: &str, options: ExchangeOptions) -> Result<tap::Tap, String> {
        tap::Tap::open(self.connector.clone(), base_url, options).await
    }

    /// Sends `request` to the gateway at `base_url` and records the answer until however it ends.
    ///
    /// A path in `base_url` is put before a target that starts with `/`. `host` is added where the request has none,
    /// and `content-length` where a body needs one and no framing is given; the recorded request holds both. Dropping
    /// the future closes the connection and leaves nothing behind.
    pub async fn exchange(
        &self,
        base_url: &str,
        request: Request,
        options: &ExchangeOptions,
        progress: Option<Progress<'_>>,
    ) -> Exchange {
        let begun = Begun::now();
        let deadline = begun.at + options.deadline;
        let origin = match Origin::parse(base_url) {
            Ok(origin) => origin,
            Err(why) => return begun.without_answer(request, End::Broken(Break::Transport(why))),
        };
        let request = origin.complete(request);
        let connection = match timeout_at(deadline.into(), self.connector.connect(&origin)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(failed)) => return begun.without_answer(request, End::Broken(failed)),
            Err(_) => return begun.without_answer(request, End::Deadline),
        };
        let begun = Begun::now();
        let mut decoder = Decoder::new(request.method == "HEAD", options);
        let driven = drive(connection, &request, &[], &mut decoder, begun.at, progress);
        let in_time = timeout_at(deadline.into(), driven).await.is_ok();
        let elapsed = begun.at.elapsed();
        if !in_time {
            decoder.end(End::Deadline);
        }
        decoder.into_exchange(request, begun.at, begun.wall, elapsed)
    }
}

/// Sends and reads at once until the answer is whole or broken; whether the whole request went out. It is written in as many
/// pieces as `cuts`, offsets into its body, ask for.
async fn drive(
    connection: impl AsyncRead + AsyncWrite,
    request: &Request,
    cuts: &[usize],
    decoder: &mut Decoder,
    started: Instant,
    progress: Option<Progress<'_>>,
) -> bool {
    let tell = |event| progress.map(|tell| tell(event));
    let (mut reader, mut writer) = tokio::io::split(connection);
    let bytes = request::bytes(request);
    let mut sending = pin!(async {
        let head = bytes.len() - request.body.len();
        let mut written = 0;
        for cut in cuts.iter().map(|cut| head + cut).filter(|cut| *cut < bytes.len()) {
            writer.write_all(&bytes[written..cut]).await?;
            writer.flush().await?;
            written = cut;
            // Long enough for a reader to see the pieces apart.
            tokio::time::sleep(BETWEEN_PIECES).await;
        }
        writer.write_all(&bytes[written..]).await?;
        writer.flush().await
    });
    let mut sent = false;
    let mut reset_while_sending = false;
    let mut buffer = vec![0; 16 << 10];
    while !decoder.ended() {
        tokio::select! {
            outcome = &mut sending, if !sent => {
                sent = true;
                match outcome {
                    Ok(()) => { tell(ExchangeEvent::Sent); }
                    // The answer may have come before the connection went, so reading goes on; the system reports a
                    // reset once only, to whoever asks first.
                    Err(error) => reset_while_sending = connect::is_reset(&error),
                }
            }
            read = reader.read(&mut buffer) => match read {
                Ok(0) if reset_while_sending => decoder.silent(Silence::Reset),
                Ok(0) => decoder.silent(Silence::Closed),
                Ok(length) => {
                    let (head, events) = (decoder.status(), decoder.events());
                    decoder.feed(&buffer[..length], started.elapsed());
                    if let Some(status) = decoder.status().filter(|_| head.is_none()) {
                        tell(ExchangeEvent::Head(status));
                    }
                    if decoder.events() > events {
                        tell(ExchangeEvent::Events(decoder.events()));
                    }
                }
                Err(error) => decoder.silent(Silence::from(error)),
            }
        }
    }
    sent
}

/// Between the pieces of a request that is written in several.
const BETWEEN_PIECES: Duration = Duration::from_millis(2);

#[derive(Clone, Copy)]
struct Begun {
    at: Instant,
    wall: SystemTime,
}

impl Begun {
    fn now() -> Self {
        Self { at: Instant::now(), wall: SystemTime::now() }
    }

    fn without_answer(self, request: Request, end: End) -> Exchange {
        Exchange {
            request,
            started: self.at,
            started_wall: self.wall,
            head: None,
            body: Bytes::new(),
            pieces: Vec::new(),
            trailers: Vec::new(),
            end,
            elapsed: self.at.elapsed(),
        }
    }
}
