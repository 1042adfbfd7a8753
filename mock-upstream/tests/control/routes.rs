//! A tour of every route.

use mock_upstream::control::ROUTES;
use mock_upstream::{Markers, ProviderOptions};
use serde_json::{Value, json};

use crate::api::Api;
use crate::wire::{PATIENCE, chat, send};

const NULL: Value = Value::Null;

#[tokio::test]
async fn every_route_does_what_the_document_says() {
    let api = Api::new().await;
    whole_server(&api).await;
    scenario(&api).await;
    holds(&api).await;
    providers(&api).await;
    let reset = api.ask("post", "/v1/reset", &[], NULL).await.json();
    assert_eq!(reset, json!({"scenarios": 1, "claims": 0, "impositions": 0, "providers": 0}));
    let visited = api.visited.lock().unwrap().clone();
    let all = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(visited, all, "every route has succeeded once");
}

async fn whole_server(api: &Api) {
    assert_eq!(api.ask("get", "/v1/health", &[], NULL).await.json()["status"], "ok");
    assert_eq!(api.ask("get", "/v1/version", &[], NULL).await.json()["api"], 1);
    assert_eq!(api.ask("get", "/v1/openapi.json", &[], NULL).await.json()["openapi"], "3.1.0");
    let earlier = api.ask("get", "/v1/clock", &[], NULL).await.json()["since_start"].as_u64().unwrap();
    let later = api.ask("get", "/v1/clock", &[], NULL).await.json()["since_start"].as_u64().unwrap();
    assert!(later > earlier);
    let faults = api.ask("get", "/v1/faults", &[], NULL).await.json();
    let listed = faults["faults"].as_array().unwrap().len();
    let counted: u64 =
        faults["groups"].as_array().unwrap().iter().map(|g| g["count"].as_u64().unwrap()).sum();
    assert_eq!((faults["total"].as_u64().unwrap(), counted), (listed as u64, listed as u64));
}

