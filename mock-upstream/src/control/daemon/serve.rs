//! Takes the connections of the control API; none can hold it up.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::ledger::Ledger;
use super::lives;

/// Connections at once; others wait to be accepted.
const CONNECTIONS: usize = 1024;
/// A head has to come within this, the wait for it on an idle connection included.
const HEAD: Duration = Duration::from_secs(90);
/// How long requests under way may go on once the server stops.
const FAREWELL: Duration = Duration::from_secs(1);
/// After a failed accept, mostly for want of file descriptors, connections get time to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves until it is told to stop.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    ledger: Arc<Ledger>,
    mut stop: watch::Receiver<bool>,
) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let told = stop.clone();
    tokio::select! {
        // An error means that the handle is gone, which ends it too.
        _ = stop.wait_for(|stop| *stop) => {}
        () = lives::end_what_expires(&ledger) => {}
        () = async {
            loop {
                let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
                let stream = accept(&listener).await;
                let (router, told) = (router.clone(), told.clone());
                connections.spawn(async move {
                    converse(stream, router, told).await;
                    drop(seat);
                });
                while connections.try_join_next().is_some() {}
            }
        } => {}
    }
    drop(listener);
    let farewell = async { while connections.join_next().await.is_some() {} };
    // What takes longer is cut off with the set.
    let _ = timeout(FAREWELL, farewell).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn converse(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Answers are small and waited for.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let stopped = tokio::select! {
        // A client that breaks off is no concern of the server.
        _ = connection.as_mut() => false,
        _ = stop.wait_for(|stop| *stop) => true,
    };
    if stopped {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
