//! A listener whose queue is full, so that who connects is not answered.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::server::provider::BACKLOG;

/// On loopback, who is answered at all is answered within microseconds.
const ANSWERED: Duration = Duration::from_millis(100);
/// So many attempts in a row must stay unanswered.
const UNANSWERED: usize = 2;
/// The system rounds a queue of none up to a few.
const MOST: usize = 64;

/// Fills the queue of a listener that takes no connections, until connecting is not answered any more.
///
/// # Errors
/// Connecting fails otherwise, or the queue does not fill.
pub(super) async fn fill(listener: &TcpListener, fillers: &mut Vec<TcpStream>) -> io::Result<()> {
    let addr = listener.local_addr()?;
    // Of a listening socket, this changes the length of the queue.
    SockRef::from(listener).listen(0)?;
    let mut unanswered = 0;
    while unanswered < UNANSWERED {
        match timeout(ANSWERED, TcpStream::connect(addr)).await {
            Err(_) => unanswered += 1,
            Ok(connected) => {
                unanswered = 0;
                fillers.push(connected?);
            }
        }
        if fillers.len() > MOST {
            return Err(io::Error::other("the queue of the listener does not fill"));
        }
    }
    Ok(())
}

/// Gives the queue its usual length again.
pub(super) fn widen(listener: &TcpListener) -> io::Result<()> {
    SockRef::from(listener).listen(BACKLOG)
}
