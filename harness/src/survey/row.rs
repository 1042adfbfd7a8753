//! What the gateway did for one fault in one lane.

use std::time::Duration;

use mock_upstream::fault::Lane;
use mock_upstream::scenario::Marker;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::arrange::credentials::mask::Mask;
use crate::judge;
use crate::observe::{Observation, Observed};
use crate::run::onlooker::Sight;
use crate::spec::contract::Contract;
use crate::survey::ending::{self, Ending};
use crate::survey::plan::Subject;
use crate::wire::{header, json};

/// A row of a survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The group's letter.
    pub group: String,
    /// The fault's id.
    pub fault: String,
    /// Its family.
    pub family: String,
    /// Plain or streaming.
    pub lane: Lane,
    /// The operation.
    pub operation: String,
    /// Whether the journal proves that the fault was played as it is meant; else `note` says why not.
    pub delivered: bool,
    /// The answer's status; `None` where no head came.
    pub status: Option<u16>,
    /// The error's type as it stands in the answer; null where there is none.
    #[serde(rename = "type")]
    pub kind: Json,
    /// The error's code as it stands in the answer; null where there is none.
    pub code: Json,
    /// The answer's `Retry-After`.
    pub retry_after: Option<String>,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// How the answer ended; `None` where nothing was sent.
    pub ending: Option<Ending>,
    /// Requests that reached the upstream; `None` where they cannot be counted, since nothing listened there.
    pub attempts: Option<usize>,
    /// Time from each of them to the next, in milliseconds.
    pub attempt_gaps_ms: Vec<u64>,
    /// From the first byte sent to the end of the answer, in milliseconds.
    pub elapsed_ms: Option<u64>,
    /// From the first byte sent until the head of the answer was there, in milliseconds.
    pub first_byte_ms: Option<u64>,
    /// The word in the prompt by which the request is found in the gateway's own log.
    pub marker: Option<String>,
    /// What has to be known to read the row.
    pub note: Option<String>,
}

impl Row {
    /// A row of which nothing is known.
    pub(crate) fn unknown(subject: &Subject, why: String) -> Self {
        let Subject { group, fault, family, lane, operation } = subject.clone();
        Self {
            group,
            fault,
            family,
            lane,
            operation,
            delivered: false,
            status: None,
            kind: Json::Null,
            code: Json::Null,
            retry_after: None,
            content_type: None,
            ending: None,
            attempts: None,
            attempt_gaps_ms: Vec::new(),
            elapsed_ms: None,
            first_byte_ms: None,
            marker: None,
            note: Some(why),
        }
    }

    /// The row of a case that was observed.
    pub(crate) fn of(subject: &Subject, sight: &Sight<'_>, contract: &Contract) -> Self {
        let unsent = || Self::unknown(subject, "nothing was sent".to_owned());
        let Some(observed) = sight.observation.steps.first().and_then(|step| step.exchanges.first()) else {
            return Self { note: sight.unproven.as_ref().map(|why| sight.mask.text(why)), ..unsent() };
        };
        let why = undelivered(observed, sight).map(|why| sight.mask.text(&why));
        let mut row = Self { delivered: why.is_none(), note: why, ..unsent() };
        row.takes_answer(observed, contract, sight.mask);
        row.takes_attempts(observed, sight.observation);
        row
    }

    fn takes_answer(&mut self, observed: &Observed, contract: &Contract, mask: &Mask) {
        let exchange = &observed.exchange;
        let told = judge::told(observed, contract);
        let field = |name: &str| {
            let pointer = pointer(contract, &observed.protocol, name);
            told.error.as_ref().and_then(|error| json::at(error, &pointer)).map(|value| shown(value, mask))
        };
        self.kind = field("type").unwrap_or_default();
        self.code = field("code").unwrap_or_default();
        self.status = exchange.head.as_ref().map(|head| head.status);
        let headers = exchange.head.as_ref().map_or(&[][..], |head| &head.headers);
        let line = |name: &str| header::text(headers, name).map(|text| cut(&mask.text(&text)));
        self.retry_after = line("retry-after");
        self.content_type = line("content-type");
        self.ending = Some(ending::of(exchange, &told));
        self.elapsed_ms = Some(millis(exchange.elapsed));
        self.first_byte_ms = exchange.head.as_ref().map(|head| millis(head.at));
        let body = String::from_utf8_lossy(&exchange.request.body);
        let mut words = body.split(|c: char| !c.is_ascii_alphanumeric());
        self.marker = words.find_map(Marker::parse).map(|marker| marker.to_string());
    }

    fn takes_attempts(&mut self, observed: &Observed, observation: &Observation) {
        let attempts = &observed.attempts;
        let uncountable = attempts.is_empty() && !observation.imposed.is_empty();
        self.attempts = (!uncountable).then_some(attempts.len());
        let gaps = attempts.windows(2).map(|pair| pair[1].arrived.saturating_sub(pair[0].arrived));
        self.attempt_gaps_ms = gaps.map(millis).collect();
    }
}

/// Why the journal does not prove the fault.
fn undelivered(observed: &Observed, sight: &Sight<'_>) -> Option<String> {
    let why = sight.unproven.as_ref()?;
    if observed.attempts.is_empty() && sight.observation.imposed.is_empty() {
        // The judge's words are for the author of a case.
        return Some("the gateway answered without asking the upstream".to_owned());
    }
    Some(why.strip_prefix("step 1: ").unwrap_or(why).to_owned())
}

/// Where a protocol has a field of its error.
fn pointer(contract: &Contract, protocol: &str, field: &str) -> String {
    let protocol = contract.protocols.iter().find(|known| known.name.value == protocol);
    let known = protocol.and_then(|protocol| protocol.fields.iter().find(|(name, _)| name == field));
    known.map_or_else(|| format!("/error/{field}"), |(_, pointer)| pointer.clone())
}

/// A field as it is kept: texts masked and cut, anything nested as text.
fn shown(value: &Json, mask: &Mask) -> Json {
    match value {
        Json::String(text) => cut(&mask.text(text)).into(),
        Json::Array(_) | Json::Object(_) => cut(&mask.text(&value.to_string())).into(),
        plain => plain.clone(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Characters that are kept of a text that the gateway wrote.
const LONGEST: usize = 200;
