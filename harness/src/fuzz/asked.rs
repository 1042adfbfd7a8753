//! What is expected of the answers to a lane's cases, in the terms of the spec language, so that the same judge judges them.

use std::collections::HashMap;

use crate::generate::campaign;
use crate::spec::case::{Case, Send, Step, Times};
use crate::spec::contract::{Contract, Defect, Level, Operation, RequestShape, Validation};
use crate::spec::language::expect::{Expect, Expectation, Expectations};
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::path::{Corner, Field, Path};
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::read::place::{At, Place};

/// What is expected on one lane.
#[derive(Debug)]
pub struct Asked {
    /// The protocol.
    pub protocol: String,
    /// The pointers of the fields that tell an error's kind.
    pub kind: Vec<String>,
    /// The claims that answers to bad requests check.
    pub claims: Vec<String>,
    /// Places that the gateway may write anew.
    pub rewrites: Vec<String>,
    cases: HashMap<(Defect, Level), (Case, bool)>,
    nothing: Case,
}

impl Asked {
    /// Makes the questions of a lane once. `keyed` says that the gateway issues keys, so that it can refuse others.
    pub fn new(contract: &Contract, shape: &RequestShape, operation: &Operation, keyed: bool) -> Self {
        let protocol = contract.protocol(&operation.protocol).or(contract.protocols.first());
        let fields = protocol.map(|protocol| protocol.fields.as_slice()).unwrap_or_default();
        let kind = fields.iter().filter(|(name, _)| matches!(name.as_str(), "type" | "code"));
        let mut cases = HashMap::new();
        let known = shape.rejects.iter().flat_map(|rejects| &rejects.by);
        for (defect, rejection) in known.filter(|(defect, _)| keyed || *defect != Defect::Unauthorized) {
            for level in [Level::Must, Level::Should] {
                let accepting = rejection.rows.iter().any(|row| row.value == "ok");
                let by_gateway = !accepting && refused_here(*defect, shape.validation);
                let place = rejection
                    .rows
                    .first()
                    .map_or_else(|| shape.operation.place.clone(), |row| row.place.clone());
                let claims = match rejection.claims.as_slice() {
                    [] => shape.rejects.as_ref().map(|rejects| rejects.claims.clone()).unwrap_or_default(),
                    own => own.to_vec(),
                };
                let mut asked =
                    vec![Expectation { place: place.clone(), kind: Expect::Error(rejection.rows.clone()) }];
                if by_gateway {
                    asked.push(nothing_received(&place));
                }
                let case = case(operation, &place, claims, rejection.reading.clone(), level, asked);
                // What is no request at all, a provider refuses by itself; of what it knows nothing, it has to be told.
                let told = !matches!(defect, Defect::Malformed | Defect::NotObject);
                let passed_on = !accepting && !by_gateway && told;
                cases.insert((*defect, level), (case, passed_on));
            }
        }
        let claims = shape.rejects.iter().flat_map(|rejects| &rejects.claims);
        Self {
            protocol: operation.protocol.value.clone(),
            kind: kind.map(|(_, pointer)| pointer.clone()).collect(),
            claims: claims.map(|claim| claim.value.clone()).collect(),
            rewrites: shape.rewrites.clone(),
            cases,
            nothing: case(operation, &shape.operation.place, Vec::new(), None, Level::Must, Vec::new()),
        }
    }

    /// What is asked of the answer to a case, and whether the upstream has to refuse in the gateway's place.
    pub fn of(&self, case: &campaign::Case) -> (&Case, bool) {
        let Some(defect) = case.label.defect else { return (&self.nothing, false) };
        // What only may be refused is asked nothing but what every answer is asked.
        let level = match case.sure {
            Some(Level::May) => return (&self.nothing, false),
            Some(level) => level,
            None => Level::Must,
        };
        self.cases
            .get(&(defect, level))
            .map_or((&self.nothing, false), |(case, passed_on)| (case, *passed_on))
    }

    /// The case that asks nothing of its own.
    pub fn nothing(&self) -> &Case {
        &self.nothing
    }
}

/// Whether the gateway refuses it by itself, so that its upstream hears nothing of it.
fn refused_here(defect: Defect, validation: Validation) -> bool {
    defect == Defect::Unauthorized || validation == Validation::Local
}

fn nothing_received(place: &Place) -> Expectation {
    let path = Path {
        step: None,
        corner: Corner::Received,
        provider: None,
        index: None,
        field: Field::Count,
        views: Vec::new(),
    };
    let none = Value { place: place.clone(), kind: ValueKind::Literal(0.into()) };
    let matcher = Matcher { place: place.clone(), kind: MatcherKind::Equals(none) };
    Expectation { place: place.clone(), kind: Expect::Path(path, matcher) }
}

/// A case of one step that sends whatever was generated.
pub(super) fn case(
    operation: &Operation,
    place: &Place,
    claims: Vec<At<String>>,
    reading: Option<At<String>>,
    level: Level,
    asked: Vec<Expectation>,
) -> Case {
    let (expect, should) = match level {
        Level::Must => (asked, Vec::new()),
        _ => (Vec::new(), asked),
    };
    let once = Value { place: place.clone(), kind: ValueKind::Literal(1.into()) };
    let step = Step {
        name: None,
        place: place.clone(),
        send: Send { operation: Some(operation.name.clone()), ..Send::default() },
        times: Times::Count(once),
        together: false,
        after: None,
        upstream: None,
        expect: Expectations(expect),
        should: Expectations(should),
        record: Vec::new(),
    };
    Case {
        id: format!("fuzz::{}", operation.name),
        place: place.clone(),
        claims,
        needs: Vec::new(),
        given: Vec::new(),
        upstream: None,
        steps: vec![step],
        reading,
    }
}
