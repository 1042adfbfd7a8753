//! Script files that are wrong: what is said of them, and where.

use std::process::Output;

use crate::binary::{command, file};

fn told(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "script.yaml", text);
    let Output { status, stdout, stderr } =
        command().args(["serve", "--no-token", "--script"]).arg(&path).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{stderr}");
    stderr.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn what_is_wrong_in_a_script_is_shown_at_its_place() {
    for (text, place, title, help) in [
        (
            "turns:\n  - play: {fault: {name: rst_before_hed}}\n",
            "2:26",
            "there is no fault `rst_before_hed`",
            "did you mean `rst_before_head`?",
        ),
        ("turns:\n  - plays: {ok: {}}\n", "2:5", "`plays` is unknown here", "did you mean `play`?"),
        ("turns:\n  - play: {oks: {}}\n", "2:12", "`oks` is unknown here", "did you mean `ok`?"),
        (
            "turns:\n  - play: {ok: {}}\n  - play: {status: {status: 9999}}\n",
            "3:29",
            "9999 is not a status",
            "",
        ),
        (
            "turns:\n  - play: {fault: {name: late, params: {dealy: 5}}}\n",
            "2:48",
            "has no parameter `dealy`",
            "did you mean `delay`?",
        ),
        ("turns:\n  - when: {path: x}\n    play: {ok: {}}\n", "2:11", "`x` is not a path", ""),
        (
            "turns:\n  - play: {fault: {name: refused}}\n",
            "2:26",
            "strikes before any request",
            "/impositions",
        ),
        (
            "turns:\n  - during: {from: 5, until: 5}\n    play: {ok: {}}\n",
            "2:13",
            "this time ends before it begins",
            "",
        ),
        (
            "turns:\n  - share: {percent: 101}\n    play: {ok: {}}\n",
            "2:12",
            "101 is more than 100 percent",
            "",
        ),
        ("turns: []\n", "1:8", "at least one turn", ""),
        (
            "turns:\n  - play: {named: {reply: no_such_reply_at_all}}\n",
            "2:27",
            "there is no documented reply",
            "",
        ),
        (
            "providers:\n  first:\n    script:\n      turns:\n        - play: {fault: {name: silnt}}\n",
            "5:32",
            "no fault `silnt`",
            "did you mean `silent`?",
        ),
        (
            "providers:\n  first: {dialect: opnai}\n",
            "2:20",
            "`opnai` is unknown here",
            "did you mean `openai`?",
        ),
        ("turns: [\n", "", "", ""),
    ] {
        let said = told(text);
        let shown = format!("--> script.yaml:{place}");
        assert!(said.starts_with("error: ") && said.contains(&shown), "{place} for\n{text}\n{said}");
        assert!(said.contains(title) && said.contains(help), "{text}\n{said}");
        assert!(said.contains('^'), "{said}");
    }
}

#[test]
fn a_file_that_is_missing_is_named() {
    let output = command().args(["serve", "--script", "/no/such/file.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot read /no/such/file.yaml"));
}
