//! One connection: requests come in one after the other, each is answered by its scenario.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::head::Refused;
use super::impose::{self, Meeting};
use super::intake::{self, Arrived, Body, Cut, Intake, Opening};
use super::play::{self, Finished, Stage};
use super::provider::Place;
use super::roster::Lease;
use super::wire::{Left, Socket, Wire};
use super::{Core, tls};
use crate::dialect::Scene;
use crate::journal::{Ended, Entry, Played, Record, Standing};
use crate::scenario::{Inner as Scenario, Owner};
use crate::script::{Play, Reply, Request, Turn};
use crate::step::{self, Answer, Plan};

/// Serves the connection until it ends; it ends by itself when it is idle and the provider drops such connections.
pub(super) async fn serve(
    core: Arc<Core>,
    place: Arc<Place>,
    stream: TcpStream,
    lease: Lease,
    struck: Option<Meeting>,
) {
    // Without it, the timing of small writes would be the kernel's.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut wire = Wire::new(Socket::Tcp(stream));
    if let Some(meeting) = struck {
        match impose::strike(meeting, wire, core.caps.patience).await {
            Finished::GoOn(served) => wire = served,
            Finished::Linger(closing) => {
                lease.linger();
                return play::linger(closing).await;
            }
            Finished::Gone => return,
        }
    }
    if wire.is_plain() && tls::begins(&mut wire).await {
        let config = Arc::clone(core.authority.healthy());
        match tls::secure(wire, config, core.caps.request_silence, Arc::default()).await {
            Ok(secured) => wire = secured,
            Err((_, below)) => return refuse_handshake(&core, &lease, below).await,
        }
    }
    let intake = Intake { clock: core.clock, caps: core.caps };
    let mut sequence = 0;
    while lease.idle() {
        let opening = intake::head(&mut wire, intake).await;
        if !lease.busy() {
            return;
        }
        let (head, arrived) = match opening {
            Opening::Head(head, arrived) => (head, arrived),
            Opening::Refused(refused) => {
                core.unreadable.fetch_add(1, Relaxed);
                refuse(&mut wire, refused, core.caps.patience).await;
                lease.linger();
                return play::linger(wire).await;
            }
            Opening::Nothing => return,
        };
        sequence += 1;
        let line = Line { core: &core, place: &place, connection: lease.id(), sequence };
        intake::invite(&mut wire, &head).await;
        let finished = match Body::of(head, arrived, intake).read(&mut wire).await {
            (arrived, None) => line.answer(arrived, wire).await,
            (arrived, Some(cut)) => line.cut_off(arrived, cut, wire).await,
        };
        match finished {
            Finished::GoOn(again) => wire = again,
            Finished::Linger(closing) => {
                // For the provider the connection is closed; its task only waits for the peer.
                lease.linger();
                return play::linger(closing).await;
            }
            Finished::Gone => return,
        }
    }
}

/// Closes a connection whose handshake failed, which has said so by an alert.
async fn refuse_handshake(core: &Core, lease: &Lease, below: Option<Wire>) {
    core.failed_handshakes.fetch_add(1, Relaxed);
    let Some(mut below) = below else { return };
    lease.linger();
    // An error means that the client is gone.
    let _ = below.socket.shutdown().await;
    play::linger(below).await;
}

/// Says why nothing more is read, and closes; how many bytes that took.
async fn refuse(wire: &mut Wire, refused: Refused, patience: Duration) -> u64 {
    let bytes = step::refusal(refused.status, refused.why);
    let written = matches!(timeout(patience, wire.socket.write_all(&bytes)).await, Ok(Ok(())));
    // An error means that the client is gone.
    let _ = wire.socket.shutdown().await;
    if written { bytes.len() as u64 } else { 0 }
}

/// One request of a connection.
struct Line<'a> {
    core: &'a Core,
    place: &'a Place,
    connection: u64,
    sequence: u32,
}

/// Who answers a request, and where that is written down.
struct Desk {
    record: Record,
    scenario: Option<(Arc<Scenario>, u32)>,
    standing: Standing,
}

