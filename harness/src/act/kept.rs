//! Exchanges one after the other on one connection, as a client with a pool has them.

use std::time::Instant;

use tokio::time::timeout_at;

use super::connect::Connection;
use super::origin::Origin;
use super::response::Decoder;
use super::{Begun, Client, ExchangeOptions, drive};
use crate::wire::exchange::{Break, End, Exchange, Request};

/// A connection that is kept from one exchange to the next, for as long as both sides let it.
pub struct Kept {
    client: Client,
    origin: Result<Origin, String>,
    connection: Option<Connection>,
}

impl Client {
    /// Connects to `base_url` when it is first needed, and keeps the connection.
    pub fn kept(&self, base_url: &str) -> Kept {
        Kept { client: self.clone(), origin: Origin::parse(base_url), connection: None }
    }
}

impl Kept {
    /// Sends `request` and records the answer as [`Client::exchange`] does; the body is written in as many pieces as `cuts`
    /// ask for. Also tells whether an earlier exchange had used the connection: its end may have been meant for that one.
    pub async fn exchange(
        &mut self,
        request: Request,
        cuts: &[usize],
        options: &ExchangeOptions,
    ) -> (Exchange, bool) {
        let begun = Begun::now();
        let deadline = begun.at + options.deadline;
        let origin = match &self.origin {
            Ok(origin) => origin,
            Err(why) => {
                let end = End::Broken(Break::Transport(why.clone()));
                return (begun.without_answer(request, end), false);
            }
        };
        let request = origin.complete(request);
        let used = self.connection.is_some();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match timeout_at(deadline.into(), self.client.connector.connect(origin)).await {
                Ok(Ok(connection)) => connection,
                Ok(Err(failed)) => return (begun.without_answer(request, End::Broken(failed)), false),
                Err(_) => return (begun.without_answer(request, End::Deadline), false),
            },
        };
        let begun = Begun { at: Instant::now(), ..Begun::now() };
        let mut decoder = Decoder::new(request.method == "HEAD", options);
        let driven = drive(&mut connection, &request, cuts, &mut decoder, begun.at, None);
        let sent = timeout_at(deadline.into(), driven).await;
        let elapsed = begun.at.elapsed();
        if sent.is_err() {
            decoder.end(End::Deadline);
        }
        if sent.unwrap_or(false) && decoder.is_reusable() {
            self.connection = Some(connection);
        }
        (decoder.into_exchange(request, begun.at, begun.wall, elapsed), used)
    }

    /// Closes the connection; the next exchange opens another.
    pub fn close(&mut self) {
        self.connection = None;
    }
}
