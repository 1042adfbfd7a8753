//! Gateways are started, asked, and ended; what fails says why in words, without a credential in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credentials;
mod gateway;
mod hooks;
mod process;

use std::path::Path;
use std::time::Duration;

use gateway_conformance::arrange::Setting;
use gateway_conformance::arrange::credentials::mask::Mask;
use gateway_conformance::arrange::hooks::Admin;
use gateway_conformance::arrange::hooks::trust::Trust;
use gateway_conformance::spec::language::value::{Missing, Names, Part, Reference, Value, ValueKind};
use gateway_conformance::spec::read::place::{At, Place};
use gateway_conformance::spec::target::{Binding, HttpCall};
use serde_json::json;

/// Far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

const KEY: &str = "upstream-key-0123456789";

/// Binds `provider.first.key` and `provider.first.url`.
struct Bound(String);

impl Names for Bound {
    fn reference(&self, reference: &Reference) -> Result<serde_json::Value, Missing> {
        match reference {
            Reference::Provider { name, field } if name == "first" && field == "key" => Ok(json!(KEY)),
            Reference::Provider { name, field } if name == "first" && field == "url" => Ok(json!(self.0)),
            _ => Err(Missing("it is not bound here".into())),
        }
    }
}

struct Ground {
    names: Bound,
    dir: tempfile::TempDir,
    mask: Mask,
}

impl Ground {
    fn new() -> Self {
        let names = Bound("http://127.0.0.1:9".into());
        Self { names, dir: tempfile::tempdir().unwrap(), mask: Mask::new([KEY]) }
    }

    fn setting(&self) -> Setting<'_> {
        Setting { names: &self.names, base_dir: self.dir.path(), mask: &self.mask }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

fn admin() -> Admin {
    Admin::new(&Trust::new(None).unwrap()).unwrap()
}

fn place() -> Place {
    Place { file: "target.yaml".into(), line: 3, column: 5, start: 0, end: 0 }
}

fn written<T>(value: T) -> At<T> {
    At::new(value, place())
}

fn literal(text: &str) -> Value {
    Value { place: place(), kind: ValueKind::Literal(json!(text)) }
}

fn template(parts: Vec<Part>) -> Value {
    Value { place: place(), kind: ValueKind::Template(parts) }
}

fn provider(field: &str) -> Part {
    Part::Reference(Reference::Provider { name: "first".into(), field: field.into() })
}

fn call(method: &str, url: &str) -> HttpCall {
    HttpCall { place: place(), method: method.into(), url: literal(url), headers: Vec::new(), json: None }
}

fn header(name: &str, value: &str) -> (String, Binding) {
    (name.into(), Binding::Literal(value.into()))
}
