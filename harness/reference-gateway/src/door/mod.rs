//! The front door: the listener, its connections, and what a request is before a personality sees it.

mod admin;
mod intake;
mod reply;
mod socket;

pub(crate) use intake::{Asked, Unread};
pub(crate) use reply::{Reply, empty, full, json, stream};

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::personality;
use socket::Socket;

/// Serves until `stop` changes or is dropped; every connection is closed when this returns.
pub(crate) async fn serve(listener: TcpListener, engine: Arc<Engine>, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, engine.clone()));
                }
                // Out of file descriptors, most likely: connections that end make room.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, engine: Arc<Engine>) {
    // A connection that is gone already will say so when it is read.
    let _ = stream.set_nodelay(true);
    let words = engine.clone();
    let socket = Socket::new(stream, move || personality::unparsable(&words));
    let requests = socket.requests();
    let service = service_fn(move |request| {
        requests.saw_one();
        let engine = engine.clone();
        async move {
            let asked = Asked::read(request, engine.limits).await;
            let reply = match admin::answer(&engine, &asked) {
                Some(reply) => reply,
                None => personality::answer(engine, asked).await,
            };
            Ok::<_, Infallible>(reply)
        }
    });
    // How a connection ends is the client's business.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
}
