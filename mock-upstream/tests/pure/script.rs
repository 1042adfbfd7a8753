//! Scripts as they are written, checked and drawn from.

use std::time::{Duration, Instant};

use mock_upstream::script::{
    AfterEvents, Body, Cursor, Headers, Hold, Request, ScriptError, Select, SelectError, Then,
};
use mock_upstream::{Play, Script};
use serde_json::json;

use crate::post;

fn script(yaml: &str) -> Script {
    serde_saphyr::from_str(yaml).unwrap()
}

#[test]
fn every_construct_can_be_written() {
    let written = script(
        r#"
turns:
  - { hold: [{ for: 250 }, { until: { gate: settled, at_most: 5000 } }], play: { ok: { answer: hello, usage: { prompt: 1, completion: 2 } } } }
  - { when: { method: POST, path: /v1/x, body_partial_json: { model: m } }, spare: true, play: { status: { status: 429, reason: Slow, headers: { retry-after: 7, x: [a, b] } } } }
  - { play: { status: { status: 500, body: { json: { error: null } } } } }
  - { play: { status: { status: 500, body: { bytes: AP8= } } } }
  - { play: { events: { events: 2, then: cut } } }
  - { play: { events: { events: 1, hold: [{ until: { gate: g, at_most: 1 } }], then: { error_event: { error: { code: x } } } } } }
  - { play: { fault: { name: drip, params: { bytes: 2 } } } }
then: loop
"#,
    );
    assert_eq!(written.check(), Ok(()));
    assert_eq!(written.then, Then::Loop);
    assert!(matches!(&written.turns[0].hold[0], Hold::For(time) if time.as_millis() == 250));
    let Play::Status(status) = &written.turns[1].play else { panic!() };
    assert_eq!(status.headers.iter().collect::<Vec<_>>(), [("retry-after", "7"), ("x", "a"), ("x", "b")]);
    let Play::Status(bytes) = &written.turns[3].play else { panic!() };
    assert_eq!(bytes.body, Some(Body::Bytes(vec![0, 255].into())));
    let Play::Events(events) = &written.turns[4].play else { panic!() };
    assert_eq!(events.then, AfterEvents::Cut);
    let json = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<Script>(&json).unwrap(), written);
}

