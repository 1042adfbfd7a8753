//! Edits of the healthy reply, in every dialect and lane.

use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::fault::{Lane, Place};
use mock_upstream::script::{FaultPlay, Reply, Request, ToolCall};
use mock_upstream::step::{Answer, Plan, compile};
use mock_upstream::{Play, Turn};
use serde_json::{Value, json};

use crate::{document, post, scene};

const OPENAI: &str = "/v1/chat/completions";
const AZURE: &str = "/openai/deployments/m/chat/completions?api-version=2024-10-21";
const ANTHROPIC: &str = "/v1/messages";
const GEMINI: &str = "/v1beta/models/m:generateContent";
const GEMINI_STREAM: &str = "/v1beta/models/m:streamGenerateContent?alt=sse";
const GEMINI_ARRAY: &str = "/v1beta/models/m:streamGenerateContent";
const CONVERSE: &str = "/model/m/converse";
const CONVERSE_STREAM: &str = "/model/m/converse-stream";

fn asking(path: &str, stream: bool) -> Request {
    let words = "one two three";
    let body = match path {
        OPENAI | AZURE | ANTHROPIC => json!({
            "model": "m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": words}],
        }),
        GEMINI | GEMINI_STREAM | GEMINI_ARRAY => {
            json!({"contents": [{"role": "user", "parts": [{"text": words}]}]})
        }
        _ => json!({"messages": [{"role": "user", "content": [{"text": words}]}]}),
    };
    post(path, &body.to_string())
}

fn played(dialect: Dialect, request: &Request, play: FaultPlay) -> Plan {
    let identity = Identity::of("first");
    let turn = Turn::play(Play::Fault(play));
    compile(&Answer { turn: &turn, request, dialect, scene: scene(&identity) })
}

#[test]
fn a_place_is_edited_in_the_document_of_every_dialect() {
    let identity = Identity::of("first");
    for (dialect, path) in [
        (Dialect::OpenAi, OPENAI),
        (Dialect::Azure, AZURE),
        (Dialect::Anthropic, ANTHROPIC),
        (Dialect::Gemini, GEMINI),
        (Dialect::Bedrock, CONVERSE),
    ] {
        let request = asking(path, false);
        let before = document(&dialect.healthy(&request, &Reply::default(), &scene(&identity)).body());
        for (fault, place, value) in [
            ("finish_length", Place::Finish, json!("length")),
            ("text_null", Place::Text, Value::Null),
            ("usage_null", Place::Usage, Value::Null),
        ] {
            let plan = played(dialect, &request, FaultPlay::of(fault));
            assert_eq!(plan.instead, None, "{dialect} {fault}");
            let mut expected = before.clone();
            let places = dialect.places(place, &before);
            assert!(!places.is_empty(), "{dialect} {place:?}");
            for pointer in places {
                *expected.pointer_mut(&pointer).unwrap() = value.clone();
            }
            assert_eq!(document(&plan.intended.body), expected, "{dialect} {fault}");
        }
    }
}

#[test]
fn an_edited_stream_differs_in_the_edited_events_alone() {
    let identity = Identity::of("first");
    for (dialect, path) in [
        (Dialect::OpenAi, OPENAI),
        (Dialect::Azure, AZURE),
        (Dialect::Anthropic, ANTHROPIC),
        (Dialect::Gemini, GEMINI_STREAM),
        (Dialect::Gemini, GEMINI_ARRAY),
        (Dialect::Bedrock, CONVERSE_STREAM),
    ] {
        let request = asking(path, true);
        let healthy = dialect.healthy(&request, &Reply::default(), &scene(&identity));
        assert_eq!(healthy.lane(), Lane::Stream);
        let plan = played(dialect, &request, FaultPlay::of("finish_unknown"));
        assert_eq!(plan.instead, None, "{dialect} {path}");
        let (before, after) = (healthy.body(), &plan.intended.body);
        let same = before.iter().zip(after.iter()).take_while(|(a, b)| a == b).count();
        assert!(same > before.len() / 2, "{dialect} {path}: the first events are as they were");
        let count = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("out_of_breath").count();
        assert_eq!((count(&before), count(after)), (0, 1), "{dialect} {path}");
    }
}

