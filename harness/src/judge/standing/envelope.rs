//! The protocol's one shape of a failure: the body's media type and schema, and those of error events.

use jsonschema::Validator;
use serde_json::Value as Json;

use crate::judge::ledger::{Authority, Ledger};
use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::Scene;
use crate::judge::scene::evidence::Evidence;
use crate::spec::contract::{Level, Protocol};
use crate::wire::header::{self, MediaType};

/// The most errors of the schema that a finding lists.
const MOST_ERRORS: usize = 3;

pub(super) fn ask(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    for evidence in &scene.exchanges {
        let Some(protocol) = evidence.protocol else { continue };
        let Some(schema) = &protocol.envelope else { continue };
        if evidence.status().is_none() || !evidence.failed() || !evidence.may_have_body() {
            continue;
        }
        let authority = Authority::new(scene.contract, Level::Must, &protocol.envelope_claims);
        let shape = Shape { scene, protocol, validator: schema.validator() };
        for answered in shape.of(evidence) {
            ledger.enter(&authority, &evidence.label, answered);
        }
    }
}

struct Shape<'s, 'a> {
    scene: &'s Scene<'a>,
    protocol: &'s Protocol,
    validator: Result<&'s Validator, &'s str>,
}

impl Shape<'_, '_> {
    fn of(&self, evidence: &Evidence<'_>) -> Vec<Answered> {
        if evidence.succeeded_status() {
            let events = evidence.error_events();
            return events.map(|(event, data)| self.schema(data.as_ref(), &event_text(event))).collect();
        }
        let body = String::from_utf8_lossy(&evidence.observed.exchange.body);
        vec![self.media_type(evidence), self.schema(evidence.json(), &body)]
    }

    fn media_type(&self, evidence: &Evidence<'_>) -> Answered {
        let headers = evidence.observed.exchange.head.as_ref().map_or(&[][..], |head| &head.headers);
        let is_json = MediaType::of(headers).is_some_and(|media| media.essence == "application/json");
        let observed = match header::text(headers, "content-type") {
            _ if is_json => String::new(),
            Some(text) => format!("content-type {}", self.scene.quote(&Json::String(text))),
            None => "no content-type".to_owned(),
        };
        self.answered(
            "envelope.media_type",
            Fit::when(is_json),
            "content-type application/json".to_owned(),
            observed,
        )
    }

    fn schema(&self, json: Result<&Json, &String>, text: &str) -> Answered {
        let expected = format!("a body in the {} error envelope", self.protocol.name);
        let quoted = || self.scene.quote(&Json::String(text.to_owned()));
        let (fit, observed) = match (self.validator, json) {
            (Err(error), _) => {
                (Fit::Unknown(format!("the envelope's schema cannot be used: {error}")), quoted())
            }
            (Ok(_), Err(why)) => (Fit::Broken, format!("{}: {}", self.scene.plain(why), quoted())),
            (Ok(validator), Ok(json)) => {
                let errors: Vec<String> = validator
                    .iter_errors(json)
                    .take(MOST_ERRORS)
                    .map(|error| match error.instance_path().as_str() {
                        "" => self.scene.plain(&error.to_string()),
                        path => {
                            format!("{}: {}", self.scene.plain(path), self.scene.plain(&error.to_string()))
                        }
                    })
                    .collect();
                match errors.is_empty() {
                    true => (Fit::Held, String::new()),
                    false => (Fit::Broken, format!("{} in {}", errors.join("; "), quoted())),
                }
            }
        };
        self.answered("envelope.schema", fit, expected, observed)
    }

    fn answered(&self, name: &str, fit: Fit, expected: String, observed: String) -> Answered {
        let place = self.protocol.name.place.clone();
        Answered { name: name.to_owned(), place, fit, expected, observed, reading: None }
    }
}

fn event_text(event: &crate::wire::sse::Event) -> String {
    event.data.clone().unwrap_or_default()
}
