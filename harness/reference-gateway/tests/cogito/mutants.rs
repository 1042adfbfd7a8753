//! Every mutant, seen to do what its row says where the healthy gateway does what the page says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use reference_gateway::seed::cogito as seed;
use reference_gateway::{Config, Kind, Personality, mutant, mutants, start};
use reqwest::Method;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Ask, Seen, ask, chat, embed, streamed};
use crate::upstream::{Act, CHUNK, KEY, Plays, Upstream, completion, cut_stream, said, stream, whole};

/// One situation, what the healthy gateway shows in it, and what each mutant shows instead.
struct Probe {
    plays: Plays,
    asks: Vec<Ask>,
    together: bool,
    off: Option<&'static str>,
    limit: Duration,
    healthy: &'static str,
    mutants: Vec<(&'static str, &'static str)>,
}

fn probe<const N: usize>(
    plays: Plays,
    asks: impl Into<Vec<Ask>>,
    healthy: &'static str,
    mutants: [(&'static str, &'static str); N],
) -> Probe {
    let limit = Duration::from_secs(4);
    Probe { plays, asks: asks.into(), together: false, off: None, limit, healthy, mutants: mutants.to_vec() }
}

impl Probe {
    fn together(self) -> Self {
        Self { together: true, ..self }
    }

    fn with_off(self, state: &'static str) -> Self {
        Self { off: Some(state), ..self }
    }

    fn limit(self, milliseconds: u64) -> Self {
        Self { limit: Duration::from_millis(milliseconds), ..self }
    }

    /// What a gateway shows: its answers, how many ids they carry, how often the upstream was called.
    async fn run(&self, name: Option<&str>) -> String {
        let upstream = Upstream::start(self.plays.clone()).await;
        let mut config = Config::cogito(&upstream.url, KEY);
        config.limits.upstream = self.limit;
        config.limits.idle = self.limit;
        config.mutant = name.map(|it| mutant(Personality::Cogito, it).unwrap());
        let gateway = start(config).await.unwrap();
        let base = gateway.url();
        if let Some(state) = self.off {
            let states = ask(Method::POST, "/admin/states").key(reference_gateway::seed::ADMIN_KEY);
            states.json(&json!({state: false})).send(&base).await.unwrap();
        }
        let seen = if self.together {
            join_all(self.asks.iter().map(|it| it.send(&base))).await
        } else {
            let mut seen = Vec::new();
            for it in &self.asks {
                seen.push(it.send(&base).await);
            }
            seen
        };
        let calls = upstream.calls().await;
        gateway.stop().await;
        summary(&seen, calls)
    }
}

