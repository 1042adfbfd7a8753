//! Cases that cannot be played as written.

use crate::spec::case::{Case, Send, Step, Times};
use crate::spec::contract::Contract;
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::moment::MomentKind;
use crate::spec::language::path::{Corner, Path};
use crate::spec::language::value::{Reference, Value, ValueKind};
use crate::spec::lint::walk::{self, Item};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::Place;

/// Reports sends that contradict themselves and providers that the case does not ask for.
pub(super) fn impossible(case: &Case, contract: &Contract, problems: &mut Diagnostics) {
    if case.steps.is_empty() {
        problems.push(Diagnostic::error(case.place.clone(), "a case without a step does nothing"));
    }
    case.steps.iter().for_each(|step| send(step, contract, problems));
    let asked = case
        .needs
        .iter()
        .find(|(need, _)| need == "providers")
        .and_then(|(_, count)| count.as_u64())
        .unwrap_or(1);
    if asked > contract.names.providers.len() as u64 && asked > 1 {
        let title = format!(
            "the case needs {asked} providers, and the contract names {}",
            contract.names.providers.len()
        );
        problems.push(Diagnostic::error(case.place.clone(), title));
    }
    let asked = usize::try_from(asked).unwrap_or(usize::MAX);
    let mut beyond = |provider: &str, place: &Place| {
        let position = contract.names.providers.iter().position(|known| known.value == provider);
        if position.is_some_and(|position| position >= asked) {
            let title = format!("the case does not need the provider `{provider}`");
            let help = format!("write `needs: {{providers: {}}}`", position.unwrap_or_default() + 1);
            problems.push(Diagnostic::error(place.clone(), title).help(help));
        }
    };
    let scripts = case.upstream.iter().chain(case.steps.iter().filter_map(|step| step.upstream.as_ref()));
    for provider in
        scripts.flat_map(|upstream| &upstream.scripts).filter_map(|(provider, _)| provider.as_ref())
    {
        beyond(provider, &provider.place);
    }
    walk::of_case(case, &mut |item| match item {
        Item::Asked(Path { provider: Some(provider), .. }, _, place)
        | Item::Path(Path { provider: Some(provider), .. }, place)
        | Item::Reference(Reference::Path(Path { provider: Some(provider), .. }), place) => {
            beyond(provider, place)
        }
        Item::Moment(moment, place) => {
            if let MomentKind::Received(attempts) | MomentKind::Played(attempts) = &moment.kind {
                attempts.provider.iter().for_each(|provider| beyond(provider, place));
            }
        }
        _ => {}
    });
}

fn send(step: &Step, contract: &Contract, problems: &mut Diagnostics) {
    let send = &step.send;
    let mut refuse = |title: &str, help: Option<&str>| {
        problems.push(Diagnostic::error(step.place.clone(), title).help(help.map(str::to_owned)));
    };
    let sources = [send.operation.is_some(), send.raw_line.is_some(), send.again.is_some()];
    match sources.into_iter().filter(|given| *given).count() {
        1 => {}
        0 => refuse("nothing says what is sent", Some("give `operation`, `raw_line` or `again`")),
        _ => refuse("`operation`, `raw_line` and `again` exclude each other", None),
    }
    let patched = !send.set.is_empty() || send.patch.is_some() || !send.drop.is_empty();
    if send.raw.is_some() && patched {
        refuse("`raw` is the whole body, which `set` and `drop` cannot patch", None);
    }
    if send.again.is_some()
        && (patched
            || send.raw.is_some()
            || send.model.is_some()
            || send.stream.is_some()
            || send.like.is_some()
            || send.auth.is_some())
    {
        refuse(
            "`again` repeats the bytes that were sent, and takes nothing but `headers` and `credential` beside it",
            None,
        );
    }
    if send.raw_line.is_some() && (patched || send.model.is_some() || send.stream.is_some()) {
        refuse("a `raw_line` has no example to patch", Some("give the body as `raw`"));
    }
    if let Some(like) = send.like.as_ref().filter(|_| send.again.is_none() && !has_prompt(send, contract)) {
        refuse(&format!("there is no `$(prompt)` in what is sent that could be like that of `{like}`"), None);
    }
    if send.protocol.is_some() && send.raw_line.is_none() {
        refuse("only a `raw_line` has to say its protocol: an operation has one", None);
    }
    if send.via.is_some() && (send.operation.is_none() || send.raw.is_some() || step.together) {
        refuse("a client makes the call of an `operation`, with a body that is JSON, and by itself", None);
    }
    let counts_attempts = |asked: &Expectations| asked.0.iter().any(|expectation| counts(&expectation.kind));
    if step.together
        && send.again.is_some()
        && (counts_attempts(&step.expect) || counts_attempts(&step.should))
    {
        refuse(
            "the same bytes sent at once cannot be told apart upstream, so that nothing can be counted there",
            Some("send the operation, which gives each send a prompt of its own"),
        );
    }
    let operation = send.operation.as_ref();
    let streams = operation
        .and_then(|name| contract.names.operations.iter().find(|known| known.name.value == name.value));
    let unread = problems.has_errors();
    let mut refuse = |title: &str, help: Option<&str>| {
        problems.push(Diagnostic::error(step.place.clone(), title).help(help.map(str::to_owned)));
    };
    if !unread && send.stream == Some(true) && streams.is_some_and(|operation| !operation.streams) {
        refuse("the operation does not stream", Some("the contract's `names` say which do"));
    }
    let once = match &step.times {
        Times::Count(count) => {
            matches!(&count.kind, ValueKind::Literal(literal) if literal.as_u64() == Some(1))
        }
        Times::Until { .. } => {
            if step.together {
                refuse("what is repeated until something happens cannot go out together", None);
            }
            false
        }
    };
    if step.together && once {
        refuse("a single send has nothing to go out together with", Some("give `times: 2` or more"));
    }
}

/// Whether what is sent holds a prompt, or may hold one.
fn has_prompt(send: &Send, contract: &Contract) -> bool {
    let example = send
        .operation
        .as_ref()
        .and_then(|name| contract.requests.iter().find(|shape| shape.operation.value == name.value))
        .and_then(|shape| shape.example.as_ref())
        .filter(|_| send.raw.is_none());
    let mut references = send.values().chain(example).flat_map(Value::references);
    references.any(|reference| matches!(reference, Reference::Prompt))
}

/// Whether an expectation is about the attempts of each send.
fn counts(asked: &Expect) -> bool {
    let upstream = |path: &Path| matches!(path.corner, Corner::Received | Corner::Played);
    match asked {
        Expect::Path(path, _) => upstream(path),
        Expect::Tally(tallies) => tallies.iter().any(|tally| tally.of.0.iter().any(|one| counts(&one.kind))),
        Expect::OneOf(sets) => sets.iter().any(|set| set.0.iter().any(|one| counts(&one.kind))),
        _ => false,
    }
}
