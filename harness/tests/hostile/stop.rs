//! Runs that are stopped, may not begin, or cannot: interruptions, caps, remote targets, launches that fail.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, mpsc};

use crate::front::{self, Front};
use crate::program::{Program, attached, launched, port};

#[test]
fn an_interrupted_run_leaves_the_state_and_writes_what_it_has() {
    let mock = port();
    let (entered, holding) = mpsc::channel();
    let (entered, on) = (Mutex::new(entered), Mutex::new(false));
    let gateway = Front::of_the_reference_gateway(mock, move |asked, answer, stream| {
        if asked.line.contains("/admin/states") {
            *on.lock().unwrap() = asked.body.contains("false");
        }
        if asked.line.starts_with("POST /v1/") && *on.lock().unwrap() {
            entered.lock().unwrap().send(()).unwrap();
            return front::hold(stream);
        }
        stream.write_all(&answer)
    });
    // The case would wait for its answer for an hour.
    let target = attached(&gateway.url(), mock).replace("patience: 3s", "patience: 60m");
    let running =
        Program::run(&target).with(&["--case", "cogito::billing::billing-is-not-configured*"]).start();
    holding.recv().unwrap();
    running.interrupt();
    let ended = running.end();
    ended.says(3, &["INCOMPLETE: interrupted"]);
    assert!(ended.outcomes().iter().all(|(_, _, why)| why == "not run: interrupted"), "{}", ended.all());
    let admin: Vec<String> = gateway
        .asked()
        .iter()
        .filter(|asked| asked.line.contains("/admin/"))
        .map(|asked| format!("{} {}", asked.line, asked.body))
        .collect();
    let wanted = [
        "POST /admin/reset ",
        "POST /admin/states {\"billing_configured\":false}",
        "POST /admin/states {\"billing_configured\":true}",
        "POST /admin/reset ",
    ];
    assert_eq!(admin, wanted);
}

#[test]
fn an_interruption_while_the_gateway_starts_ends_its_process() {
    let program =
        Program::run(&launched("[sh, -c, \"echo $$ > pid.new; mv pid.new pid; exec sleep 600\"]", "10m"));
    let target = program.dir().join("target.yaml");
    let text = fs::read_to_string(&target)
        .unwrap()
        .replace("ready: GET", &format!("dir: {}, ready: GET", program.dir().display()));
    fs::write(target, text).unwrap();
    let pid = program.dir().join("pid");
    let running = program.start();
    while !pid.exists() {
        std::thread::yield_now();
    }
    let pid = fs::read_to_string(pid).unwrap();
    running.interrupt();
    let ended = running.end();
    ended.says(3, &["INCOMPLETE: interrupted"]);
    assert!(!Path::new("/proc").join(pid.trim()).join("fd").exists() || !alive(pid.trim()));
}

fn alive(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).output().unwrap().status.success()
}

#[test]
fn a_capped_run_sends_no_more_than_it_may() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |_, answer, stream| stream.write_all(&answer));
    let target = attached(&gateway.url(), mock);
    let ended = Program::run(&target).with(&["--max-requests", "50"]).end();
    ended.says(3, &["INCOMPLETE: the run has sent its most, 50 requests (--max-requests)"]);
    let asked = gateway.asked().iter().filter(|asked| !asked.line.contains("/admin/")).count();
    assert!((2..=50).contains(&asked), "{asked} requests");

    let ended = Program::run(&target).with(&["--max-requests", "0"]).end();
    ended.says(3, &["the run has sent its most, 0 requests"]);

    // Exactly enough is enough: two of preflight, three of the case.
    let one = ["--max-requests", "5", "--case", "cogito::auth::a-feature-that-the-key-may-not-use*"];
    let ended = Program::run(&target).with(&one).end();
    assert!(ended.outcomes().iter().all(|(_, outcome, _)| outcome == "pass"), "{}", ended.all());
    assert!(
        ended.report()["stopped"].is_null() && !ended.words().contains("has sent its most"),
        "{}",
        ended.all()
    );
}

#[test]
fn a_gateway_on_another_machine_is_not_called_unasked() {
    for url in ["http://192.0.2.1:8080", "https://gateway.example", "http://[2001:db8::1]:1"] {
        let ended = Program::run(&attached(url, port())).end();
        ended.says(2, &["is not on loopback: say --allow-remote if requests may leave this machine"]);
    }
}

#[test]
fn a_launch_that_fails_says_how() {
    let said = |command: &str, within: &str, sentences: &[&str]| {
        let ended = Program::run(&launched(command, within)).end();
        ended.says(3, sentences);
        Program::doctor(&launched(command, within)).end().says(3, sentences);
    };
    said(
        "[no-such-program-anywhere, $(port)]",
        "5s",
        &["the program `no-such-program-anywhere` was not found in PATH"],
    );
    said(
        "[sh, -c, \"echo port is taken >&2; exit 7\"]",
        "5s",
        &["ended before it was ready (exit status: 7)", "| port is taken"],
    );
    said("[sleep, \"600\"]", "300ms", &["`sleep` was not ready within 300ms", "it printed nothing"]);
}

#[test]
fn a_hook_that_fails_makes_the_later_cases_inconclusive() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |asked, answer, stream| {
        let leaves =
            asked.line.contains("/admin/states") && asked.body.contains("\"billing_configured\":true");
        stream.write_all(&if leaves { front::answer(503, "", b"{}") } else { answer })
    });
    let cases = ["--case", "cogito::billing::billing-is-not-configured*"];
    let ended = Program::run(&attached(&gateway.url(), mock))
        .with(&cases)
        .with(&["--case", "cogito::auth::no-authorization*"])
        .end();
    ended.says(3, &["the state `billing_not_configured` could not be left"]);
    let outcomes = ended.outcomes();
    let of = |name: &str, outcome: &str| {
        outcomes.iter().filter(|(id, was, _)| id.contains(name) && was == outcome).count()
    };
    assert_eq!((of("::billing::", "inconclusive"), of("::auth::", "pass")), (3, 3), "{outcomes:?}");
    let poisoned = outcomes
        .iter()
        .filter(|(_, _, why)| why.contains("in an unknown state since the case cogito::billing::"));
    assert_eq!(poisoned.count(), 2, "{outcomes:?}");
}
