//! Marker words and where they are found.

use std::collections::HashSet;

use mock_upstream::journal::Carrier;
use mock_upstream::scenario::marker::{LENGTH, PREFIX, find};
use mock_upstream::{Marker, Markers};
use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::json;

use crate::post;

#[test]
fn markers_are_words_and_do_not_repeat() {
    let mut markers = Markers::seeded(1);
    let mut seen = HashSet::new();
    for _ in 0..50_000 {
        let marker = markers.fresh();
        assert!(seen.insert(marker.as_str().to_owned()));
        assert_eq!(Marker::parse(marker.as_str()), Some(marker));
    }
    for word in &seen {
        let syllables = word.as_bytes()[PREFIX.len()..].chunks(2);
        assert!(word.len() == LENGTH && syllables.clone().all(|pair| b"aeiou".contains(&pair[1])));
    }
    assert_eq!(Markers::seeded(3).fresh(), Markers::seeded(3).fresh());
}

#[test]
fn only_marker_shaped_words_are_markers() {
    for word in ["", "zuqi", "zuqibabababababX", "zuqibababababab", "zuqibababababababa", "suqibababababab1"]
    {
        assert_eq!(Marker::parse(word), None, "{word}");
    }
}

#[test]
fn each_word_is_told_once_with_its_first_place() {
    let mut markers = Markers::seeded(9);
    let (first, second) = (markers.fresh(), markers.fresh());
    let mut request = post(&format!("/{second}/x?{first}"), &format!("{first} {first}"));
    request.headers.push(("X-Key".into(), second.as_str().to_owned().into()));
    assert_eq!(find(&request), [(Carrier::Body, first), (Carrier::Target, second)]);
}

proptest! {
    #[test]
    fn a_marker_is_found_in_any_text_and_through_any_json_escaping(
        seed: u64, before in any::<String>(), after in any::<String>(), escape in any::<u16>(),
    ) {
        let marker = Markers::seeded(seed).fresh();
        let escaped: String = (0..LENGTH)
            .map(|at| {
                let letter = marker.as_str().as_bytes()[at];
                if escape & (1 << at) == 0 { char::from(letter).to_string() } else { format!("\\u{letter:04x}") }
            })
            .collect();
        let inner = |text: &str| json!(text).to_string().trim_matches('"').to_owned();
        let before = inner(&before.replace('"', "'"));
        let after = inner(&after.replace('"', "'"));
        let body = format!(r#"{{"messages":[{{"content":"{before}{escaped}{after}"}}]}}"#);
        let found = find(&post("/", &body));
        prop_assert!(found.iter().any(|(_, found)| *found == marker), "{body}");
    }

    #[test]
    fn any_bytes_can_be_searched(bytes in any::<Vec<u8>>(), target in any::<String>()) {
        let mut request = post(&target, "");
        request.body = bytes.into();
        prop_assert_eq!(find(&request).len(), 0);
    }
}
