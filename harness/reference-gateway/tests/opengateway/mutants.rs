//! Every mutant, seen to do what its row says where the healthy gateway does what the page says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use reference_gateway::seed::opengateway as seed;
use reference_gateway::{Kind, Personality, mutants};
use reqwest::Method;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Ask, Seen, ask, behind, chat, embed, messages, models};
use crate::upstream::{Act, CHUNK, KEY, Plays, completion, cut_stream, stream as body_of, whole};

/// One situation, what the healthy gateway shows in it, and what each mutant shows instead.
struct Probe {
    plays: [Plays; 2],
    asks: Vec<Ask>,
    together: bool,
    limit: Duration,
    healthy: &'static str,
    mutants: Vec<(&'static str, &'static str)>,
}

fn probe<const N: usize>(
    plays: [Plays; 2],
    asks: impl Into<Vec<Ask>>,
    healthy: &'static str,
    mutants: [(&'static str, &'static str); N],
) -> Probe {
    let limit = Duration::from_secs(4);
    Probe { plays, asks: asks.into(), together: false, limit, healthy, mutants: mutants.to_vec() }
}

impl Probe {
    fn together(self) -> Self {
        Self { together: true, ..self }
    }

    fn limit(self, milliseconds: u64) -> Self {
        Self { limit: Duration::from_millis(milliseconds), ..self }
    }

    /// What a gateway shows: its answers, and how often each provider was called.
    async fn run(&self, name: Option<&str>) -> String {
        let behind = behind(self.plays.clone(), name, self.limit).await;
        let base = behind.gateway.url();
        let mut seen = Vec::new();
        if self.together {
            seen = join_all(self.asks.iter().map(|it| it.send(&base))).await;
        } else {
            for it in &self.asks {
                seen.push(it.send(&base).await);
            }
        }
        let [first, second] = behind.calls().await;
        let mut lines = BTreeMap::<String, usize>::new();
        for it in &seen {
            *lines.entry(it.as_ref().map_or_else(|| "hang".to_owned(), Seen::line)).or_default() += 1;
        }
        let lines: Vec<_> =
            lines.into_iter().map(|(it, n)| if n == 1 { it } else { format!("{n}x {it}") }).collect();
        format!("{} | {first}+{second}", lines.join(" + "))
    }
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
            let of = probe.mutants[0].0;
            (shown != expected)
                .then(|| format!("{who}, in the probe of {of}:\n  expected {expected}\n  shown    {shown}"))
        })
    });
    let wrong: Vec<_> =
        stream::iter(runs).buffer_unordered(12).filter_map(async |it| it).collect::<Vec<_>>().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Between attempts nobody waits, where the healthy gateway waits 100 ms and then 200 ms.
#[tokio::test]
async fn without_backoff_a_retry_comes_at_once() {
    for (flaw, waits) in [(None, true), (Some("backoff-missing"), false)] {
        let behind = behind([status(503), Plays::Ok], flaw, Duration::from_secs(4)).await;
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            assert_eq!(behind.shows(&chat()).await, "200 hello | 3+1");
            quickest = quickest.min(begun.elapsed());
        }
        assert_eq!(quickest >= Duration::from_millis(300), waits, "{flaw:?} took {quickest:?}");
    }
}

#[tokio::test]
async fn a_retry_repeats_the_request() {
    for (flaw, repeats) in [(None, true), (Some("retry-drops-parameters"), false)] {
        let behind = behind([status(503), Plays::Ok], flaw, Duration::from_secs(4)).await;
        behind.shows(&chat().set("temperature", json!(0.5))).await;
        let mut received = behind.providers[0].received().await;
        received.extend(behind.providers[1].received().await);
        let bodies: BTreeSet<_> = received.into_iter().map(|it| it.body).collect();
        assert_eq!(bodies.len() == 1, repeats, "{flaw:?}");
    }
}

