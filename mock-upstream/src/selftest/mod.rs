//! Proves every fault of the catalogue on the wire: a raw client compares what it sees with the fault's own proof.

mod changes;
mod compare;
mod connect;
mod idle;
mod mask;
mod moment;
mod pieces;
mod prove;
mod raw;
mod reply;
mod secure;
mod shake;
mod stage;
mod upload;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::fault::{Catalogue, Fault, Group, Lane, Probe, Strikes};
use prove::Claim;
use reply::Reply;
pub use stage::Served;
use stage::Stage;

/// `Err` says what was otherwise than promised.
type Proven = Result<(), String>;

/// Faults that are proven at the same time.
const TOGETHER: usize = 32;
/// Far longer than a proof takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// What became of the proof of one fault, lane and request.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The fault.
    pub fault: String,
    /// Its group.
    pub group: Group,
    /// The lane.
    pub lane: Lane,
    /// The request.
    pub probe: Probe,
    /// Whether it was proven under TLS.
    pub tls: bool,
    /// What was otherwise than promised; `None` when the fault is what it says.
    pub wrong: Option<String>,
    /// How long the proof took, in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "millis")]
    pub took: Duration,
}

/// Proves these faults, each on a mock of its own or, on one that is served, on a provider of its own, over plain TCP where
/// they do not need TLS; the rows are in the order of the catalogue.
pub async fn prove_all(faults: &[&'static Fault], served: Option<&Served>) -> Vec<Row> {
    prove_each(faults, Fault::needs_tls, served).await
}

/// The same over TLS, which leaves out faults of the connection that do not need it.
pub async fn prove_all_over_tls(faults: &[&'static Fault], served: Option<&Served>) -> Vec<Row> {
    let over: Vec<&'static Fault> =
        faults.iter().copied().filter(|fault| fault.needs_tls() || !fault.strikes.needs_provider()).collect();
    prove_each(&over, |_| true, served).await
}

async fn prove_each(
    faults: &[&'static Fault],
    over_tls: fn(&Fault) -> bool,
    served: Option<&Served>,
) -> Vec<Row> {
    let together = Arc::new(Semaphore::new(TOGETHER));
    let mut proofs = JoinSet::new();
    for (number, (fault, lane, probe)) in faults.iter().flat_map(|fault| claims(fault)).enumerate() {
        let together = Arc::clone(&together);
        let served = served.cloned();
        proofs.spawn(async move {
            // The semaphore is never closed.
            let _turn = together.acquire().await;
            (number, row(fault, lane, probe, over_tls(fault), served.as_ref()).await)
        });
    }
    let mut rows = proofs.join_all().await;
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The whole catalogue.
pub fn whole_catalogue() -> Vec<&'static Fault> {
    Catalogue::shipped().faults().iter().collect()
}

fn claims(fault: &'static Fault) -> impl Iterator<Item = (&'static Fault, Lane, Probe)> {
    fault.lanes().into_iter().flat_map(move |lane| {
        let probes = fault.proof.on.iter().filter(move |probe| lane == Lane::Plain || probe.streams());
        probes.map(move |probe| (fault, lane, *probe))
    })
}

async fn row(
    fault: &'static Fault,
    lane: Lane,
    probe: Probe,
    over_tls: bool,
    served: Option<&Served>,
) -> Row {
    let began = Instant::now();
    let proven = timeout(DEADLINE, prove(fault, lane, probe, over_tls, served)).await;
    let proven = proven.unwrap_or_else(|_| Err(format!("not proven within {DEADLINE:?}")));
    Row {
        fault: fault.id.clone(),
        group: fault.group,
        lane,
        probe,
        tls: over_tls,
        wrong: proven.err(),
        took: began.elapsed(),
    }
}

async fn prove(
    fault: &'static Fault,
    lane: Lane,
    probe: Probe,
    over_tls: bool,
    served: Option<&Served>,
) -> Proven {
    let sight = fault.proof.sight(lane).ok_or("the fault has no proof for this lane")?;
    let stage = Stage::new(over_tls, served).await?;
    let claim = Claim { fault, lane, probe, sight };
    let proven = match fault.strikes {
        Strikes::Connect => connect::prove(claim, &stage).await,
        Strikes::Request => upload::prove(claim, &stage).await,
        _ => prove::prove(claim, &stage).await,
    };
    let ended = stage.end().await;
    proven.and(ended)
}

fn millis<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
