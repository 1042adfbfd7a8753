//! Faults imposed on a provider, idle connections, and the way back.

use std::io::ErrorKind;

use mock_upstream::Play;
use mock_upstream::fault::{Lane, Params};
use mock_upstream::script::{FaultPlay, Reply};
use mock_upstream::server::ProviderOptions;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::raw::{End, Raw};
use crate::stage::Stage;

#[tokio::test]
async fn a_refusing_provider_closes_pooled_connections_and_refuses_new_ones_until_restored() {
    let stage = Stage::new().await;
    let mut pooled = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(pooled.reply().await.status(), 200);
    let mut fresh = stage.connect().await;

    let refusal = stage.provider.impose(&FaultPlay::of("refused")).await.unwrap();
    assert_eq!(pooled.watch().await, End::Fin);
    assert_eq!(fresh.read_to_end().await.0, b"");
    assert_eq!(stage.provider.connections(), 0);
    for _ in 0..3 {
        let error = TcpStream::connect(stage.provider.addr()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
    assert!(TcpListener::bind(stage.provider.addr()).await.is_err(), "the port is kept");
    let second = stage.provider.impose(&FaultPlay::of("rst_at_accept")).await.unwrap_err();
    assert_eq!(second.to_string(), "the fault `refused` is imposed on the provider already");

    refusal.lift().await.unwrap();
    let again = stage.ask(stage.chat(Lane::Plain)).await.reply().await;
    assert_eq!(again.status(), 200);
}

#[tokio::test]
async fn a_dropped_refusal_restores_the_provider() {
    let stage = Stage::new().await;
    drop(stage.provider.impose(&FaultPlay::of("refused")).await.unwrap());
    assert_eq!(stage.ask(stage.chat(Lane::Plain)).await.reply().await.status(), 200);
}

#[tokio::test]
async fn one_provider_refuses_while_another_serves() {
    let stage = Stage::new().await;
    let second = stage.mock.add_provider(ProviderOptions::named("second")).await.unwrap();
    let _refusal = stage.provider.impose(&FaultPlay::of("refused")).await.unwrap();
    let mut raw = Raw::connect(second.addr()).await;
    raw.send(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    assert_eq!(stage.scenario.journal()[0].provider, "second");
}

#[tokio::test]
async fn dropping_idle_connections_leaves_an_exchange_alone_until_it_ends() {
    let stage = Stage::new().await;
    stage.plays([crate::stage::held("go")]);
    let mut busy = stage.ask(stage.chat(Lane::Stream)).await;
    stage.scenario.changed(0).await;
    let mut idle = stage.connect().await;
    while stage.provider.connections() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.provider.drop_idle_connections().await, 1);
    assert_eq!(idle.read_to_end().await, (vec![], End::Fin));
    stage.scenario.open_gate("go");
    let reply = busy.reply().await;
    assert!(reply.body.ends_with(b"data: [DONE]\n\n"));
    assert_eq!(busy.read_to_end().await, (vec![], End::Fin), "dropped once its exchange has ended");
}

#[tokio::test]
async fn what_a_turn_plays_is_not_imposed_and_what_is_imposed_is_not_played() {
    let stage = Stage::new().await;
    let impose = async |fault: FaultPlay| stage.provider.impose(&fault).await.unwrap_err().to_string();
    assert_eq!(impose(FaultPlay::of("nothing")).await, "there is no fault `nothing`");
    let played = "the fault `silent` is played by a turn, not imposed on a provider";
    assert_eq!(impose(FaultPlay::of("silent")).await, played);
    let params = Params::from_iter([("delay".to_owned(), json!(-1))]);
    assert!(
        impose(FaultPlay { params, ..FaultPlay::of("slow_accept") }).await.contains("`delay` is a number")
    );

    stage.plays([Play::Fault(FaultPlay::of("refused"))]);
    assert_eq!(stage.ask(stage.chat(Lane::Plain)).await.reply().await.status(), 501);
    stage.scenario.idle().await;
    assert!(!stage.scenario.journal()[0].delivered);
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_the_next_connection_is_struck() {
    let stage = Stage::new().await;
    stage.plays([crate::stage::held("go")]);
    let mut busy = stage.ask(stage.chat(Lane::Stream)).await;
    stage.scenario.changed(0).await;
    let imposed = stage.provider.impose(&FaultPlay::of("rst_at_accept")).await.unwrap();
    assert_eq!(imposed.struck(), 0);
    let mut fresh = stage.connect().await;
    assert_eq!(fresh.read_to_end().await, (vec![], End::Rst));
    assert_eq!(imposed.struck(), 1);
    stage.scenario.open_gate("go");
    assert!(busy.reply().await.body.ends_with(b"data: [DONE]\n\n"));
    assert_eq!(busy.read_to_end().await, (vec![], End::Fin));
    assert_eq!(imposed.lift().await.unwrap().struck, 1);
}

#[tokio::test]
async fn who_waits_for_an_answer_to_connecting_gets_it_when_the_fault_is_lifted() {
    let stage = Stage::new().await;
    stage.plays([Play::Ok(Reply::default())]);
    let imposed = stage.provider.impose(&FaultPlay::of("unanswered")).await.unwrap();
    assert_eq!(imposed.struck(), 1);
    let waiting = tokio::spawn(TcpStream::connect(stage.provider.addr()));
    tokio::time::sleep(crate::raw::WATCH).await;
    assert!(!waiting.is_finished());
    assert_eq!(imposed.lift().await.unwrap().struck, 1);
    // The system asks again after a second.
    waiting.await.unwrap().unwrap();
    assert_eq!(stage.ask(stage.chat(Lane::Plain)).await.reply().await.status(), 200);
}

#[tokio::test]
async fn a_fault_that_is_given_up_while_it_is_imposed_leaves_no_trace() {
    let stage = Stage::new().await;
    for fault in ["unanswered", "refused", "fin_at_accept"] {
        for polls in 1..6 {
            let mut polled = 0;
            let play = FaultPlay::of(fault);
            let mut impose = std::pin::pin!(stage.provider.impose(&play));
            let given_up = std::future::poll_fn(|cx| {
                polled += 1;
                if polled > polls { std::task::Poll::Ready(()) } else { impose.as_mut().poll(cx).map(drop) }
            });
            // Unanswered takes longer than this; the others may have been imposed by then.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(30), given_up).await;
        }
        stage.plays([Play::Ok(Reply::default())]);
        assert_eq!(stage.ask(stage.chat(Lane::Plain)).await.reply().await.status(), 200, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imposed_means_every_new_connection_and_lifted_means_none() {
    let stage = Stage::new().await;
    let addr = stage.provider.addr();
    let noise: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn(async move {
                loop {
                    // Whatever becomes of it.
                    if let Ok(mut stream) = TcpStream::connect(addr).await {
                        let _ = stream.read(&mut [0; 16]).await;
                    }
                }
            })
        })
        .collect();
    for round in 0..40 {
        let fault = ["fin_at_accept", "rst_at_accept", "unread", "refused"][round % 4];
        let imposed = stage.provider.impose(&FaultPlay::of(fault)).await.unwrap();
        match TcpStream::connect(addr).await {
            Err(error) => assert_ne!(error.kind(), ErrorKind::TimedOut, "{fault}"),
            Ok(mut stream) => {
                assert_ne!(fault, "refused");
                // Where nothing is read, nothing is answered either: it ends with the fault.
                let request = stage.chat(Lane::Plain);
                let _ = stream.write_all(request.as_bytes()).await;
                let lifted = (fault == "unread").then(|| imposed.connections().len());
                let mut bytes = Vec::new();
                if lifted.is_none() {
                    let _ = stream.read_to_end(&mut bytes).await;
                }
                assert_eq!(bytes, b"", "{fault}");
            }
        }
        let lifted = imposed.lift().await.unwrap();
        assert!(
            fault == "refused" || lifted.connections.iter().all(|met| met.struck.is_some()),
            "{lifted:?}"
        );
        stage.plays([Play::Ok(Reply::default())]);
        assert_eq!(stage.ask(stage.chat(Lane::Plain)).await.reply().await.status(), 200, "{fault}");
    }
    noise.into_iter().for_each(|noise| noise.abort());
}
