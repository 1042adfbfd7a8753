//! Goes through a schema and names every way in which a body can break it in exactly one place.

use serde_json::Value;

use super::json::{Json, pointer};
use super::label::Label;
use super::minimal::minimal;
use super::schema::{Schema, Step, count, properties, types};
use crate::spec::contract::Defect;

mod values;

/// One way of breaking a schema.
#[derive(Clone, Debug)]
pub struct Breach {
    /// Its name.
    pub label: Label,
    /// Where it strikes, with the alternatives on the way.
    pub at: Vec<Step>,
    /// The place that a body has to hold for it.
    pub path: Vec<Step>,
    /// What is done there.
    pub stroke: Stroke,
    /// The keywords that a validator reports for it.
    pub reported: Vec<&'static str>,
}

/// What is done to a valid body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The place is removed.
    Remove,
    /// Another value is put there.
    Put(Json),
    /// The list there gets so many members, all like its first.
    Repeat(usize),
    /// The object there gets so many more fields like the value given.
    Crowd(usize, Json),
    /// The object there gets a field of this name.
    Add(String, Json),
}

impl Breach {
    /// Breaks a body that holds the place.
    pub fn strike(&self, schema: &Schema, body: &mut Json) {
        let place = schema.spots(&self.at);
        match &self.stroke {
            Stroke::Remove => body.remove(&place),
            Stroke::Put(value) => body.set(&place, value.clone()),
            Stroke::Repeat(length) => {
                if let Some(Json::List(items)) = body.at_mut(&place)
                    && let Some(first) = items.first().cloned()
                {
                    items.resize(*length, first);
                }
            }
            Stroke::Crowd(fields, value) => {
                if let Some(Json::Object(entries)) = body.at_mut(&place) {
                    entries.extend((0..*fields).map(|at| (format!("k{at}"), value.clone())));
                }
            }
            Stroke::Add(key, value) => {
                if let Some(Json::Object(entries)) = body.at_mut(&place) {
                    entries.push((key.clone(), value.clone()));
                }
            }
        }
    }

    /// Whether it strikes within one of several alternatives, so that another may take what is left. Where there is none, every
    /// keyword on the way has to hold, and one that does not decides.
    pub fn has_alternatives(&self) -> bool {
        self.at.iter().any(|step| matches!(step, Step::Branch(_)))
    }

    /// The simplest body with this breach.
    pub fn simplest(&self, schema: &Schema) -> Json {
        let mut body = minimal(schema, &self.path);
        self.strike(schema, &mut body);
        body
    }
}

/// Every breach that the schema's keywords name, in a fixed order. Alternatives can make a breach valid after all: each is
/// to be confirmed.
pub fn breaches(schema: &Schema) -> Vec<Breach> {
    let mut found = Vec::new();
    Walk { schema, found: &mut found }.node(schema.root(), &mut Vec::new());
    found
}

struct Walk<'s, 'f> {
    schema: &'s Schema,
    found: &'f mut Vec<Breach>,
}

impl Walk<'_, '_> {
    fn node(&mut self, node: &Value, path: &mut Vec<Step>) {
        if path.len() > DEEPEST {
            return;
        }
        let node = self.schema.node(node);
        let top = path.is_empty();
        if !top {
            self.kinds(node, path);
            self.bounds(node, path);
        }
        for index in 0..self.schema.branches(node).len() {
            path.push(Step::Branch(index));
            self.node(&self.schema.branches(node)[index], path);
            path.pop();
        }
        for (key, property) in properties(node).into_iter().flatten() {
            path.push(Step::Key(key.clone()));
            if super::schema::is_required(node, key) {
                self.name(path, "required", None, Defect::Missing, Stroke::Remove, vec!["required"]);
            }
            self.node(property, path);
            path.pop();
        }
        if let Some(extra) = node.get("additionalProperties") {
            if extra == &Value::Bool(false) {
                let stroke = Stroke::Add("unheard_of".to_owned(), Json::Bool(true));
                self.name(
                    path,
                    "additionalProperties",
                    None,
                    Defect::UnknownField,
                    stroke,
                    vec!["additionalProperties"],
                );
            } else {
                path.push(Step::Extra);
                self.node(extra, path);
                path.pop();
            }
        }
        if let Some(item) = node.get("items") {
            path.push(Step::Item);
            self.node(item, path);
            path.pop();
        }
    }

