//! The contract file.

mod request;

use super::{Decoder, at_text, entries, flag, optional, optional_at, text_of, texts};
use crate::spec::contract::{
    Answers, Auth, Cell, CellOf, Claim, Closed, ClosedRow, Contract, Credential, ErrorRow, EventMark,
    FaultRule, Level, Limit, Names, Operation, Page, Protocol, Reading, Rule, StreamForm, Writer,
};
use crate::spec::language::compiled::Schema;
use crate::spec::language::duration;
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::path::Unreadable;
use crate::spec::language::pointer;
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::At;
use crate::spec::read::word::suggestion;

/// The keys of a row of `errors` that are no fields of the error.
const ROW_KEYS: [&str; 3] = ["status", "headers", "reading"];
/// The keys of a row of `closed` that are no fields of the error.
const CLOSED_KEYS: [&str; 4] = ["status", "when", "standing", "reading"];

impl Decoder<'_> {
    /// Reads a contract; parts that the grammar refused are left out.
    pub fn contract(&mut self, root: &Node) -> Contract {
        let protocols: Vec<Protocol> =
            entries(root.get("protocols")).iter().map(|(name, node)| self.protocol(name, node)).collect();
        let fields =
            protocols.iter().flat_map(|protocol| protocol.fields.iter().map(|(name, _)| name.clone()));
        self.fields = fields.collect();
        Contract {
            name: root.get("contract").map_or_else(|| At::new(String::new(), root.place.clone()), at_text),
            title: text_of(root.get("title")),
            pages: root
                .get("pages")
                .map(|pages| pages.items().iter().map(page).collect())
                .unwrap_or_default(),
            names: root.get("names").map(|names| self.names(names)).unwrap_or_default(),
            memory: entries(root.get("memory")).iter().map(cell).collect(),
            protocols,
            claims: entries(root.get("claims")).iter().map(claim).collect(),
            readings: entries(root.get("readings")).iter().map(reading).collect(),
            closed: root.get("closed").map(|closed| self.closed(closed)),
            errors: entries(root.get("errors"))
                .iter()
                .map(|(name, node)| self.error_row(name, node))
                .collect(),
            rules: root.get("rules").map(|rules| self.rules(rules)).unwrap_or_default(),
            faults: entries(root.get("faults"))
                .iter()
                .flat_map(|(family, node)| self.fault_rules(family, node))
                .collect(),
            requests: entries(root.get("requests"))
                .iter()
                .map(|(name, node)| self.request(name, node))
                .collect(),
        }
    }

    fn names(&mut self, node: &Node) -> Names {
        let keys = |kind: &str| entries(node.get(kind)).iter().map(|(name, _)| name.clone()).collect();
        Names {
            operations: entries(node.get("operations"))
                .iter()
                .map(|(name, node)| self.operation(name, node))
                .collect(),
            credentials: entries(node.get("credentials"))
                .iter()
                .map(|(name, node)| Credential { name: name.clone(), metered: flag(node.get("metered")) })
                .collect(),
            models: keys("models"),
            clients: keys("clients"),
            providers: keys("providers"),
            states: keys("states"),
            limits: entries(node.get("limits")).iter().map(|(name, node)| self.limit(name, node)).collect(),
            values: entries(node.get("values"))
                .iter()
                .map(|(name, node)| (name.clone(), text_of(Some(node))))
                .collect(),
        }
    }

    fn operation(&mut self, name: &At<String>, node: &Node) -> Operation {
        let route = node.get("route").map_or_else(|| At::new(String::new(), node.place.clone()), at_text);
        let method = self.report(&route.place, route_of(&route)).unwrap_or_default();
        Operation {
            name: name.clone(),
            protocol: optional_at(node.get("protocol"))
                .unwrap_or_else(|| At::new(String::new(), node.place.clone())),
            route: route.value.clone(),
            streams: flag(node.get("streams")),
            upstream: flag(node.get("upstream")),
            carries_prompt: node
                .get("carries_prompt")
                .map_or(method == "POST" && flag(node.get("upstream")), |node| flag(Some(node))),
            answers: match node.get("answers").and_then(Node::text) {
                Some("words") => Answers::Words,
                Some("embeddings") => Answers::Embeddings,
                Some(_) => Answers::Other,
                None if flag(node.get("streams")) => Answers::Words,
                None => Answers::Embeddings,
            },
        }
    }

    fn limit(&mut self, name: &At<String>, node: &Node) -> Limit {
        let documented = node.text().and_then(|written| self.report(&node.place, duration::parse(written)));
        Limit { name: name.clone(), documented }
    }

    fn protocol(&mut self, name: &At<String>, node: &Node) -> Protocol {
        let ways = node.get("auth").map(Node::items).unwrap_or_default();
        let auth = ways.iter().map(|way| match way.get("header") {
            Some(header) => Auth::Header(text_of(Some(header))),
            None => Auth::Bearer,
        });
        let auth = auth.collect();
        let mut fields = Vec::new();
        for (field, at) in entries(node.get("fields")) {
            let written = text_of(Some(at));
            self.report(&at.place, pointer::check(&written));
            fields.push((field.value.clone(), written));
        }
        Protocol {
            name: name.clone(),
            envelope: node.get("envelope").map(|schema| Schema::new(self.schema(schema))),
            envelope_claims: texts(node.get("claims")),
            auth,
            headers: entries(node.get("headers"))
                .iter()
                .map(|(name, value)| (name.value.clone(), text_of(Some(value))))
                .collect(),
            fields,
            stream: node.get("stream").map(|stream| self.stream_form(stream)).unwrap_or_default(),
            dialect: optional_at(node.get("dialect")),
        }
    }

    fn stream_form(&mut self, node: &Node) -> StreamForm {
        StreamForm {
            ends: self.event_marks(node.get("ends")),
            error: match node.get("error") {
                None => StreamForm::default().error,
                marks => self.event_marks(marks),
            },
        }
    }

    fn event_marks(&mut self, node: Option<&Node>) -> Vec<EventMark> {
        let mut marks = Vec::new();
        for mark in node.map(Node::items).unwrap_or_default() {
            if let Some(at) = mark.get("at") {
                let written = text_of(Some(at));
                self.report(&at.place, pointer::check(&written));
                marks.push(EventMark::At(written));
            } else if let Some(data) = mark.get("data") {
                marks.push(EventMark::Data(text_of(Some(data))));
            } else if let Some(name) = mark.get("event") {
                marks.push(EventMark::Event(text_of(Some(name))));
            }
        }
        marks
    }

    fn closed(&mut self, node: &Node) -> Closed {
        let rows = node.get("rows").map(Node::items).unwrap_or_default();
        Closed {
            outside: texts(node.get("outside")),
            mismatch: texts(node.get("mismatch")),
            rows: rows.iter().map(|row| self.closed_row(row)).collect(),
        }
    }

    fn closed_row(&mut self, node: &Node) -> ClosedRow {
        ClosedRow {
            place: node.place.clone(),
            status: self.status(node),
            fields: self.fields(node, &CLOSED_KEYS),
            when: self.conditions(node.get("when")),
            undocumented: node.get("standing").and_then(Node::text) == Some("undocumented"),
            reading: optional_at(node.get("reading")),
        }
    }

    fn error_row(&mut self, name: &At<String>, node: &Node) -> ErrorRow {
        let mut headers = self.matchers(node.get("headers"));
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        ErrorRow {
            name: name.clone(),
            status: self.status(node),
            fields: self.fields(node, &ROW_KEYS),
            headers,
            reading: optional_at(node.get("reading")),
        }
    }

    fn status(&mut self, row: &Node) -> Matcher {
        match row.get("status") {
            Some(status) => self.matcher(status),
            None => Matcher { place: row.place.clone(), kind: MatcherKind::Present },
        }
    }

    /// The keys of a row that are fields of the error.
    fn fields(&mut self, row: &Node, other: &[&str]) -> Vec<(String, Matcher)> {
        let fields = row.entries().iter().filter(|(key, _)| !other.contains(&key.as_str()));
        let known = std::mem::take(&mut self.fields);
        let mut asked = Vec::new();
        for (key, node) in fields {
            if !known.is_empty() && !known.contains(&key.value) {
                let help = suggestion(key, known.iter().map(String::as_str).chain(other.iter().copied()));
                self.error(
                    &key.place,
                    Unreadable::new(format!("there is no error field `{}`", key.value), help),
                );
            }
            asked.push((key.value.clone(), self.matcher(node)));
        }
        self.fields = known;
        asked
    }

    fn rules(&mut self, node: &Node) -> Vec<Rule> {
        let rule = |node: &Node| Rule {
            place: node.place.clone(),
            claims: texts(node.get("claims")),
            when: self.conditions(node.get("when")),
            expect: self.expectations(node.get("expect")),
            should: self.expectations(node.get("should")),
            reading: optional_at(node.get("reading")),
        };
        node.items().iter().map(rule).collect()
    }

    /// One rule for every operation, or a list of them, each for its own.
    fn fault_rules(&mut self, family: &At<String>, node: &Node) -> Vec<FaultRule> {
        let NodeKind::List(rules) = &node.kind else { return vec![self.fault_rule(family, node)] };
        let named = |rule: &Node| At::new(family.value.clone(), rule.place.clone());
        rules.iter().map(|rule| self.fault_rule(&named(rule), rule)).collect()
    }

    fn fault_rule(&mut self, family: &At<String>, node: &Node) -> FaultRule {
        FaultRule {
            family: family.clone(),
            operations: texts(node.get("operations")),
            claims: texts(node.get("claims")),
            expect: self.expectations(node.get("expect")),
            should: self.expectations(node.get("should")),
            record: self.paths(node.get("record")),
            reading: optional_at(node.get("reading")),
        }
    }
}

