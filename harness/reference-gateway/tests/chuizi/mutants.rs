//! Every mutant, seen to do what its row says where the healthy gateway does what the page says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reference_gateway::seed::chuizi as seed;
use reference_gateway::{Kind, Personality, mutant, mutants, start};
use reqwest::Method;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Ask, Seen, ask, chat, config, embed, messages};
use crate::upstream::{
    Act, CHUNK, KEY, MESSAGE, Plays, Upstream, completion, cut_stream, said, stream, whole,
};

/// One situation, what the healthy gateway shows in it, and what each mutant shows instead.
struct Probe {
    plays: Plays,
    asks: Vec<Ask>,
    together: bool,
    off: Option<&'static str>,
    deadline: Duration,
    healthy: &'static str,
    mutants: Vec<(&'static str, &'static str)>,
}

fn probe<const N: usize>(
    plays: Plays,
    asks: impl Into<Vec<Ask>>,
    healthy: &'static str,
    mutants: [(&'static str, &'static str); N],
) -> Probe {
    let deadline = Duration::from_secs(4);
    let (asks, mutants) = (asks.into(), mutants.to_vec());
    Probe { plays, asks, together: false, off: None, deadline, healthy, mutants }
}

impl Probe {
    fn together(self) -> Self {
        Self { together: true, ..self }
    }

    fn with_off(self, state: &'static str) -> Self {
        Self { off: Some(state), ..self }
    }

    fn deadline(self, milliseconds: u64) -> Self {
        Self { deadline: Duration::from_millis(milliseconds), ..self }
    }

    /// What a gateway shows: its answers, how many ids they carry, how often the upstream was called.
    async fn run(&self, name: Option<&str>) -> String {
        let upstream = Upstream::start(self.plays.clone()).await;
        let mut config = config(&upstream).with_limit("upstream", self.deadline);
        config = config.with_limit("rate_window", Duration::from_secs(60));
        config.mutant = name.map(|it| mutant(Personality::Chuizi, it).unwrap());
        let gateway = start(config).await.unwrap();
        let base = gateway.url();
        if let Some(state) = self.off {
            let states = ask(Method::POST, "/admin/states").key(reference_gateway::seed::ADMIN_KEY);
            states.json(&json!({state: false})).send(&base).await.unwrap();
        }
        let mut seen = Vec::new();
        if self.together {
            seen = join_all(self.asks.iter().map(|it| it.send(&base))).await;
        } else {
            for it in &self.asks {
                seen.push(it.send(&base).await);
            }
        }
        let calls = upstream.calls().await;
        gateway.stop().await;
        summary(&seen, calls)
    }
}

fn summary(seen: &[Option<Seen>], calls: usize) -> String {
    let mut lines = BTreeMap::<String, usize>::new();
    for it in seen {
        let line = it.as_ref().map_or_else(|| "hang".to_owned(), Seen::line);
        *lines.entry(line).or_default() += 1;
    }
    let lines: Vec<_> =
        lines.into_iter().map(|(it, n)| if n == 1 { it } else { format!("{n}x {it}") }).collect();
    let ids: BTreeSet<_> = seen.iter().flatten().filter_map(|it| it.id.clone()).collect();
    let ids = if ids.len() == seen.len() { String::new() } else { format!(" | ids {}", ids.len()) };
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
                let probed = probe.mutants[0].0;
                format!("{who}, in the probe of {probed}:\n  expected {expected}\n  shown    {shown}")
            })
        })
    });
    let outcomes = futures_util::stream::iter(runs).buffer_unordered(16).collect::<Vec<_>>().await;
    let wrong: Vec<_> = outcomes.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mutant_has_a_probe() {
    let all: BTreeSet<_> = mutants(Personality::Chuizi).iter().map(|it| it.name).collect();
    let probed: Vec<_> = probes().iter().flat_map(|it| it.mutants.clone()).map(|(name, _)| name).collect();
    assert_eq!(all, probed.iter().copied().collect());
    assert_eq!(all.len(), probed.len(), "a mutant is probed once");
    assert_eq!(all.len(), mutants(Personality::Chuizi).len(), "names are unique");
}

