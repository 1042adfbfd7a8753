//! The shipped specs, and what is generated: from the grammar the schemas and the reference of all keys, from each contract its page.
//!
//! `UPDATE_SPECS=1 cargo test --test specs` writes what is generated.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gateway_conformance::spec::library::{Files, Library};
use gateway_conformance::spec::read::diagnostic::Diagnostics;
use gateway_conformance::spec::read::grammar::{Kind, reference, schema};

const GENERATED: &str =
    "<!-- generated from harness/src/spec/read/grammar: UPDATE_SPECS=1 cargo test --test specs -->\n";
const GENERATED_PAGE: &str = "<!-- generated from this folder and the mutants of its personality: UPDATE_SPECS=1 cargo test --test specs -->\n";
const END: &str = "<!-- end of the generated part -->\n";

#[test]
fn nothing_under_specs_is_forgotten() {
    let written = Library::from_dir(&specs()).unwrap();
    if updating() {
        let names: String = written.files().all().map(|file| format!("    \"{}\",\n", file.name)).collect();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/spec/library/embedded.rs");
        let source = fs::read_to_string(&path).unwrap();
        let (head, _) = source
            .split_once("shipped![")
            .map(|(_, rest)| source.split_at(source.len() - rest.len()))
            .unwrap();
        let list = if names.is_empty() { String::new() } else { format!("\n{names}") };
        fs::write(&path, format!("{head}{list}];\n")).unwrap();
        return;
    }
    let names =
        |library: &Library| library.files().all().map(|file| file.name.to_string()).collect::<Vec<_>>();
    let shipped = Library::shipped();
    assert_eq!(names(&shipped), names(&written), "run UPDATE_SPECS=1 cargo test --test specs");
    assert_eq!(shipped.digest(), written.digest());
}

#[test]
fn the_shipped_specs_have_no_problem() {
    let library = Library::from_dir(&specs()).unwrap();
    let problems = library.check();
    assert!(problems.is_empty(), "{problems}");
    for name in library.contracts() {
        let mut ids: Vec<&str> =
            library.contract(name).unwrap().cases.iter().map(|case| case.id.as_str()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name} has ids twice");
    }
}

#[test]
fn a_digest_depends_on_names_and_bytes() {
    let of = |name: &str, text: &str| {
        Library::new(Files::from_texts([(name.to_owned(), text.to_owned())])).digest()
    };
    assert_eq!(of("a/contract.yaml", "x"), of("a/contract.yaml", "x"));
    assert_ne!(of("a/contract.yaml", "x"), of("b/contract.yaml", "x"));
    assert_ne!(of("a/contract.yaml", "x"), of("a/contract.yaml", "y"));
    assert_eq!(of("a", "").len(), 64);
}

#[test]
fn the_schemas_are_fresh() {
    for kind in Kind::ALL {
        let path = specs().join(format!("schema/{}.json", kind.word()));
        let fresh = format!("{:#}\n", schema::schema(kind));
        if updating() {
            replace(&path, &fresh);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), fresh, "run UPDATE_SPECS=1 cargo test --test specs");
    }
}

#[test]
fn the_schemas_accept_every_good_file_and_refuse_a_slip() {
    let validators: Vec<_> =
        Kind::ALL.map(|kind| jsonschema::validator_for(&schema::schema(kind)).unwrap()).into();
    let shipped = Files::from_dir(&specs()).unwrap();
    let example = Files::from_texts(examples());
    for file in shipped.all().chain(example.all()).filter(|file| file.name.ends_with(".yaml")) {
        let json = file.parse(&mut Diagnostics::default()).unwrap().to_json();
        let kind = match &*file.name {
            name if name.starts_with("targets/") => 2,
            name if name.ends_with("/contract.yaml") => 0,
            _ => 1,
        };
        let wrong: Vec<String> = validators[kind]
            .iter_errors(&json)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.name);
    }
    let refused = [
        serde_json::json!({"contract": "x", "clams": {}}),
        serde_json::json!([{"case": "x", "claims": [], "steps": {"sned": {}}}]),
        serde_json::json!({"target": "x", "contract": "y", "configurations": {"a": {"attach": "u", "builtin": "z"}}}),
    ];
    for (validator, file) in validators.iter().zip(&refused) {
        assert!(!validator.is_valid(file), "{file}");
    }
}

#[test]
fn the_readme_lists_every_key() {
    let path = specs().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(GENERATED).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let titles = ["### Contract", "### Cases", "### Target"];
    let tables: Vec<String> = Kind::ALL
        .iter()
        .zip(titles)
        .map(|(kind, title)| format!("\n{title}\n\n{}", reference::tables(*kind)))
        .collect();
    let fresh = format!("{before}{GENERATED}{}{END}{after}", tables.concat());
    if updating() {
        replace(&path, &fresh);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), fresh, "run UPDATE_SPECS=1 cargo test --test specs");
    for key in Kind::ALL.into_iter().flat_map(reference::keys) {
        assert!(fresh.contains(&format!("`{key}`")), "the README does not mention `{key}`");
    }
}

#[test]
fn each_contract_has_a_page_that_is_fresh() {
    let library = Library::from_dir(&specs()).unwrap();
    for name in library.contracts() {
        let path = specs().join(name).join("README.md");
        let fresh = format!("{GENERATED_PAGE}{}", page::render(library.contract(name).unwrap()));
        if updating() {
            replace(&path, &fresh);
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == fresh,
            "specs/{name}/README.md is stale: run UPDATE_SPECS=1 cargo test --test specs"
        );
    }
}

#[test]
fn the_readmes_example_has_no_problem() {
    let library = Library::new(Files::from_texts(examples()));
    let problems = library.check();
    assert!(problems.is_empty(), "{problems}");
    let cases = &library.contract("example").unwrap().cases;
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "keys::a-revoked-key-is-refused[stream=false]",
            "keys::a-revoked-key-is-refused[stream=true]",
            "keys::a-draining-gateway-says-when-to-come-back",
            "keys::the-second-provider-answers-for-the-first",
        ]
    );
    let target = library.target("mine").unwrap();
    assert_eq!(target.credentials[0].1.pace, Some((600, std::time::Duration::from_secs(60))));
}

#[test]
fn a_folder_lies_over_the_shipped_specs() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("example")).unwrap();
    for (name, text) in examples().into_iter().filter(|(name, _)| name.starts_with("example/")) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let library = Library::shipped_and(folder.path()).unwrap();
    assert!(library.contracts().any(|name| name == "example"));
    assert_eq!(
        library.contracts().count(),
        Library::shipped().contracts().filter(|name| *name != "example").count() + 1
    );
    let missing = library.contract("exmaple").unwrap_err();
    assert_eq!(missing.0[0].help.as_deref(), Some("did you mean `example`?"));
    assert!(library.target("nowhere").is_err());
    assert!(Library::from_dir(&folder.path().join("none")).is_err());
}

/// The example of the README: the blocks that name a file.
fn examples() -> BTreeMap<String, String> {
    let readme = fs::read_to_string(specs().join("README.md")).unwrap();
    let blocks = readme.split("```yaml ").skip(1).map(|block| block.split_once('\n').unwrap());
    blocks.map(|(name, text)| (name.to_owned(), text.split("```").next().unwrap().to_owned())).collect()
}

/// Other tests of this file read meanwhile, so that the file is never seen half written.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, path).unwrap();
}

fn updating() -> bool {
    std::env::var_os("UPDATE_SPECS").is_some()
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}
