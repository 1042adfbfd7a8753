//! Two protocols in one contract: how each sends its key, shapes its failures and ends its streams.

use std::io;

use crate::gateway::Client;
use crate::trial::{Ended, Trial, Upstreams};

const TARGET: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first], limits: { upstream: 2s } } }
credentials: { valid: key-of-the-lanes, unknown: key-of-nobody }
models: { chat: lane-model }
";

const KEYS: &[&str] = &["keys::*"];
const STREAMS: &[&str] = &["streams::*"];

/// What a gateway of two lanes may do wrong.
#[derive(Clone, Copy, Default)]
struct Flaws {
    only_bearer: bool,
    hides_statuses: bool,
    one_shape: bool,
    takes_basic: bool,
    nameless_events: bool,
    ends_like_the_other_lane: bool,
    no_end: bool,
    invents_an_end: bool,
}

fn lanes(globs: &'static [&'static str], flaws: Flaws) -> Ended {
    Trial::of("lanes", TARGET).cases(globs).run(move |client, upstreams| serve(client, upstreams, flaws))
}

fn serve(client: &mut Client<'_>, Upstreams(upstreams): &Upstreams, flaws: Flaws) -> io::Result<()> {
    let messages = client.asked.path.starts_with("/v1/messages");
    let refuse = |client: &mut Client<'_>, status, kind: &str| {
        let error = format!(r#""error":{{"type":"{kind}","message":"No."}}"#);
        let shape = if messages && !flaws.one_shape { r#""type":"error","# } else { "" };
        client.answer(status, "", &format!("{{{shape}{error}}}"))
    };
    let asked = client.asked;
    let basic = asked.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let key = match (flaws.only_bearer, flaws.takes_basic) {
        (true, _) => asked.header("authorization").and_then(|value| value.strip_prefix("Bearer ")),
        (_, true) => asked.key().or(basic),
        _ => asked.key(),
    };
    if !["/v1/chat/completions", "/v1/messages"].contains(&asked.path.as_str()) {
        return refuse(client, 404, "not_found_error");
    }
    if key != Some("key-of-the-lanes") {
        return refuse(client, 401, "authentication_error");
    }
    if messages && asked.header("anthropic-version") != Some("2023-06-01") {
        return refuse(client, 400, "invalid_request_error");
    }
    if flaws.hides_statuses {
        let fetched = client.fetch(&upstreams[0])?;
        let status = if fetched.status < 400 { fetched.status } else { 502 };
        return client.answer(status, "", &String::from_utf8_lossy(&fetched.body));
    }
    if !asked.body.contains("\"stream\":true") {
        return client.relay(&upstreams[0]);
    }
    let edited = |text: String| match () {
        () if flaws.nameless_events => text.replace("event: error\n", ""),
        () if flaws.ends_like_the_other_lane && messages => text.replace("event: message_stop\n", ""),
        () if flaws.no_end => {
            text.replace("data: [DONE]\n\n", "").replace("event: message_stop", "event: other")
        }
        () if flaws.invents_an_end && messages => {
            text + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
        }
        () if flaws.invents_an_end => text + "data: [DONE]\n\n",
        () => text,
    };
    let untouched =
        !(flaws.nameless_events || flaws.ends_like_the_other_lane || flaws.no_end || flaws.invents_an_end);
    if untouched {
        return client.relay(&upstreams[0]);
    }
    let fetched = client.fetch(&upstreams[0])?;
    let text = edited(String::from_utf8_lossy(&fetched.body).into_owned());
    client.answer_as("text/event-stream", fetched.status, "", text.as_bytes())
}

#[test]
fn a_gateway_of_two_lanes_passes() {
    let ended = lanes(KEYS, Flaws::default());
    ended.passes();
    // Nothing of the upstream is hidden by a gateway that passes everything on.
    let ended = lanes(STREAMS, Flaws::default());
    ended.fails(&[
        ("streams::nothing-of-the-upstream-shows-in-a-stream[operation=chat]", "secret.host"),
        ("streams::nothing-of-the-upstream-shows-in-a-stream[operation=messages]", "secret.host"),
    ]);
    let ending = |operation: &str, then: &str| {
        let id =
            format!("streams::a-stream-that-breaks-never-looks-whole[operation={operation},then={then}]");
        ended.recorded(&id).into_iter().find(|(name, _)| name == "got.ending").unwrap().1
    };
    for operation in ["chat", "messages"] {
        assert_eq!(ending(operation, "cut"), "\"broken\"");
        assert_eq!(ending(operation, "end"), "\"unmarked\"");
    }
}

#[test]
fn the_key_travels_in_every_way_of_its_protocol() {
    lanes(KEYS, Flaws { only_bearer: true, ..Flaws::default() })
        .of("keys::every-way-of-the-key-is-taken[way=bearer]");
    let ended = lanes(KEYS, Flaws { only_bearer: true, ..Flaws::default() });
    ended.fails(&[("keys::every-way-of-the-key-is-taken[way=x-api-key]", "error")]);
}

#[test]
fn the_upstreams_own_status_and_type_are_passed_on() {
    lanes(&["statuses::*"], Flaws::default()).passes();
    let hidden = lanes(&["statuses::*"], Flaws { hides_statuses: true, ..Flaws::default() });
    for operation in ["chat", "messages"] {
        let id = format!("statuses::a-status-is-passed-on[operation={operation},status=500]");
        assert_eq!(hidden.of(&id), "fail error.status");
    }
}

#[test]
fn a_key_is_put_where_no_protocol_puts_it() {
    let ended = lanes(&["keys::a-good-key-*"], Flaws { takes_basic: true, ..Flaws::default() });
    let id = "keys::a-good-key-in-the-wrong-place-is-refused[headers=authorization-Basic_credential.valid]";
    assert!(ended.of(id).starts_with("fail error.status"), "{}", ended.of(id));
}

#[test]
fn a_failure_is_judged_by_the_shape_of_its_lane() {
    let ended = lanes(KEYS, Flaws { one_shape: true, ..Flaws::default() });
    ended.fails(&[
        (
            "keys::a-good-key-in-the-wrong-place-is-refused[headers=authorization-Basic_credential.valid]",
            "envelope.schema",
        ),
        ("keys::a-good-key-in-the-wrong-place-is-refused[headers=x-key-credential.valid]", "envelope.schema"),
        ("keys::an-unknown-key-is-refused-in-the-shape-of-its-lane[operation=messages]", "envelope.schema"),
        ("keys::an-unknown-route-fails-in-the-shape-of-its-lane[lane=anthropic]", "envelope.schema"),
    ]);
}

#[test]
fn an_error_event_counts_by_the_mark_of_its_lane() {
    let ended = lanes(&["streams::an-error-event-*"], Flaws { nameless_events: true, ..Flaws::default() });
    for operation in ["chat", "messages"] {
        let id = format!("streams::an-error-event-reaches-the-client[operation={operation},events=3]");
        let pass = operation == "chat";
        assert_eq!(ended.of(&id) == "pass", pass, "{id}: {}", ended.of(&id));
    }
}

#[test]
fn a_stream_is_whole_by_the_end_of_its_lane() {
    let whole =
        |operation: &str| format!("streams::a-whole-answer-is-passed-on[operation={operation},stream=true]");
    let none = lanes(&["streams::a-whole-*"], Flaws { no_end: true, ..Flaws::default() });
    assert!(none.of(&whole("chat")).starts_with("fail error, got.ending"), "{}", none.of(&whole("chat")));
    assert!(none.of(&whole("messages")).starts_with("fail error, got.ending"));
    let other = lanes(&["streams::a-whole-*"], Flaws { ends_like_the_other_lane: true, ..Flaws::default() });
    assert_eq!(other.of(&whole("chat")), "pass");
    assert!(other.of(&whole("messages")).starts_with("fail error, got.ending"));
}

#[test]
fn an_end_that_the_upstream_never_sent_makes_a_broken_stream_look_whole() {
    let ended =
        lanes(&["streams::a-stream-that-breaks-*"], Flaws { invents_an_end: true, ..Flaws::default() });
    for operation in ["chat", "messages"] {
        let id = format!("streams::a-stream-that-breaks-never-looks-whole[operation={operation},then=end]");
        assert_eq!(ended.of(&id), "fail got.ending", "{id}");
    }
}

#[test]
fn the_sweep_strikes_each_lane_in_its_own_dialect() {
    let ended = lanes(&["sweep::sse_cut[*", "sweep::sse_overloaded_mid_stream[*"], Flaws::default());
    ended.passes();
    let swept: Vec<&str> = ended.ids().collect();
    assert_eq!(
        swept,
        [
            "sweep::sse_cut[operation=chat,stream=true]",
            "sweep::sse_cut[operation=messages,stream=true]",
            "sweep::sse_overloaded_mid_stream[operation=messages,stream=true]",
        ]
    );
}
