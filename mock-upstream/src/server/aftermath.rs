//! What a script does to a connection that is idle behind its exchange.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::play::Finished;
use super::wire::Wire;
use crate::journal::{Aftermath as Noted, Clock, Ended, Epilogue, Record};
use crate::scenario::Inner as Scenario;
use crate::step::Step;

/// What is still to be done to a connection.
#[derive(Debug)]
pub(super) struct Aftermath {
    steps: Vec<Step>,
    epilogue: Epilogue,
    scenario: Option<Arc<Scenario>>,
    clock: Clock,
}

/// Why a wait ended.
enum Woken {
    /// It was over.
    InTime,
    /// The next request has begun.
    Reused,
    /// The peer has left, or nobody wants it any more.
    For(&'static str),
}

impl Aftermath {
    /// Notes that it is to come: until then the exchange is not what was scripted.
    pub(super) fn coming(
        steps: Vec<Step>,
        record: &Record,
        scenario: Option<Arc<Scenario>>,
        clock: Clock,
    ) -> Self {
        record.change(|entry| {
            if entry.delivered {
                entry.delivered = false;
                entry.undelivered = Some("nothing was done to the idle connection yet".to_owned());
                entry.aftermath = Some(Noted::COMING);
            }
        });
        Self { steps, epilogue: record.epilogue(), scenario, clock }
    }

    /// Does it. What the peer could see is noted before.
    pub(super) async fn play(self, mut wire: Wire) -> Finished {
        for step in &self.steps {
            let woken = match step {
                Step::Wait(time) => self.wait(Some(*time), &mut wire).await,
                Step::AwaitReuse => match self.wait(None, &mut wire).await {
                    Woken::Reused => Woken::InTime,
                    woken => woken,
                },
                Step::Write { bytes, .. } => self.write(bytes, &mut wire).await,
                Step::Close => return self.close(wire).await,
                Step::Reset => return self.reset(wire),
                _ => Woken::For("that cannot be done to an idle connection"),
            };
            match woken {
                Woken::InTime => {}
                Woken::Reused => return self.spare(wire, "the next request came before"),
                Woken::For(why) => return self.spare(wire, why),
            }
        }
        Finished::GoOn(wire)
    }

    async fn wait(&self, time: Option<Duration>, wire: &mut Wire) -> Woken {
        if !wire.ahead().is_empty() {
            return Woken::Reused;
        }
        let over = async {
            match time {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let closing = async {
            match &self.scenario {
                Some(scenario) => scenario.closing().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            more = wire.more() => more.map_or(Woken::For("the peer left before"), |()| Woken::Reused),
            () = closing => Woken::For("the scenario was closed before"),
            () = over => Woken::InTime,
        }
    }

    async fn write(&self, bytes: &Bytes, wire: &mut Wire) -> Woken {
        self.strikes(Ended::Open, bytes.len() as u64);
        let written = async {
            wire.socket.write_all(bytes).await?;
            wire.socket.flush().await
        };
        match written.await {
            Ok(()) => Woken::InTime,
            Err(_) => Woken::For("the peer left before"),
        }
    }

    async fn close(&self, mut wire: Wire) -> Finished {
        self.strikes(Ended::ClosedByMock, 0);
        // An error means that the peer is gone, which is what closing is for.
        let _ = wire.socket.shutdown().await;
        Finished::Linger(wire)
    }

    fn reset(&self, wire: Wire) -> Finished {
        match SockRef::from(wire.socket.tcp()).set_linger(Some(Duration::ZERO)) {
            // Dropping the stream now sends RST.
            Ok(()) => self.strikes(Ended::ResetByMock, 0),
            Err(error) => return self.spare(wire, &error.to_string()),
        }
        Finished::Gone
    }

    fn strikes(&self, ended: Ended, bytes: u64) {
        let now = self.clock.now();
        self.epilogue.change(|entry| {
            if let Some(aftermath) = &mut entry.aftermath {
                aftermath.struck = Some(now);
                aftermath.bytes_written += bytes;
                aftermath.ended = ended;
                (entry.delivered, entry.undelivered) = (true, None);
            }
        });
    }

    fn spare(&self, wire: Wire, why: &str) -> Finished {
        self.epilogue.change(|entry| {
            entry.delivered = false;
            entry.undelivered = Some(format!("nothing was done to the idle connection: {why}"));
        });
        Finished::GoOn(wire)
    }
}
