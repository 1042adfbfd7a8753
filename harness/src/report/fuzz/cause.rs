//! Findings that most often have one cause: the same kind of request, the same check, the same kind of answer.

use std::collections::BTreeMap;

use crate::fuzz::engine::Outcome;
use crate::fuzz::finding::Found;
use crate::generate::campaign::Case;
use crate::spec::contract::{Defect, Level};

/// What most often is one cause.
pub(super) struct Cause<'f> {
    /// What kind of request it takes.
    pub(super) kind: &'static str,
    /// The strongest check that failed.
    pub(super) check: &'f str,
    /// The findings.
    pub(super) members: Vec<&'f Found>,
    /// Labels that fail alike and were not asked again.
    pub(super) alike: usize,
    /// The finding with the shortest request.
    pub(super) example: &'f Found,
}

impl Cause<'_> {
    /// The level of its findings.
    pub(super) fn level(&self) -> Level {
        self.example.finding.level
    }

    /// What was answered, in words.
    pub(super) fn answer(&self) -> String {
        match self.example.answer.handed_on {
            true => "the upstream's status, handed on".to_owned(),
            false => self.example.signature.seen.to_string(),
        }
    }

    /// How often it was seen.
    pub(super) fn times(&self) -> u64 {
        self.members.iter().map(|found| found.times).sum()
    }

    /// The labels by operation, without what the kind says already.
    pub(super) fn labels(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut labels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Found { signature, .. } in &self.members {
            labels.entry(&signature.operation).or_default().push(bare(&signature.label, self.kind));
        }
        labels
    }
}

/// The causes of what was found: what decides first, then what has most labels.
pub(super) fn causes(outcome: &Outcome) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for found in &outcome.found {
        let (kind, check) = (kind(&found.case), first(&found.signature.check));
        let known = causes.iter_mut().find(|cause| {
            cause.kind == kind
                && cause.check == check
                && answered_alike(cause.example, found)
                && cause.level() == found.finding.level
        });
        match known {
            Some(cause) => {
                cause.members.push(found);
                if size(found) < size(cause.example) {
                    cause.example = found;
                }
            }
            None => causes.push(Cause { kind, check, members: vec![found], alike: 0, example: found }),
        }
    }
    for signature in &outcome.alike {
        let like = |found: &&Found| found.signature.is_like(signature);
        if let Some(cause) = causes.iter_mut().find(|cause| cause.members.iter().any(like)) {
            cause.alike += 1;
        }
    }
    causes
        .sort_by_key(|cause| (std::cmp::Reverse((cause.level(), cause.members.len())), cause.example.number));
    causes
}

/// Whether two answers are one kind of answer. A gateway that hands failures on does so with whatever status and words.
fn answered_alike(one: &Found, other: &Found) -> bool {
    match (one.answer.handed_on, other.answer.handed_on) {
        (true, true) => one.signature.seen.ending == other.signature.seen.ending,
        (false, false) => one.signature.seen == other.signature.seen,
        _ => false,
    }
}

/// Bytes that a finding sends.
pub(super) fn size(found: &Found) -> usize {
    found.requests.iter().map(|request| request.body.len()).sum()
}

/// What kind of request a case is.
fn kind(case: &Case) -> &'static str {
    if case.trouble.is_some() {
        return "upstream";
    }
    if case.pair.is_some() {
        return "said otherwise";
    }
    match case.label.defect {
        Some(Defect::Odd) => match case.label.keyword.split('(').next() {
            Some("content-type" | "header") => "header",
            _ => "odd",
        },
        Some(Defect::Unauthorized) => "credential",
        Some(defect) => defect.word(),
        None => match case.label.keyword.split('(').next() {
            Some("method" | "route") => "route",
            _ => "valid",
        },
    }
}

/// The first of the checks that failed, which is the strongest.
fn first(checks: &str) -> &str {
    checks.split(", ").next().unwrap_or(checks)
}

/// A label without what its kind says already.
fn bare<'l>(label: &'l str, kind: &str) -> &'l str {
    let inner = label.strip_prefix(kind).and_then(|rest| rest.strip_prefix('('));
    inner.and_then(|rest| rest.strip_suffix(')')).unwrap_or(label)
}
