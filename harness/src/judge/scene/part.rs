//! What a path finds: one part an exchange, or one an attempt.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::judge::scene::evidence::{Evidence, event_json, is_error};
use crate::judge::scene::retry;
use crate::judge::scene::view::seen;
use crate::judge::scene::{Here, Scene};
use crate::observe::{Attempt, Played, PlayedEnding};
use crate::spec::contract::StreamForm;
use crate::spec::language::path::{Corner, Field, Path, View};
use crate::spec::language::value::{Missing, Reference};
use crate::wire::exchange::End;
use crate::wire::header;
use crate::wire::json as body;
use crate::wire::sse::Stream;

/// One thing a path found.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::judge) struct Part {
    /// Whose it is: `step 1`, `step 1, attempt 2`.
    pub(in crate::judge) of: Arc<str>,
    /// What is there; `None` when it is absent.
    pub(in crate::judge) value: Option<Json>,
    /// It is text on the wire, so that `429` may be a number as well.
    pub(in crate::judge) textual: bool,
    /// How many lines a header has.
    pub(in crate::judge) lines: usize,
    /// No attempt was there whose part it could be: neither present nor properly absent.
    pub(in crate::judge) unreached: bool,
    /// It is the text of a body of which only the beginning was kept, or is not found in that beginning.
    pub(in crate::judge) partly: bool,
    /// The clock of the side that sent it, for dates: by its own `Date` where seconds are asked for.
    pub(in crate::judge) clock: Option<SystemTime>,
}

/// Everything the path finds, in order; never empty.
///
/// # Errors
/// The step that the path names did not run.
pub(in crate::judge) fn parts(scene: &Scene<'_>, here: &Here, path: &Path) -> Result<Vec<Part>, Missing> {
    let named = match &path.step {
        None => None,
        Some(name) => Some(scene.of_named(name).ok_or_else(|| Missing(format!("no step `{name}` ran")))?),
    };
    let path = &placed(scene, path)?;
    let mut found: Vec<Part> = Vec::new();
    for &i in &named.as_ref().unwrap_or(here).0 {
        of_exchange(&scene.exchanges[i], path, &mut found);
    }
    for view in &path.views {
        found = seen(found, *view, path.corner);
    }
    if found.is_empty() {
        return Err(Missing(format!("no exchange to read {path} from")));
    }
    Ok(found)
}

/// The path with the place in the body that the target binds.
fn placed<'p>(scene: &Scene<'_>, path: &'p Path) -> Result<Cow<'p, Path>, Missing> {
    let Field::BodyBound(name) = &path.field else { return Ok(Cow::Borrowed(path)) };
    match scene.names.reference(&Reference::Bound(name.clone()))? {
        Json::String(pointer) => Ok(Cow::Owned(Path { field: Field::BodyPointer(pointer), ..path.clone() })),
        other => Err(Missing(format!("$(value.{name}) is {other}, and no place in a body"))),
    }
}

fn of_exchange(evidence: &Evidence<'_>, path: &Path, found: &mut Vec<Part>) {
    let observed = evidence.observed;
    let label = evidence.label.clone();
    match path.corner {
        Corner::Sent | Corner::Got if path.field == Field::Count => {
            return found.push(Part::of(label, Some(json!(1))));
        }
        Corner::Sent => return found.push(sent(evidence, path)),
        Corner::Got => return found.push(got(evidence, path)),
        Corner::Received | Corner::Played => {}
    }
    let attempts: Vec<(usize, &Attempt)> = observed
        .attempts
        .iter()
        .filter(|attempt| path.provider.as_ref().is_none_or(|provider| *provider == attempt.provider))
        .enumerate()
        .filter(|(i, _)| path.index.is_none_or(|index| index == i + 1))
        .collect();
    if path.field == Field::Count {
        return found.push(Part::of(label, Some(json!(attempts.len()))));
    }
    if attempts.is_empty() {
        return found.push(Part { unreached: true, ..Part::of(label, None) });
    }
    for (i, attempt) in attempts {
        let part = if path.corner == Corner::Received {
            received(attempt, path)
        } else {
            let clock = observed.exchange.started_wall + attempt.arrived;
            played(evidence, attempt, path, clock)
        };
        found.push(part.named(format!("{label}, attempt {}", i + 1).into()));
    }
}

fn sent(evidence: &Evidence<'_>, path: &Path) -> Part {
    let request = &evidence.observed.exchange.request;
    let part = match &path.field {
        Field::Header(name) => {
            let lines = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            Part::lines(lines.map(|(_, value)| value.clone()).collect())
        }
        Field::Body => Part::text(String::from_utf8_lossy(&request.body)),
        Field::BodyPointer(pointer) => Part::pointed(&request.body, pointer),
        Field::Operation => Part::json(evidence.observed.operation.as_ref().map(|name| json!(name))),
        Field::Method => Part::text(&request.method),
        Field::Stream => Part::json(Some(json!(evidence.observed.stream))),
        _ => Part::json(None),
    };
    part.named(evidence.label.clone()).at(evidence.observed.exchange.started_wall)
}

