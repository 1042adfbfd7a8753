//! What is done to idle connections, and what spares them.

use mock_upstream::fault::{Lane, Params};
use mock_upstream::journal::Ended;
use mock_upstream::script::{FaultPlay, Play, Reply};
use serde_json::json;

use crate::raw::End;
use crate::stage::Stage;

fn late(name: &str) -> Play {
    let params = Params::from_iter([("after".to_owned(), json!(3_600_000))]);
    Play::Fault(FaultPlay { params, ..FaultPlay::of(name) })
}

#[tokio::test]
async fn a_request_that_comes_before_is_answered_and_the_fault_counts_as_undelivered() {
    let stage = Stage::new().await;
    stage.plays([late("fin_when_idle"), Play::Ok(Reply::default())]);
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    stage.scenario.idle().await;
    let first = &stage.scenario.journal()[0];
    assert_eq!((first.ended, first.delivered), (Ended::Complete, false));
    assert_eq!(first.undelivered.as_deref(), Some("nothing was done to the idle connection yet"));

    raw.send(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    stage.scenario.idle().await;
    let journal = stage.scenario.journal();
    let why = "nothing was done to the idle connection: the next request came before";
    assert_eq!((journal[0].delivered, journal[0].undelivered.as_deref()), (false, Some(why)));
    assert_eq!((journal[1].sequence, journal[1].delivered), (2, true));
    assert_eq!(journal[1].aftermath, None);
}

#[tokio::test]
async fn an_idle_connection_that_waits_for_its_fault_can_still_be_told_to_close() {
    let stage = Stage::new().await;
    stage.plays([late("rst_when_idle")]);
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    stage.scenario.idle().await;
    assert_eq!(stage.provider.drop_idle_connections().await, 1);
    assert_eq!(raw.read_to_end().await, (Vec::new(), End::Fin));
    assert!(!stage.scenario.journal()[0].delivered);
}

#[tokio::test]
async fn a_closed_scenario_leaves_its_idle_connections_alone() {
    let stage = Stage::new().await;
    stage.plays([late("fin_when_idle")]);
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    stage.scenario.idle().await;
    assert!(!stage.scenario.close().journal[0].delivered);
    raw.send(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
}

#[tokio::test]
async fn a_client_that_keeps_no_connection_is_not_struck() {
    let stage = Stage::new().await;
    stage.plays([Play::Fault(FaultPlay::of("fin_when_idle"))]);
    let request =
        stage.chat(Lane::Plain).replacen("Host: upstream", "Host: upstream\r\nConnection: close", 1);
    let (_, end) = stage.ask(request).await.read_to_end().await;
    assert_eq!(end, End::Fin);
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.delivered, entry.undelivered.as_deref()), (false, Some("the connection is not kept")));
    assert_eq!(entry.aftermath, None);
}

#[tokio::test]
async fn two_scenarios_strike_their_own_connections_alone() {
    let stage = Stage::new().await;
    stage.plays([Play::Fault(FaultPlay::of("rst_at_reuse"))]);
    let (other, word) = crate::stage::scenario(&stage.mock, 2);
    let mut struck = stage.ask(stage.chat(Lane::Plain)).await;
    let mut spared = stage.ask(crate::stage::chat(&word, Lane::Plain)).await;
    assert_eq!((struck.reply().await.status(), spared.reply().await.status()), (200, 200));
    spared.send(crate::stage::chat(&word, Lane::Plain)).await;
    assert_eq!(spared.reply().await.status(), 200);
    struck.send(stage.chat(Lane::Plain)).await;
    assert_eq!(struck.read_to_end().await.1, End::Rst);
    other.idle().await;
    assert_eq!((other.journal().len(), stage.scenario.journal().len()), (2, 1));
    assert_eq!(
        stage.scenario.journal()[0].aftermath.as_ref().map(|done| done.ended),
        Some(Ended::ResetByMock)
    );
}
