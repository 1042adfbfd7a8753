use std::path::Path;
use std::time::Duration;

use gateway_conformance::arrange::gateway::{Gateway, StartError};
use gateway_conformance::spec::language::value::{Part, Reference, Value};
use gateway_conformance::spec::target::{Configuration, GatewaySource, Launch};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{Ground, KEY, PATIENCE, admin, call, literal, place, provider, template, written};

fn configuration(gateway: GatewaySource) -> Configuration {
    Configuration {
        name: written("plain".into()),
        place: place(),
        gateway,
        instances: 1,
        providers: vec![written("first".into())],
        declared_order: true,
        tls: false,
        forgets: Vec::new(),
        has: Vec::new(),
        reset: None,
        patience: None,
        limits: vec![(written("upstream".into()), Duration::from_secs(1))],
    }
}

fn launch(script: &str, ready: &str) -> Launch {
    Launch {
        command: vec![literal("sh"), literal("-c"), literal(script)],
        env: Vec::new(),
        dir: None,
        url: None,
        ready: call("GET", ready),
        within: PATIENCE,
    }
}

async fn start(launch: Launch, ground: &Ground) -> Result<Gateway, StartError> {
    Gateway::start(&configuration(GatewaySource::Launch(launch)), &ground.setting(), &admin()).await
}

fn port() -> Value {
    template(vec![Part::Reference(Reference::Port)])
}

async fn not_ready_then_ready() -> MockServer {
    let probe = MockServer::start().await;
    let first = Mock::given(path("/health")).respond_with(ResponseTemplate::new(503)).up_to_n_times(2);
    first.mount(&probe).await;
    Mock::given(path("/health")).respond_with(ResponseTemplate::new(200)).mount(&probe).await;
    probe
}

#[tokio::test]
async fn a_launched_gateway_is_there_once_it_is_ready() {
    let probe = not_ready_then_ready().await;
    let ground = Ground::new();
    let told = ground.path().join("told");
    let script =
        "echo \"$0 $KEY $URL\" > told.tmp; mv told.tmp told; echo \"key $KEY\"; while :; do sleep 1; done";
    let mut launch = launch(script, "/health");
    launch.command.push(port());
    launch.dir = Some(".".into());
    launch.env = vec![
        ("KEY".into(), template(vec![provider("key")])),
        ("URL".into(), template(vec![provider("url"), Part::Text("/v1".into())])),
    ];
    launch.url = Some(literal(&probe.uri()));
    let gateway = start(launch, &ground).await.unwrap();
    assert_eq!(gateway.base_url(), probe.uri());
    assert_eq!(probe.received_requests().await.unwrap().len(), 3);
    let text = appeared(&told).await;
    let words: Vec<_> = text.split_whitespace().collect();
    assert!(words[0].parse::<u16>().unwrap() > 0);
    assert_eq!(words[1..], [KEY, "http://127.0.0.1:9/v1"]);
    assert_eq!(gateway.ended().await, None);
    gateway.stop().await;
}