fn got(evidence: &Evidence<'_>, path: &Path) -> Part {
    let exchange = &evidence.observed.exchange;
    let head = exchange.head.as_ref();
    let headers = head.map_or(&[][..], |head| &head.headers);
    let part = match &path.field {
        Field::Status => Part::json(evidence.status().map(|status| json!(status))),
        Field::Reason => head.and_then(|head| head.reason.as_ref()).map_or(Part::json(None), Part::text),
        Field::Header(name) => Part::header(headers, name),
        Field::Trailer(name) => Part::header(&exchange.trailers, name),
        Field::Body if head.is_some() => Part::text(String::from_utf8_lossy(&exchange.body)),
        Field::BodyPointer(pointer) => {
            Part::json(evidence.json().ok().and_then(|json| body::at(json, pointer)).cloned())
        }
        Field::Error(name) => Part::json(error_field(evidence, evidence.error_json(), name)),
        Field::Retry(client) => Part::json(retry::asks_again(client, exchange).map(|again| json!(again))),
        Field::Failed => Part::json(Some(json!(evidence.failed()))),
        Field::Events => Part::json(Some(json!(evidence.stream.as_ref().map_or(0, |s| s.events.len())))),
        Field::Elapsed => Part::json(Some(json!(exchange.elapsed.as_secs_f64()))),
        Field::Ending => Part::text(evidence.ending().word()),
        _ => Part::json(None),
    };
    let arrived = exchange.started_wall + head.map_or(exchange.elapsed, |head| head.at);
    let said = if path.views.contains(&View::Seconds) { date_of(headers) } else { None };
    part.of_beginning(matches!(exchange.end, End::Capped(_)), path)
        .named(evidence.label.clone())
        .at(said.unwrap_or(arrived))
}

fn received(attempt: &Attempt, path: &Path) -> Part {
    let part = match &path.field {
        Field::Header(name) => Part::header(&attempt.headers, name),
        Field::Body => Part::text(String::from_utf8_lossy(&attempt.body)),
        Field::BodyPointer(pointer) => Part::pointed(&attempt.body, pointer),
        Field::Method => Part::text(&attempt.method),
        Field::Elapsed => Part::json(Some(json!(attempt.arrived.as_secs_f64()))),
        _ => Part::json(None),
    };
    part.of_beginning(attempt.body_cut, path)
}

fn played(evidence: &Evidence<'_>, attempt: &Attempt, path: &Path, clock: SystemTime) -> Part {
    let Some(played) = &attempt.played else { return Part::json(None) };
    let part = match &path.field {
        Field::Status => Part::json(played.status.map(|status| json!(status))),
        Field::Header(name) => Part::header(&played.headers, name),
        Field::Body => Part::text(String::from_utf8_lossy(&played.body)),
        Field::BodyPointer(pointer) => Part::pointed(&played.body, pointer),
        Field::Error(name) => Part::json(error_field(evidence, played_error(played).as_ref(), name)),
        Field::Failed => Part::json(Some(json!(!played.status.is_some_and(|s| (200..300).contains(&s))))),
        Field::Events => Part::json(Some(json!(played.events))),
        Field::Ending => Part::text(match played.ending {
            PlayedEnding::Complete => "complete",
            PlayedEnding::Cut => "cut",
            PlayedEnding::Stalled => "stalled",
            PlayedEnding::None => "none",
        }),
        Field::Fault => Part::json(played.fault.as_ref().map(|fault| json!(fault))),
        _ => Part::json(None),
    };
    let said = if path.views.contains(&View::Seconds) { date_of(&played.headers) } else { None };
    part.of_beginning(played.body_cut, path).at(said.unwrap_or(clock))
}

/// The JSON in which the upstream told of its error.
fn played_error(played: &Played) -> Option<Json> {
    let events = Stream::read(&played.body, &[]).events;
    // The upstream may speak another protocol than the client.
    let form = StreamForm::default();
    body::body(&played.body).ok().or_else(|| {
        let mut read = events.iter().map(|event| (event, event_json(event)));
        read.find(|(event, data)| is_error(&form, event, data)).and_then(|(_, data)| data.ok())
    })
}

fn error_field(evidence: &Evidence<'_>, json: Option<&Json>, name: &str) -> Option<Json> {
    let fields = &evidence.protocol?.fields;
    let (_, pointer) = fields.iter().find(|(field, _)| field == name)?;
    body::at(json?, pointer).cloned()
}

fn date_of(headers: &[(String, Bytes)]) -> Option<SystemTime> {
    httpdate::parse_http_date(&header::text(headers, "date")?).ok()
}

impl Part {
    /// A number that was counted.
    pub(in crate::judge) fn counted(n: usize) -> Self {
        Self::json(Some(json!(n)))
    }

    fn of(of: Arc<str>, value: Option<Json>) -> Self {
        let lines = usize::from(value.is_some());
        Self { of, value, textual: false, lines, unreached: false, partly: false, clock: None }
    }

    fn json(value: Option<Json>) -> Self {
        Self::of(Arc::default(), value)
    }

    fn text(text: impl AsRef<str>) -> Self {
        Self { textual: true, ..Self::json(Some(Json::String(text.as_ref().to_owned()))) }
    }

    fn lines(lines: Vec<String>) -> Self {
        match lines.is_empty() {
            true => Self::json(None),
            false => Self { lines: lines.len(), ..Self::text(lines.join(", ")) },
        }
    }

    fn header(headers: &[(String, Bytes)], name: &str) -> Self {
        Self::lines(
            header::lines(headers, name).map(|line| String::from_utf8_lossy(line).into_owned()).collect(),
        )
    }

    fn pointed(bytes: &[u8], pointer: &str) -> Self {
        Self::json(body::body(bytes).ok().as_ref().and_then(|json| body::at(json, pointer)).cloned())
    }

    /// Marks what is read out of a body that was `cut`: what seems absent may stand behind what was kept.
    fn of_beginning(self, cut: bool, path: &Path) -> Self {
        let open = match path.field {
            Field::Body => true,
            Field::BodyPointer(_) | Field::Error(_) => self.value.is_none(),
            _ => false,
        };
        Self { partly: cut && open, ..self }
    }

    fn named(self, of: Arc<str>) -> Self {
        Self { of, ..self }
    }

    fn at(self, clock: SystemTime) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// The part as text, for matchers that look into texts.
    pub(in crate::judge) fn as_text(&self) -> Option<String> {
        self.value.as_ref().map(|value| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}