#[test]
fn what_cannot_be_played_is_refused() {
    assert_eq!(Script::of([]).check(), Err(ScriptError::Empty));
    let error =
        |yaml: &str| script(&format!("turns: [{{ play: {{ ok: {{}} }} }}, {yaml}]")).check().unwrap_err();
    assert!(matches!(error("{ play: { fault: { name: no_such } } }"), ScriptError::Fault { turn: 1, .. }));
    assert!(matches!(
        error("{ play: { fault: { name: late, params: { x: 1 } } } }"),
        ScriptError::Fault { .. }
    ));
    assert!(matches!(
        error("{ play: { status: { status: 1000 } } }"),
        ScriptError::Status { status: 1000, .. }
    ));
    assert!(matches!(error("{ when: { path: v1 }, play: { ok: {} } }"), ScriptError::Select { .. }));
    for unknown in ["turn: []", "turns: [{ play: { ok: { anser: x } } }]", "turns: [{ play: { okay: {} } }]"]
    {
        assert!(serde_saphyr::from_str::<Script>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn selections_that_no_request_can_have_are_refused() {
    let method = Select { method: Some("GE T".into()), ..Select::default() };
    assert_eq!(method.compile().unwrap_err(), SelectError::Method("GE T".into()));
    let header = |name: &str, value: &str| {
        Select { headers: [(name.to_owned(), value.to_owned())].into(), ..Select::default() }
            .compile()
            .is_ok()
    };
    assert!(header("x-a", "b") && !header("x a", "b") && !header("x-a", "a,b") && !header("x-a", "a\nb"));
    for path in ["v1", "/v1?x=1", "http://host/v1"] {
        let path = Select { path: Some(path.into()), ..Select::default() };
        assert!(matches!(path.compile(), Err(SelectError::Path(_))));
    }
}

#[test]
fn every_part_of_a_selection_must_hold() {
    let mut request = post("/v1/x?a=1&b=2", r#"{"model":"m","stream":true,"more":[1]}"#);
    request.headers.push(("X-Case".into(), "Yes".into()));
    let select = |value: serde_json::Value| {
        serde_json::from_value::<Select>(value).unwrap().compile().unwrap().matches(&request)
    };
    assert!(select(json!({})));
    assert!(select(
        json!({"method": "POST", "path": "/v1/x", "query": {"a": "1"}, "headers": {"x-case": "Yes"}})
    ));
    assert!(select(json!({"body_partial_json": {"stream": true}, "body_contains": "more"})));
    for wrong in [
        json!({"method": "GET"}),
        json!({"path": "/v1"}),
        json!({"query": {"a": "2"}}),
        json!({"headers": {"x-case": "yes"}}),
        json!({"path": "/v1/x", "body_partial_json": {"stream": false}}),
        json!({"body_contains": "less"}),
    ] {
        assert!(!select(wrong.clone()), "{wrong}");
    }
    let odd = Request { target: "*".into(), ..Request::default() };
    assert!(!Select::default().compile().unwrap().matches(&odd), "what is no URL matches nothing");
}

#[test]
fn turns_are_drawn_in_order_by_what_fits() {
    let when = |text: &str| format!("{{ when: {{ body_contains: {text} }}, play: {{ ok: {{}} }} }}");
    let text = format!("turns: [{}, {{ play: {{ ok: {{}} }} }}, {}]", when("a"), when("b"));
    let draw = |cursor: &mut Cursor, body: &str| {
        cursor.draw(&post("/", body), Instant::now()).map(|drawn| drawn.index)
    };
    let mut repeat = Cursor::new(script(&text), Instant::now()).unwrap();
    let drawn: Vec<_> = ["b", "b", "b", "a", "c", "a"].iter().map(|body| draw(&mut repeat, body)).collect();
    assert_eq!(drawn, [Some(1), Some(2), Some(2), Some(0), Some(1), Some(1)]);
    assert!(repeat.unreached().is_empty());

    let mut fail = Cursor::new(Script { then: Then::Fail, ..script(&text) }, Instant::now()).unwrap();
    assert_eq!(["c", "c"].map(|body| draw(&mut fail, body)), [Some(1), None]);
    assert_eq!(fail.unreached(), [0, 2]);
    let mut again = Cursor::new(Script { then: Then::Loop, ..script(&text) }, Instant::now()).unwrap();
    assert_eq!(["a", "a", "a", "a"].map(|body| draw(&mut again, body)), [Some(0), Some(1), Some(0), Some(1)]);
}

#[test]
fn turns_answer_within_their_time_and_as_often_as_they_say() {
    let text = "
turns:
  - { during: { until: 300, every: 1000 }, times: always, play: { status: { status: 503 } } }
  - { times: 2, play: { ok: {} } }
then: fail
";
    let began = Instant::now();
    let mut cursor = Cursor::new(script(text), began).unwrap();
    let mut at =
        |millis| cursor.draw(&post("/", ""), began + Duration::from_millis(millis)).map(|drawn| drawn.index);
    assert_eq!(
        [0, 299, 300, 1299, 1300, 1999, 2000].map(&mut at),
        [Some(0), Some(0), Some(1), Some(0), Some(1), None, Some(0)]
    );

    let impossible = script("turns: [{ during: { from: 5, until: 5 }, play: { ok: {} } }]");
    assert_eq!(impossible.check(), Err(ScriptError::Never { turn: 0 }));
    for wrong in ["times: 0", "times: never", "times: -1"] {
        let text = format!("turns: [{{ {wrong}, play: {{ ok: {{}} }} }}]");
        assert!(serde_saphyr::from_str::<Script>(&text).is_err(), "{wrong}");
    }
}

#[test]
fn a_share_is_chosen_by_its_seed_and_by_nothing_else() {
    let chosen = |seed: u64, percent: u8| -> Vec<usize> {
        let text = format!(
            "turns: [{{ share: {{ percent: {percent}, seed: {seed} }}, times: always, play: {{ ok: {{}} }} }}, {{ times: always, play: {{ ok: {{}} }} }}]"
        );
        let mut cursor = Cursor::new(script(&text), Instant::now()).unwrap();
        let drawn = (0..1000).map(|_| cursor.draw(&post("/", ""), Instant::now()).unwrap().index);
        drawn.enumerate().filter(|(_, turn)| *turn == 0).map(|(number, _)| number).collect()
    };
    assert_eq!(chosen(7, 30), chosen(7, 30));
    assert_ne!(chosen(7, 30), chosen(8, 30));
    assert!((250..350).contains(&chosen(7, 30).len()), "{}", chosen(7, 30).len());
    assert_eq!((chosen(7, 0).len(), chosen(7, 100).len()), (0, 1000));
    let more = script("turns: [{ share: { percent: 101 }, play: { ok: {} } }]");
    assert_eq!(more.check(), Err(ScriptError::Share { turn: 0, percent: 101 }));
}

#[test]
fn headers_keep_order_case_and_duplicates() {
    let mut headers = Headers::from_iter([("A", "1"), ("b", "2"), ("a", "3")]);
    assert_eq!(headers.get("a"), Some("1"));
    headers.set("B", "4");
    headers.override_with(&Headers::from_iter([("a", "5"), ("a", "6")]));
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("B", "4"), ("a", "5"), ("a", "6")]);
}

#[test]
fn a_client_goes_on_unless_it_says_otherwise() {
    let request = |minor_version, connection: &str| {
        let headers = vec![("Connection".to_owned(), connection.to_owned().into())];
        Request { minor_version, headers, ..Request::default() }.keeps_alive()
    };
    assert!(request(1, "") && request(1, "upgrade") && request(0, "Keep-Alive"));
    assert!(!request(1, "x, Close") && !request(0, ""));
    assert_eq!(post("http://host:1/v1/x?y", "").path(), "/v1/x");
    assert_eq!(post("/a//b#c", "").path(), "/a//b");
}
