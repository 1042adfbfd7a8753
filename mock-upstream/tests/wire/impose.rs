//! Faults imposed on a provider, idle connections, and the way back.

use std::io::ErrorKind;

use mock_upstream::fault::Lane;
use mock_upstream::script::FaultPlay;
use mock_upstream::server::ProviderOptions;
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
