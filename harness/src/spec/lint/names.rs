//! Names that nobody gave.

use crate::spec::case::{Case, Hold, Play};
use crate::spec::clients;
use crate::spec::contract::{Auth, Contract, Protocol};
use crate::spec::language::moment::{Moment, MomentKind};
use crate::spec::language::path::{Field, Path};
use crate::spec::language::value::{Reference, ValueKind};
use crate::spec::lint::Vocabulary;
use crate::spec::lint::walk::{self, Item};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::{At, Place};
use crate::spec::read::word::suggestion;

mod contract;

/// The row that every contract has without writing it: a documented success.
const OK: &str = "ok";
/// The credential that is none.
const NONE: &str = "none";

/// All the names there are.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) words: &'a Vocabulary,
}

/// Where a reference stands, which decides what it can name.
#[derive(Clone, Copy)]
struct Scope<'a> {
    /// The steps that are over.
    before: &'a [&'a str],
    /// The name of the step at hand.
    own: Option<&'a str>,
    /// Whether the exchange at hand is over, so that its corners can be named.
    over: bool,
    /// Whether it is sent, so that credentials can be named.
    sent: bool,
}

impl<'a> Known<'a> {
    /// Asks every name of a case.
    pub(super) fn case(&self, case: &Case, problems: &mut Diagnostics) {
        self.claims(&case.claims, problems);
        self.reading(case.reading.as_ref(), problems);
        let states = || self.contract.names.states.iter().map(|state| state.as_str());
        case.given.iter().for_each(|state| one("state", state, states(), problems));
        let asks = |step: &crate::spec::case::Step| step.expect.0.len() + step.should.0.len();
        unclaimed(&case.claims, case.steps.iter().map(asks).sum(), &case.place, problems);
        let mut before: Vec<&str> = Vec::new();
        let scripts =
            |upstream: &crate::spec::case::Upstream, before: &[&str], problems: &mut Diagnostics| {
                let scope = Scope { before, own: None, over: false, sent: false };
                walk::upstream(upstream, &mut |item| self.item(item, scope, problems));
                self.script(upstream, problems);
            };
        if let Some(upstream) = &case.upstream {
            let all: Vec<&str> =
                case.steps.iter().filter_map(|step| step.name.as_ref()).map(|name| name.as_str()).collect();
            scripts(upstream, &all, problems);
        }
        for step in &case.steps {
            let own = step.name.as_ref().map(|name| name.as_str());
            self.send(&step.send, &before, problems);
            let scope = Scope { before: &before, own, over: false, sent: true };
            walk::sent(step, &mut |item| self.item(item, scope, problems));
            step.upstream.iter().for_each(|upstream| scripts(upstream, &before, problems));
            walk::asked(step, &mut |item| {
                self.item(item, Scope { over: true, sent: false, ..scope }, problems)
            });
            if let Some(name) = &step.name {
                step_name(name, &before, problems);
                before.push(name);
            }
        }
    }

    fn send(&self, send: &crate::spec::case::Send, before: &[&str], problems: &mut Diagnostics) {
        send.operation.iter().for_each(|operation| self.operation(operation, problems));
        if let Some(credential) = send.credential.as_ref().filter(|credential| credential.value != NONE) {
            let known = self.contract.names.credentials.iter().map(|credential| credential.name.as_str());
            one("credential", credential, known, problems);
        }
        if let Some(protocol) = &send.protocol {
            let known = self.contract.protocols.iter().map(|protocol| protocol.name.as_str());
            one("protocol", protocol, known, problems);
        }
        if let (Some(auth), Some(protocol)) = (&send.auth, self.protocol(send)) {
            one("way for the credential", auth, protocol.auth.iter().map(Auth::word), problems);
        }
        if let Some(client) = &send.via {
            one("client", client, self.contract.names.clients.iter().map(|client| client.as_str()), problems);
        }
        if let Some(model) = &send.model {
            one("model", model, self.contract.names.models.iter().map(|model| model.as_str()), problems);
        }
        for step in send.again.iter().chain(&send.like) {
            one("earlier step", step, before.iter().copied(), problems);
        }
    }

