//! Gateways that do one thing to everything, and mistakes in a target: each is told apart in words.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::front::{self, Front};
use crate::program::{Program, attached, port};

/// Answers everything the same.
struct Same {
    runtime: Runtime,
    server: Option<MockServer>,
}

impl Same {
    fn answering(response: ResponseTemplate) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        runtime.block_on(Mock::given(any()).respond_with(response).mount(&server));
        Self { runtime, server: Some(server) }
    }

    fn url(&self) -> String {
        self.server.as_ref().unwrap().uri()
    }
}

impl Drop for Same {
    fn drop(&mut self) {
        // A MockServer that is dropped within a task can spin for ever.
        let _entered = self.runtime.enter();
        drop(self.server.take());
    }
}

/// `run` and `doctor` have to end with 3 and say the same.
#[track_caller]
fn both_say(target: &str, sentences: &[&str]) {
    Program::run(target).with(&["--quiet"]).end().says(3, sentences);
    Program::doctor(target).end().says(3, sentences);
}

#[test]
fn a_gateway_that_answers_404_to_everything_knows_no_route() {
    let body = r#"{"error":{"type":"invalid_request_error","code":"not_found","message":"No."}}"#;
    let gateway = Same::answering(ResponseTemplate::new(404).set_body_raw(body, "application/json"));
    both_say(
        &attached(&gateway.url(), port()),
        &["does not know the route or the model, and did not ask the mock", "answered 404"],
    );
}

#[test]
fn a_gateway_that_answers_500_to_everything_failed_without_the_mock() {
    let gateway = Same::answering(ResponseTemplate::new(500).set_body_string("Oh."));
    both_say(
        &attached(&gateway.url(), port()),
        &["failed without reaching the mock", "is its upstream URL", "answered 500"],
    );
}

#[test]
fn a_gateway_that_answers_200_to_everything_did_not_ask_the_mock() {
    let body = r#"{"choices":[{"message":{"role":"assistant","content":"Of course."}}]}"#;
    let gateway = Same::answering(ResponseTemplate::new(200).set_body_raw(body, "application/json"));
    let mock = port();
    let must_call = format!("It must call http://127.0.0.1:{mock}");
    both_say(&attached(&gateway.url(), mock), &["answered 200 without asking the mock", &must_call]);
}

#[test]
fn a_gateway_that_never_answers_is_told_from_one_that_is_not_there() {
    let silent = Front::alone(|_, stream| front::hold(stream));
    let impatient = attached(&silent.url(), port()).replace("patience: 3s", "patience: 1s");
    both_say(&impatient, &["accepted the connection and answered nothing in "]);

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    both_say(
        &attached(&format!("http://{nobody}"), port()),
        &["nothing listens at", "is the gateway running, and is this its address?"],
    );
}

#[test]
fn a_wrong_key_is_told_from_a_wrong_upstream() {
    let mock = port();
    let gateway =
        Front::of_the_reference_gateway(mock, |_, answer, stream| std::io::Write::write_all(stream, &answer));
    let sound = attached(&gateway.url(), mock);
    Program::doctor(&sound).end().says(0, &["ready:"]);

    let keys = sound.lines().find(|line| line.starts_with("  valid:")).unwrap();
    let wrong_key = sound.replace(keys, "  valid: ck-never-issued-to-us");
    both_say(&wrong_key, &["the key bound to `valid` is not accepted", "answered 401"]);

    let elsewhere = port();
    let wrong_upstream = sound.replace(&format!("127.0.0.1:{mock}"), &format!("127.0.0.1:{elsewhere}"));
    let expected = format!("is its upstream URL http://127.0.0.1:{elsewhere}?");
    both_say(&wrong_upstream, &["failed without reaching the mock", &expected]);
}

#[test]
fn a_gateway_that_crashes_on_the_third_request_is_gone() {
    let (mock, served) = (port(), AtomicUsize::new(0));
    let listener = std::sync::Arc::new(std::sync::OnceLock::<Front>::new());
    let behind =
        Front::of_the_reference_gateway(mock, |_, answer, stream| std::io::Write::write_all(stream, &answer));
    let url = behind.url();
    let front = Front::alone({
        let listener = listener.clone();
        move |asked, stream| {
            if served.fetch_add(1, Ordering::Relaxed) >= 2 {
                listener.get().unwrap().crash();
                return Ok(());
            }
            std::io::Write::write_all(stream, &front::pass(&url, asked)?)
        }
    });
    let address = front.url();
    assert!(listener.set(front).is_ok());
    let ended = Program::run(&attached(&address, mock)).end();
    ended.says(3, &["the gateway is gone: after", &format!("nothing listens at {address} any more")]);
    assert!(ended.outcomes().iter().all(|(_, outcome, _)| outcome == "inconclusive"), "{}", ended.all());
}

#[test]
fn a_gateway_that_stops_serving_after_its_first_answers_ends_the_run_early() {
    let (mock, served) = (port(), AtomicUsize::new(0));
    let gateway = Front::of_the_reference_gateway(mock, move |asked, answer, stream| {
        let number = served.fetch_add(usize::from(!asked.line.contains("/admin/")), Ordering::Relaxed);
        let error = format!(
            r#"{{"error":{{"type":"api_error","code":"internal_error","message":"Oh.","request_id":"req_{number}"}}}}"#
        );
        let late = front::answer(500, "", error.as_bytes());
        std::io::Write::write_all(stream, if number >= 2 { &late } else { &answer })
    });
    let ended = Program::run(&attached(&gateway.url(), mock)).with(&["--case", "cogito::sweep::*"]).end();
    ended.says(
        3,
        &[
            "has not served a plain request in 12 cases in a row",
            "the plain request before the case did not succeed: 500",
        ],
    );
}
