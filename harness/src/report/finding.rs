//! Findings gathered by cause, so that one defect seen in eighty cases is read once.

pub mod consequence;

use crate::judge::verdict::Finding;
use crate::run::outcome::{CaseReport, ClaimReport, Outcome, RunReport};
use crate::spec::contract::Level;
use crate::spec::read::place::Place;

/// Findings with the same level, claims and check, and expectations of the same shape.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// Each finding with the case it is from, in plan order; never empty.
    pub members: Vec<(&'a CaseReport, &'a Finding)>,
}

impl<'a> Group<'a> {
    /// The first finding and its case; the others share its cause.
    pub fn first(&self) -> (&'a CaseReport, &'a Finding) {
        self.members[0]
    }

    /// The cases, each once.
    pub fn cases(&self) -> Vec<&'a str> {
        distinct(self.members.iter().map(|(case, _)| case.id.as_str()))
    }

    /// What was expected and what was observed instead, each pair once with how often, most frequent first. Where there
    /// are more than `most`, those whose observations differ in digits only are taken together under the first of them.
    pub fn pairs(&self, most: usize) -> Vec<(&'a str, &'a str, usize)> {
        let pair = |finding: &'a Finding| (finding.expected.as_str(), finding.observed.as_str());
        let exact = counted(self.members.iter().map(|(_, finding)| pair(finding)));
        let exact: Vec<_> =
            exact.into_iter().map(|((expected, observed), count)| (expected, observed, count)).collect();
        if exact.len() <= most {
            return exact;
        }
        let mut shapes: Vec<(String, (&str, &str, usize))> = Vec::new();
        for pair in exact {
            let alike = shape(pair.1);
            match shapes.iter_mut().find(|(known, _)| *known == alike) {
                Some((_, first)) => first.2 += pair.2,
                None => shapes.push((alike, pair)),
            }
        }
        shapes.sort_by_key(|(_, (.., count))| usize::MAX - *count);
        shapes.into_iter().map(|(_, pair)| pair).collect()
    }

    /// In which exchanges, each name once.
    pub fn exchanges(&self) -> Vec<&'a str> {
        distinct(self.members.iter().map(|(_, finding)| finding.exchange.as_str()))
    }

    /// Where the expectations are written, each place once.
    pub fn written_at(&self) -> Vec<&'a Place> {
        distinct(self.members.iter().map(|(_, finding)| &finding.written_at))
    }

    /// The cases that held shared resources beside any member, each once, members themselves not included.
    pub fn beside(&self) -> Vec<&'a str> {
        let own = self.cases();
        let mut beside = distinct(self.members.iter().flat_map(|(case, _)| &case.beside).map(String::as_str));
        beside.retain(|id| !own.contains(id));
        beside
    }
}

/// Gathers the findings of one level: by the order of their first claim in the contract, then the widest first.
pub fn groups(report: &RunReport, level: Level) -> Vec<Group<'_>> {
    let mut keyed: Vec<(Key<'_>, Group<'_>)> = Vec::new();
    for case in &report.cases {
        for finding in of_case(case).into_iter().filter(|finding| finding.level == level) {
            let key = Key::of(finding);
            match keyed.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.members.push((case, finding)),
                None => keyed.push((key, Group { members: vec![(case, finding)] })),
            }
        }
    }
    keyed.sort_by_key(|(key, group)| {
        (claim_order(&report.claims, key.claims), usize::MAX - group.members.len())
    });
    keyed.into_iter().map(|(_, group)| group).collect()
}

/// Groups that break the same claims in the same cases, each with its own check: the marks of one cause.
pub fn causes(report: &RunReport, level: Level) -> Vec<Vec<Group<'_>>> {
    let mut causes: Vec<Vec<Group<'_>>> = Vec::new();
    for group in groups(report, level) {
        let alike = |known: &&mut Vec<Group<'_>>| {
            known[0].first().1.claims == group.first().1.claims && known[0].cases() == group.cases()
        };
        match causes.iter_mut().find(alike) {
            Some(known) => known.push(group),
            None => causes.push(vec![group]),
        }
    }
    causes
}

/// Every finding of a case, must before should.
pub fn of_case(case: &CaseReport) -> Vec<&Finding> {
    let mut findings = case.findings();
    if let Outcome::Judged(judgement) = &case.outcome {
        findings.extend(&judgement.shoulds);
    }
    findings
}

/// The findings of a case one below the other, and how to see them again; empty where there are none.
pub fn in_words(case: &CaseReport, claims: &[ClaimReport]) -> String {
    let mut text = String::new();
    for finding in of_case(case) {
        let Finding { check, exchange, expected, observed, written_at, .. } = finding;
        let cited = finding.claims.join(", ");
        text.push_str(&format!("{check} ({exchange})\n  expected: {expected}\n  observed: {observed}\n"));
        text.push_str(&format!("  promised: {cited}\n  written:  {written_at}\n"));
        if let Some(suffered) = consequence::of(finding, claims) {
            text.push_str(&format!("  so what:  {suffered}\n"));
        }
        text.push('\n');
    }
    if !text.is_empty() && !case.replay.is_empty() {
        text.push_str(&format!("replay: {}\n", case.replay));
    }
    text
}

#[derive(PartialEq)]
struct Key<'a> {
    claims: &'a [String],
    check: &'a str,
    expected: String,
    reading: Option<&'a str>,
}

impl<'a> Key<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            claims: &finding.claims,
            check: &finding.check,
            expected: shape(&finding.expected),
            reading: finding.reading.as_deref(),
        }
    }
}

/// The text with every word that holds a digit blanked, so that `upstream_503` and `upstream_429` are one shape.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let end = word.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
        match word[..end].chars().any(|c| c.is_ascii_digit()) {
            true => shape.push('#'),
            false => shape.push_str(&word[..end]),
        }
        shape.push_str(&word[end..]);
    }
    shape
}

fn claim_order(claims: &[ClaimReport], cited: &[String]) -> usize {
    let position = |id: &String| claims.iter().position(|claim| claim.id == *id);
    cited.first().and_then(position).unwrap_or(claims.len())
}

/// Each item once, in order of appearance.
pub(crate) fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

/// Each item once with how often it came, most frequent first, else in order of appearance.
pub(crate) fn counted<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| usize::MAX - *count);
    counts
}
