//! The deliberate flaws of the built-in gateway.

#[cfg(feature = "reference-gateway")]
use reference_gateway::{Kind, Mutant, Personality};
#[cfg(feature = "reference-gateway")]
use serde_json::{Value, json};

use crate::cli::Format;

/// The flaws that concern a contract, or `all`, a line each.
///
/// # Errors
/// A contract that the built-in gateway does not keep.
#[cfg(feature = "reference-gateway")]
pub(super) fn render(contract: &str, format: Format) -> anyhow::Result<String> {
    use crate::run::request::library;
    use crate::spec::read::word::suggestion;

    let library = library(None)?;
    let kept = library.contracts().filter_map(Personality::named);
    let kept: Vec<Personality> = kept.collect();
    let asked: Vec<&Personality> =
        kept.iter().filter(|personality| contract == "all" || personality.name() == contract).collect();
    if asked.is_empty() {
        let meant = suggestion(contract, kept.iter().map(|personality| personality.name()));
        let meant = meant.map(|help| format!("; {help}")).unwrap_or_default();
        anyhow::bail!("the built-in gateway does not keep the contract `{contract}`{meant}");
    }
    let mutants = asked.into_iter().flat_map(|personality| {
        reference_gateway::mutants(*personality).iter().map(|mutant| (personality.name(), mutant))
    });
    Ok(match format {
        Format::Text => mutants.map(|(contract, mutant)| line(contract, mutant)).collect(),
        Format::Json => {
            format!("{:#}\n", mutants.map(|(contract, mutant)| object(contract, mutant)).collect::<Value>())
        }
    })
}

/// Without the built-in gateway there are none.
#[cfg(not(feature = "reference-gateway"))]
pub(super) fn render(_: &str, _: Format) -> anyhow::Result<String> {
    anyhow::bail!("this build has no built-in gateway")
}

#[cfg(feature = "reference-gateway")]
fn line(contract: &str, mutant: &Mutant) -> String {
    let Mutant { name, claims, breaks, .. } = mutant;
    let claims = if claims.is_empty() { "key".to_owned() } else { claims.join(",") };
    format!("{contract} {name}  {claims}  {breaks}\n")
}

#[cfg(feature = "reference-gateway")]
fn object(contract: &str, mutant: &Mutant) -> Value {
    let kind = match mutant.kind {
        Kind::Mechanism => "mechanism",
        Kind::Answer => "answer",
    };
    json!({
        "contract": contract,
        "name": mutant.name,
        "claims": mutant.claims,
        "breaks": mutant.breaks,
        "where": kind,
        "models": mutant.models,
    })
}
