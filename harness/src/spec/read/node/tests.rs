//! What the reader keeps of a text.

use super::*;

fn read(text: &str) -> (Node, Diagnostics) {
    let mut warnings = Diagnostics::default();
    let node = Source::new("t.yaml", text).parse(&mut warnings).unwrap();
    (node, warnings)
}

fn at(node: &Node) -> (usize, usize) {
    (node.place.line, node.place.column)
}

#[test]
fn every_key_and_value_knows_its_place() {
    let (root, _) = read("é: x\nlist:\n  - {a: 1, ü: [two, \"three\"]}\nblock: |\n  text\n  more\nempty:\n");
    assert_eq!(at(&root), (1, 1));
    let (key, _) = &root.entries()[1];
    assert_eq!((key.place.line, key.place.column, key.place.start, key.place.end), (2, 1, 6, 10));
    let map = &root.get("list").unwrap().items()[0];
    assert_eq!(at(map), (3, 5));
    assert_eq!((map.entries()[1].0.place.line, map.entries()[1].0.place.column), (3, 12));
    let three = &map.get("ü").unwrap().items()[1];
    assert_eq!(at(three), (3, 21));
    assert_eq!(three.text(), Some("three"));
    assert_eq!(root.get("block").unwrap().text(), Some("text\nmore\n"));
    assert_eq!(root.get("empty").unwrap().kind, NodeKind::Null);
}

#[test]
fn scalars_are_typed_as_json_would() {
    let (root, warnings) = read(
        "a: no\nb: 012\nc: 1_000\nd: 1.5e3\ne: '503'\nf: true\ng: null\nh: -0\ni: .inf\nj: 0x1F\nk: ~\nl: 12:30\nm: \"yes\"\nn: 1.0\n401: x\n",
    );
    let texts = ["a", "b", "c", "e", "i", "j", "l", "m"];
    for key in texts {
        assert!(root.get(key).unwrap().text().is_some(), "{key}: {:?}", root.get(key));
    }
    assert_eq!(root.to_json()["d"], serde_json::json!(1500.0));
    assert_eq!(root.to_json()["f"], serde_json::json!(true));
    assert_eq!(root.to_json()["g"], serde_json::Value::Null);
    assert_eq!(root.to_json()["k"], serde_json::Value::Null);
    assert_eq!(root.to_json()["401"], "x");
    let lines: Vec<usize> = warnings.0.iter().map(|warning| warning.place.line).collect();
    assert_eq!(lines, [1, 2, 3, 9, 10]);
}

#[test]
fn json_bodies_keep_their_key_order() {
    let (root, _) = read("body: {\"z\": 1, \"a\": {\"y\": 2, \"b\": 3}}\n");
    assert_eq!(root.to_json().to_string(), r#"{"body":{"z":1,"a":{"y":2,"b":3}}}"#);
}

#[test]
fn what_is_no_tree_is_refused_at_its_place() {
    let refused = |text: &str| Source::new("t.yaml", text).parse(&mut Diagnostics::default()).unwrap_err();
    let duplicate = refused("a: 1\nb: 2\na: 3\n");
    assert_eq!((duplicate.place.line, duplicate.place.column), (3, 1));
    for text in
        ["a: [1, 2\n", "a: {b: 1\n", "a: !!python/x 1\n", "a: 1\n---\nb: 2\n", "<<: {a: 1}\n", "? [a]\n: b\n"]
    {
        let problem = refused(text);
        assert!(problem.place.line <= text.matches('\n').count() + 1, "{problem}");
    }
    let nothing = Source::new("t.yaml", "").parse(&mut Diagnostics::default()).unwrap();
    assert_eq!(nothing.kind, NodeKind::Null);
    refused(&"[".repeat(100_000));
}
