//! The file of `serve --script`: what each provider does, without markers and scenarios.

mod spots;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::place::{Rendered, Source, Wrong};
use crate::control::nearest;
use crate::dialect::Dialect;
use crate::fault::{BindError, Catalogue};
use crate::script::{Play, Script, ScriptError};
use spots::Spots;

/// What the file says.
#[derive(Debug, PartialEq)]
pub(super) enum ScriptFile {
    /// A script on its own: every provider plays it, each from its first turn.
    Every(Script),
    /// Providers by name.
    Providers(BTreeMap<String, Scripted>),
}

/// A provider as the file describes it.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scripted {
    /// How it speaks.
    #[serde(default)]
    pub(super) dialect: Dialect,
    /// Where it listens.
    #[serde(default)]
    pub(super) listen: Option<SocketAddr>,
    /// What it does; nothing, as a provider without a script, when absent.
    #[serde(default)]
    pub(super) script: Option<Script>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByProvider {
    providers: BTreeMap<String, Scripted>,
}

/// A script that was read, before it is checked against how its provider speaks.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) file: ScriptFile,
    name: String,
    text: String,
    spots: Spots,
}

impl Read {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or is not such a file; with the place that is wrong.
    pub(super) fn from(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        let source = Source { name: &name, text: &text };
        // What else is wrong is said by the types proper, with the place.
        let spots: Spots = serde_saphyr::from_str(&text).unwrap_or_default();
        let file = if spots.has_providers() {
            serde_saphyr::from_str(&text).map(|ByProvider { providers }| ScriptFile::Providers(providers))
        } else {
            serde_saphyr::from_str(&text).map(ScriptFile::Every)
        };
        let file = file.map_err(|error| source.render(&unreadable(source, &error)))?;
        Ok(Self { file, name, text, spots })
    }

    /// Checks that the script of this provider (or the only one) can be played by a provider that speaks so.
    pub(super) fn check(
        &self,
        provider: Option<&str>,
        script: &Script,
        dialect: Dialect,
    ) -> Result<(), Rendered> {
        let source = Source { name: &self.name, text: &self.text };
        let wrong =
            self.unplayable(provider, script).or_else(|| self.unknown_reply(provider, script, dialect));
        wrong.map_or(Ok(()), |wrong| Err(source.render(&wrong)))
    }

    fn unplayable(&self, provider: Option<&str>, script: &Script) -> Option<Wrong> {
        let catalogue = Catalogue::shipped();
        match script.check() {
            Err(ScriptError::Fault { turn, why }) => {
                let help = match &why {
                    BindError::NoSuchFault(name) => {
                        nearest(name, catalogue.faults().iter().map(|fault| fault.id.as_str()))
                    }
                    BindError::Unknown { name, known, .. } => nearest(name, known.iter().map(String::as_str)),
                    BindError::Value { .. } => None,
                };
                let spot = match &why {
                    BindError::NoSuchFault(_) => self.spots.fault(provider, turn),
                    BindError::Unknown { name, .. } | BindError::Value { name, .. } => {
                        self.spots.param(provider, turn, name)
                    }
                };
                Some(self.wrong(spot, why.to_string(), help.map(did_you_mean)))
            }
            Err(ScriptError::Select { turn, why }) => {
                Some(self.wrong(self.spots.when(provider, turn), why.to_string(), None))
            }
            Err(ScriptError::Status { turn, status }) => {
                let title = format!("{status} is not a status of three digits");
                Some(self.wrong(self.spots.status(provider, turn), title, None))
            }
            Err(ScriptError::Never { turn }) => {
                let title = "this time ends before it begins".to_owned();
                Some(self.wrong(self.spots.during(provider, turn), title, None))
            }
            Err(ScriptError::Share { turn, percent }) => {
                let title = format!("{percent} is more than 100 percent");
                Some(self.wrong(self.spots.share(provider, turn), title, None))
            }
            Err(error @ ScriptError::Empty) => {
                Some(self.wrong(self.spots.turns(provider), error.to_string(), None))
            }
            Ok(()) => script.turns.iter().enumerate().find_map(|(turn, written)| {
                let Play::Fault(fault) = &written.play else { return None };
                let known = catalogue.get(&fault.name)?;
                let help = "POST /v1/providers/{name}/impositions of the control API puts it in force";
                let title = format!("`{}` strikes before any request, so that no turn can play it", known.id);
                known
                    .strikes
                    .needs_provider()
                    .then(|| self.wrong(self.spots.fault(provider, turn), title, Some(help.to_owned())))
            }),
        }
    }

    fn unknown_reply(&self, provider: Option<&str>, script: &Script, dialect: Dialect) -> Option<Wrong> {
        script.turns.iter().enumerate().find_map(|(turn, written)| {
            let Play::Named(named) = &written.play else { return None };
            let (speaker, name) = match named.reply.split_once('/') {
                Some((speaker, name)) => (Dialect::parse(speaker), name),
                None => (Some(dialect), named.reply.as_str()),
            };
            let known = speaker.map(Dialect::named).unwrap_or_default();
            if known.iter().any(|reply| reply.name == name) {
                return None;
            }
            let help = nearest(name, known.iter().map(|reply| reply.name.as_str())).map(did_you_mean);
            let title = format!("there is no documented reply `{}`", named.reply);
            Some(self.wrong(self.spots.reply(provider, turn), title, help))
        })
    }

    fn wrong(&self, at: Option<serde_saphyr::Location>, title: String, help: Option<String>) -> Wrong {
        let source = Source { name: &self.name, text: &self.text };
        Wrong { at: source.range(at), title, help }
    }
}

fn unreadable(source: Source<'_>, error: &serde_saphyr::Error) -> Wrong {
    use serde_saphyr::Error;

    let at: Range<usize> = source.range(error.location());
    let listed = |expected: &[&str]| match expected {
        [] => None,
        known => Some(format!("known here: {}", known.join(", "))),
    };
    match error.without_snippet() {
        Error::SerdeUnknownField { field: word, expected, .. }
        | Error::SerdeUnknownVariant { variant: word, expected, .. } => {
            let help = nearest(word, expected.iter().copied()).map(did_you_mean);
            Wrong { at, title: format!("`{word}` is unknown here"), help: help.or_else(|| listed(expected)) }
        }
        other => {
            let written = other.to_string();
            let told = written.lines().next().unwrap_or_default();
            let told = told.rsplit_once(" at line ").map_or(told, |(head, _)| head);
            Wrong { at, title: told.trim_start_matches("error: ").to_owned(), help: None }
        }
    }
}

fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}
