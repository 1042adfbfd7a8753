//! `secret: CORNER`: whether something of the upstream shows there.

use std::borrow::Cow;
use std::fmt;

use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::evidence::Evidence;
use crate::judge::scene::secret::{Haystack, Needle};
use crate::judge::scene::{Here, Scene};
use crate::spec::language::path::Corner;
use crate::spec::read::place::Place;
use crate::wire::exchange::Request;

/// One question a kind of secret, `secret.KIND`.
pub(in crate::judge) fn answer(
    scene: &Scene<'_>,
    here: &Here,
    corner: Corner,
    place: &Place,
) -> Vec<Answered> {
    let needles = scene.seeker.needles();
    if needles.clone().next().is_none() {
        return vec![Answered {
            name: "secret".to_owned(),
            place: place.clone(),
            fit: Fit::Unknown("there is no secret to seek".to_owned()),
            expected: "nothing of the upstream".to_owned(),
            observed: "nothing was sought".to_owned(),
            reading: None,
        }];
    }
    let mut kinds: Vec<&str> = Vec::new();
    for needle in needles.clone() {
        if !kinds.contains(&needle.kind.as_str()) {
            kinds.push(&needle.kind);
        }
    }
    kinds
        .into_iter()
        .map(|kind| {
            let of_kind: Vec<&Needle> = needles.clone().filter(|needle| needle.kind == kind).collect();
            let shown: Vec<String> =
                here.0.iter().flat_map(|&i| showings(&scene.exchanges[i], corner, &of_kind)).collect();
            of(kind, &shown, place)
        })
        .collect()
}

/// The answer for one kind, from where it shows.
pub(in crate::judge) fn of(kind: &str, shown: &[String], place: &Place) -> Answered {
    Answered {
        name: format!("secret.{kind}"),
        place: place.clone(),
        fit: Fit::when(shown.is_empty()),
        expected: format!("no {kind} of the upstream"),
        observed: match shown {
            [] => "none".to_owned(),
            shown => format!("a secret of kind `{kind}` {}", shown.join(", ")),
        },
        reading: None,
    }
}

/// Where and how the needles show, `in the body, plain`; what the client itself sent is only echoed.
pub(in crate::judge) fn showings(
    evidence: &Evidence<'_>,
    corner: Corner,
    needles: &[&Needle],
) -> Vec<String> {
    let mut shown = Vec::new();
    // Most often nothing shows anywhere; only where something does, it is asked where, and whether the client brought it.
    let surfaces = surfaces(evidence, corner);
    let needles = showing(&surfaces, needles.iter().copied());
    if needles.is_empty() {
        return shown;
    }
    let sent = request_bytes(&evidence.observed.exchange.request);
    let sent = Haystack::new(&sent);
    let needles: Vec<&Needle> = needles.into_iter().filter(|needle| needle.shows(&sent).is_none()).collect();
    for (place, bytes) in surfaces {
        let haystack = Haystack::new(&bytes);
        for form in needles.iter().filter_map(|needle| needle.shows(&haystack)) {
            let showing = format!("in {place}, {form}");
            if !shown.contains(&showing) {
                shown.push(showing);
            }
        }
    }
    shown
}

/// The needles that show in some of the texts.
pub(in crate::judge) fn showing<'n>(
    surfaces: &[(Surface<'_>, Cow<'_, [u8]>)],
    needles: impl Iterator<Item = &'n Needle>,
) -> Vec<&'n Needle> {
    let mut all = Vec::with_capacity(surfaces.iter().map(|(_, bytes)| bytes.len() + 2).sum());
    for (_, bytes) in surfaces {
        all.extend_from_slice(bytes);
        // Nothing that ends in front of a blank is decoded together with what follows.
        all.extend_from_slice(b" \n");
    }
    let haystack = Haystack::new(&all);
    needles.filter(|needle| needle.shows(&haystack).is_some()).collect()
}

/// The texts of a corner, each with its place.
pub(in crate::judge) fn surfaces<'e>(
    evidence: &Evidence<'e>,
    corner: Corner,
) -> Vec<(Surface<'e>, Cow<'e, [u8]>)> {
    let observed = evidence.observed;
    let exchange = &observed.exchange;
    let mut found: Vec<(Surface<'e>, Cow<'e, [u8]>)> = Vec::new();
    match corner {
        Corner::Got => {
            if let Some(head) = &exchange.head {
                let reason = head.reason.as_deref().unwrap_or_default();
                found.push((Surface::StatusLine, reason.as_bytes().into()));
                let lines = head.headers.iter();
                found.extend(lines.map(|(name, value)| (Surface::Header(name), field_bytes(name, value))));
            }
            found.push((Surface::Body, (&exchange.body[..]).into()));
            let lines = exchange.trailers.iter();
            found.extend(lines.map(|(name, value)| (Surface::Trailer(name), field_bytes(name, value))));
        }
        Corner::Sent => found.push((Surface::Request, request_bytes(&exchange.request).into())),
        Corner::Received => {
            for (n, attempt) in (1..).zip(&observed.attempts) {
                found.push((Surface::TargetOf(n), attempt.target.as_bytes().into()));
                let lines = attempt.headers.iter();
                found.extend(lines.map(|(name, v)| (Surface::HeaderOf(name, n), field_bytes(name, v))));
                found.push((Surface::BodyOf(n), (&attempt.body[..]).into()));
            }
        }
        Corner::Played => {
            let played = (1..).zip(&observed.attempts);
            for (n, played) in played.filter_map(|(n, attempt)| Some((n, attempt.played.as_ref()?))) {
                let lines = played.headers.iter();
                found.extend(lines.map(|(name, v)| (Surface::HeaderPlayed(name, n), field_bytes(name, v))));
                found.push((Surface::BodyPlayed(n), (&played.body[..]).into()));
            }
        }
    }
    found
}

/// A place where texts stand; attempts are counted from 1.
#[derive(Clone, Copy)]
pub(in crate::judge) enum Surface<'e> {
    StatusLine,
    Header(&'e str),
    Body,
    Trailer(&'e str),
    Request,
    TargetOf(usize),
    HeaderOf(&'e str, usize),
    BodyOf(usize),
    HeaderPlayed(&'e str, usize),
    BodyPlayed(usize),
}

impl fmt::Display for Surface<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StatusLine => f.write_str("the status line"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Body => f.write_str("the body"),
            Self::Trailer(name) => write!(f, "trailer {name}"),
            Self::Request => f.write_str("the request"),
            Self::TargetOf(n) => write!(f, "the target of attempt {n}"),
            Self::HeaderOf(name, n) => write!(f, "header {name} of attempt {n}"),
            Self::BodyOf(n) => write!(f, "the body of attempt {n}"),
            Self::HeaderPlayed(name, n) => write!(f, "header {name} played {n}"),
            Self::BodyPlayed(n) => write!(f, "the body played {n}"),
        }
    }
}

fn field_bytes(name: &str, value: &[u8]) -> Cow<'static, [u8]> {
    [name.as_bytes(), b": ", value].concat().into()
}

fn request_bytes(request: &Request) -> Vec<u8> {
    let mut bytes = format!("{} {}\n", request.method, request.target).into_bytes();
    for (name, value) in &request.headers {
        // Where the request went is no text of the client's own making.
        if !name.eq_ignore_ascii_case("host") {
            bytes.extend_from_slice(format!("{name}: {value}\n").as_bytes());
        }
    }
    bytes.extend_from_slice(&request.body);
    bytes
}
