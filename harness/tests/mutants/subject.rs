//! The contracts that the built-in gateway keeps, each with its mutants and with what is argued about them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use gateway_conformance::plan;
use gateway_conformance::plan::select::Selection;
use gateway_conformance::run::request::library;
use gateway_conformance::run::request::resolved::Plan;
use gateway_conformance::spec::library::Library;
use mock_upstream::fault::Catalogue;
use reference_gateway::{Mutant, Personality};
use serde::Deserialize;

/// One contract with the built-in gateway that keeps it.
pub(crate) struct Subject {
    /// The contract's name, and the personality's.
    pub(crate) contract: String,
    /// The mutants of the personality.
    pub(crate) mutants: &'static [Mutant],
    /// What is argued about them.
    pub(crate) argued: Argued,
}

/// `argued/CONTRACT.yaml`: what the matrix cannot show, each with the reason.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Argued {
    /// Checks that no gateway can break, and why.
    #[serde(default)]
    pub(crate) unbreakable: BTreeMap<String, String>,
    /// Flaws that strike whichever request comes next, so that the other cases decide whom, and the case that meets each
    /// alone: their rows hold what that case breaks.
    #[serde(default)]
    pub(crate) alone: BTreeMap<String, String>,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| library(None).unwrap());

/// Every contract that is shipped with a target for the built-in gateway, in the order of the names.
pub(crate) static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let is_shipped = |file: String| LIBRARY.files().all().any(|source| *source.name == file);
    let kept = LIBRARY.contracts().filter(|name| is_shipped(format!("targets/builtin-{name}.yaml")));
    let subjects = kept.map(|contract| {
        let personality = Personality::named(contract);
        let personality = personality.unwrap_or_else(|| panic!("there is no personality {contract}"));
        Subject {
            contract: contract.to_owned(),
            mutants: reference_gateway::mutants(personality),
            argued: Argued::of(contract),
        }
    });
    subjects.collect()
});

impl Subject {
    /// The shipped plan, with limits that are so many times as long: several gateways run at once on few cores, where the
    /// shipped ones would not always be enough for a healthy answer.
    pub(crate) fn plan(&self, stretched: u32) -> Plan {
        let mut target = LIBRARY.target(&format!("builtin-{}", self.contract)).unwrap();
        let limits = target.configurations.iter_mut().flat_map(|configuration| &mut configuration.limits);
        limits.for_each(|(_, length)| *length *= stretched);
        let loaded = LIBRARY.contract(&self.contract).unwrap();
        let all = Selection::default();
        let cases = plan::plan(&loaded.contract, &loaded.cases, &target, Catalogue::shipped(), &all);
        let (contract, target) = (Arc::new(loaded.contract.clone()), Arc::new(target));
        Plan {
            contract,
            target,
            cases,
            specs_digest: LIBRARY.digest(),
            real_time: false,
            partial: false,
            regressions: Vec::new(),
        }
    }
}

impl Argued {
    fn of(contract: &str) -> Self {
        let path = folder().join(format!("{contract}.yaml"));
        // Without a file nothing has to be argued.
        let Ok(text) = std::fs::read_to_string(&path) else { return Self::default() };
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutants/argued")
}
