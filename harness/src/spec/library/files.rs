//! Named texts: the raw material of a library.

use std::collections::BTreeMap;
use std::path::Path;

use crate::spec::read::node::Source;

/// Texts by their path relative to the specs folder, sorted.
#[derive(Clone, Debug, Default)]
pub struct Files {
    texts: BTreeMap<String, Source>,
}

impl Files {
    /// Takes these texts.
    pub fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let texts = texts.into_iter().map(|(name, text)| (name.clone(), Source::new(&name, &text))).collect();
        Self { texts }
    }

    /// Reads the `.yaml` and `.json` files of a folder and its folders.
    ///
    /// # Errors
    /// What cannot be read, or is not UTF-8.
    pub fn from_dir(root: &Path) -> std::io::Result<Self> {
        let mut files = Self::default();
        files.read(root, "")?;
        Ok(files)
    }

    fn read(&mut self, folder: &Path, prefix: &str) -> std::io::Result<()> {
        let named = |error: std::io::Error, path: &Path| {
            std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        for entry in std::fs::read_dir(folder).map_err(|error| named(error, folder))? {
            let entry = entry?;
            let Ok(file_name) = entry.file_name().into_string() else { continue };
            let path = entry.path();
            let name = format!("{prefix}{file_name}");
            if path.is_dir() {
                self.read(&path, &format!("{name}/"))?;
            } else if is_spec(&name) {
                let text = std::fs::read_to_string(&path).map_err(|error| named(error, &path))?;
                self.texts.insert(name.clone(), Source::new(&name, &text));
            }
        }
        Ok(())
    }

    /// These files, with whole contracts and single targets replaced by the others'.
    #[must_use]
    pub fn overlaid(mut self, others: Self) -> Self {
        let replaced: Vec<String> = others.contracts().map(|name| format!("{name}/")).collect();
        self.texts.retain(|name, _| !replaced.iter().any(|folder| name.starts_with(folder)));
        self.texts.extend(others.texts);
        self
    }

    /// The folders that hold a `contract.yaml`.
    pub fn contracts(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().filter_map(|name| name.strip_suffix("/contract.yaml"))
    }

    /// The names of the shipped targets, without folder and ending.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().filter_map(|name| name.strip_prefix("targets/")?.strip_suffix(".yaml"))
    }

    /// A file.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.texts.get(name)
    }

    /// The files of cases of a contract.
    pub fn cases<'a>(&'a self, contract: &'a str) -> impl Iterator<Item = &'a Source> {
        self.texts.values().filter(move |source| {
            let inside = source.name.strip_prefix(contract).and_then(|rest| rest.strip_prefix('/'));
            inside
                .is_some_and(|file| file != "contract.yaml" && !file.contains('/') && file.ends_with(".yaml"))
        })
    }

    /// What was found before in gateways of a contract, stored beside its cases.
    pub fn regressions<'a>(&'a self, contract: &'a str) -> impl Iterator<Item = &'a Source> {
        self.texts.values().filter(move |source| {
            let inside =
                source.name.strip_prefix(contract).and_then(|rest| rest.strip_prefix("/regressions/"));
            inside.is_some_and(|file| file.ends_with(".json"))
        })
    }

    /// All files, sorted by name.
    pub fn all(&self) -> impl Iterator<Item = &Source> {
        self.texts.values()
    }
}

/// JSON Schemas for editors are made from the grammar and are no specs themselves.
fn is_spec(name: &str) -> bool {
    (name.ends_with(".yaml") || name.ends_with(".json")) && !name.starts_with("schema/")
}
