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
/// Why a connection that came late was not struck.
pub(super) const LIFTED: &str = "the fault was lifted before it could strike";

/// Plays the program; where it says so, the connection is to be served on.
pub(in crate::server) async fn strike(meeting: Meeting, wire: Wire, patience: Duration) -> Finished {
    let fault = meeting.active().fault;
    let mut under = Under { meeting, wire, patience };
    for op in fault.at_connect().into_iter().flatten() {
        under = match under.op(op).await {
            Ok(under) => under,
            Err(finished) => return finished,
        };
    }
    Finished::Gone
}

/// A connection under the fault.
pub(super) struct Under {
    pub(super) meeting: Meeting,
    pub(super) wire: Wire,
    pub(super) patience: Duration,
}

/// The connection is still under the fault, or what is left of it.
pub(super) type Still = Result<Under, Finished>;

impl Under {
    async fn op(self, op: &Op) -> Still {
        match op {
            Op::Wait(time) => {
                let time = time.value(&self.meeting.active().bindings);
                self.wait(Duration::from_millis(time)).await
            }
            Op::Raw(text) => self.write(text.as_bytes()).await,
            Op::Close => self.close().await,
            Op::Reset => self.reset(),
            Op::Hang => self.hang().await,
            Op::Connection(ConnectionOp::Unread) => self.leave_unread().await,
            Op::Connection(ConnectionOp::Served) => self.serve(),
            Op::Tls(op) => self.tls(op).await,
            // The rest needs a request, or lets no connection come to be.
            _ => Ok(self),
        }
    }

    /// Reads nothing for so long.
    async fn wait(self, time: Duration) -> Still {
        let lifted = tokio::select! {
            biased;
            () = self.meeting.lifted() => true,
            () = sleep(time) => false,
        };
        if lifted { self.too_late().await } else { Ok(self) }
    }

    pub(super) async fn write(mut self, bytes: &[u8]) -> Still {
        let write = async {
            self.wire.socket.write_all(bytes).await?;
            self.wire.socket.flush().await
        };
        let written = tokio::select! {
            written = write => Some(written),
            () = self.meeting.lifted() => None,
        };
        match written {
            None => self.too_late().await,
            Some(Ok(())) => {
                self.meeting.note(|record| record.written += bytes.len() as u64);
                Ok(self)
            }
            Some(Err(_)) => Err(self.over(Ended::PeerReset)),
        }
    }

    /// Strikes before what the peer can see: who hears of it from the peer finds it noted.
    async fn close(self) -> Still {
        self.meeting.strikes(self.wire.ahead());
        Err(self.finish().await)
    }

    fn reset(self) -> Still {
        self.meeting.strikes(self.wire.ahead());
        let set = SockRef::from(self.wire.socket.tcp()).set_linger(Some(Duration::ZERO));
        // Dropping the stream now sends RST.
        Err(self.over(if set.is_ok() { Ended::ResetByMock } else { Ended::PeerReset }))
    }

    async fn hang(mut self) -> Still {
        self.meeting.strikes(self.wire.ahead());
        let left = tokio::select! {
            left = self.wire.leaves() => Some(left),
            () = self.meeting.lifted() => None,
            () = sleep(self.patience) => None,
        };
        Err(match left {
            Some(left) => self.over(ended_by(left)),
            None => self.finish().await,
        })
    }

    async fn leave_unread(self) -> Still {
        // Were it refused, more would be needed to fill the connection.
        let _ = SockRef::from(self.wire.socket.tcp()).set_recv_buffer_size(SMALL);
        self.meeting.strikes(&[]);
        tokio::select! {
            () = self.meeting.lifted() => {}
            () = sleep(self.patience) => {}
        }
        Err(self.finish().await)
    }

    fn serve(self) -> Still {
        self.meeting.strikes(self.wire.ahead());
        Err(Finished::GoOn(self.wire))
    }

    /// Serves the connection without having struck it.
    pub(super) fn spare(self, why: String) -> Still {
        self.meeting.note(|record| record.remark = Some(why));
        Err(Finished::GoOn(self.wire))
    }

    pub(super) async fn too_late(self) -> Still {
        self.meeting.note(|record| record.remark = Some(LIFTED.to_owned()));
        Err(self.finish().await)
    }

    /// Closes with FIN.
    pub(super) async fn finish(mut self) -> Finished {
        match self.wire.socket.shutdown().await {
            Ok(()) => self.over(Ended::ClosedByMock),
            Err(_) => self.over(Ended::PeerReset),
        }
    }

    pub(super) fn over(self, ended: Ended) -> Finished {
        self.meeting.ended(ended);
        if ended == Ended::ClosedByMock { Finished::Linger(self.wire) } else { Finished::Gone }
    }
}

pub(super) fn ended_by(left: Left) -> Ended {
    match left {
        Left::Closed => Ended::PeerClosed,
        Left::Reset => Ended::PeerReset,
    }
}
