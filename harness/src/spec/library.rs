//! The spec files: those shipped with the program, or those of a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::lint::Vocabulary;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::Place;
use crate::spec::read::word::suggestion;
use crate::spec::target::Target;

mod embedded;
mod extends;
mod files;
mod load;
mod mask;

pub use files::Files;

/// A contract and all its cases.
#[derive(Debug)]
pub struct Loaded {
    /// The contract.
    pub contract: Contract,
    /// The cases, their products taken, in the order of the files' names and within a file as written.
    pub cases: Vec<Case>,
}

/// A set of spec files; each contract is read when it is first asked for.
#[derive(Debug)]
pub struct Library {
    files: Files,
    words: Vocabulary,
    loaded: BTreeMap<String, OnceLock<Result<Loaded, Diagnostics>>>,
}

impl Library {
    /// The specs that the program was built with.
    pub fn shipped() -> Self {
        Self::new(Files::from_texts(
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
        ))
    }

    /// The specs of a folder that is laid out as the shipped ones: `CONTRACT/contract.yaml`, `CONTRACT/*.yaml`,
    /// `targets/*.yaml`.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn from_dir(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(Files::from_dir(path)?))
    }

    /// The shipped specs with those of a folder beside them; a contract of the folder replaces a shipped one of its
    /// name whole.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn shipped_and(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(Self::shipped().files.overlaid(Files::from_dir(path)?)))
    }

    /// The same files, checked against the mock's words too; what was read before is read again.
    #[must_use]
    pub fn knowing(self, words: Vocabulary) -> Self {
        Self { words, ..Self::new(self.files) }
    }

    /// A library of these files.
    pub fn new(files: Files) -> Self {
        let loaded = files.contracts().map(|name| (name.to_owned(), OnceLock::new())).collect();
        Self { files, words: Vocabulary::default(), loaded }
    }

    /// The names of the contracts, sorted.
    pub fn contracts(&self) -> impl Iterator<Item = &str> {
        self.loaded.keys().map(String::as_str)
    }

    /// A contract with its cases, read on first use.
    ///
    /// # Errors
    /// All problems of its files, where there are errors among them, or that there is no such contract.
    pub fn contract(&self, name: &str) -> Result<&Loaded, Diagnostics> {
        match self.loaded.get(name) {
            Some(cell) => cell
                .get_or_init(|| load::contract(&self.files, &self.words, name))
                .as_ref()
                .map_err(Clone::clone),
            None => Err(Diagnostics(vec![self.unknown_contract(name, &Place::generated("--contract"))])),
        }
    }

    /// A target: a path to a file, else the name of one under `targets/`.
    ///
    /// # Errors
    /// All problems of the file, or that there is no such file.
    pub fn target(&self, path_or_name: &str) -> Result<Target, Diagnostics> {
        load::target(self, path_or_name)
    }

    /// Every problem of a target, warnings included, and those of its contract where that cannot be used.
    pub fn check_target(&self, path_or_name: &str) -> Diagnostics {
        load::check_target(self, path_or_name)
    }

    /// SHA-256 over the names and bytes of all files, hexadecimal.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for source in self.files.all() {
            for part in [&*source.name, &*source.text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Every problem of every file.
    pub fn check(&self) -> Diagnostics {
        load::check(self)
    }

    /// The files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn unknown_contract(&self, name: &str, place: &Place) -> Diagnostic {
        Diagnostic::error(place.clone(), format!("there is no contract `{name}`"))
            .help(suggestion(name, self.contracts()))
    }
}