#[test]
fn at_most_a_third_rewrite_the_answer_and_half_imitate_a_real_bug() {
    let all = mutants(Personality::Chuizi);
    let answer = all.iter().filter(|it| it.kind == Kind::Answer).count();
    let real = all.iter().filter(|it| it.models.is_some()).count();
    assert!(answer * 3 <= all.len(), "{answer} of {}", all.len());
    assert!(real * 2 >= all.len(), "{real} of {}", all.len());
    assert!(all.iter().all(|it| it.claims.iter().all(|claim| claim.starts_with("CHZ-"))));
}

fn status(status: u16) -> Plays {
    let body = json!({"error": {"message": format!("key {KEY}"), "type": "t", "code": "c"}});
    Plays::Reply(ResponseTemplate::new(status).set_body_json(body))
}

fn low(it: Ask) -> Ask {
    it.key(seed::LOW_BALANCE[0])
}

/// Estimated at a quarter of a low balance.
fn quarter(it: Ask) -> Ask {
    low(it).set("max_tokens", json!(12_000))
}

/// So many requests at the documented rate, every second one on the other lane, and then `last`.
fn burst(requests: usize, last: Option<Ask>) -> Vec<Ask> {
    let lanes = [chat(), messages()];
    let asks = lanes.iter().cycle().take(requests).map(|it| it.clone().key(seed::DEFAULT_RATE[0]));
    asks.chain(last).collect()
}

/// A head that promises a kilobyte of JSON.
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1024\r\n\r\n";

