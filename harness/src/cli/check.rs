//! `check`: every problem of every spec file, and what a target leaves unbound.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::{SpecsArgs, say};
use crate::plan::case::{PlannedCase, Readiness};
use crate::report::console::many;
use crate::report::console::style::{Palette, labelled};
use crate::run::request::{self, Request};
use crate::spec::contract::Contract;
use crate::spec::read::diagnostic::{Diagnostics, Severity};

/// Arguments of `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// Check this target too: a file, or the name of a shipped target.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
}

/// Prints the problems; 0 where none is an error, else 2.
///
/// # Errors
/// Specs that cannot be read at all.
pub fn run(args: &CheckArgs, palette: Palette) -> anyhow::Result<u8> {
    let library = args.specs.library()?;
    anyhow::ensure!(library.contracts().next().is_some(), "there are no contracts to check");
    let mut problems = library.check();
    let mut gaps = String::new();
    if let Some(target) = &args.target {
        match library.target(target) {
            Err(others) => problems.extend(others),
            Ok(_) => gaps = gaps_of(target, args, palette),
        }
    }
    let files = library.files().all().count() + usize::from(args.target.is_some());
    say(&format!("{gaps}{}", verdict(&problems, files, palette)))?;
    Ok(if problems.has_errors() { 2 } else { 0 })
}

fn gaps_of(target: &str, args: &CheckArgs, palette: Palette) -> String {
    let wanted =
        Request { target: Some(target.to_owned()), specs: args.specs.specs.clone(), ..Request::default() };
    // A contract that has errors is told by its own problems; there are no cases to count then.
    let Ok(plans) = request::resolve(&wanted) else { return String::new() };
    let gaps = plans.iter().map(|(plan, _)| format!("{}\n", costs(&plan.contract, &plan.cases, palette)));
    gaps.collect()
}

/// The problems, and how many there are.
pub fn verdict(problems: &Diagnostics, files: usize, palette: Palette) -> String {
    let count = |severity| problems.0.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let summary = format!("{files} files, {errors} errors, {warnings} warnings");
    let summary = match (errors, warnings) {
        (0, 0) => palette.good(&summary),
        (0, _) => palette.warn(&summary),
        _ => palette.bad(&summary),
    };
    match problems.is_empty() {
        true => format!("{summary}\n"),
        false => format!("{}\n\n{summary}\n", problems.render(palette.has_colour())),
    }
}

/// What a target leaves unbound or waives, and which claims that costs: those that no ready case cites any more.
pub fn costs(contract: &Contract, planned: &[PlannedCase], palette: Palette) -> String {
    let exercised: BTreeSet<&str> =
        planned.iter().filter(|case| case.ready == Readiness::Ready).flat_map(cited).collect();
    let unbound = gathered(planned, |ready| match ready {
        Readiness::Unbound(why) => Some(why.clone()),
        Readiness::Ready | Readiness::Lacks(..) => None,
    });
    let waived = gathered(planned, |ready| match ready {
        Readiness::Lacks(name, why) => Some(format!("{name}: {why}")),
        Readiness::Ready | Readiness::Unbound(_) => None,
    });
    let mut out = String::new();
    for (heading, reasons) in
        [("Unbound: inconclusive until bound or waived", unbound), ("Waived: not applicable", waived)]
    {
        if reasons.is_empty() {
            continue;
        }
        out.push_str(&format!("{}\n", palette.bold(heading)));
        for (why, cases) in reasons {
            out.push_str(&labelled(2, "because", &why, palette));
            let lost: BTreeSet<&str> = cases
                .iter()
                .flat_map(|case| cited(case))
                .filter(|claim| !exercised.contains(claim))
                .collect();
            let lost = match lost.is_empty() {
                true => "no claim is lost".to_owned(),
                false => lost.into_iter().collect::<Vec<_>>().join(", "),
            };
            out.push_str(&labelled(2, "costs", &format!("{}; {lost}", many(cases.len(), "case")), palette));
        }
    }
    let total = contract.claims.len();
    let left = contract.claims.iter().filter(|claim| exercised.contains(claim.id.as_str())).count();
    out.push_str(&format!("{left} of {total} claims can be exercised\n"));
    out
}

fn cited(case: &PlannedCase) -> impl Iterator<Item = &str> {
    case.case.claims.iter().map(|claim| claim.value.as_str())
}

fn gathered(
    planned: &[PlannedCase],
    reason: impl Fn(&Readiness) -> Option<String>,
) -> Vec<(String, Vec<&PlannedCase>)> {
    let mut gathered: Vec<(String, Vec<&PlannedCase>)> = Vec::new();
    for case in planned {
        let Some(why) = reason(&case.ready) else { continue };
        match gathered.iter_mut().find(|(known, _)| *known == why) {
            Some((_, cases)) => cases.push(case),
            None => gathered.push((why, vec![case])),
        }
    }
    gathered
}
