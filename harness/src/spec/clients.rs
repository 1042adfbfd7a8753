//! Clients of which it is known when they send a request again, as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// When a client sends a request again.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// After these statuses,
    pub statuses: Vec<u16>,
    /// and after every one from here.
    pub statuses_from: u16,
    /// Unless this header says `true` or `false`.
    pub overruled_by: String,
    /// The headers that say how long to wait, in the order in which they are read: `-ms` in milliseconds, else in seconds or as
    /// a date.
    pub waits_by: Vec<String>,
    /// Beyond so many seconds it gives up, whatever else the answer says.
    #[serde(default)]
    pub gives_up_above: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    clients: BTreeMap<String, Client>,
    together: BTreeMap<String, Vec<String>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../../clients.yaml"))
        .unwrap_or_else(|error| panic!("clients.yaml is valid, which a test keeps: {error}"))
});

/// Every name.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.clients.keys().chain(KNOWN.together.keys()).map(String::as_str)
}

/// The clients that a name stands for; none where nobody is called so.
pub fn named(name: &str) -> Vec<&'static Client> {
    let together = KNOWN.together.get(name).into_iter().flatten();
    let alone = KNOWN.clients.get(name);
    together.filter_map(|member| KNOWN.clients.get(member)).chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_for_a_client() {
        for name in names() {
            assert!(!named(name).is_empty(), "{name}");
        }
        for (name, members) in &KNOWN.together {
            assert!(members.iter().all(|member| KNOWN.clients.contains_key(member)), "{name}");
        }
        assert!(named("nobody").is_empty());
    }
}
