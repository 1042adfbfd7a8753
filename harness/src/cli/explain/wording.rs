//! The constructs of the spec language in words.

use crate::spec::case::{After, Hold, Play, Send, Then, Times, Turn, Upstream};
use crate::spec::contract::{Contract, ErrorRow, FaultRule, Rule};
use crate::spec::language::expect::{Conditions, Expect, Expectation, Expectations, Took};
use crate::spec::language::value::Value;

/// A rule: when it is asked, and what.
pub(super) fn rule(rule: &Rule) -> String {
    let asked = [must_and_should(&rule.expect, &rule.should), reading(rule.reading.as_deref())].concat();
    match conditions(&rule.when) {
        when if when.is_empty() => format!("of every exchange: {asked}"),
        when => format!("when {when}: {asked}"),
    }
}

/// What a family of upstream failure becomes.
pub(super) fn fault_rule(fault: &FaultRule) -> String {
    let asked = must_and_should(&fault.expect, &fault.should);
    format!("every fault of the family `{}`: {asked}{}", fault.family, reading(fault.reading.as_deref()))
}

/// One question; a row of `errors` with what the row says.
pub(super) fn expectation(expectation: &Expectation, contract: &Contract) -> String {
    match &expectation.kind {
        Expect::Error(rows) => {
            let rows: Vec<String> = rows
                .iter()
                .map(|name| match contract.errors.iter().find(|row| row.name.value == name.value) {
                    Some(row) => error_row(row),
                    None => format!("`{name}`"),
                })
                .collect();
            format!("the answer is {}", rows.join(" or "))
        }
        kind => question(kind),
    }
}

/// What is sent.
pub(super) fn send(send: &Send) -> String {
    let mut parts = vec![match (&send.again, &send.raw_line, &send.operation) {
        (Some(step), ..) => format!("again the bytes of `{step}`"),
        (_, Some(line), _) => format!("the request line `{line}`"),
        (_, _, Some(operation)) => format!("the operation `{operation}`"),
        _ => "the default operation".to_owned(),
    }];
    if let Some(credential) = &send.credential {
        parts.push(format!("credential `{credential}`"));
    }
    if let Some(auth) = &send.auth {
        parts.push(format!("the key by `{auth}`"));
    }
    if let Some(protocol) = &send.protocol {
        parts.push(format!("in the protocol `{protocol}`"));
    }
    if let Some(client) = &send.via {
        parts.push(format!("by the client `{client}`, with its own retries"));
    }
    if let Some(step) = &send.like {
        parts.push(format!("a prompt like that of `{step}`"));
    }
    if let Some(model) = &send.model {
        parts.push(format!("model `{model}`"));
    }
    match send.stream {
        Some(true) => parts.push("streaming".to_owned()),
        Some(false) => parts.push("not streaming".to_owned()),
        None => {}
    }
    parts.extend(send.headers.iter().map(|(name, value)| format!("header {name}: {}", short(value))));
    parts.extend(send.set.iter().map(|(place, value)| format!("body {place} = {}", short(value))));
    parts.extend(send.patch.iter().map(|patch| format!("body as {patch} says")));
    parts.extend(send.drop.iter().map(|place| format!("body without {place}")));
    parts.extend(send.raw.iter().map(|raw| format!("body as it is: {}", short(raw))));
    parts.join(", ")
}

/// How often; nothing to say of once.
pub(super) fn times(times: &Times, together: bool) -> Option<String> {
    let together = if together { ", all at once" } else { "" };
    match times {
        Times::Count(value) if value.to_string() == "1" => None,
        Times::Count(value) => Some(format!("{value}{together}")),
        Times::Until { fits, at_most } => {
            Some(format!("until {}, at most {at_most}{together}", all_of(fits)))
        }
    }
}

/// The wait before a step.
pub(super) fn after(after: &After) -> String {
    match after {
        After::Duration(length) => format!("{length:?}"),
        After::Limit(name) => format!("the limit `{name}`"),
        After::Seconds(value) => format!("{value} seconds"),
    }
}

/// What the upstream plays, a line a script.
pub(super) fn upstream(upstream: &Upstream) -> Vec<String> {
    upstream
        .scripts
        .iter()
        .map(|(provider, turns)| {
            let whose = provider.as_ref().map_or("whichever is asked".to_owned(), |name| format!("`{name}`"));
            let turns: Vec<String> = turns.iter().map(turn).collect();
            format!("{whose}: {}", turns.join("; then "))
        })
        .collect()
}

fn turn(turn: &Turn) -> String {
    let mut parts: Vec<String> = turn.hold.iter().map(hold).collect();
    parts.push(play(&turn.play));
    let spare = if turn.spare { " (need not be reached)" } else { "" };
    format!("{}{spare}", parts.join(", "))
}