    /// Values of every type that the node does not take, and of the right type that it does not list.
    fn kinds(&mut self, node: &Value, path: &[Step]) {
        for (detail, value, defect) in values::foreign(self.schema, node) {
            let keyword = if defect == Defect::WrongType { "type" } else { "enum" };
            self.name(path, keyword, Some(detail), defect, Stroke::Put(value), values::reported(node));
        }
    }

    /// Just beyond each bound.
    fn bounds(&mut self, node: &Value, path: &[Step]) {
        for (keyword, detail, value) in values::beyond(node) {
            let empty = matches!(&value, Json::Text(text) if text.is_empty());
            let defect = if empty { Defect::Empty } else { Defect::OutOfRange };
            self.name(path, keyword, detail, defect, Stroke::Put(value), vec![keyword]);
        }
        if let Some(least) = count(node, "minItems").filter(|least| *least > 0) {
            let stroke =
                if least == 1 { Stroke::Put(Json::List(Vec::new())) } else { Stroke::Repeat(least - 1) };
            let defect = if least == 1 { Defect::Empty } else { Defect::OutOfRange };
            self.name(path, "minItems", None, defect, stroke, vec!["minItems"]);
        }
        if let Some(most) = count(node, "maxItems") {
            // A list that gets longer has to have a member to begin with.
            self.name_at(
                path,
                &inside(path, Step::Item),
                "maxItems",
                None,
                Defect::OutOfRange,
                Stroke::Repeat(most + 1),
                vec!["maxItems"],
            );
        }
        if let Some(most) = count(node, "maxProperties") {
            let extra = node.get("additionalProperties").filter(|extra| extra.is_object());
            let value = extra.map_or(Json::Bool(true), |extra| {
                if types(self.schema.node(extra)).contains(&"string") {
                    Json::text("a")
                } else {
                    Json::Number("1".into())
                }
            });
            let stroke = Stroke::Crowd(most + 1, value);
            self.name_at(
                path,
                &inside(path, Step::Extra),
                "maxProperties",
                None,
                Defect::OutOfRange,
                stroke,
                vec!["maxProperties"],
            );
        }
        if let Some(names) = node.get("propertyNames") {
            for key in values::bad_names(self.schema.node(names)) {
                let stroke = Stroke::Add(key, Json::text("a"));
                let reported = vec!["propertyNames", "maxLength", "minLength", "pattern"];
                self.name_at(
                    path,
                    &inside(path, Step::Extra),
                    "propertyNames",
                    None,
                    Defect::OutOfRange,
                    stroke,
                    reported,
                );
            }
        }
    }

    fn name(
        &mut self,
        path: &[Step],
        keyword: &str,
        detail: Option<&str>,
        defect: Defect,
        stroke: Stroke,
        reported: Vec<&'static str>,
    ) {
        self.name_at(path, path, keyword, detail, defect, stroke, reported);
    }

    #[expect(clippy::too_many_arguments, reason = "a breach has as many parts, and is named in one place")]
    fn name_at(
        &mut self,
        named: &[Step],
        path: &[Step],
        keyword: &str,
        detail: Option<&str>,
        defect: Defect,
        stroke: Stroke,
        reported: Vec<&'static str>,
    ) {
        let branches: Vec<String> = named
            .iter()
            .filter_map(|step| match step {
                Step::Branch(index) => Some(index.to_string()),
                _ => None,
            })
            .collect();
        let label = Label {
            place: pointer(&self.schema.spots(named)),
            keyword: keyword.to_owned(),
            detail: detail.map(str::to_owned),
            branch: (!branches.is_empty()).then(|| branches.join(".")),
            defect: Some(defect),
        };
        self.found.push(Breach { label, at: named.to_vec(), path: path.to_vec(), stroke, reported });
    }
}

/// The path of a part: what strikes a list or an object needs one with something in it.
fn inside(path: &[Step], step: Step) -> Vec<Step> {
    path.iter().cloned().chain([step]).collect()
}

/// Steps into a schema that are gone.
const DEEPEST: usize = 20;