impl Line<'_> {
    async fn answer(&self, arrived: Arrived, wire: Wire) -> Finished {
        let desk = self.admit(arrived);
        let mut plan = desk.record.change(|entry| {
            let (turn, plan) = self.plan(&desk, &entry.request);
            entry.turn = turn;
            entry.fault.clone_from(&plan.fault);
            plan
        });
        let intended = std::mem::take(&mut plan.intended);
        desk.record.plays(Played::intended(intended, self.core.caps.reply_body));
        let stage = Stage {
            wire,
            record: &desk.record,
            scenario: desk.scenario.as_ref().map(|(scenario, _)| &**scenario),
            clock: self.core.clock,
            alarm: &self.core.alarm,
            patience: self.core.caps.patience,
        };
        play::play(stage, &plan).await
    }

    /// Notes a request whose body did not come whole, and closes.
    async fn cut_off(&self, arrived: Arrived, cut: Cut, mut wire: Wire) -> Finished {
        let record = self.admit(arrived).record;
        let (ended, why, written) = match cut {
            Cut::Left(Left::Closed) => (Ended::PeerClosed, "the client left within its request", 0),
            Cut::Left(Left::Reset) => (Ended::PeerReset, "the client left within its request", 0),
            Cut::Refused(refused) => {
                let written = refuse(&mut wire, refused, self.core.caps.patience).await;
                (Ended::ClosedByMock, refused.why, written)
            }
        };
        let now = self.core.clock.now();
        record.change(|entry| {
            entry.ended = ended;
            entry.ended_at = Some(now);
            entry.bytes_written = written;
            entry.undelivered = Some(why.to_owned());
        });
        if ended == Ended::ClosedByMock { Finished::Linger(wire) } else { Finished::Gone }
    }

    /// Finds out whom the request belongs to and writes its arrival down there.
    fn admit(&self, arrived: Arrived) -> Desk {
        let registry = &self.core.registry;
        let (journal, scenario, named, standing) = match registry.owner(&self.place.name, &arrived.request) {
            Owner::Scenario { scenario, send, standing } => {
                let named = (scenario.name.clone(), send);
                (Arc::clone(&scenario.journal), Some((scenario, send)), Some(named), standing)
            }
            Owner::Late { scenario, send } => {
                (Arc::clone(&registry.late), None, Some((scenario.to_string(), send)), Standing::Late)
            }
            Owner::Ambient => (Arc::clone(&registry.ambient_journal), None, None, Standing::Ambient),
            Owner::Nobody { conflicting } => {
                (Arc::clone(&registry.unclaimed), None, None, Standing::Unclaimed { conflicting })
            }
        };
        let entry = self.entry(arrived, named, standing.clone());
        if let Some((scenario, send)) = &scenario {
            scenario.note_send(*send);
        }
        match journal.open(entry) {
            Ok(record) => Desk { record, scenario, standing },
            // The scenario was closed between the question and the note.
            Err(entry) => {
                let entry = Entry { standing: Standing::Late, ..*entry };
                Desk { record: registry.late.record(entry), scenario: None, standing: Standing::Late }
            }
        }
    }

    fn entry(&self, arrived: Arrived, named: Option<(String, u32)>, standing: Standing) -> Entry {
        let (scenario, send) = named.unzip();
        Entry {
            provider: self.place.name.clone(),
            scenario,
            send,
            standing,
            connection: self.connection,
            sequence: self.sequence,
            request: arrived.request,
            body_length: arrived.body_length,
            body_sha256: arrived.body_sha256,
            body_capped: arrived.body_capped,
            request_complete: arrived.body_read.is_some(),
            arrived: arrived.arrived,
            body_read: arrived.body_read,
            first_byte: None,
            last_byte: None,
            ended_at: None,
            turn: None,
            fault: None,
            played: Played::default(),
            bytes_written: 0,
            ended: Ended::Open,
            delivered: false,
            undelivered: Some("the exchange is under way".to_owned()),
        }
    }

    fn plan(&self, desk: &Desk, request: &Request) -> (Option<usize>, Plan) {
        let unix_time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let serial = self.place.serial.fetch_add(1, Relaxed);
        let scene = Scene { identity: &self.place.identity, serial, unix_time };
        let answer =
            |turn: &Turn| step::compile(&Answer { turn, request, dialect: self.place.dialect, scene });
        let healthy = || answer(&Turn::play(Play::Ok(Reply::default())));
        match (&desk.scenario, &desk.standing) {
            (Some((scenario, send)), _) => match scenario.draw(&self.place.name, *send, request) {
                Ok(Some(drawn)) => (Some(drawn.index), answer(&drawn.turn)),
                Ok(None) => (None, healthy()),
                Err(why) => (None, step::unscripted(request, unix_time, &why)),
            },
            (None, Standing::Ambient) => (None, healthy()),
            // Nobody judges the answer any more, and a failure could make the gateway ask somebody who is paid.
            (None, Standing::Late) => (None, healthy()),
            (None, Standing::Unclaimed { conflicting: true }) => (
                None,
                step::unscripted(request, unix_time, "this request carries the markers of several scenarios"),
            ),
            (None, _) => {
                let why =
                    "this request carries no marker, no scenario holds the provider, and it is not ambient";
                (None, step::unscripted(request, unix_time, why))
            }
        }
    }
}
