//! What nobody renews ends by itself.

use std::time::Duration;

use mock_upstream::Markers;
use mock_upstream::scenario::ScenarioSpec;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::api::Api;
use crate::wire::{PATIENCE, chat, send};

/// Asks until this is so; within the patience.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let come = async {
        while !holds().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, come).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"));
}

#[tokio::test]
async fn a_scenario_that_nobody_renews_expires_and_its_marker_is_late() {
    let api = Api::new().await;
    let word = Markers::seeded(3).fresh().to_string();
    let wanted = json!({"name": "short", "markers": [{"word": word, "send": 4}], "ttl_ms": 50});
    let opened = api.ask("post", "/v1/scenarios", &[], wanted).await.json();
    let id = opened["id"].as_str().unwrap();
    let claim = json!({"provider": "first", "scenario": id, "send": 1});
    api.ask("post", "/v1/claims", &[], claim).await;
    until("the scenario expires", async || {
        let read = api.ask("get", "/v1/scenarios/{id}", &[id], Value::Null).await;
        read.status != 200 && read.code() == "scenario_expired"
    })
    .await;
    assert_eq!(send(api.mock.provider("first").unwrap().addr(), &chat(&word)).await.status, 200);
    let late = api.client().await.late().await.unwrap();
    assert_eq!((late[0].scenario.as_deref(), late[0].send), (Some("short"), Some(4)));
    let claims = api.ask("get", "/v1/claims", &[], Value::Null).await.json();
    assert_eq!(claims["items"].as_array().unwrap().len(), 1, "its claim has ended with it: {claims}");
}

#[tokio::test]
async fn a_renewed_scenario_outlives_its_first_time() {
    let api = Api::new().await;
    let open = async |ttl| {
        let opened = api.ask("post", "/v1/scenarios", &[], json!({"name": "x", "ttl_ms": ttl})).await;
        opened.json()["id"].as_str().unwrap().to_owned()
    };
    let renewed = open(400).await;
    api.ask("put", "/v1/scenarios/{id}/ttl", &[&renewed], json!({"ttl_ms": 600_000})).await;
    let other = open(400).await;
    until("the one that is not renewed expires", async || {
        api.ask("get", "/v1/scenarios/{id}", &[&other], Value::Null).await.status == 410
    })
    .await;
    assert_eq!(api.ask("get", "/v1/scenarios/{id}", &[&renewed], Value::Null).await.status, 200);
}

#[tokio::test]
async fn who_waits_for_a_scenario_is_told_that_it_expired() {
    let api = Api::new().await;
    let opened = api.ask("post", "/v1/scenarios", &[], json!({"name": "x", "ttl_ms": 100})).await.json();
    let id = opened["id"].as_str().unwrap();
    let wait = async |route: &str, query: &str| {
        let path = format!("/v1/scenarios/{{id}}/{route}");
        api.ask_with("get", &path, &[id], query, Value::Null).await.code()
    };
    let (progress, journal) =
        tokio::join!(wait("progress", "?seen=0&wait_ms=60000"), wait("journal", "?wait_ms=60000"));
    assert_eq!((progress.as_str(), journal.as_str()), ("scenario_expired", "scenario_expired"));
}

#[tokio::test]
async fn an_imposition_and_an_added_provider_end_too() {
    let api = Api::new().await;
    let first = api.mock.provider("first").unwrap().addr();
    let imposed = json!({"fault": "refused", "ttl_ms": 200});
    api.ask("post", "/v1/providers/{name}/impositions", &["first"], imposed).await;
    assert!(TcpStream::connect(first).await.is_err());
    until("the provider listens again", async || TcpStream::connect(first).await.is_ok()).await;

    let added = json!({"name": "third", "ttl_ms": 200});
    let added = api.ask("post", "/v1/providers", &[], added).await.json();
    let third: std::net::SocketAddr = added["addr"].as_str().unwrap().parse().unwrap();
    api.ask("post", "/v1/providers/{name}/impositions", &["third"], json!({"fault": "refused"})).await;
    until("the provider is gone", async || api.mock.provider("third").is_none()).await;
    let listed = api.ask("get", "/v1/providers", &[], Value::Null).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(TcpStream::connect(third).await.is_err(), "its imposition does not make it listen again");
}

#[tokio::test]
async fn a_dropped_handle_ends_what_it_held() {
    let api = Api::new().await;
    let client = api.client().await;
    let scenario = client.open(ScenarioSpec::named("holder")).await.unwrap();
    let first = client.provider("first").await.unwrap().unwrap();
    drop(client.claim("first", &scenario, 1).await.unwrap());
    until("the claim is released", async || api.mock.claim("first", &other(&api), 1).is_ok()).await;
    drop(first.impose("refused").await.unwrap());
    until("the fault is lifted", async || TcpStream::connect(first.addr()).await.is_ok()).await;
}

fn other(api: &Api) -> mock_upstream::Scenario {
    api.mock.open(ScenarioSpec::named("other"))
}
