//! Files of cases.

use super::{Decoder, at_text, entries, flag, number, optional_at, plain, texts};
use crate::spec::case::{After, Case, Hold, Play, Send, Step, Then, Times, Turn, Upstream};
use crate::spec::language::duration;
use crate::spec::language::moment::Moment;
use crate::spec::language::path::Unreadable;
use crate::spec::language::pointer;
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::{At, Place};

impl Decoder<'_> {
    /// Reads one member of a `for`'s product.
    pub fn case(&mut self, id: String, node: &Node) -> Case {
        Case {
            id,
            place: node.get("case").map_or_else(|| node.place.clone(), |name| name.place.clone()),
            claims: texts(node.get("claims")),
            needs: entries(node.get("needs"))
                .iter()
                .map(|(key, node)| (key.value.clone(), node.to_json()))
                .collect(),
            given: texts(node.get("given")),
            upstream: node.get("upstream").map(|upstream| self.upstream(upstream)),
            steps: node
                .get("steps")
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .map(|step| self.step(step))
                .collect(),
            reading: optional_at(node.get("reading")),
        }
    }

    fn step(&mut self, node: &Node) -> Step {
        Step {
            name: optional_at(node.get("step")),
            place: node.place.clone(),
            send: node.get("send").map(|send| self.send(send)).unwrap_or_default(),
            times: self.times(node.get("times"), &node.place),
            together: flag(node.get("together")),
            after: node.get("after").and_then(|after| self.after(after)),
            upstream: node.get("upstream").map(|upstream| self.upstream(upstream)),
            expect: self.expectations(node.get("expect")),
            should: self.expectations(node.get("should")),
            record: self.paths(node.get("record")),
        }
    }

    fn send(&mut self, node: &Node) -> Send {
        let node = &merged(node);
        let mut headers = self.values(node.get("headers"));
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        let drop = texts(node.get("drop"));
        drop.iter().chain(entries(node.get("set")).iter().map(|(key, _)| key)).for_each(|written| {
            self.report(&written.place, pointer::check(written));
        });
        Send {
            operation: optional_at(node.get("operation")),
            raw_line: node.get("raw_line").map(|line| self.value(line)),
            credential: optional_at(node.get("credential")),
            auth: optional_at(node.get("auth")),
            protocol: optional_at(node.get("protocol")),
            model: optional_at(node.get("model")),
            like: optional_at(node.get("prompt").and_then(|prompt| prompt.get("like"))),
            stream: node.get("stream").map(|stream| flag(Some(stream))),
            headers,
            set: self.values(node.get("set")),
            patch: node.get("set").filter(|set| set.text().is_some()).map(|set| self.value(set)),
            drop: drop.into_iter().map(|written| written.value).collect(),
            raw: node.get("raw").map(|raw| self.value(raw)),
            via: optional_at(node.get("via")),
            again: optional_at(node.get("again")),
        }
    }

    fn times(&mut self, node: Option<&Node>, step: &Place) -> Times {
        let Some(node) = node else {
            return Times::Count(Value { place: step.clone(), kind: ValueKind::Literal(1.into()) });
        };
        match node.get("until") {
            Some(until) => Times::Until {
                fits: self.expectations(Some(until)),
                at_most: number(node.get("at_most")).and_then(|most| u32::try_from(most).ok()).unwrap_or(1),
            },
            None => Times::Count(self.value(node)),
        }
    }

    fn after(&mut self, node: &Node) -> Option<After> {
        if let Some(limit) = node.get("limit") {
            return Some(After::Limit(at_text(limit)));
        }
        match node.text() {
            Some(written) if !written.contains("$(") => {
                self.report(&node.place, duration::parse(written)).map(After::Duration)
            }
            _ => Some(After::Seconds(self.value(node))),
        }
    }

    pub(super) fn upstream(&mut self, node: &Node) -> Upstream {
        let mut script = |turns: &Node| turns.items().iter().filter_map(|turn| self.turn(turn)).collect();
        let scripts = match &node.kind {
            NodeKind::Map(providers) => {
                providers.iter().map(|(provider, turns)| (Some(provider.clone()), script(turns))).collect()
            }
            _ => vec![(None, script(node))],
        };
        Upstream { scripts }
    }

    fn turn(&mut self, node: &Node) -> Option<Turn> {
        let holds = node.get("hold").map(Node::items).unwrap_or_default();
        Some(Turn {
            place: node.place.clone(),
            hold: holds.iter().filter_map(|hold| self.hold(hold)).collect(),
            spare: flag(node.get("spare")),
            play: self.play(node)?,
        })
    }

    fn hold(&mut self, node: &Node) -> Option<Hold> {
        if let Some(moment) = node.get("until") {
            let written = at_text(moment);
            let moment = self.report(&written.place, written.parse::<Moment>())?;
            if !moment.can_be_waited_for() {
                let what = format!("no upstream can wait for `{written}`");
                let help = "write `settled`, `got.event.1` or `received.PROVIDER.1`".to_owned();
                self.error(&written.place, Unreadable::new(what, help));
            }
            let moment = At::new(moment, written.place);
            return Some(Hold::Until { moment, at_most: self.duration(node.get("at_most")?)? });
        }
        let length = node.get("for")?;
        match length.get("limit") {
            Some(limit) => Some(Hold::Limit {
                limit: at_text(limit),
                inside: length.get("part").and_then(Node::text) == Some("inside"),
            }),
            None => self.duration(length).map(Hold::For),
        }
    }

    pub(super) fn duration(&mut self, node: &Node) -> Option<std::time::Duration> {
        self.report(&node.place, duration::parse(&plain(node)))
    }

    fn play(&mut self, node: &Node) -> Option<Play> {
        if let Some(patch) = node.get("ok") {
            return Some(Play::Ok(self.value(patch)));
        }
        if let Some(status) = node.get("status") {
            let mut headers = self.values(node.get("headers"));
            headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
            return Some(Play::Status {
                status: self.value(status),
                reason: node.get("reason").map(|reason| self.value(reason)),
                headers,
                body: node.get("body").map(|body| self.value(body)),
            });
        }
        if let Some(count) = node.get("events") {
            let between = node.get("between").map(Node::items).unwrap_or_default();
            return Some(Play::Events {
                count: self.value(count),
                between: between.iter().filter_map(|hold| self.hold(hold)).collect(),
                then: self.then(node.get("then"))?,
            });
        }
        let name = node.get("fault")?;
        Some(Play::Fault { name: self.value(name), params: self.values(node.get("params")) })
    }

    fn then(&mut self, node: Option<&Node>) -> Option<Then> {
        let Some(node) = node else { return Some(Then::Finish) };
        if let Some(body) = node.get("error_event") {
            return Some(Then::ErrorEvent(self.value(body)));
        }
        match node.text()? {
            "finish" => Some(Then::Finish),
            "cut" => Some(Then::Cut),
            "reset" => Some(Then::Reset),
            "stall" => Some(Then::Stall),
            "end" => Some(Then::End),
            _ => None,
        }
    }
}

