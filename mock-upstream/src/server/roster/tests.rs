//! Orders to close, and connections that begin and end beside them.

use std::future::pending;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::*;
use crate::dialect::{Dialect, Identity};

/// Far longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn place() -> Arc<Place> {
    let addr = (Ipv4Addr::LOCALHOST, 1).into();
    Arc::new(Place::new("first".into(), Identity::of("first"), Dialect::OpenAi, addr))
}

/// A connection that lives until somebody ends it; its lease is what a connection acts through.
fn seat(roster: &Arc<Roster>, place: &Arc<Place>) -> Arc<Lease> {
    let (give, mut given) = oneshot::channel();
    roster.seat(place, |lease| {
        let lease = Arc::new(lease);
        let kept = Arc::downgrade(&lease);
        assert!(give.send(kept).is_ok());
        tokio::spawn(async move {
            let _lease = lease;
            pending::<()>().await;
        })
        .abort_handle()
    });
    given.try_recv().unwrap().upgrade().unwrap()
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it does not hang")
}

#[tokio::test]
async fn an_order_closes_what_is_idle_at_that_provider_only() {
    let (roster, one, other) = (Arc::default(), place(), place());
    let idle = seat(&roster, &one);
    let foreign = seat(&roster, &other);
    assert_eq!((roster.count(&one), roster.count(&other)), (1, 1));
    assert!(idle.idle() && foreign.idle());
    // The task holds the other part of it.
    drop(idle);
    assert_eq!(within(roster.drop_idle(&one)).await, 1);
    assert_eq!((roster.count(&one), roster.count(&other)), (0, 1));
    assert!(foreign.busy() && foreign.idle(), "nobody gave it an order");
}

#[tokio::test]
async fn a_busy_connection_ends_its_exchange_and_then_closes() {
    let (roster, place) = (Arc::default(), place());
    let lease = seat(&roster, &place);
    assert!(lease.idle() && lease.busy());
    assert_eq!(within(roster.drop_idle(&place)).await, 0, "nobody waits for it");
    assert_eq!(roster.count(&place), 1);
    assert!(!lease.idle(), "the order was given meanwhile");
    let next = seat(&roster, &place);
    assert!(next.idle(), "who comes behind the order stays");
}

#[tokio::test]
async fn a_connection_that_was_told_to_close_takes_no_request() {
    let (roster, place): (Arc<Roster>, _) = (Arc::default(), place());
    let lease = seat(&roster, &place);
    assert_eq!(roster.tell_idle(&place).len(), 1);
    assert!(!lease.busy());
}

#[tokio::test]
async fn an_order_given_before_the_task_has_started_is_carried_out() {
    let (roster, place): (Arc<Roster>, _) = (Arc::default(), place());
    let (orderer, told) = (Arc::clone(&roster), Arc::clone(&place));
    roster.seat(&place, move |lease| {
        assert_eq!(orderer.tell_idle(&told).len(), 1);
        tokio::spawn(async move {
            let _lease = lease;
            pending::<()>().await;
        })
        .abort_handle()
    });
    within(async {
        while roster.count(&place) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_lingers_is_neither_counted_nor_waited_for() {
    let (roster, place) = (Arc::default(), place());
    let lease = seat(&roster, &place);
    lease.linger();
    assert_eq!(roster.count(&place), 0);
    assert_eq!(within(roster.drop_idle(&place)).await, 0);
}

#[tokio::test]
async fn the_end_ends_all_and_takes_no_more() {
    let (roster, place): (Arc<Roster>, _) = (Arc::default(), place());
    let (idle, busy) = (seat(&roster, &place), seat(&roster, &place));
    assert!(busy.idle() && busy.busy());
    drop((idle, busy));
    roster.end();
    within(async {
        while roster.count(&place) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    roster.seat(&place, |_| unreachable!("nobody is taken any more"));
}
