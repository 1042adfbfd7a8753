//! Plays a plan on the socket and notes what really happened.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};

use super::aftermath::Aftermath;
use super::alarm::Alarm;
use super::impose::Meeting;
use super::intake::{Body, Cut};
use super::wire::{Left, Wire};
use crate::journal::{Clock, Ended, Moment, Record};
use crate::scenario::Inner as Scenario;
use crate::step::{Parcel, Plan, Step};

/// How long the mock waits for the peer to close its side after a FIN.
const LINGER: Duration = Duration::from_secs(2);

/// Where and for whom a plan is played.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) wire: Wire,
    pub(super) record: &'a Record,
    pub(super) scenario: Option<&'a Scenario>,
    /// The body of the request, where an imposed fault strikes before that was read.
    pub(super) upload: Option<Upload<'a>>,
    pub(super) clock: Clock,
    pub(super) alarm: &'a Alarm,
    /// The longest silence of a hang, and the longest wait for a peer that does not read.
    pub(super) patience: Duration,
}

/// A body that is still to come, and the fault that strikes before that.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    pub(super) body: Body,
    pub(super) meeting: &'a Meeting,
}

/// How a step went.
#[derive(Debug)]
enum Outcome {
    Done,
    /// The exchange is over, the step having done its part or not.
    Over(Ended, Part),
    /// It goes on, but not as scripted.
    Astray(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Done,
    Missing,
}

/// Plays the plan. The connection comes back when another request may follow on it; else it is still open for reading
/// where the mock has sent FIN, and is to be given to `linger`.
pub(super) async fn play(mut stage: Stage<'_>, plan: &Plan) -> Finished {
    let mut reached = false;
    let mut ended = Ended::Complete;
    let mut astray = plan.instead.clone();
    for (at, step) in plan.steps.iter().enumerate() {
        let part = match stage.step(step).await {
            Outcome::Done => Part::Done,
            Outcome::Astray(why) => {
                astray.get_or_insert(why);
                Part::Done
            }
            Outcome::Over(how, part) => {
                ended = how;
                part
            }
        };
        reached |= at == plan.decisive && part == Part::Done;
        if ended != Ended::Complete {
            break;
        }
    }
    if !reached {
        astray.get_or_insert_with(|| "the exchange was over before the scripted thing happened".to_owned());
    }
    let now = stage.clock.now();
    let upload = stage.upload.take();
    stage.record.change(|entry| {
        if let Some(Upload { body, .. }) = upload {
            body.arrived().enter(entry);
        }
        entry.ended = ended;
        entry.ended_at = Some(now);
        entry.played.complete = ended == Ended::Complete;
        entry.delivered = astray.is_none();
        entry.undelivered = astray;
    });
    match ended {
        Ended::Complete if plan.keep_alive => Finished::GoOn(stage.wire),
        Ended::Complete => {
            // An error means that the peer is gone, which is what closing is for.
            let _ = stage.wire.socket.shutdown().await;
            Finished::Linger(stage.wire)
        }
        Ended::ClosedByMock => Finished::Linger(stage.wire),
        Ended::ResetByMock | Ended::PeerClosed | Ended::PeerReset | Ended::Open => Finished::Gone,
    }
}

/// What is left of the connection.
#[derive(Debug)]
pub(super) enum Finished {
    /// Another request may come.
    GoOn(Wire),
    /// Something is done to the connection until the next request comes.
    Idle(Wire, Box<Aftermath>),
    /// FIN was sent.
    Linger(Wire),
    /// Nothing.
    Gone,
}

/// Reads on after a FIN until the peer has closed too, since unread bytes would turn the close into a reset.
pub(super) async fn linger(mut wire: Wire) {
    let mut unread = [0; 4096];
    let drained = async { while !matches!(wire.socket.read(&mut unread).await, Ok(0) | Err(_)) {} };
    // A peer that keeps its side open longer is left alone.
    let _ = timeout(LINGER, drained).await;
}

impl Stage<'_> {
    async fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Write { bytes, events } => self.write(bytes, *events).await,
            Step::Wait(time) => {
                self.silent(*time).await.map_or(Outcome::Done, |how| Outcome::Over(how, Part::Done))
            }
            Step::Gate { name, at_most } => self.gate(name, *at_most).await,
            Step::Drip { parcels, every } => self.drip(parcels, *every).await,
            Step::Repeat { parcel, every } => self.repeat(parcel, *every).await,
            Step::Close => match self.wire.socket.shutdown().await {
                Ok(()) => Outcome::Over(Ended::ClosedByMock, Part::Done),
                Err(_) => self.lost(),
            },
            Step::CloseUnannounced => match self.wire.socket.close_unannounced().await {
                Some(Ok(())) => Outcome::Over(Ended::ClosedByMock, Part::Done),
                Some(Err(_)) => self.lost(),
                None => {
                    let _ = self.wire.socket.shutdown().await;
                    Outcome::Over(Ended::ClosedByMock, Part::Missing)
                }
            },
            Step::Reset => self.reset(),
            Step::HalfClose => match self.wire.socket.shutdown().await {
                Ok(()) => Outcome::Done,
                Err(_) => self.lost(),
            },
            Step::ReadRest => self.read_rest().await,
            Step::AwaitReuse => Outcome::Astray("the connection is not idle".to_owned()),
            Step::Hang => Outcome::Over(self.hang().await, Part::Done),
        }
    }

    /// Reads the rest of the request; where it does not come whole, the connection is closed.
    async fn read_rest(&mut self) -> Outcome {
        let Some(Upload { body, meeting }) = &mut self.upload else { return Outcome::Done };
        let read = tokio::select! {
            biased;
            read = body.read(&mut self.wire) => Some(read),
            () = closing(self.scenario, None) => None,
            () = meeting.lifted() => None,
        };
        match read {
            Some(Ok(())) => Outcome::Done,
            Some(Err(Cut::Left(left))) => Outcome::Over(ended_by(left), Part::Done),
            Some(Err(Cut::Refused(_))) | None => {
                // An error means that the peer has just gone by itself.
                let _ = self.wire.socket.shutdown().await;
                Outcome::Over(Ended::ClosedByMock, Part::Missing)
            }
        }
    }

    /// Writes nothing for so long; how the exchange ended, if it did meanwhile.
    async fn silent(&mut self, time: Duration) -> Option<Ended> {
        tokio::select! {
            () = self.alarm.sleep(time) => None,
            left = self.wire.leaves() => Some(ended_by(left)),
            () = closing(self.scenario, self.upload.as_ref()) => Some(Ended::ClosedByMock),
        }
    }

    async fn hang(&mut self) -> Ended {
        match self.silent(self.patience).await {
            Some(how) => how,
            // The cap: an error means that the peer has just gone by itself.
            None => self.wire.socket.shutdown().await.map_or(Ended::PeerReset, |()| Ended::ClosedByMock),
        }
    }

    async fn gate(&mut self, name: &str, at_most: Duration) -> Outcome {
        let Some(scenario) = self.scenario else {
            return Outcome::Astray(format!("nobody can open the gate `{name}`"));
        };
        tokio::select! {
            biased;
            () = scenario.gate(name) => Outcome::Done,
            left = self.wire.leaves() => Outcome::Over(ended_by(left), Part::Missing),
            () = scenario.closing() => Outcome::Over(Ended::ClosedByMock, Part::Missing),
            () = sleep(at_most) => Outcome::Astray(format!("the gate `{name}` was not opened in {at_most:?}")),
        }
    }

    async fn drip(&mut self, parcels: &[Parcel], every: Duration) -> Outcome {
        for (at, Parcel { bytes, events }) in parcels.iter().enumerate() {
            let begun = if at == 0 { Part::Missing } else { Part::Done };
            if let Some(how) = self.silent(every).await {
                return Outcome::Over(how, begun);
            }
            if let Outcome::Over(how, _) = self.write(bytes, *events).await {
                return Outcome::Over(how, begun);
            }
        }
        Outcome::Done
    }

    /// It has done its part once it was written twice.
    async fn repeat(&mut self, Parcel { bytes, events }: &Parcel, every: Duration) -> Outcome {
        let cap = Instant::now() + self.patience;
        for times in 0_u64.. {
            let part = if times < 2 { Part::Missing } else { Part::Done };
            if !every.is_zero()
                && let Some(how) = self.silent(every).await
            {
                return Outcome::Over(how, part);
            }
            if let Outcome::Over(how, _) = self.write(bytes, *events).await {
                return Outcome::Over(how, part);
            }
            if Instant::now() >= cap {
                break;
            }
        }
        let ended = self.wire.socket.shutdown().await.map_or(Ended::PeerReset, |()| Ended::ClosedByMock);
        Outcome::Over(ended, Part::Done)
    }

    async fn write(&mut self, bytes: &Bytes, events: u32) -> Outcome {
        self.wire.look();
        let (clock, mut written) = (self.clock, Written::default());
        // Mostly the network takes all at once, and nothing has to be waited for.
        let result = match write_at_once(&mut self.wire, bytes, &mut written, clock) {
            Some(result) => Some(result),
            None => tokio::select! {
                biased;
                result = write_all(&mut self.wire, bytes, &mut written, clock) => Some(result),
                () = closing(self.scenario, self.upload.as_ref()) => None,
                () = sleep(self.patience) => None,
            },
        };
        let whole = written.bytes == bytes.len();
        self.record.change(|entry| {
            entry.first_byte = entry.first_byte.or(written.first);
            entry.last_byte = written.last.or(entry.last_byte);
            entry.bytes_written += written.bytes as u64;
            entry.played.events += if whole { events } else { 0 };
        });
        match result {
            Some(Ok(())) => Outcome::Done,
            Some(Err(_)) => self.lost(),
            None => Outcome::Over(Ended::ClosedByMock, Part::Missing),
        }
    }

    fn reset(&mut self) -> Outcome {
        match SockRef::from(self.wire.socket.tcp()).set_linger(Some(Duration::ZERO)) {
            // Dropping the stream now sends RST.
            Ok(()) => Outcome::Over(Ended::ResetByMock, Part::Done),
            Err(_) => self.lost(),
        }
    }

    fn lost(&self) -> Outcome {
        Outcome::Over(self.wire.left().map_or(Ended::PeerReset, ended_by), Part::Missing)
    }
}