fn summary(seen: &[Option<Seen>], calls: usize) -> String {
    let line = |it: &Option<Seen>| it.as_ref().map_or_else(|| "hang".to_owned(), Seen::line);
    let mut lines = BTreeMap::<String, usize>::new();
    for it in seen {
        *lines.entry(line(it)).or_default() += 1;
    }
    let lines: Vec<_> =
        lines.into_iter().map(|(it, n)| if n == 1 { it } else { format!("{n}x {it}") }).collect();
    let ids: BTreeSet<_> = seen.iter().flatten().map(Seen::id).filter(|it| !it.is_empty()).collect();
    let ids = if seen.len() > 1 { format!(" | ids {}", ids.len()) } else { String::new() };
    format!("{}{ids} | calls {calls}", lines.join(" + "))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_differs_as_its_row_says() {
    let probes = probes();
    let runs = probes.iter().flat_map(|probe| {
        let healthy = std::iter::once((None, probe.healthy));
        let mutants = probe.mutants.iter().map(|(name, shows)| (Some(*name), *shows));
        healthy.chain(mutants).map(move |(name, expected)| async move {
            let shown = probe.run(name).await;
            let who = name.unwrap_or("the healthy gateway");
            (shown != expected).then(|| {
                format!(
                    "{who}, in the probe of {}:\n  expected {expected}\n  shown    {shown}",
                    probe.mutants[0].0
                )
            })
        })
    });
    let wrong: Vec<_> = futures_util::StreamExt::collect::<Vec<_>>(
        futures_util::StreamExt::buffer_unordered(futures_util::stream::iter(runs), 16),
    )
    .await
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mutant_has_a_probe() {
    let all: BTreeSet<_> = mutants(Personality::Cogito).iter().map(|it| it.name).collect();
    let probed: Vec<_> = probes().iter().flat_map(|it| it.mutants.clone()).map(|(name, _)| name).collect();
    assert_eq!(all, probed.iter().copied().collect());
    assert_eq!(all.len(), probed.len(), "a mutant is probed once");
    assert_eq!(all.len(), mutants(Personality::Cogito).len(), "names are unique");
}

#[test]
fn at_most_a_third_rewrite_the_answer() {
    let all = mutants(Personality::Cogito);
    let answer = all.iter().filter(|it| it.kind == Kind::Answer).count();
    assert!(answer * 3 <= all.len(), "{answer} of {}", all.len());
    assert!(all.len() >= 36);
    assert!(all.iter().all(|it| it.claims.iter().all(|claim| claim.starts_with("COG-"))));
}

fn status(status: u16) -> ResponseTemplate {
    let body = json!({"error": {"message": format!("key {KEY}"), "type": "t", "code": "c"}});
    ResponseTemplate::new(status).insert_header("x-request-id", "cluster-7").set_body_json(body)
}

fn replies(status: ResponseTemplate) -> Plays {
    Plays::Reply(status)
}

fn told(name: &'static str, value: &'static str) -> Plays {
    replies(status(429).insert_header(name, value))
}

/// A head that promises a kilobyte of JSON.
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1024\r\n\r\n";

#[rustfmt::skip]
fn probes() -> Vec<Probe> {
    vec![
        probe(Plays::Ok, [chat().key(seed::REVOKED)], "401 authentication_error invalid_api_key | calls 0", [
            ("revoked-key-accepted", "200 hello | calls 1"),
            ("revoked-key-reaches-upstream", "401 authentication_error invalid_api_key | calls 1"),
            ("unauthorized-type-wrong", "401 invalid_request_error invalid_api_key | calls 0"),
        ]),
        probe(Plays::Ok, [chat().key(seed::NEVER_ISSUED)], "401 authentication_error invalid_api_key | calls 0", [
            ("unknown-key-accepted", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().authorization(None)], "401 authentication_error missing_authorization | calls 0", [
            ("missing-key-accepted", "200 hello | calls 1"),
            ("missing-authorization-merged", "401 authentication_error invalid_api_key | calls 0"),
            ("missing-key-is-400", "400 invalid_request_error missing_authorization | calls 0"),
        ]),
        probe(Plays::Ok, [chat().key(seed::ZERO_BALANCE)], "402 insufficient_quota insufficient_quota | calls 0", [
            ("zero-balance-accepted", "200 hello | calls 1"),
            ("balance-unchecked", "200 hello | calls 1"),
            ("empty-balance-reaches-upstream", "402 insufficient_quota insufficient_quota | calls 1"),
            ("balance-code-retired", "402 insufficient_quota insufficient_balance | calls 0"),
            ("quota-type-wrong", "402 billing_error insufficient_quota | calls 0"),
        ]),
        probe(Plays::Ok, [chat().key(seed::NEGATIVE_BALANCE)], "402 insufficient_quota insufficient_quota | calls 0", [
            ("negative-balance-accepted", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().key(seed::SPEND_CAP_REACHED)], "429 rate_limit_error spend_cap_reached after long | calls 0", [
            ("spend-cap-off-by-one", "200 hello | calls 1"),
            ("spend-cap-is-402", "402 insufficient_quota insufficient_quota | calls 0"),
            ("spend-cap-without-retry-after", "429 rate_limit_error spend_cap_reached | calls 0"),
            ("spend-cap-code-retired", "429 rate_limit_error spend_capped after long | calls 0"),
        ]),
        probe(Plays::Ok, [chat().key(seed::SPEND_CAP_EXCEEDED)], "429 rate_limit_error spend_cap_reached after long | calls 0", [
            ("spend-cap-unchecked", "200 hello | calls 1"),
            ("spend-cap-reaches-upstream", "429 rate_limit_error spend_cap_reached after long | calls 1"),
        ]),
        probe(Plays::Ok, vec![chat().key(seed::RATE_LIMITED[0]); 6], "5x 200 hello + 429 rate_limit_error rate_limit_exceeded after long | ids 1 | calls 5", [
            ("rate-limit-unenforced", "6x 200 hello | ids 0 | calls 6"),
            ("rate-limit-without-retry-after", "5x 200 hello + 429 rate_limit_error rate_limit_exceeded | ids 1 | calls 5"),
            ("rate-limit-is-503", "5x 200 hello + 503 service_unavailable rate_limit_exceeded after long | ids 1 | calls 5"),
            ("rate-limit-reaches-upstream", "5x 200 hello + 429 rate_limit_error rate_limit_exceeded after long | ids 1 | calls 6"),
            ("rate-limit-type-wrong", "5x 200 hello + 429 insufficient_quota rate_limit_exceeded after long | ids 1 | calls 5"),
            ("type-is-the-word-none", "5x 200 hello + 429 None rate_limit_exceeded after long | ids 1 | calls 5"),
        ]),
        probe(Plays::Slow(Duration::from_secs(1)), vec![chat(); 4], "4x 200 hello | ids 0 | calls 4", [
            ("crowd-shed-with-bare-text", "2x 200 hello + 2x 503 overloaded as \"text/plain\" | ids 0 | calls 2"),
        ]).together(),
        probe(Plays::Ok, [chat().model(seed::UNKNOWN_MODEL)], "404 invalid_request_error model_not_found | calls 0", [
            ("unknown-model-forwarded", "200 hello | calls 1"),
            ("unknown-model-is-400", "400 invalid_request_error invalid_request_error | calls 0"),
            ("unknown-model-is-503", "503 service_unavailable upstream_unavailable after 5 | calls 0"),
        ]),
        probe(Plays::Ok, [chat().key(seed::RESTRICTED).model(seed::RESERVED_MODEL)], "403 permission_denied permission_denied | calls 0", [
            ("model-permission-unchecked", "200 hello | calls 1"),
            ("forbidden-is-401", "401 authentication_error invalid_api_key | calls 0"),
            ("forbidden-is-404", "404 invalid_request_error model_not_found | calls 0"),
            ("forbidden-type-wrong", "403 authentication_error permission_denied | calls 0"),
        ]),
        probe(Plays::Ok, [embed().key(seed::RESTRICTED)], "403 permission_denied permission_denied | calls 0", [
            ("feature-unchecked", "200 {\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"em | calls 1"),
        ]),
        probe(Plays::Ok, [ask(Method::GET, "/v1/nope")], "404 invalid_request_error not_found | calls 0", [
            ("unknown-route-plain-text", "404 404 page not found  as \"text/plain\" | calls 0"),
            ("unknown-route-is-model-not-found", "404 invalid_request_error model_not_found | calls 0"),
            ("not-found-type-wrong", "404 not_found_error not_found | calls 0"),
            ("message-missing", "404 {\"error\":{\"type\":\"invalid_request_error\",\"code\":\"not_found\", | calls 0"),
            ("code-is-null", "404 {\"error\":{\"type\":\"invalid_request_error\",\"code\":null,\"messag | calls 0"),
            ("code-is-the-status", "404 {\"error\":{\"type\":\"invalid_request_error\",\"code\":404,\"message | calls 0"),
            ("error-is-a-string", "404 {\"error\":\"There is no such route.\"} | calls 0"),
            ("envelope-twice", "404 {\"error\":{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"no | calls 0"),
            ("content-type-is-text", "404 invalid_request_error not_found as \"text/plain\" | calls 0"),
            ("request-id-missing", "404 {\"error\":{\"type\":\"invalid_request_error\",\"code\":\"not_found\", | calls 0"),
        ]),
        probe(Plays::Ok, [ask(Method::PUT, "/v1/chat/completions")], "404 invalid_request_error not_found | calls 0", [
            ("odd-method-is-405", "405 invalid_request_error method_not_allowed | calls 0"),
            ("odd-method-reaches-upstream", "404 invalid_request_error not_found | calls 1"),
        ]),
        probe(Plays::Ok, [chat().raw("{\"model\": ")], "400 invalid_request_error invalid_request_error | calls 0", [
            ("malformed-json-is-500", "500 api_error internal_error | calls 0"),
            ("invalid-body-reaches-upstream", "400 invalid_request_error invalid_request_error | calls 1"),
        ]),
        probe(Plays::Ok, [chat().raw("")], "400 invalid_request_error invalid_request_error | calls 0", [
            ("empty-body-is-500", "500 api_error internal_error | calls 0"),
        ]),
        probe(Plays::Ok, [chat().raw(format!("{}{}", "[".repeat(500), "]".repeat(500)))], "400 invalid_request_error invalid_request_error | calls 0", [
            ("odd-json-is-500", "500 api_error internal_error | calls 0"),
        ]),
        probe(Plays::Ok, [chat().set("messages", json!(null))], "400 invalid_request_error invalid_request_error | calls 0", [
            ("missing-field-forwarded", "200 hello | calls 1"),
            ("invalid-field-is-422", "422 invalid_request_error invalid_request_error | calls 0"),
            ("invalid-field-is-500", "500 api_error internal_error | calls 0"),
        ]),
        probe(Plays::Ok, [chat().set("temperature", json!(9))], "400 invalid_request_error invalid_request_error | calls 0", [
            ("ranges-unchecked", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().set("temperature", json!("hot"))], "400 invalid_request_error invalid_request_error | calls 0", [
            ("parameter-types-unchecked", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().raw(" ".repeat(2 << 20))], "400 invalid_request_error invalid_request_error | calls 0", [
            ("oversize-is-413", "413 invalid_request_error invalid_request_error | calls 0"),
        ]),
        probe(Plays::Ok, [chat()], "503 service_unavailable billing_not_configured after 30 | calls 0", [
            ("billing-switch-ignored", "200 hello | calls 1"),
            ("billing-off-reaches-upstream", "503 service_unavailable billing_not_configured after 30 | calls 1"),
            ("billing-off-is-500", "500 api_error billing_not_configured | calls 0"),
            ("billing-off-without-retry-after", "503 service_unavailable billing_not_configured | calls 0"),
            ("retry-after-only-on-429", "503 service_unavailable billing_not_configured | calls 0"),
        ]).with_off("billing_configured"),
        probe(Plays::Ok, [chat()], "500 api_error backend_unavailable | calls 0", [
            ("credentials-unchecked", "200 hello | calls 1"),
            ("credentials-missing-reaches-upstream", "500 api_error backend_unavailable | calls 1"),
            ("credentials-missing-is-503", "503 service_unavailable backend_unavailable after 30 | calls 0"),
        ]).with_off("backend_credentials"),
        probe(Plays::Ok, vec![ask(Method::GET, "/v1/nope"); 21], "21x 404 invalid_request_error not_found | ids 21 | calls 0", [
            ("request-id-constant", "21x 404 invalid_request_error not_found | ids 1 | calls 0"),
            ("request-id-repeats-after-ten", "21x 404 invalid_request_error not_found | ids 10 | calls 0"),
            ("tenth-failure-is-html", "2x 404 <!doctype html><html><body><h1>Something went wrong</h1></bo as \"text/html\" + 19x 404 invalid_request_error not_found | ids 19 | calls 0"),
        ]),
        probe(Plays::Ok, [ask(Method::GET, "/v1/nope"), ask(Method::PUT, "/v1/models")], "2x 404 invalid_request_error not_found | ids 2 | calls 0", [
            ("request-id-prefix-wrong", "2x 404 invalid_request_error not_found bad-id | ids 2 | calls 0"),
            ("request-id-tail-empty", "2x 404 invalid_request_error not_found bad-id | ids 1 | calls 0"),
        ]),
        probe(replies(status(500).set_delay(Duration::from_secs(1))), vec![chat(); 3], "3x 500 api_error upstream_500 | ids 3 | calls 3", [
            ("request-id-shared-in-flight", "3x 500 api_error upstream_500 | ids 1 | calls 3"),
        ]).together(),
        probe(replies(status(500)), [chat(), chat()], "2x 500 api_error upstream_500 | ids 2 | calls 2", [
            ("upstream-request-id-relayed", "2x 500 api_error upstream_500 bad-id | ids 1 | calls 2"),
            ("upstream-error-body-relayed", "2x 500 {\"error\":{\"message\":\"key upstream-key-4d1f0c97\",\"type\":\"t\",\" leaks | ids 0 | calls 2"),
            ("upstream-message-relayed", "2x 500 api_error upstream_500 leaks | ids 2 | calls 2"),
            ("upstream-code-generic", "2x 500 api_error upstream_error | ids 2 | calls 2"),
            ("failure-is-200", "2x 200 {\"error\":{\"type\":\"api_error\",\"code\":\"upstream_500\",\"message\" | ids 2 | calls 2"),
            ("server-error-body-empty", "2x 500  | ids 0 | calls 2"),
        ]),
        probe(Plays::Refuses, [chat()], "502 api_error upstream_unavailable | calls 0", [
            ("connect-failure-is-400", "400 invalid_request_error upstream_unavailable | calls 0"),
            ("connect-failure-is-500", "500 api_error upstream_unavailable | calls 0"),
            ("connect-failure-tells-key", "502 api_error upstream_unavailable leaks | calls 0"),
        ]),
        probe(Plays::ActsThen(vec![Act::Reset], vec![said(&completion())]), vec![chat(); 3], "2x 200 hello + 502 api_error upstream_unavailable | ids 1 | calls 3", [
            ("connect-failure-told-twice", "200 hello + 2x 502 api_error upstream_unavailable | ids 2 | calls 3"),
        ]),
        probe(Plays::Ok, [ask(Method::GET, "/v1/models")], "200 {\"object\":\"list\",\"data\":[{\"id\":\"cogito-chat\",\"object\":\"model | calls 0", [
            ("model-list-fails", "500 api_error backend_unavailable | calls 0"),
        ]),
        probe(Plays::Ok, [chat()], "200 hello | calls 1", [
            ("success-carries-error", "200 hello and an error | calls 1"),
        ]),
        probe(Plays::Ok, [streamed()], "200 chunk chunk [DONE] | calls 1", [
            ("stream-done-is-cut", "200 chunk chunk api_error/upstream_invalid_response | calls 1"),
        ]),
        probe(Plays::Acts(vec![Act::Stall]), [chat()], "504 api_error upstream_timeout | calls 1", [
            ("head-deadline-missing", "hang | calls 1"),
            ("timeout-is-408", "408 invalid_request_error upstream_timeout | calls 1"),
            ("timeout-type-wrong", "504 timeout_error upstream_timeout | calls 1"),
        ]).limit(500),
        probe(Plays::Acts(vec![Act::Say(HEAD.to_owned()), Act::Stall]), [chat()], "504 api_error upstream_timeout | calls 1", [
            ("body-deadline-missing", "hang | calls 1"),
        ]).limit(500),
        probe(Plays::Acts(vec![Act::Say(HEAD.to_owned()), Act::Drip(" ".repeat(200), Duration::from_millis(50))]), [chat()], "504 api_error upstream_timeout | calls 1", [
            ("deadline-restarts-with-each-read", "hang | calls 1"),
        ]).limit(1000),
        probe(Plays::Acts(vec![Act::Say(format!("{HEAD}{{\"id\":")), Act::Reset]), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("broken-body-is-whole", "200 {\"id\": | calls 1"),
        ]),
        probe(whole("application/json", r#"{"id": "c1", "cho"#), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("answer-truncated-passed", "200 {\"id\": \"c1\", \"cho | calls 1"),
        ]),
        probe(whole("application/json", ""), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("answer-empty-passed", "200  | calls 1"),
        ]),
        probe(whole("text/html", "<html>"), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("answer-content-type-unchecked", "200 <html> as \"text/html\" | calls 1"),
        ]),
        probe(whole("application/json", r#"{"error": {"message": "overloaded"}}"#), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("answer-error-object-passed", "200 {\"error\": {\"message\": \"overloaded\"}} | calls 1"),
        ]),
        probe(whole("application/json", r#"{"id": "c1", "choices": null}"#), [chat()], "502 api_error upstream_invalid_response | calls 1", [
            ("answer-choices-null-passed", "200 {\"id\": \"c1\", \"choices\": null} | calls 1"),
        ]),
        probe(replies(status(404)), [chat()], "404 invalid_request_error upstream_404 | calls 1", [
            ("upstream-not-found-is-nothing", "200 {\"choices\":[]} | calls 1"),
            ("upstream-client-errors-are-500", "500 api_error upstream_404 | calls 1"),
        ]),
        probe(replies(status(504)), [chat()], "504 api_error upstream_504 | calls 1", [
            ("upstream-server-errors-are-502", "502 api_error upstream_504 | calls 1"),
        ]),
        probe(replies(status(529)), [chat()], "529 api_error upstream_529 | calls 1", [
            ("upstream-529-is-500", "500 api_error upstream_529 | calls 1"),
        ]),
        probe(told("retry-after", "7"), [chat()], "429 rate_limit_error upstream_429 after 7 | calls 1", [
            ("upstream-429-is-503", "503 service_unavailable upstream_429 after 7 | calls 1"),
            ("retry-after-dropped", "429 rate_limit_error upstream_429 | calls 1"),
            ("retry-after-is-a-date", "429 rate_limit_error upstream_429 after date | calls 1"),
            ("retry-after-is-zero", "429 rate_limit_error upstream_429 after 0 | calls 1"),
            ("retry-after-twice", "429 rate_limit_error upstream_429 after 7,7 | calls 1"),
        ]),
        probe(replies(status(503)), [chat()], "503 service_unavailable upstream_503 after 5 | calls 1", [
            ("upstream-503-is-429", "429 rate_limit_error upstream_503 after 5 | calls 1"),
            ("unavailable-type-wrong", "503 api_error upstream_503 after 5 | calls 1"),
        ]),
        probe(replies(ResponseTemplate::new(400).set_body_json(json!({"error": {"code": 400, "message": "no"}}))), [chat()], "400 invalid_request_error upstream_400 | calls 1", [
            ("upstream-integer-code-crashes", "500  as \"\" | calls 1"),
        ]),
        probe(replies(ResponseTemplate::new(502).set_body_raw("<html>", "text/html")), [chat()], "502 api_error upstream_502 | calls 1", [
            ("upstream-html-relayed", "502 <html> as \"text/html\" | calls 1"),
        ]),
        probe(told("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT"), [chat()], "429 rate_limit_error upstream_429 after long | calls 1", [
            ("retry-after-date-relayed", "429 rate_limit_error upstream_429 after date | calls 1"),
        ]),
        probe(told("retry-after", "-7"), [chat()], "429 rate_limit_error upstream_429 after 5 | calls 1", [
            ("retry-after-negative-relayed", "429 rate_limit_error upstream_429 after -7 | calls 1"),
        ]),
        probe(told("retry-after", "soon"), [chat()], "429 rate_limit_error upstream_429 after 5 | calls 1", [
            ("retry-after-garbage-relayed", "429 rate_limit_error upstream_429 after soon | calls 1"),
        ]),
        probe(told("retry-after", "1.5"), [chat()], "429 rate_limit_error upstream_429 after 2 | calls 1", [
            ("retry-after-fraction-relayed", "429 rate_limit_error upstream_429 after 1.5 | calls 1"),
        ]),
        probe(told("retry-after-ms", "1500"), [chat()], "429 rate_limit_error upstream_429 after 2 | calls 1", [
            ("retry-after-milliseconds-relayed", "429 rate_limit_error upstream_429 after 1500ms | calls 1"),
        ]),
        probe(replies(status(500)), [streamed()], "500 api_error upstream_500 | calls 1", [
            ("stream-early-failure-is-200", "200 api_error/upstream_500 | calls 1"),
            ("stream-failure-content-type", "500 api_error upstream_500 as \"text/event-stream\" | calls 1"),
        ]),
        probe(Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Reset]), [streamed()], "200 chunk api_error/upstream_invalid_response | calls 1", [
            ("stream-cut-is-done", "200 chunk [DONE] | calls 1"),
            ("stream-cut-is-stop", "200 chunk chunk:stop [DONE] | calls 1"),
            ("stream-error-is-plain-text", "200 chunk error: The upstream cluster sent an unusable answer: broken stream. | calls 1"),
        ]),
        probe(whole("text/event-stream", &stream(&[CHUNK])), [streamed()], "200 chunk api_error/upstream_invalid_response | calls 1", [
            ("stream-end-unannounced-is-done", "200 chunk [DONE] | calls 1"),
        ]),
        probe(whole("text/event-stream", &stream(&[CHUNK, r#"{"error":{"message":"m","code":429}}"#])), [streamed()], "200 chunk api_error/upstream_invalid_response | calls 1", [
            ("stream-error-event-swallowed", "200 chunk [DONE] | calls 1"),
            ("stream-error-event-relayed", "200 chunk {\"error\":{\"message\":\"m\",\"code\":429}} api_error/upstream_invalid_response | calls 1"),
        ]),
        probe(whole("text/event-stream", &stream(&[CHUNK, "{\"id\"", "[DONE]"])), [streamed()], "200 chunk api_error/upstream_invalid_response | calls 1", [
            ("stream-malformed-event-relayed", "200 chunk {\"id\" [DONE] | calls 1"),
        ]),
        probe(Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Stall]), [streamed()], "200 chunk api_error/upstream_timeout | calls 1", [
            ("idle-deadline-missing", "hang | calls 1"),
        ]).limit(1000),
        probe(replies(status(500)), [embed()], "500 api_error upstream_500 | calls 1", [
            ("embeddings-envelope-differs", "500 {\"detail\":\"The upstream cluster answered with status 500.\"} | calls 1"),
        ]),
    ]
}