async fn appeared(path: &Path) -> String {
    let read = async {
        loop {
            if let Ok(text) = tokio::fs::read_to_string(path).await {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

#[tokio::test]
async fn an_early_end_is_told_with_its_status_and_last_lines() {
    let ground = Ground::new();
    let mut launch = launch("echo starting; echo \"bad config for $KEY\" >&2; exit 4", "/health");
    launch.env = vec![("KEY".into(), template(vec![provider("key")]))];
    let error = start(launch, &ground).await.unwrap_err();
    let StartError::Ended { status, last_lines, .. } = &error else { panic!("{error}") };
    let mut lines = last_lines.clone();
    lines.sort();
    assert_eq!(
        (status.as_str(), lines),
        ("exit status: 4", vec!["bad config for [hidden]".into(), "starting".into()])
    );
    let text = error.to_string();
    assert!(
        text.starts_with("`sh` ended before it was ready (exit status: 4); it printed last:\n    | "),
        "{text}"
    );
}

#[tokio::test]
async fn an_end_is_seen_even_when_somebody_else_answers_on_the_port() {
    let probe = MockServer::start().await;
    Mock::given(path("/health"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(2)))
        .mount(&probe)
        .await;
    let mut launch = launch("exit 0", "/health");
    launch.url = Some(literal(&probe.uri()));
    let error = start(launch, &Ground::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "`sh` ended before it was ready (exit status: 0); it printed nothing");
}

#[tokio::test]
async fn a_taken_port_is_replaced_and_only_then_given_up() {
    let ground = Ground::new();
    let mut launch =
        launch("echo $0 >> ports; echo 'OSError: [Errno 98] Address already in use'; exit 1", "/");
    launch.command.push(port());
    launch.dir = Some(".".into());
    let error = start(launch, &ground).await.unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    let ports = std::fs::read_to_string(ground.path().join("ports")).unwrap();
    assert_eq!(ports.lines().count(), 3);
}

#[tokio::test]
async fn what_never_becomes_ready_is_told_with_its_last_answer() {
    let probe = MockServer::start().await;
    Mock::given(path("/health"))
        .respond_with(ResponseTemplate::new(503).set_body_string("warming up"))
        .mount(&probe)
        .await;
    let mut launch = launch("echo hello; while :; do sleep 1; done", "/health");
    launch.url = Some(literal(&probe.uri()));
    launch.within = Duration::from_secs(2);
    let text = start(launch, &Ground::new()).await.unwrap_err().to_string();
    assert!(
        text.starts_with("`sh` was not ready within 2s; the last try: target.yaml:3:5: GET http://"),
        "{text}"
    );
    assert!(text.contains("/health: answered 503: warming up; it printed last:\n    | hello"), "{text}");
}

#[tokio::test]
async fn nothing_is_started_of_a_launch_that_cannot_be() {
    let ground = Ground::new();
    let mut leaking = launch("exit 0", "/");
    leaking.command.push(template(vec![Part::Text("--key=".into()), provider("key")]));
    let error = start(leaking, &ground).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "target.yaml:3:5: a credential must not be among the arguments, where everybody can read it: give it by `env`"
    );
    let mut unbound = launch("exit 0", "/");
    unbound.command.push(template(vec![provider("host")]));
    assert_eq!(
        start(unbound, &ground).await.unwrap_err().to_string(),
        "target.yaml:3:5: it is not bound here"
    );
    let mut missing = launch("exit 0", "/");
    missing.command = vec![literal("no-such-gateway")];
    assert_eq!(
        start(missing, &ground).await.unwrap_err().to_string(),
        "the gateway did not start: the program `no-such-gateway` was not found in PATH"
    );
}

#[tokio::test]
async fn a_running_gateway_is_taken_as_it_is() {
    let ground = Ground::new();
    let attach =
        configuration(GatewaySource::Attach(template(vec![provider("url"), Part::Text("/llm".into())])));
    let gateway = Gateway::start(&attach, &ground.setting(), &admin()).await.unwrap();
    assert_eq!(gateway.base_url(), "http://127.0.0.1:9/llm");
    gateway.stop().await;
}

#[cfg(feature = "reference-gateway")]
#[tokio::test]
async fn the_built_in_gateway_starts_by_its_personality() {
    let ground = Ground::new();
    let builtin = |name: &str| configuration(GatewaySource::Builtin(written(name.into())));
    let gateway = Gateway::start(&builtin("cogito"), &ground.setting(), &admin()).await.unwrap();
    assert!(gateway.base_url().starts_with("http://127.0.0.1:"));
    let refused = async |name| Gateway::start(&builtin(name), &ground.setting(), &admin()).await.unwrap_err();
    assert_eq!(refused("no-such").await, StartError::NoSuchBuiltin("no-such".into()));
    let unknown = refused("cogito+envelope-twise").await;
    let told = "the built-in gateway `cogito` has no flaw `envelope-twise`; did you mean `envelope-twice`?";
    assert_eq!(unknown.to_string(), told);
}