/// A send into which its `with` is merged: key by key, and entry by entry in the maps.
fn merged(send: &Node) -> Node {
    let Some(with) = send.get("with").filter(|with| !with.entries().is_empty()) else { return send.clone() };
    let mut entries: Vec<(At<String>, Node)> =
        send.entries().iter().filter(|(key, _)| key.value != "with").cloned().collect();
    for (key, value) in with.entries() {
        match entries.iter_mut().find(|(known, _)| known.value == key.value) {
            Some((_, known)) => overlay(known, value, key.value == "headers"),
            None => entries.push((key.clone(), value.clone())),
        }
    }
    Node { place: send.place.clone(), kind: NodeKind::Map(entries) }
}

/// Names of headers are the same in every case of letters.
fn overlay(under: &mut Node, over: &Node, headers: bool) {
    let (NodeKind::Map(known), NodeKind::Map(more)) = (&mut under.kind, &over.kind) else {
        *under = over.clone();
        return;
    };
    for (key, value) in more {
        let same = |name: &str| name == key.value || (headers && name.eq_ignore_ascii_case(key));
        match known.iter_mut().find(|(name, _)| same(name)) {
            Some((_, slot)) => *slot = value.clone(),
            None => known.push((key.clone(), value.clone())),
        }
    }
}
