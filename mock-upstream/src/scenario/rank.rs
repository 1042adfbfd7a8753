//! Which providers a send has asked, in order: scripts can answer for whoever is asked first, second, ….

use std::collections::BTreeMap;

/// What stands in place of a provider's name in a script for whichever provider a send asks as its first (1), second (2), ….
pub fn by_arrival(rank: usize) -> String {
    format!("#{rank}")
}

/// Whether this is such a word.
pub fn is_by_arrival(word: &str) -> bool {
    word.strip_prefix('#').is_some_and(|rank| rank.parse::<usize>().is_ok_and(|rank| rank > 0))
}

/// The providers that each send has asked.
#[derive(Debug, Default)]
pub(super) struct Asked {
    by_send: BTreeMap<u32, Vec<String>>,
}

impl Asked {
    /// The place of this provider among those that the send has asked, itself included.
    pub(super) fn rank(&mut self, send: u32, provider: &str) -> usize {
        let asked = self.by_send.entry(send).or_default();
        let known = asked.iter().position(|known| known == provider);
        let at = known.unwrap_or_else(|| {
            asked.push(provider.to_owned());
            asked.len() - 1
        });
        at + 1
    }

    /// Every send begins anew.
    pub(super) fn forget(&mut self) {
        self.by_send.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_send_ranks_the_providers_as_it_asks_them() {
        let mut asked = Asked::default();
        let ranks = [(0, "a"), (0, "a"), (0, "b"), (1, "b"), (1, "a"), (0, "a")]
            .map(|(send, provider)| asked.rank(send, provider));
        assert_eq!(ranks, [1, 1, 2, 1, 2, 1]);
        asked.forget();
        assert_eq!(asked.rank(0, "b"), 1);
    }

    #[test]
    fn the_word_for_a_rank_is_no_providers_name() {
        assert!(is_by_arrival(&by_arrival(2)));
        for word in ["first", "#", "#0", "#x", "2"] {
            assert!(!is_by_arrival(word), "{word}");
        }
    }
}
