//! The front door: the listener, its connections, and what a request is before a personality sees it.

mod admin;
mod intake;
mod reply;
mod socket;

pub(crate) use intake::{Asked, Unread};
pub(crate) use reply::{Reply, bare_bad_request, bare_bad_request_with, empty, full, json, stream};

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Limits;
use crate::personality::Page;
use socket::Socket;

/// What the door opens to, and how it is kept.
pub(crate) struct House {
    pub(crate) page: Arc<dyn Page>,
    pub(crate) limits: Limits,
    /// The bearer key of the admin API.
    pub(crate) admin_key: String,
}

/// Serves until `stop` changes or is dropped; every connection is closed when this returns.
pub(crate) async fn serve(listener: TcpListener, house: Arc<House>, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, house.clone()));
                }
                // Out of file descriptors, most likely: connections that end make room.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, house: Arc<House>) {
    // A connection that is gone already will say so when it is read.
    let _ = stream.set_nodelay(true);
    let page = house.page.clone();
    let socket = Socket::new(stream, move || page.unparsable());
    let requests = socket.requests();
    let service = service_fn(move |request| {
        requests.saw_one();
        let house = house.clone();
        async move {
            let asked = Asked::read(request, house.limits).await;
            let reply = match admin::answer(&house, &asked) {
                Some(reply) => reply,
                None => house.page.clone().answer(asked).await,
            };
            Ok::<_, Infallible>(reply)
        }
    });
    // How a connection ends is the client's business.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
}
