//! What is generated from the shipped schemas is what its label says: valid bodies are valid, each breach is one, in one
//! place, for the reason it is named by, and undone it is valid again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway_conformance::generate::campaign::{Campaign, Lane, Phase, Render};
use gateway_conformance::generate::confirm::Confirmer;
use gateway_conformance::generate::json::Json;
use gateway_conformance::generate::json::parse::parse;
use gateway_conformance::generate::label::Label;
use gateway_conformance::generate::minimal::minimal;
use gateway_conformance::generate::schema::{MARKER, Schema};
use gateway_conformance::generate::tree;
use gateway_conformance::generate::valid::Maker;
use gateway_conformance::spec::contract::{Defect, RequestShape, Validation};
use gateway_conformance::spec::read::place::{At, Place};
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

const SCHEMAS: [&str; 7] = ["chat", "embeddings", "inference", "messages", "ranking", "responses", "texts"];

fn schema(name: &str) -> Arc<Schema> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../specs/requests/{name}.json"));
    let root = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    Arc::new(Schema::new(root, &example()))
}

fn example() -> Json {
    Json::Object(vec![("model".into(), Json::text("some-model")), ("input".into(), Json::text(MARKER))])
}

fn lane(name: &str) -> Lane {
    lane_of(name, schema(name).root().clone())
}

fn lane_of(name: &str, schema: Value) -> Lane {
    let shape = RequestShape {
        operation: At::new(name.to_owned(), Place::generated("test")),
        example: None,
        schema: Some(schema),
        rejects: None,
        negate: Vec::new(),
        validation: Validation::Local,
        rewrites: Vec::new(),
    };
    Lane::new(&shape, &example(), true).unwrap()
}

#[test]
fn valid_bodies_are_valid_whatever_place_they_are_brought_to_hold() {
    for name in SCHEMAS {
        let schema = schema(name);
        let confirmer = Confirmer::new(&schema).unwrap();
        let maker = Maker::new(schema.clone());
        assert!(confirmer.accepts(&minimal(&schema, &[])), "{name}");
        let valid = maker.strategy(&[]);
        for number in 0..150 {
            let body = tree::of(&valid, 1, number).unwrap().current();
            assert!(
                confirmer.accepts(&body),
                "{name} {number}: {}",
                String::from_utf8_lossy(&body.to_bytes())
            );
        }
        for (breach, _) in &lane(name).breaches {
            let base = minimal(&schema, &breach.path);
            assert!(
                confirmer.accepts(&base),
                "{name} {}: {}",
                breach.label,
                String::from_utf8_lossy(&base.to_bytes())
            );
            let strategy = maker.strategy(&breach.path);
            for number in 0..2 {
                let body = tree::of(&strategy, 2, number).unwrap().current();
                let text = body.to_bytes();
                assert!(
                    confirmer.accepts(&body),
                    "{name} {}: {}",
                    breach.label,
                    String::from_utf8_lossy(&text)
                );
            }
        }
    }
}

#[test]
fn each_breach_of_a_whole_schema_is_invalid_for_the_reason_it_is_named_by() {
    for name in SCHEMAS {
        let lane = lane(name);
        let mut unconfirmed = Vec::new();
        for (index, (breach, _)) in lane.breaches.iter().enumerate() {
            for number in 0..3 {
                let mut body = tree::of(lane.base(index), 3, number).unwrap().current();
                breach.strike(&lane.schema, &mut body);
                if !lane.confirmer.confirms(&lane.schema, breach, &body) {
                    unconfirmed.push(format!(
                        "{} {}",
                        breach.label,
                        String::from_utf8_lossy(&body.to_bytes())
                    ));
                }
            }
        }
        assert!(
            unconfirmed.is_empty(),
            "{name}: {} of them: {:#?}",
            unconfirmed.len(),
            &unconfirmed[..unconfirmed.len().min(5)]
        );
    }
}