/// How much the network has taken of some bytes, and when the first and the latest of them were offered to it: whoever has
/// them has them later, however late this task gets to run again.
#[derive(Debug, Default)]
struct Written {
    bytes: usize,
    first: Option<Moment>,
    last: Option<Moment>,
}

/// Writes what the network takes without waiting; `None` when that was not all.
fn write_at_once(
    wire: &mut Wire,
    bytes: &[u8],
    written: &mut Written,
    clock: Clock,
) -> Option<io::Result<()>> {
    // Whoever goes on to wait asks again, so that nobody has to be woken.
    let mut context = Context::from_waker(Waker::noop());
    match pin!(write_all(wire, bytes, written, clock)).poll(&mut context) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Writes the rest of the bytes, noting what the network has taken even when the future is dropped.
async fn write_all(wire: &mut Wire, bytes: &[u8], written: &mut Written, clock: Clock) -> io::Result<()> {
    while written.bytes < bytes.len() {
        let (offered, count) = poll_fn(|context| {
            let now = clock.now();
            let taken = Pin::new(&mut wire.socket).poll_write(context, &bytes[written.bytes..]);
            taken.map_ok(|count| (now, count))
        })
        .await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        written.bytes += count;
        written.first.get_or_insert(offered);
        written.last = Some(offered);
    }
    // TLS keeps records that the network has not taken.
    wire.socket.flush().await
}

/// Waits until nobody wants the exchange to go on.
async fn closing(scenario: Option<&Scenario>, upload: Option<&Upload<'_>>) {
    let scenario = async {
        match scenario {
            Some(scenario) => scenario.closing().await,
            None => std::future::pending().await,
        }
    };
    match upload {
        None => scenario.await,
        Some(Upload { meeting, .. }) => tokio::select! {
            () = scenario => {}
            () = meeting.lifted() => {}
        },
    }
}

fn ended_by(left: Left) -> Ended {
    match left {
        Left::Closed => Ended::PeerClosed,
        Left::Reset => Ended::PeerReset,
    }
}
