//! `list`: the cases that a run would have, one a line; or the flaws that the built-in gateway can have.

mod mutants;

use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{Format, SpecsArgs, say, usage};
use crate::plan::case::{Origin, PlannedCase, Readiness};
use crate::plan::select::Selection;
use crate::run::request::{self, Request};

/// Arguments of `list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// List the cases of this contract only.
    #[arg(long, value_name = "NAME|all", default_value = "all")]
    pub contract: String,
    /// List what would run against this target; the built-in gateway where none is named.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
    /// List only cases whose id fits; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub case: Vec<String>,
    /// List the deliberate flaws of the built-in gateway instead, for `run --mutant`.
    #[arg(long, conflicts_with_all = ["target", "case"])]
    pub mutants: bool,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Prints the list; how many there are goes to standard error, so that the list can be piped.
///
/// # Errors
/// A usage, spec or target error.
pub fn run(args: &ListArgs) -> anyhow::Result<u8> {
    if args.mutants {
        say(&mutants::render(&args.contract, args.format)?)?;
        return Ok(0);
    }
    let wanted = Request {
        contract: Some(args.contract.clone()),
        target: args.target.clone(),
        specs: args.specs.specs.clone(),
        selection: Selection { globs: args.case.clone(), shard: None },
        ..Request::default()
    };
    let plans = request::resolve(&wanted).map_err(usage)?;
    let planned: Vec<PlannedCase> = plans.into_iter().flat_map(|(plan, _)| plan.cases).collect();
    say(&render(&planned, args.format))?;
    // A closed standard error takes nothing from the list.
    let _ = write!(std::io::stderr(), "{}", summary(&planned));
    Ok(0)
}

/// The list in the format asked for.
pub fn render(planned: &[PlannedCase], format: Format) -> String {
    match format {
        Format::Text => planned.iter().map(line).collect(),
        Format::Json => format!("{:#}\n", planned.iter().map(object).collect::<Value>()),
    }
}

/// How many cases there are and how many of them can run, for standard error.
pub fn summary(planned: &[PlannedCase]) -> String {
    let count = |fits: &dyn Fn(&PlannedCase) -> bool| planned.iter().filter(|case| fits(case)).count();
    format!(
        "{} cases: {} written, {} swept; {} ready, {} not applicable, {} unbound\n",
        planned.len(),
        count(&|case| case.origin == Origin::Written),
        count(&|case| matches!(case.origin, Origin::Sweep(_))),
        count(&|case| case.ready == Readiness::Ready),
        count(&|case| matches!(case.ready, Readiness::Lacks(..))),
        count(&|case| matches!(case.ready, Readiness::Unbound(_))),
    )
}

fn line(case: &PlannedCase) -> String {
    let claims: Vec<&str> = case.case.claims.iter().map(|claim| claim.value.as_str()).collect();
    let ready = match &case.ready {
        Readiness::Ready => String::new(),
        Readiness::Lacks(name, why) => format!("  (not applicable: lacks {name}: {why})"),
        Readiness::Unbound(why) => format!("  (inconclusive: {why})"),
    };
    format!("{}  {}{ready}\n", case.id, claims.join(","))
}

fn object(case: &PlannedCase) -> Value {
    let claims: Vec<&str> = case.case.claims.iter().map(|claim| claim.value.as_str()).collect();
    let (ready, why) = match &case.ready {
        Readiness::Ready => ("ready", None),
        Readiness::Lacks(name, why) => ("not_applicable", Some(format!("lacks {name}: {why}"))),
        Readiness::Unbound(why) => ("inconclusive", Some(why.clone())),
    };
    let fault = match &case.origin {
        Origin::Written => None,
        Origin::Sweep(fault) => Some(fault),
    };
    json!({
        "id": case.id,
        "claims": claims,
        "written_at": case.case.place.to_string(),
        "swept_fault": fault,
        "configuration": case.takes.configuration,
        "ready": ready,
        "why": why,
    })
}
