//! The commands of README.md, run as they stand but for the ports.

use std::path::Path;
use std::process::{Command, Output};

use crate::binary::{Daemon, command, file};

const README: &str = include_str!("../../README.md");

/// The text of every fenced block of this language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    README.split(&opening as &str).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// Every command with what it prints.
fn commands() -> Vec<(&'static str, &'static str)> {
    let said = |block: &'static str| block.split("$ ").skip(1).map(|said| said.split_once('\n').unwrap());
    blocks("console").into_iter().flat_map(said).collect()
}

/// Whether the text is as written, where `…` stands for anything.
fn is_as_written(text: &str, written: &str) -> bool {
    let mut parts = written.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn write_files(folder: &Path) {
    for block in blocks("yaml") {
        let name = block.lines().next().unwrap().strip_prefix("# ").unwrap();
        file(folder, name, block);
    }
}

#[test]
fn every_command_of_the_readme_prints_what_it_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("curl is not on this machine: its commands are not run");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let mut daemon: Option<Daemon> = None;
    let mut run = 0;
    for (line, written) in commands() {
        if let Some(arguments) = line.strip_prefix("mock-upstream serve ") {
            let script = folder.path().join("flaky.yaml");
            let arguments = arguments.replace("flaky.yaml", script.to_str().unwrap());
            let mut arguments: Vec<&str> = arguments.split(' ').collect();
            arguments.extend(["--listen", "127.0.0.1:0"]);
            daemon = Some(Daemon::serve(&arguments));
            continue;
        }
        let daemon = daemon.as_ref().expect("the README serves before it asks");
        let provider = daemon.provider(0).to_string();
        let control = daemon.control().trim_start_matches("http://");
        let line = line.replace("127.0.0.1:4711", &provider).replace("127.0.0.1:4710", control);
        let Output { stdout, stderr, .. } =
            Command::new("sh").arg("-c").arg(&line).current_dir(folder.path()).output().unwrap();
        let printed = String::from_utf8(stdout).unwrap();
        let written = written.trim_end();
        assert!(
            is_as_written(printed.trim_end(), written),
            "{line}\nprints  {printed}\nnot     {written}\n{}",
            String::from_utf8_lossy(&stderr)
        );
        run += 1;
    }
    assert!(run >= 12, "only {run} commands were found");
}

#[test]
fn what_the_readme_says_of_serve_is_printed() {
    let block = blocks("console").into_iter().find(|block| block.contains("mock-upstream serve")).unwrap();
    let (_, written) = block.split_once('\n').unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let mut serving = command()
        .args(["serve", "--no-token", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--script"])
        .arg(folder.path().join("flaky.yaml"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(serving.stdout.take().unwrap()));
    for written in written.lines() {
        let without_port = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
        let printed = lines.next().unwrap().unwrap();
        assert_eq!(without_port(&printed), without_port(written));
    }
    serving.kill().unwrap();
    serving.wait().unwrap();
}

#[test]
fn every_file_of_the_readme_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let text = std::fs::read_to_string(folder.path().join("two.yaml")).unwrap();
    let script = file(folder.path(), "two.yaml", &text.replace("4711", "0").replace("4712", "0"));
    let daemon = Daemon::serve(&["--no-token", "--script", script.to_str().unwrap()]);
    assert_eq!(daemon.said["providers"].as_array().unwrap().len(), 2);
}

#[test]
fn an_ellipsis_stands_for_anything_and_only_it_does() {
    assert!(is_as_written("abc", "abc") && is_as_written("abc", "a…c") && is_as_written("abcbd", "a…b…d"));
    assert!(!is_as_written("abc", "abd") && !is_as_written("abc", "a…d") && !is_as_written("abcd", "abc"));
    assert!(!is_as_written("abc", "b…") && !is_as_written("abc", "a…b"));
}