async fn scenario(api: &Api) {
    let mut markers = Markers::seeded(11);
    let (first, second) = (markers.fresh().to_string(), markers.fresh().to_string());
    let held = json!({"turns": [{
        "hold": [{"until": {"gate": "go", "at_most": PATIENCE.as_millis() as u64}}],
        "play": {"status": {"status": 503}}
    }]});
    let wanted = json!({
        "name": "tour",
        "markers": [{"word": first, "send": 1}],
        "scripts": [{"provider": "first", "script": held}],
        "journal": {"entries": 100},
        "ttl_ms": 60_000
    });
    let opened = api.ask("post", "/v1/scenarios", &[], wanted).await;
    assert_eq!(opened.status, 201);
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let id = id.as_str();
    let listed = api.ask("get", "/v1/scenarios", &[], NULL).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "this one and the standing one");

    let marked =
        api.ask("put", "/v1/scenarios/{id}/markers/{word}", &[id, &second], json!({"send": 2})).await;
    assert_eq!(marked.status, 204);
    let named = json!({"send": 2, "script": {"attempts": [{"play": {"named": {"reply": "rate_limit"}}}]}});
    let known = mock_upstream::dialect::Dialect::OpenAi.named()[0].name.clone();
    let named = serde_json::from_str(&named.to_string().replace("rate_limit", &known)).unwrap();
    assert_eq!(api.ask("put", "/v1/scenarios/{id}/scripts", &[id], named).await.status, 204);

    let addr = api.mock.provider("first").unwrap().addr();
    let asked = tokio::spawn(async move { send(addr, &chat(&first)).await.status });
    let wait = format!("?seen=0&wait_ms={}", PATIENCE.as_millis());
    let progress = api.ask_with("get", "/v1/scenarios/{id}/progress", &[id], &wait, NULL).await.json();
    assert_eq!((&progress["arrivals"], &progress["under_way"]), (&json!(1), &json!(1)));
    assert_eq!(progress["arrived_sends"], json!([1]));
    assert_eq!(api.ask("put", "/v1/scenarios/{id}/gates/{gate}", &[id, "go"], NULL).await.status, 204);
    assert_eq!(asked.await.unwrap(), 503);
    assert_eq!(api.ask("delete", "/v1/scenarios/{id}/gates/{gate}", &[id, "go"], NULL).await.status, 204);
    let wait = format!("?idle=true&wait_ms={}", PATIENCE.as_millis());
    let progress = api.ask_with("get", "/v1/scenarios/{id}/progress", &[id], &wait, NULL).await.json();
    assert_eq!((&progress["under_way"], &progress["ended"]), (&json!(0), &json!(1)));

    let read = api.ask("get", "/v1/scenarios/{id}", &[id], NULL).await.json();
    assert_eq!(
        (read["name"].as_str(), read["unreached"][0]["scope"]["send"].as_u64()),
        (Some("tour"), Some(2))
    );
    let page = api.ask("get", "/v1/scenarios/{id}/journal", &[id], NULL).await.json();
    assert_eq!((&page["next"], &page["end"], &page["dropped"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(page["entries"][0]["standing"], json!({"marked": "body"}));
    assert_eq!(page["entries"][0]["delivered"], true);
    send(addr, &chat(&second)).await;
    let waited = api
        .ask_with("get", "/v1/scenarios/{id}/journal", &[id], "?since=1&limit=1&wait_ms=20000", NULL)
        .await;
    assert_eq!(waited.json()["entries"][0]["send"], 2);

    let renewed = api.ask("put", "/v1/scenarios/{id}/ttl", &[id], json!({"ttl_ms": 120_000})).await.json();
    assert!(renewed["expires_in_ms"].as_u64().unwrap() > 60_000);
    let closed = api.ask("delete", "/v1/scenarios/{id}", &[id], NULL).await.json();
    assert_eq!((closed["journal"].as_array().unwrap().len(), &closed["unreached"]), (2, &json!([])));
    assert_eq!(api.ask("get", "/v1/scenarios/{id}", &[id], NULL).await.code(), "scenario_closed");

    send(addr, &chat(&second)).await;
    let late = api.ask_with("get", "/v1/journals/{stray}", &["late"], "?wait_ms=20000", NULL).await.json();
    assert_eq!((&late["entries"][0]["standing"], &late["entries"][0]["send"]), (&json!("late"), &json!(2)));
}

async fn holds(api: &Api) {
    let opened = api.ask("post", "/v1/scenarios", &[], json!({"name": "holder"})).await.json();
    let id = opened["id"].as_str().unwrap();
    let claim = json!({"provider": "first", "scenario": id, "send": 7});
    let taken = api.ask("post", "/v1/claims", &[], claim.clone()).await;
    let claim_id = taken.json()["id"].as_str().unwrap().to_owned();
    let again = api.ask("post", "/v1/claims", &[], claim).await;
    assert_eq!((again.code(), &again.json()["error"]["holder"]), ("provider_held".into(), &json!("holder")));
    assert_eq!(api.ask("get", "/v1/claims", &[], NULL).await.json()["items"].as_array().unwrap().len(), 2);
    let first = api.mock.provider("first").unwrap().addr();
    assert_eq!(send(first, &chat("hello")).await.status, 200);
    let page = api.ask_with("get", "/v1/scenarios/{id}/journal", &[id], "?wait_ms=20000", NULL).await.json();
    assert_eq!(
        (&page["entries"][0]["standing"], &page["entries"][0]["send"]),
        (&json!("claimed"), &json!(7))
    );
    assert_eq!(api.ask("delete", "/v1/claims/{id}", &[&claim_id], NULL).await.status, 204);
    assert_eq!(send(first, &chat("hello")).await.status, 501);

    let imposed =
        api.ask("post", "/v1/providers/{name}/impositions", &["first"], json!({"fault": "refused"}));
    let imposed = imposed.await.json()["id"].as_str().unwrap().to_owned();
    assert!(tokio::net::TcpStream::connect(first).await.is_err());
    let listed = api.ask("get", "/v1/providers/{name}/impositions", &["first"], NULL).await.json();
    assert_eq!(listed["items"][0]["id"], json!(imposed));
    let path = "/v1/providers/{name}/impositions/{id}";
    let ttl =
        api.ask("put", &format!("{path}/ttl"), &["first", &imposed], json!({"ttl_ms": 1_000_000})).await;
    assert!(ttl.json()["expires_in_ms"].as_u64().unwrap() > 900_000);
    assert_eq!(api.ask("delete", path, &["first", &imposed], NULL).await.status, 204);
    assert_eq!(send(first, &chat("hello")).await.status, 501);
}

async fn providers(api: &Api) {
    let listed = api.ask("get", "/v1/providers", &[], NULL).await.json();
    let names: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["first", "standing"]);
    assert_eq!(listed["items"][0]["expires_in_ms"], NULL);
    let wanted = json!({"name": "a/third", "dialect": "openai", "ttl_ms": 60_000});
    let added = api.ask("post", "/v1/providers", &[], wanted).await.json();
    let addr = added["addr"].as_str().unwrap().parse().unwrap();
    assert_eq!(send(addr, &chat("hello")).await.status, 501);
    let read = api.ask("get", "/v1/providers/{name}", &["a%2Fthird"], NULL).await.json();
    assert_eq!((&read["name"], &read["url"]), (&json!("a/third"), &added["url"]));
    let renewed =
        api.ask("put", "/v1/providers/{name}/ttl", &["a%2Fthird"], json!({"ttl_ms": 120_000})).await;
    assert!(renewed.json()["expires_in_ms"].as_u64().unwrap() > 60_000);

    let idle = tokio::net::TcpStream::connect(addr).await.unwrap();
    let provider = api.mock.provider("a/third").unwrap();
    while provider.connections() < 1 {
        tokio::task::yield_now().await;
    }
    let dropped = api.ask("post", "/v1/providers/{name}/idle-drops", &["a%2Fthird"], NULL).await.json();
    assert_eq!(dropped, json!({"closed": 1}));
    drop(idle);
    assert_eq!(api.ask("delete", "/v1/providers/{name}", &["a%2Fthird"], NULL).await.status, 204);
    assert!(tokio::net::TcpStream::connect(addr).await.is_err(), "nothing listens there any more");
    assert!(api.mock.provider("a/third").is_none());
}

#[tokio::test]
async fn a_reset_leaves_nothing_but_the_standing_scripts_at_their_first_turn() {
    let api = Api::new().await;
    let client = api.client().await;
    let standing = api.mock.provider("standing").unwrap().addr();
    assert_eq!(send(standing, &chat("hello")).await.status, 418);
    assert_eq!(send(api.mock.provider("first").unwrap().addr(), &chat("hello")).await.status, 501);
    let scenario = client.open(mock_upstream::ScenarioSpec::named("one")).await.unwrap();
    let claim = client.claim("first", &scenario, 1).await.unwrap();
    let added = client.add_provider(ProviderOptions::named("added")).await.unwrap();
    let imposed = added.impose("refused").await.unwrap();
    let reset = client.reset().await.unwrap();
    assert_eq!((reset.scenarios, reset.claims, reset.impositions, reset.providers), (1, 1, 1, 1));
    drop((claim, imposed));

    let open = client.scenarios().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].standing, open[0].progress.arrivals), (true, 0));
    assert!(client.unclaimed().await.unwrap().is_empty());
    assert!(tokio::net::TcpStream::connect(added.addr()).await.is_err());
    assert_eq!(send(standing, &chat("hello")).await.status, 418);
    assert_eq!(client.scenarios().await.unwrap()[0].progress.arrivals, 1);
    // What was cleared away does not shift what comes after it.
    send(api.mock.provider("first").unwrap().addr(), &chat("hello")).await;
    let page = client.strays_since(mock_upstream::server::Stray::Unclaimed, 1, PATIENCE).await.unwrap();
    assert_eq!((page.entries.len(), page.next, page.end), (1, 2, 2));
}
