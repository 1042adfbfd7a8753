//! `init`: a commented target file for a gateway, with every name that its contract lets a target bind; or, with `--new`, the
//! skeleton of a contract.

mod vendor;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::cli::{SpecsArgs, say};
use crate::spec::contract::Contract;
use crate::spec::library::Library;

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// Base URL of the running gateway, without the operation's path.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// The contract to hold it to; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,
    /// Begin the contract of a new vendor instead: contract, cases and a target, commented, in a folder of specs.
    #[arg(long, requires = "contract", conflicts_with = "url")]
    pub new: bool,
    /// The file to write, `gateway.yaml` where nothing is said; with --new the folder, `specs`. What exists is never overwritten.
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
}

/// Writes the file and says what to do next.
///
/// # Errors
/// An unknown contract, a URL that is none, a file that exists already or cannot be written.
pub fn run(args: &InitArgs) -> anyhow::Result<u8> {
    if let (true, Some(name)) = (args.new, &args.contract) {
        return vendor::begin(name, args.out.as_deref().unwrap_or(Path::new("specs")));
    }
    let file = args.out.as_deref().unwrap_or(Path::new("gateway.yaml"));
    let url = args.url.trim_end_matches('/');
    anyhow::ensure!(is_base_url(url), "`{}` is no base URL: write http://HOST:PORT", args.url);
    let library = args.specs.library()?;
    let contract = &library.contract(&chosen(&library, args.contract.as_deref())?)?.contract;
    let name = file.file_stem().map_or("gateway".into(), |stem| stem.to_string_lossy());
    let text = template(&name, url, contract);
    let out = file.display();
    // Creating a new file is what refuses to overwrite one, also when two do it at once.
    let mut written = std::fs::File::create_new(file).with_context(|| format!("failed to create {out}"))?;
    written.write_all(text.as_bytes()).with_context(|| format!("failed to write {out}"))?;
    say(&format!(
        "wrote {out}\nnext:\n  1. point the gateway's upstream base URL at http://127.0.0.1:4711 (see the file)\n  \
         2. gateway-conformance doctor --target {out}\n  3. gateway-conformance run --target {out}\n"
    ))?;
    Ok(0)
}

fn chosen(library: &Library, asked: Option<&str>) -> anyhow::Result<String> {
    let mut names = library.contracts();
    match (asked, names.next(), names.next()) {
        (Some(name), ..) => Ok(name.to_owned()),
        (None, Some(only), None) => Ok(only.to_owned()),
        (None, None, _) => anyhow::bail!("there are no contracts"),
        (None, Some(_), Some(_)) => {
            let names: Vec<&str> = library.contracts().collect();
            anyhow::bail!("which contract? name one with --contract: {}", names.join(", "))
        }
    }
}

/// The file's text: the gateway is attached; what it takes to launch it instead stands in comments.
pub fn template(name: &str, url: &str, contract: &Contract) -> String {
    let names = &contract.names;
    let providers: Vec<&str> = names.providers.iter().map(|provider| provider.value.as_str()).collect();
    let first = providers.first().copied().unwrap_or("first");
    let mut out = String::new();
    // Writing to a String has no way to fail.
    let _ = write!(
        out,
        "# A gateway under test. Names in comments are those that the contract lets a target bind. A name that is neither\n\
         # bound nor listed under `lacks` makes the cases that need it inconclusive, and the report says which.\n\
         target: {name}\n\
         # version: 1.0.0\n\
         contract: {contract_name}\n\
         \n\
         configurations:\n\
         \x20 default:\n\
         \x20   # A gateway that runs already. Its upstream base URL has to be http://127.0.0.1:4711, where the mock listens.\n\
         \x20   attach: {url}\n\
         \x20   # Or one that is started for the run, on a port of its own (then remove `attach`):\n\
         \x20   # launch:\n\
         \x20   #   command: [./my-gateway, --port, $(port), --upstream, $(provider.{first}.url)]\n\
         \x20   #   env: {{ UPSTREAM_KEY: $(provider.{first}.key) }}\n\
         \x20   #   ready: GET /health\n\
         \x20   providers: [{}]\n",
        providers.join(", "),
        contract_name = contract.name,
        name = scalar(name),
        url = scalar(url),
    );
    limits(&mut out, contract);
    out.push_str("\n# Where the mock listens, where that is not 127.0.0.1:4711, and what the gateway calls, where that differs.\n");
    let _ = writeln!(
        out,
        "# upstream:\n#   {first}: {{ listen: 127.0.0.1:4711, advertise: http://host.docker.internal:4711 }}"
    );
    out.push_str("\n# Paths, where they are not the documented ones.\n# operations:\n");
    for operation in &names.operations {
        let _ = writeln!(out, "#   {}: {}", operation.name, operation.route);
    }
    credentials(&mut out, contract);
    let models = names.models.iter().map(|model| (&model.value, "a name that the gateway knows".to_owned()));
    section(&mut out, "models", models);
    let call =
        "{ enter: { post: /admin, json: { on: true } }, leave: { post: /admin, json: { on: false } } }";
    section(&mut out, "states", names.states.iter().map(|state| (&state.value, call.to_owned())));
    section(&mut out, "values", names.values.iter().map(|(value, kind)| (&value.value, format!("a {kind}"))));
    out.push_str(
        "\n# What this gateway does not have, each with the reason; shown in every report.\n# lacks:\n#   NAME: why\n\
         \n# Background requests of the gateway to its upstream that belong to no case.\n# ambient: [GET /v1/models]\n",
    );
    out
}

fn limits(out: &mut String, contract: &Contract) {
    if contract.names.limits.is_empty() {
        return;
    }
    out.push_str("    # limits:\n");
    for limit in &contract.names.limits {
        let _ = match limit.documented {
            Some(length) => writeln!(
                out,
                "    #   {}: {length:?}  # as documented; declare it where it is configured shorter",
                limit.name
            ),
            None => writeln!(
                out,
                "    #   {}: 10s  # the page names no time: declare what is configured",
                limit.name
            ),
        };
    }
}

fn credentials(out: &mut String, contract: &Contract) {
    out.push_str("\n# Keys: never written into a report. `{ env: NAME }`, `{ file: PATH, at: /pointer }` or the text itself.\n");
    let has_valid = contract.names.credentials.iter().any(|credential| credential.name.value == "valid");
    out.push_str(if has_valid {
        "credentials:\n  valid: { env: GATEWAY_KEY }\n"
    } else {
        "# credentials:\n"
    });
    for credential in contract.names.credentials.iter().filter(|credential| credential.name.value != "valid")
    {
        let name = &credential.name;
        let variable = name.to_uppercase().replace('-', "_");
        let metered = if credential.metered {
            "  # each use changes the next: a pool, or one per case with `fresh: true`"
        } else {
            ""
        };
        let _ = writeln!(out, "  # {name}: {{ env: GATEWAY_KEY_{variable} }}{metered}");
    }
}

/// A part of the file in comments, since it may not be empty.
fn section<'a>(out: &mut String, heading: &str, lines: impl Iterator<Item = (&'a String, String)>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(out, "\n# {heading}:");
    }
    for (name, text) in lines {
        let _ = writeln!(out, "#   {name}: {text}");
    }
}

fn is_base_url(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}

/// A text as a YAML scalar; quoted as JSON, which is YAML too, where it could be read as anything else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    match begins && text.chars().all(plain) && !["true", "false", "null"].contains(&text) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}
