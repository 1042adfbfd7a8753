//! Plays what goes wrong with a TLS handshake.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};

use rustls::server::Accepted;

use super::strike::{LIFTED, Still, Under, ended_by};
use crate::fault::{Beginning, TlsOp};
use crate::journal::Ended;
use crate::server::play::Finished;
use crate::server::tls::{self, Greeting};
use crate::server::wire::Socket;

/// The length of a record's head.
const RECORD_HEAD: usize = 5;

impl Under {
    pub(super) async fn tls(self, op: &TlsOp) -> Still {
        match op {
            TlsOp::AwaitHello => self.hello().await.map(|(under, ..)| under),
            TlsOp::Alert(number) => self.write(&[21, 3, 3, 0, 2, 2, *number]).await,
            TlsOp::Answer(beginning) => {
                let (under, accepted, _) = self.hello().await?;
                under.answer(accepted, *beginning).await
            }
            TlsOp::Certificate(_) | TlsOp::DemandCertificate => {
                let (under, ..) = self.hello().await?;
                under.shake_hands().await
            }
            TlsOp::Choose(protocol) => {
                let (under, _, offers) = self.hello().await?;
                if !offers.iter().any(|offer| offer == protocol.as_bytes()) {
                    return under.spare(format!("the peer does not offer {protocol} by ALPN"));
                }
                under.shake_hands().await
            }
            // It follows a reply, and is played by a turn.
            TlsOp::CloseUnannounced => Ok(self),
        }
    }

    /// Reads a ClientHello and leaves it on the wire.
    async fn hello(mut self) -> Result<(Self, Box<Accepted>, Vec<Vec<u8>>), Finished> {
        loop {
            match tls::greeting(self.wire.ahead()) {
                Greeting::Hello { accepted, offers } => return Ok((self, accepted, offers)),
                Greeting::Other(why) => self = self.spare(why)?,
                Greeting::Part => {}
            }
            let more = tokio::select! {
                more = self.wire.more() => Some(more),
                () = self.meeting.lifted() => None,
            };
            match more {
                Some(Ok(())) => {}
                Some(Err(left)) => return Err(self.over(ended_by(left))),
                None => self = self.too_late().await?,
            }
        }
    }

    async fn answer(self, accepted: Box<Accepted>, beginning: Beginning) -> Still {
        let config = Arc::clone(&self.meeting.active().tls);
        let mut connection = match accepted.into_connection(config) {
            Ok(connection) => connection,
            Err((error, _)) => return self.spare(format!("the ClientHello cannot be answered: {error}")),
        };
        let mut flight = Vec::new();
        while connection.wants_write() {
            if let Err(error) = connection.write_tls(&mut flight) {
                return self.spare(error.to_string());
            }
        }
        let length = flight
            .get(3..RECORD_HEAD)
            .map_or(0, |length| length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)));
        let record = (RECORD_HEAD + length).min(flight.len());
        let written = match beginning {
            Beginning::ServerHello => record,
            Beginning::HalfServerHello => record / 2,
        };
        self.write(&flight[..written]).await
    }

    /// Does the whole handshake with what the fault has for it. It strikes when the peer has got it, whatever the peer
    /// makes of it.
    async fn shake_hands(self) -> Still {
        let Self { meeting, wire, patience } = self;
        let read = wire.ahead().to_vec();
        let config = Arc::clone(&meeting.active().tls);
        let wrote = Arc::new(AtomicBool::new(false));
        let shaken = tokio::select! {
            biased;
            shaken = tls::secure(wire, config, patience, Arc::clone(&wrote)) => shaken,
            () = meeting.lifted() => {
                // The peer may have made up its mind without the mock having heard of it.
                if wrote.load(Acquire) {
                    meeting.strikes(&read);
                } else {
                    meeting.note(|record| record.remark = Some(LIFTED.to_owned()));
                }
                meeting.ended(Ended::ClosedByMock);
                return Err(Finished::Gone);
            }
        };
        let (error, below) = match shaken {
            Ok(wire) => {
                let under = Self { meeting, wire, patience };
                if under.has_certificate() {
                    return under.spare("the peer has a certificate of the mock's own authority".to_owned());
                }
                under.meeting.strikes(&read);
                return Ok(under);
            }
            Err(failed) => failed,
        };
        let (ended, got) = verdict(&error);
        if got {
            meeting.strikes(&read);
        }
        meeting.note(|record| record.remark = Some(error.to_string()));
        match (ended, below) {
            (Ended::ClosedByMock, Some(wire)) => Err(Self { meeting, wire, patience }.finish().await),
            (ended, _) => {
                meeting.ended(ended);
                Err(Finished::Gone)
            }
        }
    }

    fn has_certificate(&self) -> bool {
        match &self.wire.socket {
            Socket::Tcp(_) => false,
            Socket::Tls(stream) => stream.get_ref().1.peer_certificates().is_some(),
        }
    }
}

/// How a failed handshake ended the connection, and whether the peer had got the mock's part of it by then.
fn verdict(error: &io::Error) -> (Ended, bool) {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match (cause, error.kind()) {
        (Some(rustls::Error::AlertReceived(_)), _) => (Ended::PeerClosed, true),
        (Some(rustls::Error::NoCertificatesPresented | rustls::Error::InvalidCertificate(_)), _) => {
            (Ended::ClosedByMock, true)
        }
        (Some(_), _) | (None, ErrorKind::TimedOut) => (Ended::ClosedByMock, false),
        (None, ErrorKind::UnexpectedEof) => (Ended::PeerClosed, true),
        (None, _) => (Ended::PeerReset, true),
    }
}
