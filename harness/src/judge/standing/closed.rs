//! The closed table: each failure that has a status fits a row.

use crate::judge::ledger::{Authority, Ledger};
use crate::judge::question::matcher::Fit;
use crate::judge::question::row::part;
use crate::judge::question::{Answered, Wording, applies};
use crate::judge::scene::{Here, Scene};
use crate::spec::contract::{Closed, ClosedRow, Level};
use crate::spec::language::path::Field;
use crate::spec::read::place::Place;

pub(super) fn ask(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    let Some(closed) = &scene.contract.closed else { return };
    for (i, evidence) in scene.exchanges.iter().enumerate() {
        // An error event comes after a status of success, which no table of failures has.
        if evidence.status().is_some() && !evidence.succeeded_status() {
            hold(scene, ledger, closed, i);
        }
    }
}

/// A row that a failure's status fits, with what its fields ask.
struct Candidate<'c> {
    row: &'c ClosedRow,
    fields: Vec<Answered>,
}

fn hold(scene: &Scene<'_>, ledger: &mut Ledger<'_>, closed: &Closed, i: usize) {
    let here = Here(vec![i]);
    let evidence = &scene.exchanges[i];
    let mut untold = None;
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for row in closed.rows.iter().filter(|row| applies(scene, &here, &row.when)) {
        let name = "closed.status".to_owned();
        match part(scene, &here, name, Field::Status, &row.status, &row.place, Wording::Nothing).fit {
            Fit::Held => candidates
                .push(Candidate { row, fields: fields(scene, &here, row, evidence.may_have_body()) }),
            Fit::Unknown(why) => untold = Some(why),
            Fit::Broken => {}
        }
    }

    let unlisted = match (candidates.is_empty(), untold) {
        (false, _) => Fit::Held,
        (true, None) => Fit::Broken,
        (true, Some(why)) => Fit::Unknown(why),
    };
    let table =
        closed.rows.first().map_or_else(|| scene.contract.name.place.clone(), |row| row.place.clone());
    let best = candidates.iter().min_by_key(|c| (c.misfits(), c.row.undocumented));
    if let Some(best) = best.filter(|c| c.row.undocumented && c.misfits() == 0) {
        let status = evidence.status().map_or_else(String::new, |status| status.to_string());
        ledger.readings(best.row.reading.as_ref().map(|id| &id.value));
        return ledger.undocumented(format!("{status} in {}", evidence.label));
    }
    let authority = Authority::new(scene.contract, Level::Must, &closed.outside);
    let seen = if unlisted == Fit::Held { String::new() } else { evidence.in_words() };
    ledger.enter(&authority, &evidence.label, outside(unlisted, seen, table));
    let Some(best) = best else { return };
    let authority =
        Authority::new(scene.contract, Level::Must, &closed.mismatch).reading(best.row.reading.as_ref());
    for answered in best.fields.clone() {
        ledger.enter(&authority, &evidence.label, answered);
    }
}

impl Candidate<'_> {
    fn misfits(&self) -> usize {
        self.fields.iter().filter(|answered| answered.fit != Fit::Held).count()
    }
}

fn fields(scene: &Scene<'_>, here: &Here, row: &ClosedRow, may_have_body: bool) -> Vec<Answered> {
    let asked = row.fields.iter().filter(|_| may_have_body);
    asked
        .map(|(name, matcher)| {
            let field = Field::Error(name.clone());
            part(scene, here, format!("closed.{name}"), field, matcher, &row.place, Wording::Misfits)
        })
        .collect()
}

fn outside(fit: Fit, observed: String, place: Place) -> Answered {
    Answered {
        name: "closed.outside".to_owned(),
        place,
        fit,
        expected: "a status that the closed table lists".to_owned(),
        observed,
        reading: None,
    }
}
