//! Plays an imposed fault on a new connection.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::record::Meeting;
use crate::fault::{ConnectionOp, Op};
use crate::journal::Ended;
use crate::server::play::Finished;
use crate::server::wire::{Left, Wire};

/// What an unread connection is left to hold; the system takes it for a wish.
const SMALL: usize = 1 << 12;

/// Plays the program; where it says so, the connection is to be served on.
pub(in crate::server) async fn strike(meeting: Meeting, wire: Wire, patience: Duration) -> Finished {
    let mut under = Under { meeting, wire, patience };
    let active = under.meeting.active();
    let (fault, bindings) = (active.fault, active.bindings.clone());
    for op in fault.at_connect().into_iter().flatten() {
        let ended = match op {
            Op::Wait(time) => under.wait(Duration::from_millis(time.value(&bindings))).await,
            Op::Raw(text) => under.write(text.as_bytes()).await,
            Op::Close => Some(under.close().await),
            Op::Reset => Some(under.reset()),
            Op::Hang => Some(under.hang().await),
            Op::Connection(ConnectionOp::Unread) => Some(under.leave_unread().await),
            Op::Connection(ConnectionOp::Served) => return Finished::GoOn(under.serve()),
            // The rest needs a request, or lets no connection come to be.
            _ => None,
        };
        if let Some(ended) = ended {
            return under.over(ended);
        }
    }
    Finished::Gone
}

/// A connection under the fault.
struct Under {
    meeting: Meeting,
    wire: Wire,
    patience: Duration,
}

impl Under {
    /// Reads nothing for so long; being lifted cuts it short, which is no strike.
    async fn wait(&mut self, time: Duration) -> Option<Ended> {
        tokio::select! {
            biased;
            () = self.meeting.lifted() => {
                self.meeting.note(|record| record.remark = Some("the fault was lifted before".to_owned()));
                Some(self.finish().await)
            }
            () = sleep(time) => None,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Option<Ended> {
        let written = tokio::select! {
            written = self.wire.socket.write_all(bytes) => Some(written),
            () = self.meeting.lifted() => None,
        };
        match written {
            None => Some(self.finish().await),
            Some(Ok(())) => {
                self.meeting.note(|record| record.written += bytes.len() as u64);
                None
            }
            Some(Err(_)) => Some(Ended::PeerReset),
        }
    }

    /// Strikes before what the peer can see: who hears of it afterwards from the peer finds it noted.
    async fn close(&mut self) -> Ended {
        self.meeting.strikes(self.wire.ahead());
        self.finish().await
    }

    async fn finish(&mut self) -> Ended {
        match self.wire.socket.shutdown().await {
            Ok(()) => Ended::ClosedByMock,
            Err(_) => Ended::PeerReset,
        }
    }

    fn reset(&mut self) -> Ended {
        self.meeting.strikes(self.wire.ahead());
        match SockRef::from(self.wire.socket.tcp()).set_linger(Some(Duration::ZERO)) {
            // Dropping the stream now sends RST.
            Ok(()) => Ended::ResetByMock,
            Err(_) => Ended::PeerReset,
        }
    }

    async fn hang(&mut self) -> Ended {
        self.meeting.strikes(self.wire.ahead());
        let left = tokio::select! {
            left = self.wire.leaves() => Some(left),
            () = self.meeting.lifted() => None,
            () = sleep(self.patience) => None,
        };
        match left {
            Some(Left::Closed) => Ended::PeerClosed,
            Some(Left::Reset) => Ended::PeerReset,
            None => self.finish().await,
        }
    }

    async fn leave_unread(&mut self) -> Ended {
        // Were it refused, more would be needed to fill the connection.
        let _ = SockRef::from(self.wire.socket.tcp()).set_recv_buffer_size(SMALL);
        self.meeting.strikes(&[]);
        tokio::select! {
            () = self.meeting.lifted() => {}
            () = sleep(self.patience) => {}
        }
        self.finish().await
    }

    fn serve(self) -> Wire {
        self.meeting.strikes(self.wire.ahead());
        self.wire
    }

    fn over(self, ended: Ended) -> Finished {
        self.meeting.ended(ended);
        if ended == Ended::ClosedByMock { Finished::Linger(self.wire) } else { Finished::Gone }
    }
}