/// What breaks one alternative may be right by another, where the body happens to have what that one wants.
#[test]
fn a_breach_that_another_alternative_makes_up_for_strikes_the_simplest_body() {
    let number = json!({"type": "integer", "maximum": 5});
    let lane = lane_of(
        "chat",
        json!({"type": "object", "required": ["x"], "properties": {"x": {"anyOf": [
            {"type": "object", "required": ["n"], "properties": {"n": number, "m": {"type": "boolean"}}},
            {"type": "object", "required": ["n", "m"], "properties": {"n": {"type": "integer"}, "m": {"type": "boolean"}}},
        ]}}}),
    );
    let breach = lane.breaches.iter().position(|(breach, _)| breach.label.name() == "/x/n:maximum").unwrap();
    let made_up_for = (0..64).filter(|number| {
        let mut body = tree::of(lane.base(breach), 1, *number).unwrap().current();
        lane.breaches[breach].0.strike(&lane.schema, &mut body);
        lane.confirmer.accepts(&body)
    });
    assert!(made_up_for.count() > 0, "some bodies have what the other alternative wants");
    let campaign = Campaign::new(vec![lane], 1, false);
    let cases = campaign.cases(campaign.fixed()..campaign.fixed() + 2000);
    let (lane, struck) =
        (&campaign.lanes()[0], cases.iter().filter(|case| case.label.name() == "/x/n:maximum"));
    let taken = struck.clone().filter(|case| lane.confirmer.accepts(&parse(&case.sends[0].body).unwrap()));
    assert!(struck.clone().count() > 20);
    assert_eq!(taken.count(), 0);
}

#[test]
fn a_label_is_one_of_many_and_no_two_are_alike() {
    let least = [
        ("chat", 350),
        ("embeddings", 25),
        ("inference", 20),
        ("messages", 230),
        ("ranking", 15),
        ("responses", 230),
        ("texts", 10),
    ];
    for (name, least) in least {
        let lane = lane(name);
        let names: BTreeSet<String> =
            lane.breaches.iter().map(|(breach, _)| breach.label.to_string()).collect();
        assert_eq!(names.len(), lane.breaches.len(), "{name}");
        assert!(names.len() >= least, "{name} has {} labels, {} named and none", names.len(), lane.dropped);
    }
    let chat = lane("chat");
    let defects: BTreeSet<Option<Defect>> =
        chat.breaches.iter().map(|(breach, _)| breach.label.defect).collect();
    for defect in [Defect::Missing, Defect::WrongType, Defect::OutOfRange, Defect::Empty] {
        assert!(defects.contains(&Some(defect)), "{}", defect.word());
    }
    let labels: Vec<String> = chat.breaches.iter().map(|(breach, _)| breach.label.name()).collect();
    for wanted in [
        "/temperature:minimum",
        "/messages:minItems",
        "/messages:required",
        "/messages/0/role:type(number)",
        "/tools/0/function/name:pattern",
        "/tools:maxItems",
        "/logit_bias/0:maximum",
        "/stop:maxItems",
    ] {
        assert!(labels.iter().any(|label| label == wanted), "{wanted} of {labels:#?}");
    }
}

#[test]
fn the_same_seed_makes_the_same_cases_whoever_asks_and_in_whatever_order() {
    let campaign = |seed| Campaign::new(vec![lane("chat"), lane("embeddings")], seed, true);
    let (one, other, foreign) = (campaign(7), campaign(7), campaign(8));
    let last = one.fixed() + 60;
    let mut differing = 0;
    for number in (0..last).rev() {
        let case = other.case(number);
        assert_eq!(one.case(number).sends, case.sends, "{number}");
        differing += u64::from(foreign.case(number).sends != case.sends);
    }
    assert!(differing > 60, "another seed makes other cases: {differing}");
    // Neighbours share a body, wherever a batch of them begins and ends, and one that is asked for alone has the same.
    for first in one.fixed() - 3..one.fixed() + 12 {
        for case in one.cases(first..first + 17) {
            assert_eq!(case.sends, other.case(case.number).sends, "{first} {}", case.number);
        }
    }
    let backwards = one.cases((one.fixed()..last).rev());
    assert!(backwards.iter().all(|case| case.sends == other.case(case.number).sends));
}