#[test]
fn an_edited_frame_still_has_the_right_length_and_checksums() {
    let request = asking(CONVERSE_STREAM, true);
    let plan = played(Dialect::Bedrock, &request, FaultPlay::of("extra_fields"));
    assert_eq!(plan.instead, None);
    let mut rest = &plan.intended.body[..];
    let mut frames = 0;
    let number = |at: &[u8]| u32::from_be_bytes(at.try_into().unwrap());
    while !rest.is_empty() {
        let (frame, behind) = rest.split_at(number(&rest[..4]) as usize);
        assert_eq!(crc32fast::hash(&frame[..8]), number(&frame[8..12]), "the prelude");
        let (covered, sum) = frame.split_at(frame.len() - 4);
        assert_eq!(crc32fast::hash(covered), number(sum), "the frame");
        assert!(String::from_utf8_lossy(frame).contains("x_unheard_of"));
        frames += 1;
        rest = behind;
    }
    assert!(frames > 4, "{frames}");
}

#[test]
fn a_place_that_is_absent_is_said_and_nothing_is_played() {
    let embeddings = post("/v1/embeddings", r#"{"model":"m","input":"a"}"#);
    for (dialect, request, fault, why) in [
        (
            Dialect::Gemini,
            asking(GEMINI, false),
            "created_in_future",
            "the healthy reply has no place `created`",
        ),
        (Dialect::Bedrock, asking(CONVERSE, false), "id_of_another", "the healthy reply has no place `id`"),
        (
            Dialect::OpenAi,
            asking(OPENAI, false),
            "embeddings_shorter",
            "the healthy reply has no place `vector`",
        ),
        (
            Dialect::OpenAi,
            asking(OPENAI, true),
            "usage_missing_in_stream",
            "no such event of the healthy stream has a place `usage`",
        ),
        (Dialect::OpenAi, embeddings, "text_empty", "the reply to this request says nothing of that kind"),
    ] {
        let plan = played(dialect, &request, FaultPlay::of(fault));
        assert_eq!((plan.instead.as_deref(), plan.intended.status), (Some(why), Some(501)), "{fault}");
    }
}

#[test]
fn what_the_script_says_stays_but_for_what_the_fault_says() {
    let calls = vec![ToolCall { name: "mine".into(), arguments: "{}".into() }];
    let reply = Reply { model: Some("scripted".into()), tool_calls: calls, ..Reply::default() };
    let said = |name: &str| {
        let play = FaultPlay { reply: reply.clone(), ..FaultPlay::of(name) };
        let said = document(&played(Dialect::OpenAi, &asking(OPENAI, false), play).intended.body);
        let tool = said["choices"][0]["message"]["tool_calls"][0]["function"]["name"].clone();
        (said["model"].clone(), tool)
    };
    assert_eq!(said("tool_arguments_cut"), (json!("scripted"), json!("get_weather")));
    assert_eq!(said("other_model"), (json!("another-model-0001"), json!("mine")));
}

#[test]
fn a_value_that_is_no_json_stands_where_a_value_stood() {
    let request = asking(OPENAI, false);
    let plan = played(Dialect::OpenAi, &request, FaultPlay::of("number_beyond_float"));
    let text = String::from_utf8(plan.intended.body.to_vec()).unwrap();
    assert!(text.contains(r#""total_tokens":1e400,"#), "{text}");
    let reply = Reply { model: Some("\u{e000}0\u{e000}".into()), ..Reply::default() };
    let play = FaultPlay { reply, ..FaultPlay::of("number_beyond_float") };
    let plan = played(Dialect::OpenAi, &request, play);
    assert_eq!(plan.instead.as_deref(), Some("the reply has the words that stand in for a change"));
}
