//! What the API does not do, and the stable word by which it says so.

use mock_upstream::Markers;
use serde_json::{Value, json};

use crate::api::Api;

async fn code(api: &Api, method: &str, template: &str, names: &[&str], body: Value) -> String {
    api.ask(method, template, names, body).await.code()
}

#[tokio::test]
async fn what_is_malformed_is_told_and_changes_nothing() {
    let api = Api::new().await;
    let scenarios = "/v1/scenarios";
    for body in [
        json!({"nam": "x"}),
        json!({"name": 1}),
        json!([]),
        Value::Null,
        json!({"name": "x", "ttl_ms": 0}),
        json!({"name": "x", "ttl_ms": 86_400_001_u64}),
        json!({"name": "x", "journal": {"entry": 1}}),
    ] {
        assert_eq!(code(&api, "post", scenarios, &[], body.clone()).await, "body_malformed", "{body}");
    }
    for query in ["?seen=x", "?wait_ms=60001", "?nothing=1"] {
        let answer = api.ask_with("get", "/v1/scenarios/{id}/progress", &["s1"], query, Value::Null).await;
        assert_eq!(answer.code(), "query_malformed", "{query}");
    }
    let marker = json!({"name": "x", "markers": [{"word": "hello", "send": 1}]});
    assert_eq!(code(&api, "post", scenarios, &[], marker).await, "marker_malformed");
    let script = json!({"name": "x", "scripts": [{"script": {"turns": []}}]});
    assert_eq!(code(&api, "post", scenarios, &[], script).await, "script_invalid");
    let fault = json!({"turns": [{"play": {"fault": {"name": "no_such"}}}]});
    let fault = json!({"name": "x", "scripts": [{"script": fault}]});
    assert_eq!(code(&api, "post", scenarios, &[], fault).await, "script_invalid");
    let healthy = json!({"turns": [{"play": {"ok": {}}}]});
    let elsewhere = json!({"name": "x", "scripts": [{"provider": "frist", "script": healthy}]});
    let refused = api.ask("post", scenarios, &[], elsewhere).await;
    assert_eq!(
        (refused.code(), refused.json()["error"]["nearest"].as_str()),
        ("no_such_provider".into(), Some("first"))
    );
    let open = api.ask("get", scenarios, &[], Value::Null).await.json();
    assert_eq!(open["items"].as_array().unwrap().len(), 1, "only the standing one: {open}");
}

#[tokio::test]
async fn what_is_taken_is_not_given_twice() {
    let api = Api::new().await;
    let word = Markers::seeded(5).fresh().to_string();
    let wanted = json!({"name": "one", "markers": [{"word": word, "send": 1}]});
    let one = api.ask("post", "/v1/scenarios", &[], wanted.clone()).await.json();
    assert_eq!(code(&api, "post", "/v1/scenarios", &[], wanted).await, "marker_taken");
    let id = one["id"].as_str().unwrap();
    let claim = json!({"provider": "standing", "scenario": id, "send": 1});
    assert_eq!(code(&api, "post", "/v1/claims", &[], claim).await, "provider_held");
    assert_eq!(code(&api, "post", "/v1/providers", &[], json!({"name": "first"})).await, "provider_exists");
    let taken = api.mock.provider("first").unwrap().addr().to_string();
    let there = json!({"name": "other", "listen": taken});
    assert_eq!(code(&api, "post", "/v1/providers", &[], there).await, "cannot_listen");
    let impose = "/v1/providers/{name}/impositions";
    assert_eq!(api.ask("post", impose, &["first"], json!({"fault": "refused"})).await.status, 201);
    assert_eq!(
        code(&api, "post", impose, &["first"], json!({"fault": "refused"})).await,
        "imposition_failed"
    );
    let near = api.ask("post", impose, &["first"], json!({"fault": "refusd"})).await;
    assert_eq!(
        (near.code(), near.json()["error"]["nearest"].as_str()),
        ("not_imposable".into(), Some("refused"))
    );
    assert_eq!(code(&api, "post", impose, &["first"], json!({"fault": "late"})).await, "not_imposable");
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let api = Api::new().await;
    let none = Value::Null;
    for id in ["s99", "x", "s", "99"] {
        assert_eq!(code(&api, "get", "/v1/scenarios/{id}", &[id], none.clone()).await, "no_such_scenario");
    }
    assert_eq!(code(&api, "delete", "/v1/claims/{id}", &["c99"], none.clone()).await, "no_such_claim");
    let imposition = "/v1/providers/{name}/impositions/{id}";
    assert_eq!(code(&api, "delete", imposition, &["first", "i9"], none.clone()).await, "no_such_imposition");
    assert_eq!(code(&api, "get", "/v1/providers/{name}", &["none"], none.clone()).await, "no_such_provider");
    assert_eq!(code(&api, "get", "/v1/journals/{stray}", &["none"], none.clone()).await, "no_such_route");
    assert_eq!(
        code(&api, "delete", "/v1/providers/{name}", &["first"], none.clone()).await,
        "provider_permanent"
    );
    let ttl = json!({"ttl_ms": 1000});
    assert_eq!(
        code(&api, "put", "/v1/providers/{name}/ttl", &["first"], ttl.clone()).await,
        "provider_permanent"
    );
    // The standing scenario is the first thing that is held, its claim the second.
    assert_eq!(code(&api, "delete", "/v1/scenarios/{id}", &["s1"], none.clone()).await, "scenario_standing");
    assert_eq!(code(&api, "put", "/v1/scenarios/{id}/ttl", &["s1"], ttl).await, "scenario_standing");
    assert_eq!(code(&api, "delete", "/v1/claims/{id}", &["c2"], none).await, "scenario_standing");
}