fn cell((name, node): &(At<String>, Node)) -> Cell {
    let written_by = node.get("written_by").map(Node::items).unwrap_or_default();
    let writer = |writer: &Node| {
        let named = |kind: &str| optional_at(writer.get(kind));
        let operation = named("operation").map(Writer::Operation);
        operation.or_else(|| named("credential").map(Writer::Credential)).unwrap_or(Writer::UpstreamFailure)
    };
    Cell {
        name: name.clone(),
        of: match node.get("of").and_then(Node::text) {
            Some("provider") => CellOf::Provider,
            Some("credential") => CellOf::Credential,
            _ => CellOf::Instance,
        },
        written_by: written_by.iter().map(writer).collect(),
        heals: optional_at(node.get("heals").and_then(|heals| heals.get("limit"))),
    }
}

fn page(node: &Node) -> Page {
    Page { url: text_of(node.get("url")), read: text_of(node.get("read")) }
}

fn claim((id, node): &(At<String>, Node)) -> Claim {
    let level = match node.get("level").and_then(Node::text) {
        Some("may") => Level::May,
        Some("should") => Level::Should,
        _ => Level::Must,
    };
    Claim {
        id: id.clone(),
        says: text_of(node.get("says")),
        level,
        page: optional(node.get("page")),
        consequence: optional(node.get("consequence")),
    }
}

fn reading((id, node): &(At<String>, Node)) -> Reading {
    Reading { id: id.clone(), claims: texts(node.get("claims")), says: text_of(node.get("says")) }
}

/// The method of `METHOD /path`.
///
/// # Errors
/// Anything else.
pub fn route_of(written: &str) -> Result<String, Unreadable> {
    let wrong = || {
        Unreadable::new(
            format!("`{written}` is no route"),
            "write `METHOD /path`, such as `POST /v1/things`".to_owned(),
        )
    };
    let (method, path) = written.split_once(' ').ok_or_else(wrong)?;
    let method_ok = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
    let path_ok = path.starts_with('/') && !path.contains(' ');
    if method_ok && path_ok { Ok(method.to_owned()) } else { Err(wrong()) }
}
