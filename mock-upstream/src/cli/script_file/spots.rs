//! Where the parts of a script stand in its file; reads over whatever else it holds.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::{Location, Spanned};

/// The places of a whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spots {
    providers: Option<BTreeMap<String, ProviderSpots>>,
    #[serde(alias = "attempts")]
    turns: Option<Spanned<Vec<Spanned<TurnSpots>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProviderSpots {
    script: ScriptSpots,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScriptSpots {
    #[serde(alias = "attempts")]
    turns: Option<Spanned<Vec<Spanned<TurnSpots>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TurnSpots {
    when: Option<Spanned<IgnoredAny>>,
    during: Option<Spanned<IgnoredAny>>,
    share: Option<Spanned<IgnoredAny>>,
    play: PlaySpots,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlaySpots {
    fault: FaultSpots,
    status: StatusSpots,
    named: NamedSpots,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FaultSpots {
    name: Option<Spanned<IgnoredAny>>,
    params: BTreeMap<String, Spanned<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusSpots {
    status: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NamedSpots {
    reply: Option<Spanned<IgnoredAny>>,
}

impl Spots {
    /// Whether the file describes providers by name.
    pub(super) fn has_providers(&self) -> bool {
        self.providers.is_some()
    }

    /// The list of turns of this provider's script, or of the only script.
    pub(super) fn turns(&self, provider: Option<&str>) -> Option<Location> {
        self.list(provider).map(|turns| turns.referenced)
    }

    /// The name of the fault that a turn plays.
    pub(super) fn fault(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.play.fault.name.as_ref())
    }

    /// The value of a parameter of the fault that a turn plays.
    pub(super) fn param(&self, provider: Option<&str>, turn: usize, name: &str) -> Option<Location> {
        self.within(provider, turn, |turn| turn.play.fault.params.get(name))
    }

    /// The selection of a turn.
    pub(super) fn when(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.when.as_ref())
    }

    /// The time within which a turn answers.
    pub(super) fn during(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.during.as_ref())
    }

    /// The share of the requests that a turn answers.
    pub(super) fn share(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.share.as_ref())
    }

    /// The status that a turn writes.
    pub(super) fn status(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.play.status.status.as_ref())
    }

    /// The name of the reply that a turn writes.
    pub(super) fn reply(&self, provider: Option<&str>, turn: usize) -> Option<Location> {
        self.within(provider, turn, |turn| turn.play.named.reply.as_ref())
    }

    fn list(&self, provider: Option<&str>) -> Option<&Spanned<Vec<Spanned<TurnSpots>>>> {
        match provider {
            Some(name) => self.providers.as_ref()?.get(name)?.script.turns.as_ref(),
            None => self.turns.as_ref(),
        }
    }

    /// The place of a part of a turn, or of the whole turn when it has none of its own.
    fn within(
        &self,
        provider: Option<&str>,
        turn: usize,
        part: impl FnOnce(&TurnSpots) -> Option<&Spanned<IgnoredAny>>,
    ) -> Option<Location> {
        let turn = self.list(provider)?.value.get(turn)?;
        Some(part(&turn.value).map_or(turn.referenced, |part| part.referenced))
    }
}
