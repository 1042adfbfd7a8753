//! `selftest`: proves every fault on the wire and says of each whether it is what it says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::{Format, say};
use crate::control::{Client, Token, nearest};
use crate::fault::{Catalogue, Fault, Group};
use crate::selftest::{self, Row, Served};

/// Arguments of `selftest`.
#[derive(Debug, Args)]
pub(super) struct SelftestArgs {
    /// Prove only the faults of these groups.
    #[arg(long, value_name = "LETTER")]
    group: Vec<String>,
    /// Prove only these faults.
    #[arg(long, value_name = "ID")]
    fault: Vec<String>,
    /// Prove everything so many times in a row; the first round with a fault that is not what it says is the last.
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u32,
    /// Prove them on the mock behind this control API, each on a provider that is made there and taken away; without it, on
    /// mocks that this process starts.
    #[arg(long, value_name = "URL")]
    control: Option<String>,
    /// The file with that API's bearer token.
    #[arg(long, value_name = "FILE", requires = "control")]
    token_file: Option<PathBuf>,
    /// How the table is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A round of proofs.
#[derive(Debug, Serialize)]
struct Round {
    /// Which it is, counted from 1.
    round: u32,
    /// How many proofs there were.
    proofs: usize,
    /// How many of them failed.
    wrong: usize,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// The proofs in the order of the catalogue, first without and then under TLS.
    rows: Vec<Row>,
}

/// Runs the proofs; 1 when one failed.
///
/// # Errors
/// There is no such group or fault, or standard output cannot be written.
pub(super) fn run(args: &SelftestArgs) -> anyhow::Result<u8> {
    let faults = chosen(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = args.control.as_deref().map(|url| runtime.block_on(served(url, args))).transpose()?;
    for number in 1..=args.repeat.max(1) {
        let round = runtime.block_on(round(number, &faults, served.as_ref()));
        match args.format {
            Format::Text => say(&text(&round, number == args.repeat.max(1)))?,
            Format::Json => say(&format!("{}\n", serde_json::to_string(&round)?))?,
        }
        if round.wrong > 0 {
            return Ok(1);
        }
    }
    Ok(0)
}

async fn served(url: &str, args: &SelftestArgs) -> anyhow::Result<Served> {
    let read = |file: &PathBuf| Token::read(file).with_context(|| format!("--token-file {}", file.display()));
    let token = args.token_file.as_ref().map(read).transpose()?;
    let client = Client::connect(url, token.as_ref()).await.with_context(|| format!("--control {url}"))?;
    Ok(Served::by(client))
}

async fn round(round: u32, faults: &[&'static Fault], served: Option<&Served>) -> Round {
    let began = Instant::now();
    let mut rows = selftest::prove_all(faults, served).await;
    rows.extend(selftest::prove_all_over_tls(faults, served).await);
    let wrong = rows.iter().filter(|row| row.wrong.is_some()).count();
    Round { round, proofs: rows.len(), wrong, took_ms: millis(began.elapsed()), rows }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn chosen(args: &SelftestArgs) -> anyhow::Result<Vec<&'static Fault>> {
    let catalogue = Catalogue::shipped();
    let letters: Vec<String> = Group::ALL.iter().map(|group| format!("{group:?}")).collect();
    for group in &args.group {
        anyhow::ensure!(
            letters.contains(group),
            "there is no group `{group}` (there are {})",
            letters.join(", ")
        );
    }
    for id in &args.fault {
        let known = catalogue.faults().iter().map(|fault| fault.id.as_str());
        let hint = nearest(id, known).map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        anyhow::ensure!(catalogue.get(id).is_some(), "there is no fault `{id}`{hint}");
    }
    let asked = |fault: &&Fault| {
        (args.group.is_empty() || args.group.contains(&format!("{:?}", fault.group)))
            && (args.fault.is_empty() || args.fault.contains(&fault.id))
    };
    Ok(catalogue.faults().iter().filter(asked).collect())
}

/// A line a fault in the last round, one line for a round before it; what is wrong is always shown.
fn text(round: &Round, last: bool) -> String {
    let mut out = String::new();
    if last || round.wrong > 0 {
        out.push_str(&table(&round.rows));
    }
    let Round { round, proofs, wrong, took_ms, .. } = round;
    out.push_str(&format!(
        "round {round}: {proofs} proofs in {:.1} s, {wrong} wrong\n",
        *took_ms as f64 / 1000.0
    ));
    out
}

fn table(rows: &[Row]) -> String {
    let mut by_fault: BTreeMap<(Group, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_fault.entry((row.group, &row.fault)).or_default().push(row);
    }
    let widest = rows.iter().map(|row| row.fault.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut group = None;
    for ((of, fault), rows) in by_fault {
        if group != Some(of) {
            out.push_str(&format!("{of:?}. {}\n", of.says()));
            group = Some(of);
        }
        let slowest = rows.iter().map(|row| row.took).max().unwrap_or_default();
        let wrong: Vec<&&Row> = rows.iter().filter(|row| row.wrong.is_some()).collect();
        let mark = if wrong.is_empty() { "ok" } else { "WRONG" };
        let proofs = rows.len();
        out.push_str(&format!("  {fault:widest$}  {mark:5}  {proofs:2} proofs  {:5} ms\n", millis(slowest)));
        for row in wrong {
            let why = row.wrong.as_deref().unwrap_or_default();
            let tls = if row.tls { " under TLS" } else { "" };
            out.push_str(&format!("      {:?} {:?}{tls}: {why}\n", row.lane, row.probe));
        }
    }
    out
}