fn hold(hold: &Hold) -> String {
    match hold {
        Hold::For(length) => format!("waits {length:?}"),
        Hold::Limit { limit, inside: true } => format!("waits just inside the limit `{limit}`"),
        Hold::Limit { limit, inside: false } => format!("waits past the limit `{limit}`"),
        Hold::Until { moment, at_most } => format!("waits until {moment}, at most {at_most:?}"),
    }
}

fn play(play: &Play) -> String {
    match play {
        Play::Ok(patch) if patch.to_string() == "{}" => "a healthy reply".to_owned(),
        Play::Ok(patch) => format!("a healthy reply with {}", short(patch)),
        Play::Status { status, reason, headers, body } => {
            let mut text = format!("status {status}");
            text.extend(reason.iter().map(|reason| format!(" {reason}")));
            text.extend(headers.iter().map(|(name, value)| format!(", {name}: {}", short(value))));
            text.extend(body.iter().map(|body| format!(", body {}", short(body))));
            text
        }
        Play::Events { count, between, then } => {
            let waits: String = between.iter().map(|wait| format!(", {}", hold(wait))).collect();
            format!("{count} events of a healthy stream{waits}, then {}", ending(then))
        }
        Play::Fault { name, params } => {
            let params: String = params.iter().map(|(name, value)| format!(", {name}={value}")).collect();
            format!("the fault `{name}`{params}")
        }
    }
}

fn ending(then: &Then) -> String {
    match then {
        Then::Finish => "the healthy rest".to_owned(),
        Then::Cut => "the connection closes mid-stream".to_owned(),
        Then::Reset => "the connection is reset".to_owned(),
        Then::Stall => "silence".to_owned(),
        Then::End => "an HTTP end without the stream's own".to_owned(),
        Then::ErrorEvent(body) => format!("an error event {}", short(body)),
    }
}

fn must_and_should(must: &Expectations, should: &Expectations) -> String {
    match (must.0.is_empty(), should.0.is_empty()) {
        (true, true) => "recorded, not judged".to_owned(),
        (false, true) => all_of(must),
        (true, false) => format!("should: {}", all_of(should)),
        (false, false) => format!("{}; should: {}", all_of(must), all_of(should)),
    }
}

fn all_of(Expectations(asked): &Expectations) -> String {
    asked.iter().map(|expectation| question(&expectation.kind)).collect::<Vec<_>>().join(" and ")
}

fn question(kind: &Expect) -> String {
    let joined = |paths: &[crate::spec::language::path::Path]| {
        paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match kind {
        Expect::Path(path, matcher) => format!("{path}: {matcher}"),
        Expect::Error(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| format!("`{row}`")).collect();
            format!("the answer is {}", rows.join(" or "))
        }
        Expect::Took(took) => duration(took),
        Expect::Secret(corner) => format!("no secret shows in what was {}", corner.word()),
        Expect::Same(paths) => format!("the same in all exchanges: {}", joined(paths)),
        Expect::Distinct(paths) => format!("different in all exchanges: {}", joined(paths)),
        Expect::Tally(tallies) => {
            let tallies: Vec<String> = tallies
                .iter()
                .map(|tally| format!("of the exchanges, {} fit: {}", tally.is, all_of(&tally.of)))
                .collect();
            tallies.join("; ")
        }
        Expect::Order(moments) => {
            let moments: Vec<String> = moments.iter().map(ToString::to_string).collect();
            format!("in this order: {}", moments.join(", "))
        }
        Expect::GrowingGaps => "the waits between the attempts at each provider grow".to_owned(),
        Expect::OneOf(sets) => {
            let sets: Vec<String> = sets.iter().map(|set| format!("({})", all_of(set))).collect();
            sets.join(" or ")
        }
    }
}

fn duration(took: &Took) -> String {
    let attempts = match took.attempts {
        Some(count) => format!("{count} attempts"),
        None => "each attempt seen".to_owned(),
    };
    let early = if took.early { ", earlier is as good" } else { "" };
    format!("took the limit `{}` for {attempts}, within the tolerance{early}", took.limit)
}

fn error_row(row: &ErrorRow) -> String {
    let mut parts = vec![format!("status {}", row.status)];
    parts.extend(row.fields.iter().map(|(name, matcher)| format!("{name} {matcher}")));
    parts.extend(row.headers.iter().map(|(name, matcher)| format!("header {name} {matcher}")));
    format!("`{}` ({})", row.name, parts.join(", "))
}

fn conditions(Conditions(all): &Conditions) -> String {
    all.iter().map(|(path, matcher)| format!("{path} is {matcher}")).collect::<Vec<_>>().join(" and ")
}

fn reading(id: Option<&String>) -> String {
    id.map(|id| format!(" [reading {id}]")).unwrap_or_default()
}

/// A value on one line; a long one by its beginning.
fn short(value: &Value) -> String {
    const CHARS: usize = 120;
    let text = value.to_string().replace('\n', "\\n");
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