    /// The protocol that a send speaks, as far as it says so itself.
    fn protocol(&self, send: &crate::spec::case::Send) -> Option<&'a Protocol> {
        let operation = send.operation.as_ref().and_then(|name| {
            self.contract.names.operations.iter().find(|known| known.name.value == name.value)
        });
        let named = operation.map(|operation| &operation.protocol).or(send.protocol.as_ref());
        match named {
            Some(name) => self.contract.protocols.iter().find(|known| known.name.value == name.value),
            None if send.raw_line.is_some() => self.contract.protocols.first(),
            None => None,
        }
    }

    fn script(&self, upstream: &crate::spec::case::Upstream, problems: &mut Diagnostics) {
        for (provider, turns) in &upstream.scripts {
            if let Some(provider) = provider {
                one("provider", provider, self.providers(), problems);
            }
            for turn in turns {
                for hold in turn.waits() {
                    if let Hold::Until { moment, .. } = hold {
                        let scope = Scope { before: &[], own: None, over: true, sent: false };
                        self.moment(&moment.value, &moment.place, scope, problems);
                    }
                }
                if let Play::Fault { name, .. } = &turn.play
                    && let ValueKind::Literal(literal) = &name.kind
                    && let Some(id) = literal.as_str()
                    && !self.words.faults.is_empty()
                {
                    let id = At::new(id.to_owned(), name.place.clone());
                    one("fault", &id, self.words.faults.iter().map(String::as_str), problems);
                }
            }
        }
    }

    fn item(&self, item: Item<'_>, scope: Scope<'_>, problems: &mut Diagnostics) {
        match item {
            Item::Asked(path, _, place) | Item::Path(path, place) => self.path(path, place, scope, problems),
            Item::Reference(Reference::Path(path), place) => self.path(path, place, scope, problems),
            Item::Reference(reference, place) => self.reference(reference, place, scope, problems),
            Item::Row(row) => {
                let rows = self.contract.errors.iter().map(|row| row.name.as_str()).chain([OK]);
                one("error row", row, rows, problems);
            }
            Item::Limit(limit) => one("limit", limit, self.limits(), problems),
            Item::Moment(moment, place) => self.moment(moment, place, scope, problems),
            Item::Matcher(_) | Item::Status(_) => {}
        }
    }

    fn reference(&self, reference: &Reference, place: &Place, scope: Scope<'_>, problems: &mut Diagnostics) {
        let names = &self.contract.names;
        let at = |name: &String| At::new(name.clone(), place.clone());
        match reference {
            Reference::Model(name) => {
                one("model", &at(name), names.models.iter().map(|model| model.as_str()), problems)
            }
            Reference::Bound(name) => {
                one("value", &at(name), names.values.iter().map(|(name, _)| name.as_str()), problems)
            }
            Reference::Limit(name) => one("limit", &at(name), self.limits(), problems),
            Reference::Provider { name, .. } => one("provider", &at(name), self.providers(), problems),
            Reference::Port => {
                let title = "`$(port)` is known to a target only".to_owned();
                problems.push(Diagnostic::error(place.clone(), title));
            }
            Reference::Credential(name) => {
                let known = names.credentials.iter().map(|credential| credential.name.as_str());
                one("credential", &at(name), known, problems);
                if !scope.sent {
                    let title = format!("`{reference}` is for what is sent only");
                    problems.push(Diagnostic::error(place.clone(), title));
                }
            }
            Reference::Path(_) | Reference::Canary(_) | Reference::Prompt | Reference::DateIn(_) => {}
        }
    }

    fn moment(&self, moment: &Moment, place: &Place, scope: Scope<'_>, problems: &mut Diagnostics) {
        if let Some(step) = &moment.step {
            let known = scope.before.iter().copied().chain(scope.own);
            one("earlier step", &At::new(step.clone(), place.clone()), known, problems);
        }
        if let MomentKind::Received(attempts) | MomentKind::Played(attempts) = &moment.kind
            && let Some(provider) = &attempts.provider
        {
            one("provider", &At::new(provider.clone(), place.clone()), self.providers(), problems);
        }
    }

    fn path(&self, path: &Path, place: &Place, scope: Scope<'_>, problems: &mut Diagnostics) {
        match &path.step {
            Some(step) => {
                let own = scope.own.filter(|_| scope.over);
                let known = scope.before.iter().copied().chain(own);
                one("earlier step", &At::new(step.clone(), place.clone()), known, problems);
            }
            None if !scope.over => {
                let title = format!("`{path}` is not known yet when this is sent or played");
                let help = "name an earlier step: `STEP.`, then the path".to_owned();
                problems.push(Diagnostic::error(place.clone(), title).help(help));
            }
            None => {}
        }
        if let Some(provider) = &path.provider {
            one("provider", &At::new(provider.clone(), place.clone()), self.providers(), problems);
        }
        match &path.field {
            Field::Error(field) => self.field(field, place, problems),
            Field::Retry(client) => {
                one("client", &At::new(client.clone(), place.clone()), clients::names(), problems);
            }
            Field::BodyBound(value) => {
                let known = self.contract.names.values.iter();
                let pointers = known.filter(|(_, kind)| kind == "pointer").map(|(name, _)| name.as_str());
                one("value that is a pointer", &At::new(value.clone(), place.clone()), pointers, problems);
            }
            _ => {}
        }
    }

    fn field(&self, field: &str, place: &Place, problems: &mut Diagnostics) {
        let fields = self
            .contract
            .protocols
            .iter()
            .flat_map(|protocol| protocol.fields.iter().map(|(name, _)| name.as_str()));
        one("error field", &At::new(field.to_owned(), place.clone()), fields, problems);
    }

    fn claims<'c>(&self, cited: impl IntoIterator<Item = &'c At<String>>, problems: &mut Diagnostics) {
        for claim in cited {
            one("claim", claim, self.contract.claims.iter().map(|claim| claim.id.as_str()), problems);
        }
    }

    fn reading(&self, cited: Option<&At<String>>, problems: &mut Diagnostics) {
        if let Some(reading) = cited {
            one(
                "reading",
                reading,
                self.contract.readings.iter().map(|reading| reading.id.as_str()),
                problems,
            );
        }
    }

    fn operation(&self, operation: &At<String>, problems: &mut Diagnostics) {
        let known = self.contract.names.operations.iter().map(|operation| operation.name.as_str());
        one("operation", operation, known, problems);
    }

    fn providers(&self) -> impl Iterator<Item = &'a str> {
        self.contract.names.providers.iter().map(|provider| provider.as_str())
    }

    fn limits(&self) -> impl Iterator<Item = &'a str> {
        self.contract.names.limits.iter().map(|limit| limit.name.as_str())
    }
}