#[test]
fn every_mutant_has_a_probe() {
    let all: BTreeSet<_> = mutants(Personality::OpenGateway).iter().map(|it| it.name).collect();
    let probes = probes();
    let elsewhere = ["backoff-missing", "retry-drops-parameters"];
    let probed = probes.iter().flat_map(|it| &it.mutants).map(|(name, _)| *name);
    let probed: Vec<_> = probed.chain(elsewhere).collect();
    assert_eq!(all, probed.iter().copied().collect());
    assert_eq!(all.len(), probed.len(), "a mutant is probed once");
    assert_eq!(all.len(), mutants(Personality::OpenGateway).len(), "names are unique");
}

#[test]
fn at_most_a_third_rewrite_the_answer() {
    let all = mutants(Personality::OpenGateway);
    let answer = all.iter().filter(|it| it.kind == Kind::Answer).count();
    assert!(answer * 3 <= all.len() && all.len() >= 28, "{answer} of {}", all.len());
    assert!(all.iter().all(|it| !it.claims.is_empty()));
    assert!(all.iter().all(|it| it.claims.iter().all(|claim| claim.starts_with("OGW-"))));
}

fn says(status: u16, message: &str) -> Plays {
    let body = json!({"error": {"message": message, "type": "t", "code": "c"}});
    Plays::Reply(
        ResponseTemplate::new(status).insert_header("x-request-id", "provider-7").set_body_json(body),
    )
}

fn status(status: u16) -> Plays {
    says(status, &format!("key {KEY}"))
}

fn html(status: u16) -> Plays {
    Plays::Reply(ResponseTemplate::new(status).set_body_raw("<h1>no</h1>", "text/html"))
}

fn wrote(body: serde_json::Value) -> Plays {
    Plays::Reply(ResponseTemplate::new(200).set_body_json(body))
}

fn streams(body: String) -> Plays {
    Plays::Reply(ResponseTemplate::new(200).set_body_raw(body, "text/event-stream"))
}

/// The beginning of a stream, then a reset.
fn cut(events: &[&str]) -> Plays {
    Plays::Acts(vec![cut_stream(events), Act::Reset])
}

/// The operator's word that something is offline.
fn offline(what: &str) -> Ask {
    ask(Method::POST, "/admin/states").key(reference_gateway::seed::ADMIN_KEY).json(&json!({what: false}))
}

fn policy(name: &str) -> String {
    format!("{}:{name}", seed::CHAT_MODEL)
}

fn slow() -> [Plays; 2] {
    [Plays::Slow(Duration::from_millis(800)), Plays::Ok]
}

/// The beginning of a message.
const BEGUN: &str =
    r#"{"type":"message_start","message":{"type":"message","role":"assistant","content":[]}}"#;
/// Half of a body that was promised whole.
const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1024\r\n\r\nhalf";
const ERROR: &str = r#"{"error":{"message":"127.0.0.1 gave up","type":"t","code":"c"}}"#;

