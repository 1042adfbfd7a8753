//! A run of a gateway of a test's own, held to a contract of the tests, and what came of it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway_conformance::judge::verdict::Verdict;
use gateway_conformance::plan;
use gateway_conformance::plan::select::Selection;
use gateway_conformance::run::engine;
use gateway_conformance::run::outcome::{CaseReport, Outcome};
use gateway_conformance::run::request::resolved::{Options, Plan};
use gateway_conformance::spec::library::{Files, Library};
use gateway_conformance::spec::lint::Vocabulary;
use mock_upstream::dialect::Dialect;
use mock_upstream::fault::{Catalogue, Family};
use tokio::sync::watch;

use crate::gateway::{Client, Gateway};

/// Where the mock will listen: an address for each provider.
pub(crate) struct Upstreams(pub(crate) Vec<String>);

/// What came of the cases, by id without the contract.
pub(crate) struct Ended(BTreeMap<String, CaseReport>);

/// A run that is to be made.
pub(crate) struct Trial {
    contract: &'static str,
    target: &'static str,
    globs: &'static [&'static str],
    edits: Vec<(&'static str, &'static str)>,
}

/// The contracts of the tests.
pub(crate) fn library() -> Library {
    knowing(Files::from_dir(&specs()).unwrap())
}

pub(crate) fn knowing(files: Files) -> Library {
    let words = Vocabulary {
        families: Family::ALL.iter().map(ToString::to_string).collect(),
        faults: Catalogue::shipped().faults().iter().map(|fault| fault.id.clone()).collect(),
        dialects: Dialect::ALL.iter().map(ToString::to_string).collect(),
    };
    Library::new(files).knowing(words)
}

pub(crate) fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/specs")
}

impl Trial {
    /// The cases of this contract. The target's text goes on from `target`, `contract` and `upstream`; `GATEWAY` stands for
    /// the gateway's URL.
    pub(crate) fn of(contract: &'static str, target: &'static str) -> Self {
        Self { contract, target, globs: &[], edits: Vec::new() }
    }

    /// Only the cases that fit these globs.
    pub(crate) fn cases(self, globs: &'static [&'static str]) -> Self {
        Self { globs, ..self }
    }

    /// With this text in the contract's files, or in the target, in place of that.
    pub(crate) fn with(mut self, old: &'static str, new: &'static str) -> Self {
        self.edits.push((old, new));
        self
    }

    /// Runs against a gateway that serves so.
    pub(crate) fn run(
        self,
        serve: impl Fn(&mut Client<'_>, &Upstreams) -> io::Result<()> + Send + Sync + 'static,
    ) -> Ended {
        let upstreams = Upstreams(vec![free(), free()]);
        let listen: Vec<String> = ["first", "second"]
            .iter()
            .zip(&upstreams.0)
            .map(|(role, address)| format!("{role}: {{ listen: \"{address}\" }}"))
            .collect();
        let gateway = Gateway::that(move |client| serve(client, &upstreams));
        let target = format!(
            "target: own\ncontract: {}\nupstream: {{ {} }}\n{}",
            self.contract,
            listen.join(", "),
            self.target.replace("GATEWAY", &gateway.url())
        );
        let mut files: Vec<(String, String)> = Files::from_dir(&specs())
            .unwrap()
            .all()
            .map(|file| (file.name.to_string(), file.text.to_string()))
            .collect();
        files.push(("targets/own.yaml".to_owned(), target));
        for (old, new) in &self.edits {
            assert!(files.iter().any(|(_, text)| text.contains(old)), "nothing says `{old}`");
            files.iter_mut().for_each(|(_, text)| *text = text.replace(old, new));
        }
        let library = knowing(Files::from_texts(files));
        let target = library.target("own").unwrap_or_else(|problems| panic!("{problems}"));
        let loaded = library.contract(self.contract).unwrap_or_else(|problems| panic!("{problems}"));
        let globs = self.globs.iter().map(|glob| (*glob).to_owned()).collect();
        let selection = Selection { globs, shard: None };
        let cases = plan::plan(&loaded.contract, &loaded.cases, &target, Catalogue::shipped(), &selection);
        assert!(!cases.is_empty(), "no case fits {:?}", self.globs);
        let (contract, target) = (Arc::new(loaded.contract.clone()), Arc::new(target));
        let plan = Plan {
            contract,
            target,
            cases,
            specs_digest: library.digest(),
            real_time: false,
            partial: true,
            regressions: Vec::new(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (_stop, stopped) = watch::channel(false);
        let report = runtime.block_on(engine::certify(plan, Options::default(), stopped, &|_| {}));
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(report.stopped, None);
        let named = |case: CaseReport| (case.id.split_once("::").unwrap().1.to_owned(), case);
        Ended(report.cases.into_iter().map(named).collect())
    }
}

impl Ended {
    /// Every case passed.
    #[track_caller]
    pub(crate) fn passes(&self) {
        let others: Vec<String> =
            self.0.iter().filter(|(_, case)| outcome(case) != "pass").map(told).collect();
        assert!(others.is_empty(), "{}", others.join("\n"));
    }

    /// These cases failed at these checks, and all others passed.
    #[track_caller]
    pub(crate) fn fails(&self, expected: &[(&str, &str)]) {
        let seen: Vec<(String, String)> = self
            .0
            .iter()
            .map(|(id, case)| (id.clone(), outcome(case)))
            .filter(|(_, o)| o != "pass")
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(id, checks)| ((*id).to_owned(), format!("fail {checks}"))).collect();
        let all: Vec<String> = self.0.iter().map(told).collect();
        assert_eq!(seen, expected, "{}", all.join("\n"));
    }

    /// What came of one case: `pass`, `fail CHECK, CHECK`, or why nothing can be told.
    pub(crate) fn of(&self, id: &str) -> String {
        outcome(self.0.get(id).unwrap_or_else(|| panic!("no case {id}")))
    }

    /// The ids of the cases.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What was recorded in one case.
    pub(crate) fn recorded(&self, id: &str) -> Vec<(String, String)> {
        match &self.0[id].outcome {
            Outcome::Judged(judgement) => judgement.recorded.clone(),
            other => panic!("{id}: {other:?}"),
        }
    }
}

fn told((id, case): (&String, &CaseReport)) -> String {
    let findings = case.findings().into_iter();
    let findings: Vec<String> = findings
        .map(|f| format!("\n    {} of {}: {} instead of {}", f.check, f.exchange, f.observed, f.expected))
        .collect();
    format!("{id}: {}{}", outcome(case), findings.concat())
}

fn outcome(case: &CaseReport) -> String {
    match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Pass => "pass".to_owned(),
            Verdict::Fail(findings) => {
                let mut checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
                checks.dedup();
                format!("fail {}", checks.join(", "))
            }
            Verdict::Inconclusive(why) => format!("inconclusive: {why}"),
        },
        Outcome::NotApplicable(why) | Outcome::Unready(why) | Outcome::Error(why) => why.clone(),
    }
}

/// An address that is free now, and was given to nobody else of this process.
fn free() -> String {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string()
}