#[test]
fn phases_follow_one_another_and_each_case_carries_what_its_label_says() {
    let campaign = Campaign::new(vec![lane("chat"), lane("messages")], 1, true);
    let mut before = Phase::Labels;
    let mut marked = 0;
    for number in 0..campaign.fixed() + 300 {
        let case = campaign.case(number);
        if number < campaign.fixed() {
            assert!(case.phase >= before, "{number}");
            before = case.phase;
        }
        for sent in &case.sends {
            let holds = sent
                .marker
                .as_ref()
                .is_some_and(|marker| memchr::memmem::find(&sent.body, marker.as_bytes()).is_some());
            assert_eq!(holds, sent.marker.is_some());
            assert!(memchr::memmem::find(&sent.body, MARKER.as_bytes()).is_none());
            marked += usize::from(holds);
        }
        let lane = &campaign.lanes()[case.lane];
        let json = parse(&case.sends[0].body).map(|json| lane.confirmer.accepts(&json));
        match (case.label.defect, &campaign.recipe(number).render) {
            (Some(Defect::Malformed), _) => assert!(json.is_err(), "{}", case.label),
            (Some(Defect::Missing | Defect::WrongType | Defect::OutOfRange | Defect::Empty), _) => {
                assert_eq!(json, Ok(false), "{}", case.label);
            }
            (None, Render::Valid | Render::Set(..) | Render::Pair(_) | Render::Upstream) => {
                assert_eq!(
                    json,
                    Ok(true),
                    "{number} {}: {}",
                    case.label,
                    String::from_utf8_lossy(&case.sends[0].body)
                );
            }
            _ => {}
        }
    }
    assert!(marked > 300, "{marked}");
}

/// A tree only ever gets simpler, and what it is simplified to still has its label.
#[test]
fn what_is_shrunk_keeps_its_label() {
    let lane = lane("chat");
    for (index, (breach, _)) in lane.breaches.iter().enumerate().step_by(17) {
        let mut tree = tree::of(lane.base(index), 5, 5).unwrap();
        let first = tree.current().to_bytes().len();
        let mut steps = 0;
        while tree.simplify() && steps < 3000 {
            steps += 1;
            let mut body = tree.current();
            assert!(lane.confirmer.accepts(&body));
            breach.strike(&lane.schema, &mut body);
            assert!(lane.confirmer.confirms(&lane.schema, breach, &body), "{}", breach.label);
        }
        let last = tree.current().to_bytes().len();
        assert!(last <= first && last < 400, "{}: {first} to {last}", breach.label);
    }
}

/// Written for `scripts/second-opinion`, which asks a validator in another language.
#[test]
fn bodies_for_a_second_opinion_are_written_where_asked() {
    let Some(folder) = std::env::var_os("GENERATED_BODIES").map(PathBuf::from) else { return };
    for name in SCHEMAS {
        let lane = lane(name);
        let line = |label: &Label, valid: bool, body: &Json| {
            let place = label.place.clone();
            let told = json!({
                "label": label.to_string(), "place": place, "keyword": label.keyword, "valid": valid,
                "body": String::from_utf8(body.to_bytes()).unwrap(),
            });
            format!("{told}\n")
        };
        let mut lines = String::new();
        for (index, (breach, _)) in lane.breaches.iter().enumerate() {
            for number in 0..5 {
                let mut body = tree::of(lane.base(index), 9, number).unwrap().current();
                lines.push_str(&line(&breach.label, true, &body));
                breach.strike(&lane.schema, &mut body);
                lines.push_str(&line(&breach.label, false, &body));
            }
        }
        fs::write(folder.join(format!("{name}.jsonl")), lines).unwrap();
    }
}