#[rustfmt::skip]
fn probes() -> Vec<Probe> {
    let nowhere = || [ask(Method::GET, "/v1/nowhere")];
    vec![
        probe(status(500), [chat()], "502 openai upstream_error | calls 1", [
            ("code-is-a-number", "502 {\"error\":{\"message\":\"The upstream provid | calls 1"),
            ("code-is-another-status", "502 openai 500 upstream_error | calls 1"),
            ("error-is-a-string", "502 {\"error\":\"The upstream provider answered | calls 1"),
            ("upstream-server-errors-passed", "500 openai server_error | calls 1"),
            ("upstream-message-relayed", "502 openai upstream_error leaks | calls 1"),
            ("invalid-response-is-200", "200 openai 502 upstream_error | calls 1"),
            ("passing-failure-forbids-retry", "502 openai upstream_error should-retry false | calls 1"),
        ]),
        probe(status(500), [messages().streamed()], "502 anthropic upstream_error | calls 1", [
            ("anthropic-lane-speaks-openai", "502 openai upstream_error | calls 1"),
            ("anthropic-types-translated", "502 anthropic api_error | calls 1"),
            ("stream-failure-content-type", "502 anthropic upstream_error as \"text/event-stream\" | calls 1"),
            ("stream-early-failure-is-200", "200 error<anthropic upstream_error> | calls 1"),
        ]),
        probe(Plays::Ok, vec![chat().keyless(); 11], "11x 401 openai authentication_error | calls 0", [
            ("tenth-failure-is-html", "401 <!doctype html><html><body><h1>Something as \"text/html\" + 10x 401 openai authentication_error | calls 0"),
            ("generation-id-constant", "11x 401 openai authentication_error | ids 1 | calls 0"),
            ("generation-id-repeats-after-ten", "11x 401 openai authentication_error | ids 10 | calls 0"),
            ("generation-id-missing-on-failures", "11x 401 openai authentication_error without an id | ids 0 | calls 0"),
            ("missing-key-is-400", "11x 400 openai invalid_request_error | calls 0"),
            ("missing-key-accepted", "11x 200 hello | calls 11"),
            ("final-failure-asks-for-retry", "11x 401 openai authentication_error should-retry true | calls 0"),
        ]),
        probe(Plays::Ok, nowhere(), "404 openai not_found | calls 0", [
            ("unknown-route-is-plain-text", "404 404 page not found  as \"text/plain\" | calls 0"),
            ("generation-id-missing-on-unknown-routes", "404 openai not_found without an id | ids 0 | calls 0"),
        ]),
        probe(Plays::Ok, [ask(Method::GET, "/anthropic/nowhere")], "404 anthropic not_found | calls 0", [
            ("unknown-sub-route-speaks-openai", "404 openai not_found | calls 0"),
        ]),
        probe(Plays::Ok, [ask(Method::PUT, "/v1/chat/completions")], "404 openai not_found | calls 0", [
            ("odd-method-is-405", "405 openai invalid_request_error | calls 0"),
        ]),
        probe(Plays::Ok, [chat().raw("{\"model\": ")], "400 openai invalid_request_error | calls 0", [
            ("openai-lane-speaks-anthropic", "400 anthropic invalid_request_error | calls 0"),
            ("malformed-json-is-500", "500 openai server_error | calls 0"),
            ("invalid-body-reaches-upstream", "400 openai invalid_request_error | calls 1"),
        ]),
        probe(Plays::Ok, [chat().set("messages", json!(null))], "400 openai invalid_request_error | calls 0", [
            ("invalid-field-is-422", "422 openai invalid_request_error | calls 0"),
            ("missing-field-forwarded", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().set("temperature", json!("hot"))], "400 openai invalid_request_error | calls 0", [
            ("parameter-types-unchecked", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [messages().set("temperature", json!(9))], "400 anthropic invalid_request_error | calls 0", [
            ("ranges-unchecked", "200 hello | calls 1"),
            ("messages-unvalidated", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [chat().key(seed::REVOKED)], "401 openai authentication_error | calls 0", [
            ("revoked-key-accepted", "200 hello | calls 1"),
            ("refused-key-reaches-upstream", "401 openai authentication_error | calls 1"),
        ]),
        probe(Plays::Ok, [messages().key(seed::NEVER_ISSUED)], "401 anthropic authentication_error | calls 0", [
            ("unknown-key-accepted", "200 hello | calls 1"),
            ("header-key-unchecked", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [messages().keyless().header("authorization", "Bearer ck-valid-1")], "200 hello | calls 1", [
            ("bearer-unread-on-messages", "401 anthropic authentication_error | calls 0"),
        ]),
        probe(Plays::Ok, [messages().streamed()], "200 message_start block_start block_delta block_stop message_delta message_stop | calls 1", [
            ("stream-done-is-cut", "200 message_start block_start block_delta block_stop message_delta error<anthropic upstream_error> | calls 1"),
        ]),
        probe(Plays::Ok, [chat().key(seed::UNPREFIXED)], "401 openai authentication_error | calls 0", [
            ("unprefixed-key-accepted", "200 hello | calls 1"),
        ]),
        probe(Plays::Ok, [low(chat()).set("max_tokens", json!(60_000))], "402 openai insufficient_quota | calls 0", [
            ("balance-unchecked", "200 hello | calls 1"),
            ("estimate-unchecked", "200 hello | calls 1"),
            ("low-balance-reaches-upstream", "402 openai insufficient_quota | calls 1"),
            ("low-balance-is-429", "429 openai rate_limit_error | calls 0"),
        ]),
        probe(Plays::Slow(Duration::from_secs(1)), vec![quarter(chat()); 6], "4x 200 hello + 2x 402 openai insufficient_quota | calls 4", [
            ("deducted-afterwards", "6x 200 hello | calls 6"),
        ]).together(),
        probe(status(500), vec![quarter(chat()); 6], "6x 502 openai upstream_error | calls 6", [
            ("refund-missing", "2x 402 openai insufficient_quota + 4x 502 openai upstream_error | calls 4"),
        ]),
        probe(whole("text/event-stream", &stream(&[CHUNK])), vec![quarter(chat()).streamed(); 5], "5x 200 chunk <openai 502 upstream_error> | calls 5", [
            ("stream-refund-missing", "4x 200 chunk <openai 502 upstream_error> + 402 openai insufficient_quota | calls 4"),
        ]),
        probe(Plays::Acts(vec![Act::Stall]), vec![quarter(chat()); 5], "5x 504 openai timeout | calls 5", [
            ("timeout-keeps-money", "402 openai insufficient_quota + 4x 504 openai timeout | calls 4"),
        ]).deadline(300),
        probe(Plays::Ok, vec![quarter(chat()); 5], "5x 200 hello | calls 5", [
            ("call-unsettled", "4x 200 hello + 402 openai insufficient_quota | calls 4"),
        ]),
        probe(Plays::Ok, vec![quarter(chat()).streamed(); 5], "5x 200 chunk chunk [DONE] | calls 5", [
            ("stream-unsettled", "4x 200 chunk chunk [DONE] + 402 openai insufficient_quota | calls 4"),
        ]),
        probe(Plays::Ok, [chat().key(seed::RESTRICTED).model(seed::RESERVED_MODEL)], "403 openai permission_error | calls 0", [
            ("model-permission-unchecked", "200 hello | calls 1"),
            ("forbidden-is-401", "401 openai authentication_error | calls 0"),
        ]),
        probe(Plays::Ok, [embed().key(seed::RESTRICTED)], "403 openai permission_error | calls 0", [
            ("action-unchecked", "200 {\"object\":\"list\",\"data\":[{\"object\":\"embe | calls 1"),
        ]),
        probe(Plays::Ok, [messages().model(seed::UNKNOWN_MODEL)], "404 anthropic not_found | calls 0", [
            ("messages-status-differs", "400 anthropic invalid_request_error | calls 0"),
            ("unknown-model-forwarded", "200 hello | calls 1"),
            ("unknown-model-is-503", "503 anthropic service_unavailable | calls 0"),
        ]),
        probe(Plays::Ok, [chat().model(seed::RETIRED_MODEL)], "404 openai not_found | calls 0", [
            ("retired-model-is-500", "500 openai server_error | calls 0"),
        ]),
        probe(Plays::Ok, burst(61, Some(chat().key(seed::DEFAULT_RATE[1]))), "61x 200 hello + 429 openai rate_limit_error after long | calls 61", [
            ("rate-limit-unenforced", "62x 200 hello | calls 62"),
            ("rate-limit-off-by-one", "62x 200 hello | calls 62"),
            ("rate-limit-per-lane", "62x 200 hello | calls 62"),
            ("rate-limit-for-everybody", "60x 200 hello + 2x 429 openai rate_limit_error after long | calls 60"),
            ("rate-limit-without-retry-after", "61x 200 hello + 429 openai rate_limit_error | calls 61"),
            ("retry-after-too-short", "61x 200 hello + 429 openai rate_limit_error after 1 | calls 61"),
            ("retry-after-in-milliseconds", "61x 200 hello + 429 openai rate_limit_error after beyond | calls 61"),
            ("retry-after-ms-in-seconds", "61x 200 hello + 429 openai rate_limit_error after long after-ms long | calls 61"),
            ("retry-after-ms-is-a-moment", "61x 200 hello + 429 openai rate_limit_error after long after-ms beyond | calls 61"),
        ]),
        probe(Plays::Ok, [chat()], "500 openai server_error | calls 0", [
            ("internal-error-ignored", "200 hello | calls 1"),
            ("internal-error-is-502", "502 openai upstream_error | calls 0"),
        ]).with_off("internals"),
        probe(Plays::Ok, [messages()], "503 anthropic service_unavailable | calls 0", [
            ("overload-ignored", "200 hello | calls 1"),
            ("overload-is-404", "404 anthropic not_found | calls 0"),
        ]).with_off("capacity"),
        probe(Plays::Acts(vec![Act::Say(format!("{HEAD}{{\"id\":")), Act::Reset]), [chat()], "502 openai upstream_error | calls 1", [
            ("broken-body-is-whole", "200 {\"id\": | calls 1"),
        ]),
        probe(whole("application/json", r#"{"id": "c1", "cho"#), [messages()], "502 anthropic upstream_error | calls 1", [
            ("answer-truncated-passed", "200 {\"id\": \"c1\", \"cho | calls 1"),
        ]),
        probe(whole("application/json", ""), [messages()], "502 anthropic upstream_error | calls 1", [
            ("answer-empty-passed", "200  | calls 1"),
        ]),
        probe(whole("text/html", "<html>"), [messages()], "502 anthropic upstream_error | calls 1", [
            ("answer-content-type-unchecked", "200 <html> | calls 1"),
        ]),
        probe(whole("application/json", r#"{"error": {"message": "overloaded"}}"#), [messages()], "502 anthropic upstream_error | calls 1", [
            ("answer-error-object-passed", "200 {\"error\": {\"message\": \"overloaded\"}} | calls 1"),
        ]),
        probe(Plays::Refuses, [chat()], "503 openai service_unavailable | calls 0", [
            ("connect-failure-is-400", "400 openai invalid_request_error | calls 0"),
            ("connect-failure-is-500", "500 openai server_error | calls 0"),
            ("connect-failure-tells-key", "503 openai service_unavailable leaks | calls 0"),
        ]),
        probe(Plays::ActsThen(vec![Act::Reset], vec![said(&completion())]), vec![chat(); 3], "2x 200 hello + 503 openai service_unavailable | calls 3", [
            ("connect-failure-told-twice", "200 hello + 2x 503 openai service_unavailable | calls 3"),
        ]),
        probe(status(503), [chat()], "503 openai service_unavailable | calls 1", [
            ("upstream-503-is-429", "429 openai rate_limit_error after 5 | calls 1"),
            ("outage-asks-for-an-hour", "503 openai service_unavailable after beyond | calls 1"),
        ]),
        probe(Plays::Acts(vec![Act::Stall]), [messages()], "504 anthropic timeout | calls 1", [
            ("head-deadline-missing", "hang | ids 0 | calls 1"),
            ("timeout-is-408", "408 anthropic invalid_request_error | calls 1"),
            ("timeout-type-wrong", "504 anthropic server_error | calls 1"),
        ]).deadline(500),
        probe(Plays::Slow(Duration::from_millis(1500)), [chat()], "200 hello | calls 1", [
            ("deadline-is-half", "504 openai timeout | calls 1"),
        ]).deadline(2500),
        probe(Plays::Acts(vec![Act::Say(HEAD.to_owned()), Act::Stall]), [chat()], "504 openai timeout | calls 1", [
            ("body-deadline-missing", "hang | ids 0 | calls 1"),
        ]).deadline(500),
        probe(Plays::Slow(Duration::from_secs(1)), vec![chat(); 3], "3x 200 hello | calls 3", [
            ("generation-id-shared-in-flight", "3x 200 hello | ids 1 | calls 3"),
        ]).together(),
        probe(Plays::Ok, [chat().streamed()], "200 chunk chunk [DONE] | calls 1", [
            ("generation-id-missing-on-streams", "200 chunk chunk [DONE] without an id | ids 0 | calls 1"),
        ]),
        probe(Plays::Acts(vec![cut_stream(&MESSAGE[..1]), Act::Stall]), [messages().streamed()], "200 message_start error<anthropic timeout> | calls 1", [
            ("stream-buffered", "200 message_start error<anthropic timeout> late | calls 1"),
            ("idle-deadline-missing", "hang | ids 0 | calls 1"),
        ]).deadline(1500),
        probe(Plays::Acts(vec![cut_stream(&MESSAGE[..2]), Act::Reset]), [messages().streamed()], "200 message_start block_start error<anthropic upstream_error> | calls 1", [
            ("stream-cut-is-done", "200 message_start block_start message_stop | calls 1"),
            ("stream-cut-is-stop", "200 message_start block_start message_delta message_stop | calls 1"),
            ("stream-error-unnamed", "200 message_start block_start <anthropic upstream_error> | calls 1"),
            ("stream-error-speaks-openai", "200 message_start block_start <openai 502 upstream_error> | calls 1"),
            ("stream-error-then-done", "200 message_start block_start error<anthropic upstream_error> message_stop | calls 1"),
        ]),
        probe(whole("text/event-stream", &stream(&[CHUNK])), [chat().streamed()], "200 chunk <openai 502 upstream_error> | calls 1", [
            ("stream-end-unannounced-is-done", "200 chunk [DONE] | calls 1"),
        ]),
        probe(whole("text/event-stream", &stream(&[MESSAGE[0], r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#])), [messages().streamed()], "200 message_start error<anthropic upstream_error> | calls 1", [
            ("stream-error-event-swallowed", "200 message_start message_stop | calls 1"),
        ]),
        probe(Plays::Ok, [low(messages()).set("max_tokens", json!(60_000))], "402 anthropic insufficient_quota | calls 0", [
            ("amounts-missing", "402 anthropic insufficient_quota | calls 0"),
        ]),
    ]
}
