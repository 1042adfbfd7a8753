//! What a product makes of a case.

use super::*;
use crate::spec::read::node::Source;

fn product(text: &str) -> (Vec<Member>, Diagnostics) {
    let mut problems = Diagnostics::default();
    let root = Source::new("t.yaml", text).parse(&mut problems).unwrap();
    (members(&root, &mut problems), problems)
}

#[test]
fn the_last_axis_varies_fastest_and_values_keep_their_type() {
    let (made, problems) = product(
        "case: c\nfor: {status: [401, 503], stream: [false, true]}\nsteps: [{send: {stream: $(for.stream), headers: {x: s $(for.status)}}, status: $(for.status)}]\n",
    );
    assert!(problems.is_empty());
    let labels: Vec<&str> = made.iter().map(|member| member.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "[status=401,stream=false]",
            "[status=401,stream=true]",
            "[status=503,stream=false]",
            "[status=503,stream=true]"
        ]
    );
    let step = made[3].tree.get("steps").unwrap().to_json();
    assert_eq!(
        step,
        serde_json::json!([{"send": {"stream": true, "headers": {"x": "s 503"}}, "status": 503}])
    );
    assert!(made[0].tree.get("for").is_none());
}

#[test]
fn a_map_is_used_whole_or_by_part_and_a_holds_for_stays() {
    let (made, problems) = product(
        "case: c\nfor: {cause: [{model: unknown, headers: {a: 1}}, {}]}\nw: $(for.cause)\nupstream: [{hold: {for: 5ms}}]\n",
    );
    assert!(problems.is_empty());
    assert_eq!(made[0].label, "[cause=model-unknown+headers-a-1]");
    assert_eq!(made[1].label, "[cause=none]");
    assert_eq!(made[0].tree.to_json()["w"]["headers"]["a"], 1);
    assert_eq!(made[0].tree.to_json()["upstream"][0]["hold"]["for"], "5ms");
    let (made, _) = product("case: c\nfor: {cause: [{model: m}]}\nw: x $(for.cause.model)\n");
    assert_eq!(made[0].tree.to_json()["w"], "x m");
}

#[test]
fn ids_stay_unique_and_strange_axes_are_refused() {
    let (made, _) = product("case: c\nfor: {t: ['a b', 'a  b', a/b]}\n");
    let mut labels: Vec<String> = made.into_iter().map(|member| member.label).collect();
    labels.dedup();
    assert_eq!(labels.len(), 3);
    let (_, problems) = product("case: c\nfor: {status: [1]}\nx: $(for.statsu)\n");
    assert_eq!(problems.0[0].help.as_deref(), Some("did you mean `status`?"));
    let (made, problems) =
        product(&format!("case: c\nfor: {{a: [{0}], b: [{0}]}}\n", vec!["1"; 100].join(",")));
    assert!(made.is_empty() && problems.has_errors());
}

#[test]
fn a_map_may_say_what_it_is_called_in_ids() {
    let (made, problems) = product(
        "case: c\nfor: {cause: [{as: no key, credential: none}]}\nw: $(for.cause)\nx: $(for.cause.credential)\n",
    );
    assert!(problems.is_empty());
    assert_eq!(made[0].label, "[cause=no_key]");
    assert_eq!(made[0].tree.to_json()["w"], serde_json::json!({"credential": "none"}));
    assert_eq!(made[0].tree.to_json()["x"], "none");
}
