//! Every matcher, path and view against one rich exchange.

use serde_json::json;

use super::build::{Reply, Sent, Trial, answers, finding};
use crate::wire::exchange::{Break, End};

fn rich() -> Sent {
    let body = json!({"error": {"type": "api_error", "code": "upstream_503", "n": 7, "f": 2.0, "none": null, "list": [1, "b"]}});
    let mut sent = Sent::got(503)
        .json(&body)
        .header("retry-after", "7")
        .header("x-two", "a")
        .header("x-two", "b")
        .header("x-date", "Sun, 06 Nov 1994 08:49:46 GMT")
        .header("x-past", "Sat, 06 Nov 1993 08:49:46 GMT")
        .header("x-flag", "true")
        .header("x-soon", "soon")
        .header("x-minus", "-3")
        .header("x-half", "2.5")
        .header("x-json", "{\"b\": 2, \"a\": 1}")
        .attempt(
            Reply::status(500)
                .header("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")
                .received(r#"{"model":"a","n":1}"#),
        )
        .attempt(Reply::status(503).header("x-n", "4").provider("second").received(r#"{"n":1,"model":"b"}"#))
        .request(|request| request.headers.push(("X-Own".to_owned(), "mine".to_owned())));
    let exchange = &mut sent.observed.exchange;
    exchange.head.as_mut().unwrap().reason = Some("Over".to_owned());
    exchange.trailers.push(("x-end".to_owned(), "t".into()));
    sent
}

fn fit_of(expectation: &str, sent: Sent) -> Vec<&'static str> {
    let trial = Trial::new(&format!("steps: [{{send: {{operation: chat}}, expect: {{{expectation}}}}}]"))
        .step([sent]);
    let judgement = trial.judge();
    let path = judgement.checks[0].name.clone();
    answers(&judgement, &path)
}

#[test]
fn each_matcher_holds_and_breaks() {
    for (expectation, answer) in [
        ("got.status: 503", "held"),
        ("got.status: 500", "broken"),
        ("got.status: '503'", "broken"),
        ("got.headers.retry-after: 7", "held"),
        ("got.headers.retry-after: '7'", "held"),
        ("got.headers.x-flag: true", "held"),
        ("got.body/error/n: 7", "held"),
        ("got.body/error/n: '7'", "broken"),
        ("got.body/error/f: 2", "held"),
        ("got.body/error/none: null", "held"),
        ("got.body/error/none: present", "held"),
        ("got.body/error/gone: present", "broken"),
        ("got.body/error/gone: absent", "held"),
        ("got.body/error/none: absent", "broken"),
        ("got.status: [429, 503]", "held"),
        ("got.status: [429, 500]", "broken"),
        ("got.status: {min: 500, max: 599}", "held"),
        ("got.status: {min: 504}", "broken"),
        ("got.status: {max: 502}", "broken"),
        ("got.headers.retry-after: {min: 7}", "held"),
        ("got.headers.x-soon: {min: 0}", "broken"),
        ("got.headers.gone: {min: 0}", "broken"),
        ("got.headers.gone: {max: 9}", "broken"),
        ("got.headers.retry-after: {matches: '^(0|[1-9][0-9]*)$'}", "held"),
        ("got.headers.x-minus: {matches: '^[0-9]+$'}", "broken"),
        ("got.headers.gone: {matches: '.*'}", "broken"),
        ("got.error.code: {contains: _503}", "held"),
        ("got.error.code: {contains: _502}", "broken"),
        ("got.body/error/list: {contains: b}", "held"),
        ("got.body/error/list: {contains: c}", "broken"),
        ("got.error.code: {not: upstream_502}", "held"),
        ("got.error.code: {not: upstream_503}", "broken"),
        ("got.headers.gone: {not: x}", "held"),
        ("got.headers.retry-after: {once: true}", "held"),
        ("got.headers.x-two: {once: true}", "broken"),
        ("got.headers.gone: {once: true}", "broken"),
        ("got.headers.x-two: 'a, b'", "held"),
        ("got.body/error: {schema: {type: object, required: [code]}}", "held"),
        ("got.body/error: {schema: {type: object, required: [gone]}}", "broken"),
        ("got.body/gone: {schema: {type: object}}", "broken"),
    ] {
        assert_eq!(fit_of(expectation, rich()), [answer], "{expectation}");
    }
}

#[test]
fn each_part_of_each_corner_is_found() {
    for expectation in [
        "sent.operation: chat",
        "sent.method: POST",
        "sent.headers.x-own: mine",
        "sent.body/model: m",
        "sent.body: {contains: messages}",
        "sent.stream: false",
        "received.count: 2",
        "received.first.count: 1",
        "received.method: POST",
        "received.headers.x-trace: 7",
        "received.body/n: 1",
        "'received[2].body/model': b",
        "'received.second[1].body/model': b",
        "played.second.status: 503",
        "'played[1].status': 500",
        "played.status: {min: 500}",
        "played.first.ending: complete",
        "played.events: 0",
        "played.fault: absent",
        "played.second.headers.x-n: 4",
        "got.reason: Over",
        "got.trailers.x-end: t",
        "got.body: {contains: upstream_503}",
        "got.error.type: api_error",
        "got.error.nothing: absent",
        "got.failed: true",
        "got.events: 0",
        "got.elapsed: {min: 0.02, max: 0.02}",
        "got.ending: clean",
    ] {
        assert_eq!(fit_of(expectation, rich()), ["held"], "{expectation}");
    }
}

#[test]
fn each_view_reads_or_makes_absent() {
    for (expectation, answer) in [
        ("got.headers.retry-after|seconds: {min: 7, max: 7}", "held"),
        ("got.headers.x-half|seconds: 2.5", "held"),
        ("got.headers.x-soon|seconds: absent", "held"),
        ("got.headers.x-minus|seconds: absent", "held"),
        ("got.headers.x-date|seconds: {min: 8.9, max: 9}", "held"),
        ("got.headers.x-past|seconds: 0", "held"),
        ("got.headers.retry-after|milliseconds: 0.007", "held"),
        ("got.headers.x-minus|milliseconds: absent", "held"),
        ("got.headers.x-soon|milliseconds: absent", "held"),
        ("played.first.headers.retry-after|seconds: {min: 8.9, max: 9}", "held"),
        ("got.headers.x-minus|number: -3", "held"),
        ("got.headers.x-soon|number: absent", "held"),
        ("got.body/error/n|number: 7", "held"),
        ("got.headers.x-json|json: {equals: {a: 1, b: 2}}", "held"),
        ("got.headers.x-soon|json: absent", "held"),
        ("played.status|max: 503", "held"),
        ("played.headers.x-n|number|max: 4", "held"),
    ] {
        assert_eq!(fit_of(expectation, rich()), [answer], "{expectation}");
    }
}

#[test]
fn a_path_without_index_means_every_attempt() {
    assert_eq!(fit_of("played.status: 503", rich()), ["broken"]);
    assert_eq!(fit_of("received.body/model: [a, b]", rich()), ["held"]);
    let trial = Trial::new("steps: [{send: {operation: chat}, expect: {played.status: 503}}]").step([rich()]);
    assert_eq!(finding(&trial.judge()).observed, "500 in step 1, attempt 1");
}

#[test]
fn of_an_attempt_that_never_was_only_absence_can_be_told() {
    let unreached = || Sent::error(503, "api_error", "x");
    for (expectation, answer) in [
        ("received.count: 0", "held"),
        ("received.count: {min: 1}", "broken"),
        ("received.body/model: a", "unknown"),
        ("received.body/model: absent", "held"),
        ("received.body/model: [a, absent]", "held"),
        ("received.body/model: present", "unknown"),
        ("received.body/model: {not: absent}", "unknown"),
        ("played.status: 500", "unknown"),
        ("got.status: $(played.status)", "unknown"),
        ("got.error.code: upstream_$(played.status)", "unknown"),
    ] {
        assert_eq!(fit_of(expectation, unreached()), [answer], "{expectation}");
    }
}

#[test]
fn of_a_body_that_was_kept_in_part_is_told_what_stands_there_and_nothing_of_what_does_not() {
    let kept =
        Reply::status(200).play(|played| (played.body, played.body_cut) = ("data: {\"a\":1}".into(), true));
    let partly = || Sent::got(200).attempt(kept.clone());
    for (expectation, answer) in [
        ("played.body: {contains: data}", "held"),
        ("played.body: {matches: '\"a\":'}", "held"),
        ("played.body: {matches: '1}$'}", "unknown"),
        ("played.body: {contains: finish_reason}", "unknown"),
        ("played.body: {not: {contains: finish_reason}}", "unknown"),
        ("played.body: {not: {contains: data}}", "broken"),
        ("played.body: [nothing, {contains: data}]", "held"),
        ("played.body: 'data: {\"a\":1}'", "unknown"),
        ("played.body/a: absent", "unknown"),
        ("played.body/a: present", "unknown"),
        ("got.body: $(played.body)", "unknown"),
        ("same: [played.body]", "unknown"),
        ("played.status: 200", "held"),
    ] {
        assert_eq!(fit_of(expectation, partly()), [answer], "{expectation}");
    }
}

/// An error event in front of an endless rest is as whole as any other.
#[test]
fn what_was_found_in_the_beginning_of_a_body_is_judged_like_any_other() {
    let endless = || {
        let event = "data: {\"error\":{\"type\":\"t\",\"code\":\"c\"}}\n\n";
        Sent::got(200).events(&event.repeat(3)).end(End::Capped(100)).attempt(Reply::status(200))
    };
    for (expectation, answer) in [
        ("got.error.code: c", "held"),
        ("got.error.code: d", "broken"),
        ("got.error.code: absent", "broken"),
        ("got.error.request_id: absent", "unknown"),
        ("got.error.code: $(got.error.code)", "held"),
    ] {
        assert_eq!(fit_of(expectation, endless()), [answer], "{expectation}");
    }
}

#[test]
fn a_reference_to_several_attempts_is_the_last_ones() {
    assert_eq!(fit_of("got.status: $(played.status)", rich()), ["held"]);
    assert_eq!(fit_of("got.error.code: upstream_$(played.status)", rich()), ["held"]);
    assert_eq!(fit_of("got.status: $(played.first.status)", rich()), ["broken"]);
    assert_eq!(fit_of("sent.body/model: {not: $(received.body/model)}", rich()), ["held"]);
    assert_eq!(fit_of("got.error.code: {not: $(got.headers.gone)}", rich()), ["unknown"]);
    assert_eq!(fit_of("got.body/error/n: {min: $(value.three)}", rich()), ["held"]);
    assert_eq!(fit_of("got.body/error/n: {min: $(value.four)}", rich()), ["unknown"]);
}

#[test]
fn endings_are_told_apart() {
    let clean = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    let told = "data: {\"choices\":[]}\n\ndata: {\"error\":{\"type\":\"api_error\",\"code\":\"cut\"}}\n\n";
    let named = "event: error\ndata: {\"type\":\"api_error\"}\n\n";
    let null = "data: {\"error\":null}\n\n";
    let reset = || End::Broken(Break::Reset);
    for (sent, ending, failed) in [
        (Sent::got(200).events(clean), "clean", false),
        (Sent::got(200).events(told), "error_event", true),
        (Sent::got(200).events(told).end(reset()), "error_event", true),
        (Sent::got(200).events(told).end(End::Deadline), "open", true),
        (Sent::got(200).events(named), "error_event", true),
        (Sent::got(200).events(null), "unmarked", false),
        (Sent::got(200).events(""), "unmarked", false),
        (Sent::got(200).events(&format!("data: [DONE]\n\n{told}")), "clean", false),
        (Sent::got(200).events(told.trim_end()), "unmarked", false),
        (Sent::got(200).events(clean).end(reset()), "broken", false),
        (Sent::got(200).events(clean).end(End::Deadline), "open", false),
        (Sent::got(200).events(clean).end(End::Capped(9)), "open", false),
        (Sent::nothing(End::Deadline), "open", true),
        (Sent::nothing(reset()), "broken", true),
        (Sent::got(404), "clean", true),
        (Sent::got(301), "clean", true),
    ] {
        let expectation = format!("got.ending: {ending}");
        assert_eq!(
            fit_of(&expectation, sent.clone()),
            ["held"],
            "{expectation} {:?}",
            sent.observed.exchange.end
        );
        assert_eq!(fit_of(&format!("got.failed: {failed}"), sent), ["held"], "failed after {ending}");
    }
}

#[test]
fn what_ends_a_stream_and_what_tells_of_an_error_is_the_protocols_own() {
    let event = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n");
    let start = event("message_start", r#"{"type":"message_start"}"#);
    let stop = event("message_stop", r#"{"type":"message_stop"}"#);
    let error = event("error", r#"{"type":"error","error":{"kind":"overloaded_error"}}"#);
    let nameless = "data: {\"error\":{\"kind\":\"overloaded_error\"}}\n\n";
    for (body, ending, failed) in [
        (format!("{start}{stop}"), "clean", false),
        (start.clone(), "unmarked", false),
        (format!("{start}data: [DONE]\n\n"), "unmarked", false),
        (format!("{start}{error}"), "error_event", true),
        (format!("{start}{nameless}"), "unmarked", false),
        (format!("{start}{stop}{error}"), "error_event", true),
    ] {
        let mut sent = Sent::got(200).events(&body);
        sent.observed.operation = Some("messages".to_owned());
        sent.observed.protocol = "anthropic".to_owned();
        assert_eq!(fit_of(&format!("got.ending: {ending}"), sent.clone()), ["held"], "{body}");
        assert_eq!(fit_of(&format!("got.failed: {failed}"), sent.clone()), ["held"], "{body}");
        let whole = if ending == "clean" { "held" } else { "broken" };
        assert_eq!(fit_of("error: ok", sent), [whole], "{body}");
    }
}

#[test]
fn an_error_event_carries_the_errors_fields() {
    let told =
        "data: {\"choices\":[]}\r\n\r\ndata: {\"error\":{\"type\":\"api_error\",\"code\":\"cut\"}}\r\n\r\n";
    assert_eq!(fit_of("got.error.code: cut", Sent::got(200).events(told)), ["held"]);
    assert_eq!(fit_of("got.events: 2", Sent::got(200).events(told)), ["held"]);
    let mut unlabelled = Sent::got(200).body(told);
    unlabelled.observed.stream = true;
    assert_eq!(
        fit_of("got.ending: error_event", unlabelled),
        ["held"],
        "clients read events where they asked for them"
    );
}

#[test]
fn what_a_client_does_with_a_head_is_computed() {
    let fits = |client: &str, again: &str, sent: Sent| {
        // A limit that the upstream told of is no limit of the shared key.
        let sent = sent.attempt(Reply::status(429));
        assert_eq!(
            fit_of(&format!("got.retry.{client}: {again}"), sent.clone()),
            ["held"],
            "{client} {:?}",
            sent.observed.exchange.head
        );
    };
    for client in ["openai", "anthropic", "openai-python", "anthropic-node"] {
        for status in [400, 401, 402, 403, 404, 413, 422] {
            fits(client, "false", Sent::got(status));
        }
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            fits(client, "true", Sent::got(status));
        }
        fits(client, "false", Sent::got(200));
        fits(client, "false", Sent::got(429).header("x-should-retry", "false"));
        fits(client, "true", Sent::got(400).header("x-should-retry", "true"));
        fits(client, "true", Sent::got(429).header("retry-after", "60"));
        fits(client, "true", Sent::nothing(End::Broken(Break::Reset)));
    }
    let long = |value: &str| Sent::got(429).header("retry-after", value).header("x-should-retry", "true");
    fits("openai-python", "false", long("121"));
    fits("openai-python", "false", long("Sun, 06 Nov 1994 09:49:37 GMT"));
    fits("openai-python", "true", long("Sun, 06 Nov 1994 08:50:37 GMT"));
    fits("openai-node", "true", long("121"));
    // They do not agree.
    fits("openai", "absent", long("121"));
    fits("anthropic", "true", long("3600"));
    fits("openai-python", "true", long("121").header("retry-after-ms", "2500"));
}

#[test]
fn a_place_in_the_body_can_be_the_targets() {
    let body = || Sent::got(200).json(&json!({"health": {"state": "open"}}));
    assert_eq!(fit_of("got.body$(value.place): open", body()), ["held"]);
    assert_eq!(fit_of("got.body$(value.place): {not: open}", body()), ["broken"]);
    assert_eq!(fit_of("got.body$(value.three): open", body()), ["unknown"]);
    assert_eq!(fit_of("got.body$(value.nowhere): open", body()), ["unknown"]);
}
