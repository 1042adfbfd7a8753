//! `explain`: a case with all it expects and takes, or a claim with its page, readings, rules and cases.

mod case;
mod claim;
mod wording;

use clap::Args;

use crate::cli::{SpecsArgs, say, usage};
use crate::plan::case::PlannedCase;
use crate::report::console::style::Palette;
use crate::run::request::resolved::Plan;
use crate::run::request::{self, Request};
use crate::spec::contract::Contract;
use crate::spec::read::word::suggestion;

pub use case::explain as explain_case;
pub use claim::explain as explain_claim;

/// Arguments of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A case's id, with or without its contract, or a claim's id.
    #[arg(value_name = "CASE|CLAIM")]
    pub word: String,
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// Explain what would happen with this target; the built-in gateway where none is named.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
}

/// Prints the explanation.
///
/// # Errors
/// A usage, spec or target error, or a name that nothing has.
pub fn run(args: &ExplainArgs, palette: Palette) -> anyhow::Result<u8> {
    let plans = plans(args)?;
    let plans: Vec<(&Contract, Vec<PlannedCase>)> =
        plans.iter().map(|plan| (&*plan.contract, plan.cases.clone())).collect();
    say(&explain(&args.word, &plans, palette)?)?;
    Ok(0)
}

/// A plan for the target, else one for each contract: with the built-in gateway, or with the first shipped target of
/// that contract where the built-in one does not keep it.
fn plans(args: &ExplainArgs) -> anyhow::Result<Vec<Plan>> {
    let wanted = |contract: Option<&str>, target: Option<&str>| {
        let request = Request {
            contract: contract.map(str::to_owned),
            target: target.map(str::to_owned),
            specs: args.specs.specs.clone(),
            ..Request::default()
        };
        let resolved = request::resolve(&request).map_err(usage)?;
        anyhow::Ok(resolved.into_iter().map(|(plan, _)| plan).collect::<Vec<_>>())
    };
    if let Some(target) = &args.target {
        return wanted(None, Some(target));
    }
    let library = args.specs.library()?;
    let mut plans = Vec::new();
    for contract in library.contracts() {
        let builtin = library.files().targets().any(|name| name == format!("builtin-{contract}"));
        let of_contract =
            |name: &&str| library.target(name).is_ok_and(|target| target.contract.value == contract);
        match (builtin, library.files().targets().find(of_contract)) {
            (true, _) => plans.extend(wanted(Some(contract), None)?),
            (false, Some(target)) => plans.extend(wanted(None, Some(target))?),
            (false, None) => {}
        }
    }
    Ok(plans)
}

/// Explains the case or claim of this name among the planned cases of each contract. A name without its axes explains
/// the first case of the product.
///
/// # Errors
/// Nothing has this name; the message has the nearest that exists.
pub fn explain(
    word: &str,
    plans: &[(&Contract, Vec<PlannedCase>)],
    palette: Palette,
) -> anyhow::Result<String> {
    for (contract, planned) in plans {
        if let Some(claim) = contract.claims.iter().find(|claim| claim.id.eq_ignore_ascii_case(word)) {
            return Ok(explain_claim(claim, contract, planned, palette));
        }
        let product: Vec<&PlannedCase> =
            planned.iter().filter(|case| without_axes(&case.id) == word).collect();
        let named = planned.iter().find(|case| names(word, case)).or(product.first().copied());
        if let Some(case) = named {
            let mut text = explain_case(case, contract, palette);
            if product.len() > 1 {
                text.push_str(&format!("\nthe first of {} cases of this name\n", product.len()));
            }
            return Ok(text);
        }
    }
    let claims = plans.iter().flat_map(|(contract, _)| &contract.claims).map(|claim| claim.id.as_str());
    let cases = plans.iter().flat_map(|(_, planned)| planned).map(|case| without_axes(&case.id));
    let help = suggestion(word, claims.chain(cases)).map(|help| format!(": {help}")).unwrap_or_default();
    anyhow::bail!("no case and no claim is called `{word}`{help}")
}

/// The id, or the id without its contract.
fn names(word: &str, case: &PlannedCase) -> bool {
    case.id == word
        || case.id.split_once("::").is_some_and(|(_, rest)| rest == word || without_axes(rest) == word)
}

fn without_axes(id: &str) -> &str {
    &id[..id.find('[').unwrap_or(id.len())]
}
