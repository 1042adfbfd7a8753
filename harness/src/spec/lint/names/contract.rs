//! The names that a contract itself uses.

use super::{Known, Scope, one, unclaimed};
use crate::spec::contract::RequestShape;
use crate::spec::contract::Writer;
use crate::spec::lint::walk;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::Place;

impl Known<'_> {
    /// Asks every name of a contract.
    pub(in crate::spec::lint) fn contract(&self, problems: &mut Diagnostics) {
        let contract = self.contract;
        for operation in &contract.names.operations {
            let protocols = contract.protocols.iter().map(|protocol| protocol.name.as_str());
            one("protocol", &operation.protocol, protocols, problems);
        }
        self.memory(problems);
        for dialect in contract.protocols.iter().filter_map(|protocol| protocol.dialect.as_ref()) {
            self.words.dialect(dialect, problems);
        }
        self.claims(contract.protocols.iter().flat_map(|protocol| &protocol.envelope_claims), problems);
        self.claims(contract.readings.iter().flat_map(|reading| &reading.claims), problems);
        if let Some(closed) = &contract.closed {
            self.claims(closed.outside.iter().chain(&closed.mismatch), problems);
            closed.rows.iter().for_each(|row| self.reading(row.reading.as_ref(), problems));
        }
        for row in &contract.errors {
            self.reading(row.reading.as_ref(), problems);
        }
        for rule in &contract.rules {
            self.claims(&rule.claims, problems);
            self.reading(rule.reading.as_ref(), problems);
            unclaimed(&rule.claims, rule.expect.0.len() + rule.should.0.len(), &rule.place, problems);
            idle(rule.expect.0.len() + rule.should.0.len(), &rule.place, problems);
        }
        for rule in &contract.faults {
            if !self.words.families.is_empty() {
                one(
                    "family of faults",
                    &rule.family,
                    self.words.families.iter().map(String::as_str),
                    problems,
                );
            }
            self.claims(&rule.claims, problems);
            self.reading(rule.reading.as_ref(), problems);
            rule.operations.iter().for_each(|operation| self.operation(operation, problems));
            let asked = rule.expect.0.len() + rule.should.0.len();
            unclaimed(&rule.claims, asked, &rule.family.place, problems);
            idle(asked + rule.record.len(), &rule.family.place, problems);
        }
        for request in &contract.requests {
            self.operation(&request.operation, problems);
            if let Some(rejects) = &request.rejects {
                self.claims(&rejects.claims, problems);
                rejects
                    .by
                    .iter()
                    .for_each(|(_, rejection)| self.reading(rejection.reading.as_ref(), problems));
                unclaimed(&rejects.claims, rejects.by.len(), &request.operation.place, problems);
            }
            unschemed(request, problems);
        }
        self.unexampled(problems);
        let scope = Scope { before: &[], own: None, over: true, sent: false };
        walk::of_contract(contract, &mut |item| self.item(item, scope, problems));
    }

    fn memory(&self, problems: &mut Diagnostics) {
        for cell in &self.contract.memory {
            for writer in &cell.written_by {
                match writer {
                    Writer::UpstreamFailure => {}
                    Writer::Operation(operation) => self.operation(operation, problems),
                    Writer::Credential(credential) => {
                        let known = &self.contract.names.credentials;
                        one(
                            "credential",
                            credential,
                            known.iter().map(|known| known.name.as_str()),
                            problems,
                        );
                    }
                }
            }
            if cell.written_by.is_empty() {
                let title = format!("nothing writes the memory cell `{}`", cell.name);
                problems.push(Diagnostic::error(cell.name.place.clone(), title));
            }
            cell.heals.iter().for_each(|limit| one("limit", limit, self.limits(), problems));
        }
    }

    /// An operation without a request has no control to be asked before a case.
    fn unexampled(&self, problems: &mut Diagnostics) {
        for operation in &self.contract.names.operations {
            if !self.contract.requests.iter().any(|request| request.operation.value == operation.name.value) {
                let title = format!("the operation `{}` has no entry in `requests`", operation.name);
                let help = format!(
                    "write `requests: {{{}: {{}}}}`, with an `example` where it has a body",
                    operation.name
                );
                problems.push(Diagnostic::error(operation.name.place.clone(), title).help(help));
            }
        }
    }
}

/// Labels are made from the schema, so that nothing can be said of them without one.
fn unschemed(request: &RequestShape, problems: &mut Diagnostics) {
    for (glob, _) in request.negate.iter().take(1).filter(|_| request.schema.is_none()) {
        let title = format!(
            "`negate` of `{}` is about the breaches of a schema that is not there",
            request.operation
        );
        problems
            .push(Diagnostic::error(glob.place.clone(), title).help("add `schema: {$ref: …}`".to_owned()));
    }
    for (glob, _) in &request.negate {
        if glob.value != "*" && !glob.value.contains(':') {
            let title = format!("`{glob}` fits no label");
            let help = "a label is `/place:keyword`, such as `/temperature:minimum`; `*` stands for anything"
                .to_owned();
            problems.push(Diagnostic::error(glob.place.clone(), title).help(help));
        }
    }
}

/// A rule that neither asks nor records has no effect.
fn idle(parts: usize, place: &Place, problems: &mut Diagnostics) {
    if parts == 0 && !problems.has_errors() {
        problems.push(Diagnostic::warning(place.clone(), "this rule asks nothing"));
    }
}
