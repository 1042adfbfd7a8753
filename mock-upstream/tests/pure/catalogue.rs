//! The shipped catalogue, and what a catalogue refuses.

use std::collections::BTreeSet;

use mock_upstream::dialect::Dialect;
use mock_upstream::fault::{BindError, CatalogueError, Group, Lane, Listing, Mode, Params, Strikes};
use mock_upstream::{Catalogue, Fault};
use serde_json::json;

#[test]
fn the_shipped_catalogue_is_sound() {
    let catalogue = Catalogue::shipped();
    for fault in catalogue.faults() {
        let plain_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(fault.id.chars().all(plain_word), "{}", fault.id);
        assert!(fault.says.ends_with('.') && fault.says.len() < 120, "{}", fault.id);
        assert!(!fault.lanes().is_empty(), "{}", fault.id);
        assert!(fault.dialects.iter().all(|name| Dialect::parse(name).is_some()), "{}", fault.id);
        assert!(fault.mode.is_some(), "{}", fault.id);
        let streams_only = fault.lanes() == [Lane::Stream];
        assert_eq!(fault.strikes == Strikes::Stream, streams_only, "{}", fault.id);
    }
    assert_eq!(catalogue.get("sse_cut").map(|fault| fault.group), Some(Group::H));
    assert!(catalogue.get("nothing").is_none());
}

#[test]
fn every_known_failure_mode_is_played_or_says_why_not() {
    let modes = Mode::all();
    assert_eq!(modes.len(), 229);
    for (mode, next) in modes.iter().zip(&modes[1..]) {
        assert!(mode.mode < next.mode && mode.group().is_some() && mode.says.ends_with('.'), "{mode:?}");
    }
    let faults = Catalogue::shipped().faults();
    for mode in modes {
        let by_fault = faults.iter().any(|fault| fault.mode.as_ref() == Some(&mode.mode));
        let ways = [by_fault, mode.by_script.is_some(), mode.out_of_reach.is_some()];
        assert_eq!(
            ways.into_iter().filter(|way| *way).count(),
            1,
            "{mode:?} by fault, script, out of reach: {ways:?}"
        );
    }
    for group in Listing::of(Catalogue::shipped()).groups {
        assert!((group.by_fault + group.by_script) * 2 >= group.modes, "{group:?}");
    }
}

#[test]
fn the_listing_is_data_without_programs() {
    let listing = serde_json::to_value(Listing::of(Catalogue::shipped())).unwrap();
    let drip = listing["faults"].as_array().unwrap().iter().find(|fault| fault["id"] == "drip").unwrap();
    assert_eq!(
        (&drip["group"], &drip["family"], &drip["lanes"]),
        (&json!("I"), &json!("drip"), &json!(["plain"]))
    );
    assert_eq!(
        (&drip["params"][1]["name"], &drip["params"][1]["kind"]),
        (&json!("every"), &json!("milliseconds"))
    );
    assert!(drip.get("play").is_none());
}

#[test]
fn a_fault_survives_its_own_serialisation() {
    for fault in Catalogue::shipped().faults() {
        let text = serde_json::to_string(fault).unwrap();
        let again: Fault = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}

#[test]
fn parameters_are_known_and_within_range() {
    let drip = Catalogue::shipped().get("drip").unwrap();
    let bind = |value| drip.bind(&Params::from_iter([("bytes".to_owned(), value)]));
    assert_eq!(bind(json!(9)).unwrap().get("bytes"), 9);
    assert_eq!(bind(json!(9)).unwrap().get("every"), 500);
    for wrong in [json!(0), json!(-1), json!("9"), json!(1.5), json!(null)] {
        assert!(matches!(bind(wrong), Err(BindError::Value { .. })));
    }
    let unknown = drip.bind(&Params::from_iter([("evry".to_owned(), json!(1))])).unwrap_err();
    assert_eq!(unknown.to_string(), "fault `drip` has no parameter `evry` (it has: bytes, every)");
}

#[test]
fn a_catalogue_that_contradicts_itself_is_refused() {
    let fault = |strikes: &str, play: &str| {
        let lane = ["plain", "stream"].into_iter().find(|lane| play.contains(lane)).unwrap_or("every");
        let proof = format!("{{{lane}: {{then: open}}}}");
        format!(
            "- {{id: x, group: B, family: connect, strikes: {strikes}, says: It., play: {play}, proof: {proof}}}\n"
        )
    };
    let refused = |text: &str| Catalogue::parse(&[("f.yaml", text)]).unwrap_err();
    let sound = fault("head", "{every: [close]}");
    assert!(Catalogue::parse(&[("f.yaml", &sound)]).is_ok());
    assert_eq!(refused(&format!("{sound}{sound}")), CatalogueError::Duplicate("x".into()));
    for (strikes, play) in [
        ("head", "{}"),
        ("head", "{every: [close], plain: [close]}"),
        ("head", "{plain: [half_event]}"),
        ("head", "{every: [{wait: $(time)}]}"),
        ("head", "{every: [{connection: refused}]}"),
        ("connect", "{every: [half_event]}"),
        ("connect", "{plain: [close]}"),
        ("connect", "{every: [{wait: 1}]}"),
        ("connect", "{every: [{wait: 1}, {connection: refused}]}"),
    ] {
        let error = refused(&fault(strikes, play));
        assert!(matches!(error, CatalogueError::Contradiction { .. }), "{play}: {error}");
    }
    for play in ["{every: [explode]}", "{every: [{wait: soon}]}", "{all: [close]}"] {
        assert!(matches!(refused(&fault("head", play)), CatalogueError::Unreadable { .. }), "{play}");
    }
    for play in [
        "{every: [close, {edit: [{remove: {at: usage}}]}]}",
        "{every: [{reply: {set: {retry-after: $(wait)}, content: empty}}]}",
        "{every: [{reply: {content: {text: $(date+wait)}}}]}",
        "{every: [{reply: {status: $(status), content: empty}}]}",
    ] {
        let error = refused(&fault("head", play));
        assert!(matches!(error, CatalogueError::Contradiction { .. }), "{play}: {error}");
    }
    let unlisted = sound.replace("group: B", "group: B, mode: B13");
    assert!(refused(&unlisted).to_string().contains("no failure mode `B13`"), "{unlisted}");
    let unproven = sound.replace("proof: {every", "proof: {plain");
    assert!(refused(&unproven).to_string().contains("lanes of `proof`"), "{unproven}");
    let groups: BTreeSet<_> = Group::ALL.into_iter().map(Group::says).collect();
    assert_eq!(groups.len(), 12);
}
