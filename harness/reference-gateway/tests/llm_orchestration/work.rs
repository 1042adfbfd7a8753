//! Answers on their way to the client: whole, streamed, broken, and in time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{infer, rank, service};
use crate::upstream::{Act, CHUNK, Plays, cut_stream, whole};

#[tokio::test]
async fn a_stream_ends_as_the_provider_ended_it() {
    let (_upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let streamed = infer().set("stream", json!(true));
    assert!(streamed.send(&gateway).await.body.ends_with("data: [DONE]\n\n"));
    let limit = |it: reference_gateway::Config| it.with_limit("upstream", Duration::from_millis(200));
    for (acts, code) in [
        (vec![cut_stream(&[CHUNK])], "LLM_1002"),
        (vec![cut_stream(&[CHUNK]), Act::Reset], "LLM_1002"),
        (vec![cut_stream(&[CHUNK, r#"{"error":{"message":"m"}}"#])], "LLM_1002"),
        (vec![cut_stream(&[CHUNK]), Act::Stall], "LLM_1003"),
    ] {
        let (_upstreams, gateway) = service([Plays::Acts(acts)], limit).await;
        let seen = streamed.send(&gateway).await;
        assert_eq!(seen.status, 200);
        assert!(seen.body.contains(code) && !seen.body.contains("[DONE]"), "{}", seen.body);
    }
}

#[tokio::test]
async fn a_ranking_has_to_be_of_the_documents() {
    let result = |index: u64| json!({"index": index, "relevance_score": 0.5});
    for (results, line) in [
        (json!([result(1), result(0)]), "200"),
        (json!([result(2)]), "502 LLM_1201"),
        (json!([]), "502 LLM_1201"),
        (json!([{"index": 0}]), "502 LLM_1201"),
    ] {
        let body = json!({"results": results}).to_string();
        let (_upstreams, gateway) = service([whole("application/json", &body)], |it| it).await;
        assert_eq!(rank().send(&gateway).await.line(), line, "{body}");
    }
}

#[tokio::test]
async fn a_caller_may_bring_a_deadline() {
    let (_upstreams, gateway) = service([Plays::Acts(vec![Act::Stall])], |it| it).await;
    for streams in [false, true] {
        let begun = Instant::now();
        let asked = infer().set("stream", json!(streams)).set("timeoutSeconds", json!(0.3));
        assert_eq!(asked.send(&gateway).await.line(), "504 LLM_2002");
        assert!(begun.elapsed() >= Duration::from_millis(300));
    }
}