/// Reports a name that is not among the known ones.
pub(super) fn one<'k>(
    what: &str,
    written: &At<String>,
    known: impl Iterator<Item = &'k str>,
    problems: &mut Diagnostics,
) {
    let known: Vec<&str> = known.collect();
    // A part of the file that could not be read names nothing; what it would have named is not asked for again.
    let follows = known.is_empty() && problems.has_errors();
    if known.contains(&written.as_str()) || written.is_empty() || follows {
        return;
    }
    let title = format!("there is no {what} `{written}`");
    let help = match known.is_empty() {
        true => Some(format!("there is no {what} at all here")),
        false => suggestion(written, known),
    };
    problems.push(Diagnostic::error(written.place.clone(), title).help(help));
}

/// What is judged rests on a claim.
fn unclaimed(claims: &[At<String>], asked: usize, place: &Place, problems: &mut Diagnostics) {
    if claims.is_empty() && asked > 0 {
        let help = "cite the claims that it checks, or move it to `record`".to_owned();
        problems.push(Diagnostic::error(place.clone(), "an expectation rests on no claim").help(help));
    }
    for (index, claim) in claims.iter().enumerate() {
        if claims[..index].iter().any(|earlier| earlier.value == claim.value) {
            problems.push(Diagnostic::warning(claim.place.clone(), format!("`{claim}` is cited twice")));
        }
    }
}

/// A step's name may not be taken for the beginning of another reference.
fn step_name(name: &At<String>, before: &[&str], problems: &mut Diagnostics) {
    const TAKEN: [&str; 14] = [
        "sent",
        "received",
        "played",
        "got",
        "model",
        "credential",
        "value",
        "limit",
        "canary",
        "prompt",
        "date",
        "port",
        "provider",
        "for",
    ];
    if before.contains(&name.as_str()) {
        problems.push(Diagnostic::error(name.place.clone(), format!("two steps are called `{name}`")));
    }
    if TAKEN.contains(&name.as_str()) {
        let title = format!("`{name}` cannot be a step's name: references use the word");
        problems.push(Diagnostic::error(name.place.clone(), title));
    }
}
