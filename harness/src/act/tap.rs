//! A recording tap before the gateway: somebody else's client calls it, every byte is passed on as it came, and each exchange is
//! recorded as if this client had had it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::ExchangeOptions;
use super::connect::Connector;
use super::origin::Origin;
use super::response::{Decoder, Silence};
use crate::wire::exchange::{Break, End, Exchange, Request};

/// A tap; closed when it is dropped.
pub struct Tap {
    url: String,
    record: Arc<Mutex<Record>>,
    /// Dropped, it ends every connection.
    stop: oneshot::Sender<()>,
    connections: JoinHandle<()>,
}

/// What went through a tap.
#[derive(Debug, Default)]
pub struct Record {
    /// The exchanges, in the order in which they ended.
    pub exchanges: Vec<Exchange>,
    /// What the tap itself could not do: no doing of the gateway's.
    pub fault: Option<String>,
}

impl Tap {
    pub(super) async fn open(
        connector: Arc<Connector>,
        base_url: &str,
        options: ExchangeOptions,
    ) -> Result<Self, String> {
        let origin = Arc::new(Origin::parse(base_url)?);
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let url = format!("http://{address}{}", origin.prefix());
        let record = Arc::new(Mutex::new(Record::default()));
        let (stop, mut stopped) = oneshot::channel::<()>();
        let recorded = record.clone();
        let connections = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let client = tokio::select! {
                    _ = &mut stopped => break,
                    accepted = listener.accept() => accepted,
                };
                let Ok((client, _)) = client else { break };
                let line = Line { options: options.clone(), record: recorded.clone(), under_way: None };
                open.spawn(line.carry(client, connector.clone(), origin.clone()));
            }
            // What a connection has under way, it records as it ends.
            open.shutdown().await;
        });
        Ok(Self { url, record, stop, connections })
    }

    /// The base URL that the client calls in the gateway's stead.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends every connection, and gives what went through them.
    pub async fn close(self) -> Record {
        drop(self.stop);
        // It ends by itself now; that it panicked would be seen in the record.
        let _ = self.connections.await;
        std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One connection of the client, with one of the gateway behind it.
struct Line {
    options: ExchangeOptions,
    record: Arc<Mutex<Record>>,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    request: Request,
    started: Instant,
    wall: SystemTime,
    decoder: Decoder,
}

impl Line {
    async fn carry(mut self, mut client: TcpStream, connector: Arc<Connector>, origin: Arc<Origin>) {
        let Ok(mut gateway) = connector.connect(&origin).await else {
            return self.fault("the gateway took no connection from the tap".to_owned());
        };
        let _ = client.set_nodelay(true);
        let (mut asked, mut begun) = (BytesMut::new(), None);
        let (mut from_client, mut from_gateway) = (vec![0; 16 << 10], vec![0; 16 << 10]);
        loop {
            tokio::select! {
                read = client.read(&mut from_client) => match read {
                    Ok(length) if length > 0 => {
                        let (started, wall) = *begun.get_or_insert_with(|| (Instant::now(), SystemTime::now()));
                        if gateway.write_all(&from_client[..length]).await.is_err() || gateway.flush().await.is_err() {
                            // What the gateway still has to say is read below.
                            continue;
                        }
                        asked.extend_from_slice(&from_client[..length]);
                        match whole(&mut asked) {
                            Ok(Some(request)) => {
                                let decoder = Decoder::new(request.method == "HEAD", &self.options);
                                self.under_way = Some(UnderWay { request, started, wall, decoder });
                                begun = None;
                            }
                            Ok(None) => {}
                            Err(why) => return self.fault(why),
                        }
                    }
                    // The client is content, or gave up.
                    _ => return self.ended(End::Deadline),
                },
                read = gateway.read(&mut from_gateway) => match read {
                    Ok(length) if length > 0 => {
                        let gone = client.write_all(&from_gateway[..length]).await.is_err();
                        self.answered(&from_gateway[..length]);
                        if gone {
                            return self.ended(End::Deadline);
                        }
                    }
                    Ok(_) => {
                        self.silent(Silence::Closed);
                        let _ = client.shutdown().await;
                        return;
                    }
                    Err(error) => {
                        let silence = Silence::from(error);
                        if matches!(silence, Silence::Reset) {
                            // The client has to see what the gateway did.
                            let _ = client.set_zero_linger();
                        }
                        return self.silent(silence);
                    }
                },
            }
        }
    }

    fn answered(&mut self, bytes: &[u8]) {
        let Some(under_way) = &mut self.under_way else { return };
        let at = under_way.started.elapsed();
        under_way.decoder.feed(bytes, at);
        if under_way.decoder.ended() {
            self.keep();
        }
    }

    fn silent(&mut self, why: Silence) {
        if let Some(under_way) = &mut self.under_way {
            under_way.decoder.silent(why);
            self.keep();
        }
    }

    fn ended(&mut self, end: End) {
        if let Some(under_way) = &mut self.under_way {
            under_way.decoder.end(end);
            self.keep();
        }
    }

    fn keep(&mut self) {
        if let Some(UnderWay { request, started, wall, decoder }) = self.under_way.take() {
            let exchange = decoder.into_exchange(request, started, wall, started.elapsed());
            self.record().exchanges.push(exchange);
        }
    }

    fn fault(&self, why: String) {
        self.record().fault.get_or_insert(why);
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Line {
    /// A connection that the tap's end cuts off had its exchange all the same.
    fn drop(&mut self) {
        self.ended(End::Broken(Break::Transport("the tap was closed".to_owned())));
    }
}

/// A request that has arrived whole, taken off the bytes.
fn whole(asked: &mut BytesMut) -> Result<Option<Request>, String> {
    let unreadable = |why: &str| format!("the client sent what the tap cannot read: {why}");
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(asked) {
        Ok(httparse::Status::Partial) => return Ok(None),
        Ok(httparse::Status::Complete(length)) => length,
        Err(error) => return Err(unreadable(&error.to_string())),
    };
    let headers: Vec<(String, String)> = parsed
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let of = |name: &str| {
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    if of("transfer-encoding").is_some() {
        return Err(unreadable("a body in chunks"));
    }
    let body = of("content-length").map_or(Ok(0), |length| length.parse::<usize>());
    let body = body.map_err(|error| unreadable(&error.to_string()))?;
    let (method, target) =
        (parsed.method.unwrap_or_default().to_owned(), parsed.path.unwrap_or_default().to_owned());
    if asked.len() < length + body {
        return Ok(None);
    }
    asked.advance(length);
    let body = Bytes::from(asked.split_to(body).to_vec());
    Ok(Some(Request { method, target, headers, body }))
}
