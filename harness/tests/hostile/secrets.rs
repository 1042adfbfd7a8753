//! No key of the target or of a provider is shown anywhere, even when the gateway repeats every key that it gets.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::front::{self, Asked, Front, status};
use crate::program::{Program, UPSTREAM_KEY, attached, launched, port};

const KEYS: [(&str, &str); 4] = [
    ("ck-valid-1", "ck-valid-1-Zk4w9TqXb7"),
    ("ck-revoked", "ck-revoked-Hn5yGm2Lc8"),
    ("ck-never-issued", "ck-never-issued-Jd3sPv6Rf1"),
    ("adm-reference", "adm-reference-Qx8uBe4Nt0"),
];

/// The keys as the reference gateway knows them become long ones on the way out, and short ones again on the way in.
fn lengthened(target: &str) -> String {
    let valid = target.lines().find(|line| line.starts_with("  valid:")).unwrap();
    KEYS.iter()
        .fold(target.replace(valid, "  valid: ck-valid-1"), |text, (short, long)| text.replace(short, long))
}

fn shortened(asked: &Asked) -> Asked {
    let head = KEYS.iter().fold(asked.head.clone(), |text, (short, long)| text.replace(long, short));
    Asked { head, ..asked.clone() }
}

#[test]
fn a_gateway_that_repeats_every_key_leaks_none_through_the_harness() {
    let mock = port();
    let behind = Front::of_the_reference_gateway(mock, |_, answer, stream| stream.write_all(&answer));
    let url = behind.url();
    let gateway = Front::alone(move |asked, stream| {
        let answer = front::pass(&url, &shortened(asked))?;
        if status(&answer) < 400 {
            return stream.write_all(&answer);
        }
        let got = asked
            .head
            .lines()
            .find(|line| line.to_lowercase().starts_with("authorization"))
            .unwrap_or_default();
        let (key, encoded) = (got.rsplit(' ').next().unwrap_or_default(), UPSTREAM_KEY.replace('-', "%2D"));
        let body = format!(
            "{{\"error\":{{\"type\":\"{key}\",\"code\":\"{UPSTREAM_KEY}\",\"message\":\"{got} {encoded}\",\"param\":null,\"request_id\":\"{key}\"}}}}"
        );
        let headers = format!(
            "x-request-id: {key}\r\nretry-after: {key}\r\nwww-authenticate: Bearer {UPSTREAM_KEY}\r\n"
        );
        stream.write_all(&front::answer(status(&answer), &headers, body.as_bytes()))
    });
    let target = lengthened(&attached(&gateway.url(), mock));
    let cases = [
        "--case",
        "cogito::auth::*",
        "--case",
        "cogito::upstream::a-failing-status*",
        "--case",
        "cogito::billing::billing-is*",
    ];
    let ended = Program::run(&target).with(&cases).end();
    ended.says(1, &["NONCONFORMING"]);
    assert_clean(&ended.stdout, "standard output");
    assert_clean(&ended.stderr, "standard error");
    let files = files(&ended.dir.path().join("report"));
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        assert_clean(&String::from_utf8_lossy(&fs::read(&file).unwrap()), &file.display().to_string());
        assert_clean(&file.display().to_string(), "a file's name");
    }

    // What preflight quotes of an answer is masked as well.
    let refused = target.replace("valid: ck-valid-1-Zk4w9TqXb7", "valid: ck-revoked-Hn5yGm2Lc8");
    for ended in [Program::run(&refused).end(), Program::doctor(&refused).end()] {
        ended.says(3, &["the key bound to `valid` is not accepted"]);
        assert_clean(&ended.all(), "what preflight says");
    }
}

#[test]
fn a_key_is_not_given_to_a_launched_gateway_among_its_arguments() {
    let target = launched("[sleep, \"600\", ck-revoked]", "5s");
    let ended = Program::run(&lengthened(&target)).end();
    ended.says(2, &["a credential must not be among the arguments"]);
    assert_clean(&ended.all(), "what is said");
}

#[test]
fn what_a_launched_gateway_prints_before_it_fails_is_masked() {
    let target = launched("[sh, -c, \"cat $TARGET; exit 1\"]", "5s");
    let program = Program::run(&lengthened(&target));
    let file = program.dir().join("target.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("ready: GET", &format!("env: {{ TARGET: {} }}, ready: GET", file.display())),
    )
    .unwrap();
    let ended = program.end();
    ended.says(
        3,
        &[
            "ended before it was ready (exit status: 1)",
            "negative_balance: [hidden]",
            "authorization: Bearer [hidden]",
        ],
    );
    assert_clean(&ended.all(), "what is said");
}

#[track_caller]
fn assert_clean(text: &str, what: &str) {
    let text = text.to_lowercase();
    for secret in KEYS.iter().map(|(_, long)| *long).chain([UPSTREAM_KEY]) {
        // The part that only the long key has: a name such as ck-revoked is no secret.
        let tail = secret.rsplit('-').next().unwrap().to_lowercase();
        if let Some(at) = text.find(&tail) {
            let from = at.saturating_sub(80);
            panic!("{what} shows {secret}: …{}", text.get(from..at + tail.len()).unwrap_or(&text));
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}
