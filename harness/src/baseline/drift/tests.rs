//! Comparisons in folders of their own.

use std::fs;

use super::{DriftReport, Mode, Write, compare};

const CHECK: Mode = Mode { write: Write::Never, whole: true };
const REVIEW: Mode = Mode { write: Write::Pending, whole: true };
const ACCEPT: Mode = Mode { write: Write::Accepted, whole: true };

fn cases(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}

const FIRST: [(&str, &str); 4] = [
    ("cogito::auth::revoked-key", "401\n{\n  \"error\": {}\n}\n"),
    ("cogito::upstream::passes-through[status=429]", "429\nretry-after: 1\n"),
    ("cogito::upstream::passes-through[status=503]", "503\r\n==== not a mark\r\n\\==== nor this\r\n\r\n"),
    ("cogito::upstream::Odd_name[path=/a::b]", ""),
];

#[test]
fn accepted_answers_do_not_drift() {
    let dir = tempfile::tempdir().unwrap();
    let report = compare(dir.path(), "built-in", &cases(&FIRST), ACCEPT).unwrap();
    assert_eq!(report.new.len(), 4);
    assert_eq!(compare(dir.path(), "built-in", &cases(&FIRST), CHECK).unwrap(), DriftReport::default());
    assert!(dir.path().join("built-in/auth/revoked-key.snap").exists());
    let shared = fs::read_to_string(dir.path().join("built-in/upstream/passes-through.snap")).unwrap();
    assert!(shared.contains("==== [status=429]\n429"), "{shared}");
}

#[test]
fn a_change_is_told_with_a_diff_and_left_for_review() {
    let dir = tempfile::tempdir().unwrap();
    compare(dir.path(), "built-in", &cases(&FIRST), ACCEPT).unwrap();
    let mut now = FIRST;
    now[1].1 = "429\nretry-after: 0\n";
    let report = compare(dir.path(), "built-in", &cases(&now), REVIEW).unwrap();
    assert_eq!((report.drifted.len(), report.new.len(), report.orphans.len()), (1, 0, 0));
    assert_eq!(report.drifted[0].id, FIRST[1].0);
    insta::assert_snapshot!(report.drifted[0].diff, @r"
    --- snapshot
    +++ now
    @@ -1,2 +1,2 @@
     429
    -retry-after: 1
    +retry-after: 0
    ");
    let pending = dir.path().join("built-in/upstream/passes-through.snap.new");
    let proposed = insta::Snapshot::from_file(&pending).unwrap();
    assert!(proposed.as_text().unwrap().to_string().contains("retry-after: 0"));
    assert_eq!(proposed.metadata().description(), Some("cogito::upstream::passes-through"));

    compare(dir.path(), "built-in", &cases(&FIRST), REVIEW).unwrap();
    assert!(!pending.exists(), "what no longer differs is not left pending");
}

#[test]
fn checking_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let report = compare(dir.path(), "built-in", &cases(&FIRST), CHECK).unwrap();
    assert_eq!(report.new.len(), 4);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn snapshots_without_a_case_are_orphans() {
    let dir = tempfile::tempdir().unwrap();
    compare(dir.path(), "built-in", &cases(&FIRST), ACCEPT).unwrap();
    let report = compare(dir.path(), "built-in", &cases(&FIRST[1..2]), CHECK).unwrap();
    let mut orphans: Vec<String> = report
        .orphans
        .iter()
        .map(|orphan| orphan.to_string().replace(&dir.path().display().to_string(), ""))
        .collect();
    orphans.sort();
    assert_eq!(orphans.len(), 3, "{orphans:?}");
    assert_eq!(orphans[0], "/built-in/auth/revoked-key.snap");
    assert!(orphans[1].starts_with("/built-in/upstream/odd-name-"), "{orphans:?}");
    assert_eq!(orphans[2], "/built-in/upstream/passes-through.snap [status=503]");
}

#[test]
fn a_part_of_the_plan_leaves_the_rest_alone() {
    let dir = tempfile::tempdir().unwrap();
    compare(dir.path(), "built-in", &cases(&FIRST), ACCEPT).unwrap();
    let part = Mode { whole: false, ..ACCEPT };
    let report =
        compare(dir.path(), "built-in", &cases(&[(FIRST[1].0, "429\nretry-after: 5")]), part).unwrap();
    assert_eq!((report.drifted.len(), report.orphans.len()), (1, 0));
    let mut now = FIRST;
    now[1].1 = "429\nretry-after: 5";
    assert!(compare(dir.path(), "built-in", &cases(&now), CHECK).unwrap().is_clean());
}

#[test]
fn an_id_given_twice_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let twice = cases(&[("c::t::a[x=1]", "1"), ("c::t::a[x=1]", "2")]);
    assert!(compare(dir.path(), "t", &twice, CHECK).is_err());
    let two_contracts = cases(&[("c::t::a", "1"), ("d::t::a", "2")]);
    assert!(compare(dir.path(), "t", &two_contracts, CHECK).is_err());
}

#[test]
fn continuous_integration_never_writes() {
    assert_eq!(Write::of(None, true), Write::Never);
    assert_eq!(Write::of(Some("always"), true), Write::Never);
    assert_eq!(Write::of(Some("no"), false), Write::Never);
    assert_eq!(Write::of(Some("auto"), false), Write::Pending);
    assert_eq!(Write::of(Some("always"), false), Write::Accepted);
}
