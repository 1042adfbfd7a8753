//! Objects whose fields are there or not. A schema has dozens of optional fields and a body few of them: what is absent grows no
//! tree here, as it would with one `Option` a field.

use proptest::prelude::*;
use proptest::strategy::{NewTree, SBoxedStrategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::json::Json;
use super::tree::Tree;

/// A field of an object.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its key.
    pub(super) key: String,
    /// Its values.
    pub(super) value: SBoxedStrategy<Json>,
    /// How often it is there; none where it always is.
    pub(super) often: Option<f64>,
}

/// Objects of these fields, in their order. Optional fields shrink away one by one, then what is left becomes simpler.
#[derive(Clone, Debug)]
pub(super) struct Objects(pub(super) Vec<Field>);

impl Strategy for Objects {
    type Tree = ObjectTree;
    type Value = Json;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut fields = Vec::new();
        for field in &self.0 {
            if field.often.is_none_or(|often| runner.rng().random_bool(often)) {
                let tree = field.value.new_tree(runner)?;
                let optional = field.often.is_some();
                fields.push(Grown { key: field.key.clone(), tree, optional, gone: false });
            }
        }
        Ok(ObjectTree { fields, next: Shrink::Drop(0), last: None })
    }
}

/// An object that can be made simpler.
pub(super) struct ObjectTree {
    fields: Vec<Grown>,
    next: Shrink,
    /// What was done last and can be undone.
    last: Option<Shrink>,
}

struct Grown {
    key: String,
    tree: Tree<Json>,
    optional: bool,
    gone: bool,
}

/// What makes an object simpler, by the index of a field.
#[derive(Clone, Copy)]
enum Shrink {
    /// The field goes.
    Drop(usize),
    /// Its value becomes simpler.
    Simplify(usize),
}

impl ValueTree for ObjectTree {
    type Value = Json;

    fn current(&self) -> Json {
        let there = self.fields.iter().filter(|field| !field.gone);
        Json::Object(there.map(|field| (field.key.clone(), field.tree.current())).collect())
    }

    fn simplify(&mut self) -> bool {
        loop {
            let now = self.next;
            let (Shrink::Drop(at) | Shrink::Simplify(at)) = now;
            let Some(field) = self.fields.get_mut(at) else {
                match now {
                    Shrink::Drop(_) => self.next = Shrink::Simplify(0),
                    Shrink::Simplify(_) => return false,
                }
                continue;
            };
            let done = match now {
                Shrink::Drop(_) => {
                    self.next = Shrink::Drop(at + 1);
                    field.gone = field.optional;
                    field.gone
                }
                Shrink::Simplify(_) if !field.gone && field.tree.simplify() => true,
                Shrink::Simplify(_) => {
                    self.next = Shrink::Simplify(at + 1);
                    false
                }
            };
            if done {
                self.last = Some(now);
                return true;
            }
        }
    }

    fn complicate(&mut self) -> bool {
        match self.last {
            None => false,
            Some(Shrink::Drop(at)) => {
                self.fields[at].gone = false;
                self.last = None;
                true
            }
            Some(Shrink::Simplify(at)) => {
                let done = self.fields[at].tree.complicate();
                if !done {
                    self.last = None;
                }
                done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::json::parse::parse;
    use crate::generate::tree;

    fn objects() -> SBoxedStrategy<Json> {
        let number = || (0_i64..1000).prop_map(|number| Json::Number(number.to_string())).sboxed();
        let field = |key: &str, often| Field { key: key.to_owned(), value: number(), often };
        Objects(vec![field("a", None), field("b", Some(0.5)), field("c", Some(0.5)), field("d", Some(1.0))])
            .sboxed()
    }

    fn size(object: &Json, key: &str) -> Option<i64> {
        match object.at(&[crate::generate::json::Spot::Key(key.to_owned())])? {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    #[test]
    fn required_fields_are_always_there_and_others_at_times() {
        let grown: Vec<Json> = (0..64).map(|seed| tree::of(&objects(), seed, 0).unwrap().current()).collect();
        assert!(grown.iter().all(|object| size(object, "a").is_some() && size(object, "d").is_some()));
        let with = grown.iter().filter(|object| size(object, "b").is_some()).count();
        assert!((16..48).contains(&with), "{with}");
    }

    #[test]
    fn what_a_failure_does_not_need_shrinks_away_and_what_it_needs_stays() {
        for seed in 0..64 {
            let mut tree = tree::of(&objects(), seed, 0).unwrap();
            let fails = |object: &Json| size(object, "d").is_some_and(|size| size >= 7);
            if !fails(&tree.current()) {
                continue;
            }
            // As a test runner does: simpler while it fails, back a step where it does not.
            while tree.simplify() {
                while !fails(&tree.current()) && tree.complicate() {}
            }
            let least = parse(br#"{"a":0,"d":7}"#).unwrap();
            assert_eq!(tree.current(), least, "seed {seed}");
        }
    }
}
