//! Values, matchers and expectations.

use super::{Decoder, at_text, entries, flag, number, optional_at, texts};
use crate::spec::language::compiled::{Pattern, Schema};
use crate::spec::language::duration;
use crate::spec::language::expect::{Conditions, Expect, Expectation, Expectations, Tally, Took};
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::moment::Moment;
use crate::spec::language::path::{Corner, Path, Unreadable};
use crate::spec::language::value::{Part, Value, ValueKind, text_kind};
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::At;
use crate::spec::read::word::suggestion;

/// The keys of an expectation that are no paths.
pub const QUESTIONS: [&str; 9] =
    ["error", "took", "secret", "same", "distinct", "tally", "order", "gaps", "one_of"];

impl Decoder<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Value {
        let kind = match &node.kind {
            NodeKind::Text(text) => self
                .report(&node.place, text_kind(text))
                // Not a literal, so that nothing more is asked of what could not be read.
                .unwrap_or_else(|| ValueKind::Template(vec![Part::Text(text.clone())])),
            NodeKind::List(items) => ValueKind::List(items.iter().map(|item| self.value(item)).collect()),
            NodeKind::Map(_) => {
                let entries = self.values(Some(node));
                let fill = self.report(&node.place, Value::fill(&entries)).flatten();
                fill.unwrap_or(ValueKind::Map(entries))
            }
            _ => ValueKind::Literal(node.to_json()),
        };
        Value { place: node.place.clone(), kind }
    }

    /// A map of values.
    pub(super) fn values(&mut self, node: Option<&Node>) -> Vec<(String, Value)> {
        entries(node).iter().map(|(key, value)| (key.value.clone(), self.value(value))).collect()
    }

    pub(super) fn matcher(&mut self, node: &Node) -> Matcher {
        let kind = match &node.kind {
            NodeKind::Text(word) if word == "present" => MatcherKind::Present,
            NodeKind::Text(word) if word == "absent" => MatcherKind::Absent,
            NodeKind::List(items) => {
                MatcherKind::AnyOf(items.iter().map(|item| self.matcher(item)).collect())
            }
            NodeKind::Map(keys) => {
                let mut all: Vec<Matcher> =
                    keys.iter().filter_map(|(key, node)| self.asked(key, node)).collect();
                if all.len() == 1 { all.remove(0).kind } else { MatcherKind::AllOf(all) }
            }
            _ => MatcherKind::Equals(self.value(node)),
        };
        Matcher { place: node.place.clone(), kind }
    }

    /// A map of matchers.
    pub(super) fn matchers(&mut self, node: Option<&Node>) -> Vec<(String, Matcher)> {
        entries(node).iter().map(|(key, value)| (key.value.clone(), self.matcher(value))).collect()
    }

    fn asked(&mut self, key: &At<String>, node: &Node) -> Option<Matcher> {
        let kind = match key.as_str() {
            "equals" => MatcherKind::Equals(self.value(node)),
            "min" => MatcherKind::Min(self.bound(node)),
            "max" => MatcherKind::Max(self.bound(node)),
            "matches" => MatcherKind::Matches(Pattern::new(self.pattern(node))),
            "contains" => MatcherKind::Contains(self.value(node)),
            "not" => MatcherKind::Not(Box::new(self.matcher(node))),
            "absent" => MatcherKind::Absent,
            "present" => MatcherKind::Present,
            "once" => MatcherKind::Once,
            "schema" => MatcherKind::Schema(Schema::new(self.schema(node))),
            _ => return None,
        };
        Some(Matcher { place: key.place.clone(), kind })
    }

    /// A number; a duration counts in seconds.
    fn bound(&mut self, node: &Node) -> Value {
        match node.text().map(duration::parse) {
            Some(Ok(length)) => {
                Value { place: node.place.clone(), kind: ValueKind::Literal(length.as_secs_f64().into()) }
            }
            _ => self.value(node),
        }
    }

    fn pattern(&mut self, node: &Node) -> String {
        let pattern = at_text(node).value;
        if self.compiled.insert(pattern.clone())
            && let Err(error) = regex::Regex::new(&pattern)
        {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.error(&node.place, Unreadable::new(format!("not a regular expression: {why}"), None));
        }
        pattern
    }

    pub(super) fn path(&mut self, written: &At<String>) -> Option<Path> {
        self.report(&written.place, written.parse())
    }

    pub(super) fn paths(&mut self, node: Option<&Node>) -> Vec<Path> {
        texts(node).iter().filter_map(|written| self.path(written)).collect()
    }

    pub(super) fn conditions(&mut self, node: Option<&Node>) -> Conditions {
        let condition = |(key, node): &(At<String>, Node)| Some((self.path(key)?, self.matcher(node)));
        Conditions(entries(node).iter().filter_map(condition).collect())
    }

    pub(super) fn expectations(&mut self, node: Option<&Node>) -> Expectations {
        let ask = |(key, node): &(At<String>, Node)| {
            Some(Expectation { place: key.place.clone(), kind: self.expect(key, node)? })
        };
        Expectations(entries(node).iter().filter_map(ask).collect())
    }

    fn expect(&mut self, key: &At<String>, node: &Node) -> Option<Expect> {
        Some(match key.as_str() {
            "error" => Expect::Error(texts(Some(node))),
            "took" => Expect::Took(Took {
                limit: optional_at(node.get("limit"))?,
                attempts: number(node.get("attempts")).and_then(|attempts| u32::try_from(attempts).ok()),
                early: node
                    .get("early")
                    .is_some_and(|early| flag(Some(early)) || early.text() == Some("allowed")),
            }),
            "secret" => {
                let corner = node.text()?;
                Expect::Secret(Corner::ALL.into_iter().find(|known| known.word() == corner)?)
            }
            "same" => Expect::Same(self.paths(Some(node))),
            "distinct" => Expect::Distinct(self.paths(Some(node))),
            "tally" => Expect::Tally(node.items().iter().filter_map(|count| self.tally(count)).collect()),
            "order" => Expect::Order(self.moments(node)),
            "gaps" => Expect::GrowingGaps,
            "one_of" => Expect::OneOf(node.items().iter().map(|set| self.expectations(Some(set))).collect()),
            word if !word.contains('.') => {
                let words = QUESTIONS.into_iter().chain(Corner::ALL.map(Corner::word));
                let help = suggestion(word, words)
                    .map(|help| format!("{help} (a corner is followed by a part: `got.status`)"));
                self.error(&key.place, Unreadable::new(format!("`{word}` is no expectation"), help));
                return None;
            }
            _ => Expect::Path(self.path(key)?, self.matcher(node)),
        })
    }

    fn moments(&mut self, node: &Node) -> Vec<Moment> {
        let mut moments = Vec::new();
        for written in texts(Some(node)) {
            let moment = self.report(&written.place, written.parse::<Moment>());
            if moment.as_ref().is_some_and(|moment| !moment.can_be_ordered()) {
                let what = format!("`{written}` is a moment to wait for, and has no place in an order");
                self.error(&written.place, Unreadable::new(what, None));
            }
            moments.extend(moment);
        }
        moments
    }

    fn tally(&mut self, node: &Node) -> Option<Tally> {
        Some(Tally { of: self.expectations(Some(node.get("of")?)), is: self.matcher(node.get("is")?) })
    }
}