#[rustfmt::skip]
fn probes() -> Vec<Probe> {
    let ok = || [Plays::Ok, Plays::Ok];
    let then_ok = |first: Plays| [first, Plays::Ok];
    vec![
        // Who calls.
        probe(ok(), [chat().key(seed::REVOKED)], "401 authentication_error/invalid_api_key | 0+0", [
            ("revoked-key-accepted", "200 hello | 1+0"),
            ("revoked-key-reaches-upstream", "401 authentication_error/invalid_api_key | 1+0"),
        ]),
        probe(ok(), [chat().key(seed::REVOKED), chat(), chat()], "2x 200 hello + 401 authentication_error/invalid_api_key | 2+0", [
            ("bad-key-locks-out", "200 hello + 2x 401 authentication_error/invalid_api_key | 1+0"),
        ]),
        probe(ok(), [chat().key(seed::NEVER_ISSUED)], "401 authentication_error/invalid_api_key | 0+0", [
            ("unknown-key-accepted", "200 hello | 1+0"),
        ]),
        probe(ok(), [chat().keyless()], "401 authentication_error/invalid_api_key | 0+0", [
            ("missing-key-accepted", "200 hello | 1+0"),
            ("missing-key-is-400", "400 invalid_request_error/invalid_api_key | 0+0"),
        ]),
        probe(ok(), [chat().header("authorization", &format!("Basic {}", seed::VALID[0]))], "401 authentication_error/invalid_api_key | 0+0", [
            ("any-scheme-accepted", "200 hello | 1+0"),
        ]),
        probe(ok(), [chat().api_key(seed::VALID[0])], "200 hello | 1+0", [
            ("api-key-header-ignored", "401 authentication_error/invalid_api_key | 0+0"),
        ]),
        probe(ok(), [messages()], "200 hello | 1+0", [
            ("bearer-ignored-on-messages", "401 a.authentication_error | 0+0"),
        ]),

        // Models.
        probe(ok(), [chat().model("a/b/c")], "400 invalid_request_error/invalid_model | 0+0", [
            ("malformed-model-is-404", "404 invalid_request_error/model_not_found | 0+0"),
            ("malformed-model-reaches-upstream", "400 invalid_request_error/invalid_model | 1+0"),
        ]),
        probe(ok(), [chat().model(&policy("soonest"))], "400 invalid_request_error/invalid_model | 0+0", [
            ("unknown-policy-ignored", "200 hello | 1+0"),
        ]),
        probe(ok(), [chat().raw("{")], "400 invalid_request_error/invalid_model | 0+0", [
            ("malformed-json-is-500", "500 api_error/internal_error | 0+0"),
        ]),
        probe(ok(), [chat().raw("\u{feff}{}")], "400 invalid_request_error/invalid_model | 0+0", [
            ("odd-json-is-500", "500 api_error/internal_error | 0+0"),
        ]),
        probe(ok(), [chat().set("messages", json!(null))], "400 invalid_request_error/invalid_model | 0+0", [
            ("missing-field-forwarded", "200 hello | 1+0"),
            ("bad-shape-code-wrong", "400 invalid_request_error/invalid_request | 0+0"),
        ]),
        probe(ok(), [chat().model(seed::UNKNOWN_MODEL)], "404 invalid_request_error/model_not_found | 0+0", [
            ("unknown-model-forwarded", "200 hello | 1+0"),
            ("unknown-model-is-400", "400 invalid_request_error/invalid_model | 0+0"),
            ("unknown-model-is-503", "503 service_unavailable/provider_offline | 0+0"),
        ]),
        probe(ok(), [chat().model(seed::CLOSED_MODEL)], "404 invalid_request_error/model_not_found | 0+0", [
            ("lane-unchecked", "200 hello | 1+0"),
            ("other-lane-is-403", "403 permission_error/forbidden | 0+0"),
        ]),
        probe(ok(), [embed().model(seed::CLOSED_EMBEDDING)], "404 invalid_request_error/model_not_found | 0+0", [
            ("lane-unchecked-for-embeddings", "200 {\"object\":\"list\",\"data\":[{\"object\":\"embe | 1+0"),
        ]),
        probe(ok(), [chat().model(seed::EMBEDDING_MODEL)], "422 invalid_request_error/model_task_mismatch | 0+0", [
            ("task-unchecked", "200 hello | 1+0"),
            ("task-mismatch-is-400", "400 invalid_request_error/invalid_model | 0+0"),
            ("task-mismatch-code-wrong", "422 invalid_request_error/invalid_model | 0+0"),
        ]),
        probe(ok(), [chat().model(seed::SMALL_MODEL).set("user", json!("word ".repeat(5000)))], "400 invalid_request_error/context_length_exceeded | 0+0", [
            ("over-window-is-502", "502 api_error/provider_invalid_response | 0+0"),
        ]),

        // Rate and concurrency.
        probe(ok(), vec![chat().key(seed::RATE_LIMITED[0]); 6], "5x 200 hello + 429 rate_limit_error/rate_limited | 5+0", [
            ("rate-limit-unenforced", "6x 200 hello | 6+0"),
            ("rate-limit-is-503", "5x 200 hello + 503 service_unavailable/provider_offline | 5+0"),
        ]),
        probe(slow(), vec![chat().key(seed::CROWDED[0]); 5], "3x 200 hello + 2x 429 rate_limit_error/concurrency_limited | 3+0", [
            ("concurrency-unenforced", "5x 200 hello | 5+0"),
        ]).together(),
        probe(then_ok(status(422)), vec![chat().key(seed::CROWDED[0]); 4], "4x 422 invalid_request_error/provider_rejected | 4+0", [
            ("slot-kept-by-failures", "3x 422 invalid_request_error/provider_rejected + 429 rate_limit_error/concurrency_limited | 3+0"),
        ]),

        // Which failures are retried, where and how often.
        probe(then_ok(status(429)), [chat()], "200 hello | 3+1", [
            ("rate-limit-not-retried", "429 rate_limit_error/rate_limited | 1+0"),
            ("failover-missing", "429 rate_limit_error/rate_limited | 3+0"),
        ]),
        probe(then_ok(status(529)), [chat()], "200 hello | 3+1", [
            ("upstream-529-not-retried", "503 service_unavailable/provider_offline | 1+0"),
        ]),
        probe(then_ok(status(503)), [chat().stream()], "200 part end | 3+1", [
            ("stream-not-failed-over", "503 service_unavailable/provider_offline | 3+0"),
        ]),
        probe(then_ok(status(402)), [chat()], "402 insufficient_quota/credits_exhausted | 1+0", [
            ("credits-fail-over", "200 hello | 1+1"),
            ("credits-retried", "200 hello | 3+1"),
            ("credits-are-429", "429 rate_limit_error/rate_limited | 1+0"),
            ("upstream-client-errors-are-500", "500 api_error/provider_error | 1+0"),
        ]),
        probe(then_ok(status(403)), [chat()], "403 permission_error/provider_forbidden | 1+0", [
            ("refused-key-fails-over", "200 hello | 1+1"),
            ("upstream-403-is-401", "401 authentication_error/invalid_api_key | 1+0"),
        ]),
        probe(then_ok(status(422)), [chat()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("unprocessable-retried", "200 hello | 3+1"),
        ]),
        probe(then_ok(status(404)), [chat()], "404 invalid_request_error/model_not_found | 1+0", [
            ("upstream-404-fails-over", "200 hello | 1+1"),
        ]),
        probe([status(503), status(503)], vec![chat(); 3], "3x 503 service_unavailable/provider_offline | 9+9", [
            ("provider-benched-for-good", "3x 503 service_unavailable/provider_offline | 6+6"),
            ("server-error-body-empty", "3x 503  | 9+9"),
            ("spent-is-502", "3x 502 api_error/provider_error | 9+9"),
            ("failure-is-200", "3x 200 service_unavailable/provider_offline | 9+9"),
        ]),
        probe(then_ok(says(503, "Insufficient credits")), [chat()], "200 hello | 3+1", [
            ("body-says-credits", "402 insufficient_quota/credits_exhausted | 1+0"),
        ]),
        probe(then_ok(says(402, "Rate limit reached")), [chat()], "402 insufficient_quota/credits_exhausted | 1+0", [
            ("body-says-rate-limit", "200 hello | 3+1"),
        ]),
        probe(then_ok(says(422, "Please try again")), [chat()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("body-says-try-again", "200 hello | 3+1"),
        ]),
        probe(then_ok(says(400, "The server is overloaded.")), [chat()], "400 invalid_request_error/provider_rejected | 1+0", [
            ("body-says-overloaded", "200 hello | 3+1"),
        ]),
        probe(then_ok(html(503)), [chat()], "200 hello | 3+1", [
            ("html-is-final", "403 permission_error/provider_forbidden | 1+0"),
        ]),
        probe(then_ok(status(503)), [chat().model(&policy("fastest"))], "200 hello | 3+1", [
            ("fastest-pinned", "503 service_unavailable/provider_offline | 3+0"),
        ]),
        probe(then_ok(status(503)), [chat().model(&policy("cheapest"))], "200 hello | 3+1", [
            ("cheapest-pinned", "503 service_unavailable/provider_offline | 3+0"),
        ]),
        probe(ok(), [offline("first_provider"), chat().model(&policy("cheapest"))], "200 hello + 200 {\"first_provider\":false,\"second_provider | 0+1", [
            ("policy-prefers-offline", "200 hello + 200 {\"first_provider\":false,\"second_provider | 1+0"),
        ]),
        probe(ok(), [offline("chat_model"), chat()], "200 {\"first_provider\":true,\"second_provider\" + 503 service_unavailable/provider_offline | 0+0", [
            ("offline-model-called", "200 hello + 200 {\"first_provider\":true,\"second_provider\" | 1+0"),
        ]),

        // What is told of a provider that failed.
        probe([Plays::Refuses, Plays::Refuses], [chat()], "503 service_unavailable/provider_offline | 0+0", [
            ("connect-failure-is-400", "400 invalid_request_error/provider_offline | 0+0"),
            ("offline-is-404", "404 invalid_request_error/provider_offline | 0+0"),
            ("connect-failure-tells-address", "503 service_unavailable/provider_offline leaks | 0+0"),
        ]),
        probe(then_ok(status(422)), [embed()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("upstream-message-relayed", "422 invalid_request_error/provider_rejected leaks | 1+0"),
            ("upstream-headers-relayed", "422 invalid_request_error/provider_rejected tells | 1+0"),
            ("upstream-error-body-relayed", "422 t/c@nobody leaks | 1+0"),
            ("error-is-a-string", "422 {\"error\":\"The provider cannot process th | 1+0"),
            ("provider-named", "422 invalid_request_error/provider_rejected@first | 1+0"),
        ]),
        probe(then_ok(status(402)), [messages()], "402 a.billing_error | 1+0", [
            ("openai-types-on-messages", "402 a.insufficient_quota | 1+0"),
        ]),
        probe(then_ok(html(422)), [chat()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("upstream-html-relayed", "422 <h1>no</h1> as \"text/html\" | 1+0"),
        ]),
        probe(then_ok(Plays::Reply(ResponseTemplate::new(422).set_body_json(json!({"error": {"code": 422}})))), [chat()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("upstream-integer-code-crashes", "500  as \"\" | 1+0"),
        ]),
        probe(then_ok(status(422)), [messages()], "422 a.invalid_request_error | 1+0", [
            ("openai-envelope-on-messages", "422 invalid_request_error/provider_rejected | 1+0"),
        ]),
        probe([wrote(json!({"error": {"message": "m"}})), wrote(json!({"error": {"message": "m"}}))], [chat()], "502 api_error/provider_invalid_response | 1+1", [
            ("answer-error-object-passed", "200 {\"error\":{\"message\":\"m\"}} | 1+0"),
        ]),
        probe([wrote(json!({"choices": null})), Plays::Ok], [chat()], "200 hello | 1+1", [
            ("answer-choices-null-passed", "200 {\"choices\":null} | 1+0"),
        ]),
        probe(then_ok(Plays::Acts(vec![Act::Say(HALF.to_owned())])), [chat()], "200 hello | 1+1", [
            ("broken-body-is-whole", "200 half | 1+0"),
        ]),
        probe(then_ok(whole("application/json; charset=utf-8", &completion().to_string())), [chat()], "200 hello | 1+0", [
            ("charset-unread", "200 hello | 1+1"),
        ]),
        probe(then_ok(Plays::Slow(Duration::from_millis(1500))), [chat()], "200 hello | 1+0", [
            ("deadline-halved", "200 hello | 1+1"),
        ]).limit(2500),
        probe(then_ok(Plays::Acts(vec![Act::Stall])), [chat()], "200 hello | 1+1", [
            ("head-deadline-missing", "hang | 1+0"),
        ]).limit(300),
        probe(ok(), vec![chat().key(seed::RATE_LIMITED[0]); 6], "5x 200 hello + 429 rate_limit_error/rate_limited | 5+0", [
            ("type-is-the-word-none", "5x 200 hello + 429 None/rate_limited | 5+0"),
        ]),
        probe(ok(), vec![chat().keyless(); 10], "10x 401 authentication_error/invalid_api_key | 0+0", [
            ("tenth-failure-is-html", "401 <!doctype html><html><body><h1>Something as \"text/html\" + 9x 401 authentication_error/invalid_api_key | 0+0"),
        ]),

        // The list of models.
        probe(ok(), [models().key(seed::NEVER_ISSUED)], "200 {\"object\":\"list\",\"data\":[{\"id\":\"meadow/c | 0+0", [
            ("models-need-issued-key", "401 authentication_error/invalid_api_key | 0+0"),
            ("model-list-is-bare", "200 [{\"id\":\"meadow/chat-70b\",\"object\":\"model | 0+0"),
            ("model-list-without-ids", "200 {\"object\":\"list\",\"data\":[{\"id\":null,\"obj | 0+0"),
        ]),
        probe(ok(), [models().keyless()], "401 authentication_error/invalid_api_key | 0+0", [
            ("models-need-no-key", "200 {\"object\":\"list\",\"data\":[{\"id\":\"meadow/c | 0+0"),
        ]),

        // Streams.
        probe(then_ok(trickle()), [chat().stream()], "200 part end flowing | 1+0", [
            ("stream-buffered", "200 part end | 1+0"),
            ("stream-content-type-is-json", "200 data: {\"id\":\"c1\",\"object\":\"chat.completi flowing | 1+0"),
        ]),
        probe(then_ok(status(422)), [chat().stream()], "422 invalid_request_error/provider_rejected | 1+0", [
            ("stream-early-failure-is-200", "200 invalid_request_error/provider_rejected | 1+0"),
            ("stream-failure-content-type", "422 invalid_request_error/provider_rejected as \"text/event-stream\" | 1+0"),
        ]),
        probe(then_ok(cut(&[CHUNK])), [chat().stream()], "200 part api_error/provider_invalid_response | 1+0", [
            ("stream-retried-after-output", "200 part end | 1+1"),
            ("stream-cut-is-done", "200 part end | 1+0"),
            ("stream-cut-is-stop", "200 part stop end | 1+0"),
        ]),
        probe(ok(), [chat().stream()], "200 part end | 1+0", [
            ("stream-done-is-cut", "200 part api_error/provider_invalid_response | 1+0"),
        ]),
        probe(then_ok(streams(body_of(&[CHUNK]))), [chat().stream()], "200 part api_error/provider_invalid_response | 1+0", [
            ("stream-end-unannounced-is-done", "200 part end | 1+0"),
        ]),
        probe(then_ok(streams(body_of(&[CHUNK, ERROR]))), [chat().stream()], "200 part api_error/provider_invalid_response | 1+0", [
            ("stream-error-event-swallowed", "200 part end | 1+0"),
            ("stream-error-event-relayed", "200 part t/c@nobody api_error/provider_invalid_response leaks | 1+0"),
        ]),
        probe(then_ok(streams(body_of(&[CHUNK, "no JSON", "[DONE]"]))), [chat().stream()], "200 part api_error/provider_invalid_response | 1+0", [
            ("stream-malformed-event-relayed", "200 part no JSON end | 1+0"),
        ]),
        probe(then_ok(cut(&[BEGUN])), [messages().stream()], "200 part error:a.api_error | 1+0", [
            ("stream-error-event-unnamed", "200 part a.api_error | 1+0"),
            ("openai-error-event-on-messages", "200 part api_error/provider_invalid_response | 1+0"),
        ]),
        probe(then_ok(Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Stall])), [chat().stream()], "200 part api_error/provider_timeout flowing | 1+0", [
            ("idle-deadline-missing", "hang | 1+0"),
        ]).limit(300),
    ]
}

/// A stream that takes its time.
fn trickle() -> Plays {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let rest = Act::Drip(body_of(&[CHUNK, "[DONE]"]), Duration::from_millis(4));
    Plays::Acts(vec![Act::Say(format!("{head}{}", body_of(&[CHUNK]))), rest])
}
