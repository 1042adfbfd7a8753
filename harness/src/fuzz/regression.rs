//! What was found, as a file: the very bytes, so that it is the same whatever becomes of the generators.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::arrange::credentials::mask::Mask;
use crate::baseline::atomic;
use crate::fuzz::engine::Outcome;
use crate::fuzz::finding::Found;
use crate::generate::campaign::{Campaign, Case, Phase, Sent, Trouble};
use crate::generate::http::Dress;
use crate::generate::label::Label;
use crate::generate::variant::Variant;
use crate::run::request::resolved::Plan;
use crate::spec::contract::{Defect, Level};
use crate::spec::read::node::Source;

/// Raised when a field is removed or changes its meaning.
const VERSION: u32 = 2;

/// One finding as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    version: u32,
    /// The contract.
    pub contract: String,
    /// The operation.
    pub operation: String,
    /// The label.
    pub label: String,
    defect: Option<String>,
    sure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pair: Option<Variant>,
    /// The check that failed.
    pub check: String,
    /// Its level.
    pub level: String,
    /// The claims that it breaks.
    pub claims: Vec<String>,
    /// What was expected.
    pub expected: String,
    /// What was observed.
    pub observed: String,
    /// The requests.
    pub requests: Vec<Stored>,
    /// What the failure of the upstream is called, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// What the upstream plays, as a script of the mock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<serde_json::Value>,
    /// Where it was found: target, seed, number of the case, version of this program, digest of the specs.
    found: Origin,
}

/// One request of a stored finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The bytes of the body, base64.
    body: String,
    /// The same to be read, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    dress: Dress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    target: String,
    seed: u64,
    case: u64,
    program: String,
    specs_digest: String,
}

fn is_usual(dress: &Dress) -> bool {
    *dress == Dress::default()
}

impl Regression {
    /// A finding to be stored.
    pub fn of(outcome: &Outcome, found: &Found) -> Self {
        let case = &found.case;
        let stored = |sent: &Sent| Stored {
            body: STANDARD.encode(&sent.body),
            text: std::str::from_utf8(&sent.body)
                .ok()
                .filter(|text| text.len() <= LONGEST_TEXT)
                .map(str::to_owned),
            dress: sent.dress.clone(),
            marker: sent.marker.clone(),
        };
        Self {
            version: VERSION,
            contract: outcome.contract.0.clone(),
            operation: found.signature.operation.clone(),
            label: case.label.name(),
            defect: case.label.defect.map(|defect| defect.word().to_owned()),
            sure: case.sure.map(|level| word(level).to_owned()),
            pair: case.pair,
            check: found.finding.check.clone(),
            level: word(found.finding.level).to_owned(),
            claims: found.finding.claims.clone(),
            expected: found.finding.expected.clone(),
            observed: found.finding.observed.clone(),
            requests: case.sends.iter().map(stored).collect(),
            trouble: case.trouble.as_ref().map(|_| found.signature.trouble().to_owned()),
            upstream: found.script.clone(),
            found: Origin {
                target: outcome.target.0.clone(),
                seed: outcome.seed,
                case: found.number,
                program: env!("CARGO_PKG_VERSION").to_owned(),
                specs_digest: outcome.specs_digest.clone(),
            },
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// In words, with the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Reads one from its text.
    ///
    /// # Errors
    /// In words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match read.version {
            VERSION => Ok(read),
            other => Err(format!("it is of version {other}, and this program reads {VERSION}")),
        }
    }

    /// Those that belong to what will run.
    ///
    /// # Errors
    /// One that cannot be read, with its file.
    pub fn of_plan(plan: &Plan) -> Result<Vec<Self>, String> {
        let read =
            |source: &Source| Self::parse(&source.text).map_err(|why| format!("{}: {why}", source.name));
        plan.regressions.iter().map(read).collect()
    }

    /// Reads those of a folder, in the order of their names; none where there is no such folder.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The case, as far as the campaign has its operation.
    pub fn case(&self, campaign: &Campaign) -> Option<Case> {
        let lane = campaign.lanes().iter().position(|lane| lane.name == self.operation)?;
        let defect = Defect::ALL.into_iter().find(|defect| Some(defect.word()) == self.defect.as_deref());
        let (place, keyword) = self.label.split_once(':').unwrap_or(("", &self.label));
        let sends = self.requests.iter().map(|stored| {
            let body = STANDARD.decode(&stored.body).ok()?;
            Some(Sent { body, dress: stored.dress.clone(), marker: stored.marker.clone() })
        });
        Some(Case {
            number: self.found.case,
            phase: Phase::Labels,
            lane,
            label: Label {
                place: place.to_owned(),
                keyword: keyword.to_owned(),
                detail: None,
                branch: None,
                defect,
            },
            sure: self.sure.as_deref().map(level),
            sends: sends.collect::<Option<_>>()?,
            pair: self.pair,
            trouble: self.stored_trouble()?,
            stored: true,
        })
    }

    /// What the upstream does, as it was stored; none where that is no script of this version's.
    fn stored_trouble(&self) -> Option<Option<Trouble>> {
        let Some(name) = &self.trouble else { return Some(None) };
        let script = serde_json::from_value(self.upstream.clone()?).ok()?;
        Some(Some(Trouble::Stored(name.clone(), Box::new(script))))
    }

    /// Its file's name without ending: what it is, and a few letters that tell it from others.
    pub fn name(&self) -> String {
        use sha2::{Digest, Sha256};

        let plain = |text: &str| -> String {
            let text: String = text
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
                .collect();
            text.split('-').filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("-")
        };
        let told =
            format!("{}\n{}\n{}\n{:?}\n{}", self.operation, self.label, self.check, self.pair, self.observed);
        let digest = Sha256::digest(told.as_bytes());
        let mut name = format!("{}-{}-{}", self.operation, plain(&self.label), plain(&self.check));
        name.truncate(80);
        format!("{}-{:02x}{:02x}{:02x}", name.trim_end_matches('-'), digest[0], digest[1], digest[2])
    }

    /// Writes it and the bytes of its bodies beside it, for `curl --data-binary @FILE`; the name of its file.
    ///
    /// # Errors
    /// In words, with the file.
    pub fn write(&self, folder: &Path, mask: &Mask) -> Result<PathBuf, String> {
        let path = folder.join(format!("{}.json", self.name()));
        let said = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(folder).map_err(|error| said(folder, error))?;
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        atomic::write(&path, format!("{}\n", mask.text(&text)).as_bytes())
            .map_err(|error| said(&path, error))?;
        for (at, stored) in self.requests.iter().enumerate() {
            let body = folder.join(body_name(&self.name(), at));
            let bytes = STANDARD.decode(&stored.body).unwrap_or_default();
            atomic::write(&body, &bytes).map_err(|error| said(&body, error))?;
        }
        Ok(path)
    }
}

/// The name of the file with the body of a request.
pub fn body_name(name: &str, request: usize) -> String {
    if request == 0 { format!("{name}.body") } else { format!("{name}.{}.body", request + 1) }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::May => "may",
        Level::Should => "should",
        Level::Must => "must",
    }
}

fn level(word: &str) -> Level {
    match word {
        "must" => Level::Must,
        "should" => Level::Should,
        _ => Level::May,
    }
}

/// Longer bodies are kept as bytes alone.
const LONGEST_TEXT: usize = 4000;
