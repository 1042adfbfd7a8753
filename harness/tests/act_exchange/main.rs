//! One exchange is recorded however it ended, proven against raw sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaks;
mod hostile;
mod kept;
mod server;
mod tls;
mod whole;

use std::time::Duration;

use bytes::Bytes;
use gateway_conformance::act::{Client, ClientOptions, ExchangeOptions};
use gateway_conformance::wire::exchange::{Exchange, Request};

/// Far beyond what a loaded machine needs, so that only what must end at the deadline does.
const PATIENCE: Duration = Duration::from_secs(60);

fn get(target: &str) -> Request {
    Request { method: "GET".into(), target: target.into(), headers: Vec::new(), body: Bytes::new() }
}

fn within(deadline: Duration) -> ExchangeOptions {
    ExchangeOptions { deadline, ..ExchangeOptions::default() }
}

async fn exchange(base_url: &str, request: Request) -> Exchange {
    let client = Client::new(ClientOptions::default()).unwrap();
    client.exchange(base_url, request, &within(PATIENCE), None).await
}
