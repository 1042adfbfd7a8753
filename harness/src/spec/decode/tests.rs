//! What a tree becomes in the model.

use std::time::Duration;

use super::Decoder;
use super::product::members;
use crate::spec::case::{After, Case, Hold, Play, Then, Times};
use crate::spec::contract::{Answers, Auth, Contract, EventMark, Level};
use crate::spec::language::compiled::Schema;
use crate::spec::language::expect::Expect;
use crate::spec::language::matcher::MatcherKind;
use crate::spec::read::diagnostic::Diagnostics;
use crate::spec::read::node::Source;
use crate::spec::target::{Binding, GatewaySource, Target, UpstreamLink};

fn decoded<T>(text: &str, read: impl FnOnce(&mut Decoder<'_>, &crate::spec::read::node::Node) -> T) -> T {
    let mut problems = Diagnostics::default();
    let root = Source::new("t.yaml", text).parse(&mut problems).unwrap();
    let files = |name: &str| match name {
        "envelope.json" => Ok(r#"{"type": "object"}"#.to_owned()),
        _ => Err(format!("no {name}")),
    };
    let mut decoder = Decoder::new(&files);
    let value = read(&mut decoder, &root);
    problems.extend(decoder.diagnostics);
    assert!(problems.is_empty(), "{problems}");
    value
}

fn case(text: &str) -> Case {
    decoded(text, |decoder, root| {
        let member = members(root, &mut Diagnostics::default()).remove(0);
        decoder.case("t::c".to_owned(), &member.tree)
    })
}

fn contract(text: &str) -> Contract {
    decoded(text, |decoder, root| decoder.contract(root))
}

fn target(text: &str) -> Target {
    decoded(text, |decoder, root| decoder.target(root))
}

#[test]
fn a_send_takes_its_with_and_keeps_what_it_does_not_say() {
    let case = case(
        "case: c\nclaims: [A]\nfor: {cause: [{as: x, model: unknown, headers: {X-A: 2, b: 3}, set: {/n: 1}}]}\nsteps:\n  send: {operation: chat, model: chat, headers: {x-a: 1}, set: {/m: 0}, drop: /user, with: $(for.cause)}\n",
    );
    let send = &case.steps[0].send;
    assert_eq!(send.model.as_ref().unwrap().value, "unknown");
    let headers: Vec<String> = send.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(headers, ["x-a=2", "b=3"]);
    let set: Vec<&str> = send.set.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!((set, send.drop.as_slice()), (vec!["/m", "/n"], ["/user".to_owned()].as_slice()));
    assert!(send.credential.is_none() && send.stream.is_none());
}

#[test]
fn turns_hold_and_play() {
    let case = case(
        "case: c\nclaims: []\nupstream:\n  first:\n    - {hold: {for: 50ms}, ok: {}}\n    - {hold: [{for: {limit: upstream, part: inside}}, {until: settled, at_most: 5s}], status: 503, reason: Nope, headers: {Retry-After: 7}, body: {a: 1}}\n    - {events: 2, then: {error_event: {m: x}}}\n    - {events: 1}\n    - {fault: drip, params: {n: 3}, spare: true}\n  second: [{events: 0, then: cut}]\nsteps: {send: {operation: chat}}\n",
    );
    let scripts = case.upstream.unwrap().scripts;
    assert_eq!(scripts[1].0.as_ref().unwrap().value, "second");
    let turns = &scripts[0].1;
    assert!(matches!(turns[0].hold[..], [Hold::For(wait)] if wait == Duration::from_millis(50)));
    assert!(
        matches!(&turns[1].hold[..], [Hold::Limit { inside: true, .. }, Hold::Until { at_most, .. }] if *at_most == Duration::from_secs(5))
    );
    assert!(
        matches!(&turns[1].play, Play::Status { headers, body: Some(_), reason: Some(_), .. } if headers[0].0 == "retry-after")
    );
    assert!(matches!(&turns[2].play, Play::Events { then: Then::ErrorEvent(_), .. }));
    assert!(matches!(&turns[3].play, Play::Events { then: Then::Finish, .. }));
    assert!(turns[4].spare && !turns[3].spare);
    assert!(matches!(&scripts[1].1[0].play, Play::Events { then: Then::Cut, .. }));
}

#[test]
fn steps_repeat_wait_and_ask() {
    let case = case(
        "case: c\nclaims: [A]\ngiven: draining\nneeds: {providers: 2}\nsteps:\n  - {step: a, send: {operation: chat}, times: {until: {error: x}, at_most: 50}, after: {limit: l}}\n  - send: {again: a}\n    times: 8\n    together: true\n    after: 2s\n    expect:\n      error: [x, ok]\n      took: {limit: l, attempts: 2, early: allowed}\n      secret: got\n      distinct: [a.got.error.code]\n      tally: [{of: {got.status: 200}, is: {min: 1, max: 2}}]\n      one_of: [{got.failed: true}, {got.elapsed: {max: 1s}}]\n      got.headers.Retry-After: present\n    record: [received.count]\n  - {send: {raw_line: GET /x}, after: $(a.got.headers.retry-after|seconds)}\n",
    );
    assert_eq!((case.given[0].value.as_str(), case.needs[0].1.as_u64()), ("draining", Some(2)));
    assert!(matches!(case.steps[0].times, Times::Until { at_most: 50, .. }));
    assert!(matches!(case.steps[0].after, Some(After::Limit(_))));
    let step = &case.steps[1];
    assert!(
        step.together && matches!(step.after, Some(After::Duration(wait)) if wait == Duration::from_secs(2))
    );
    let asked: Vec<&Expect> = step.expect.0.iter().map(|question| &question.kind).collect();
    assert!(matches!(asked[0], Expect::Error(rows) if rows.len() == 2));
    assert!(matches!(asked[1], Expect::Took(took) if took.early && took.attempts == Some(2)));
    assert!(
        matches!(asked[4], Expect::Tally(tallies) if matches!(&tallies[0].is.kind, MatcherKind::AllOf(both) if both.len() == 2))
    );
    let Expect::OneOf(sets) = asked[5] else { panic!("{:?}", asked[5]) };
    assert!(matches!(&sets[1].0[0].kind, Expect::Path(_, fits) if fits.to_string() == "at most 1.0"));
    assert!(
        matches!(asked[6], Expect::Path(path, fits) if path.to_string() == "got.headers.retry-after" && fits.kind == MatcherKind::Present)
    );
    assert_eq!(step.record[0].to_string(), "received.count");
    assert!(matches!(case.steps[2].after, Some(After::Seconds(_))));
}

#[test]
fn a_contract_keeps_its_tables() {
    let contract = contract(
        "contract: c\nnames:\n  operations: {chat: {protocol: p, route: POST /v1/chat, upstream: true}, list: {protocol: p, route: GET /v1/list}}\n  credentials: {valid: {}, limited: {metered: true}}\n  limits: {a: 60s, b: {}}\nprotocols: {p: {auth: [{header: x-api-key}, bearer], headers: {X-Version: 1}, stream: {ends: {data: '[DONE]'}}, envelope: {$ref: envelope.json}, fields: {type: /error/type}}}\nclaims: {A: {says: s, level: may}}\nclosed: {outside: [A], mismatch: [A], rows: [{status: [401, {min: 500}], type: t, standing: undocumented}]}\nerrors: {x: {status: 401, type: {not: [a, b]}, headers: {Retry-After: {matches: '^1$', once: true}}}}\n",
    );
    assert!(contract.names.operations[0].carries_prompt && !contract.names.operations[1].carries_prompt);
    assert!(contract.names.credentials[1].metered);
    assert_eq!(contract.names.limits[0].documented, Some(Duration::from_secs(60)));
    assert_eq!(contract.names.limits[1].documented, None);
    let protocol = &contract.protocols[0];
    assert_eq!(protocol.auth, [Auth::Header("x-api-key".to_owned()), Auth::Bearer]);
    assert_eq!(protocol.headers, [("X-Version".to_owned(), "1".to_owned())]);
    assert_eq!(protocol.stream.ends, [EventMark::Data("[DONE]".to_owned())]);
    assert_eq!(
        protocol.stream.error,
        [EventMark::Event("error".to_owned()), EventMark::At("/error".to_owned())]
    );
    assert_eq!(contract.names.operations[1].answers, Answers::Embeddings);
    assert_eq!(contract.protocols[0].envelope, Some(Schema::new(serde_json::json!({"type": "object"}))));
    assert_eq!(contract.claims[0].level, Level::May);
    let row = &contract.closed.as_ref().unwrap().rows[0];
    assert!(row.undocumented && row.status.to_string() == "401 or at least 500");
    assert_eq!(contract.errors[0].headers[0].0, "retry-after");
    assert_eq!(contract.errors[0].fields[0].1.to_string(), "anything but \"a\" or \"b\"");
}

#[test]
fn a_target_keeps_its_bindings_and_prints_none() {
    let target = target(
        "target: t\ncontract: c\nconfigurations:\n  one: {launch: {command: [./g, 1], ready: {get: /up, headers: {a: b}}}, order: declared, instances: 4, limits: {l: 250ms}}\n  two: {attach: http://127.0.0.1:1}\nupstream: {first: {listen: 127.0.0.1:4711, advertise: http://host:4711, key: {literal: sk}}}\ncredentials: {a: [x, {env: K}], b: {file: k.json, at: /k, fresh: true, pace: 60/1m}}\nstates: {s: {enter: {post: /on, json: {x: 1}}, leave: DELETE /on}}\n",
    );
    let GatewaySource::Launch(launch) = &target.configurations[0].gateway else { panic!("no launch") };
    assert_eq!((launch.within, launch.ready.method.as_str()), (Duration::from_secs(60), "GET"));
    assert!(target.configurations[0].declared_order && target.configurations[0].instances == 4);
    assert!(matches!(target.configurations[1].gateway, GatewaySource::Attach(_)));
    assert_eq!(target.credentials[0].1.members[0], Binding::Literal("x".to_owned()));
    assert!(matches!(&target.credentials[1].1.members[0], Binding::File { at: Some(at), .. } if at == "/k"));
    assert!(target.credentials[1].1.fresh);
    assert_eq!(target.credentials[1].1.pace, Some((60, Duration::from_secs(60))));
    assert_eq!(target.states[0].1.leave.method, "DELETE");
    let UpstreamLink::Mock { listen, advertise, keys } = &target.upstream else { panic!("no mock") };
    assert_eq!((listen.len(), advertise[0].1.as_str(), keys.len()), (1, "http://host:4711", 1));
    assert!(!format!("{target:?}").contains("sk"));
    assert!(matches!(
        decoded("upstream: none", |decoder, root| decoder.target(root)).upstream,
        UpstreamLink::None
    ));
}
