//! Which of the planned cases are wanted: by name, and by shard.

use crate::plan::case::PlannedCase;

/// A choice among planned cases; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Globs over case ids, `*` for any text; a case is wanted when one of them fits. Empty means all.
    pub globs: Vec<String>,
    /// `(index, of)`, index counted from 1: every `of`-th case, beginning with the `index`-th.
    pub shard: Option<(usize, usize)>,
}

impl Selection {
    /// The wanted cases, in order.
    pub fn apply(&self, cases: Vec<PlannedCase>) -> Vec<PlannedCase> {
        let named = cases
            .into_iter()
            .filter(|case| self.globs.is_empty() || self.globs.iter().any(|glob| fits(glob, &case.id)));
        match self.shard {
            None => named.collect(),
            Some((index, of)) => {
                named.enumerate().filter(|(at, _)| at % of + 1 == index).map(|(_, case)| case).collect()
            }
        }
    }
}

/// Whether a glob fits an id: `*` stands for any text; a glob without `*` also fits the cases of a product
/// (`name` fits `name[axis=1]`) and may leave out the contract.
pub fn fits(glob: &str, id: &str) -> bool {
    let without_contract = id.split_once("::").map_or(id, |(_, rest)| rest);
    let without_axes = |id: &str| id.split_once('[').map_or(id.to_owned(), |(name, _)| name.to_owned());
    let candidates =
        [id.to_owned(), without_contract.to_owned(), without_axes(id), without_axes(without_contract)];
    candidates.iter().any(|candidate| wildcard(glob.as_bytes(), candidate.as_bytes()))
}

/// Whether a glob fits the whole text: `*` stands for any text.
pub fn covers(glob: &str, text: &str) -> bool {
    wildcard(glob.as_bytes(), text.as_bytes())
}

fn wildcard(glob: &[u8], text: &[u8]) -> bool {
    match (glob.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => wildcard(&glob[1..], text) || (!text.is_empty() && wildcard(glob, &text[1..])),
        (Some(a), Some(b)) if a == b => wildcard(&glob[1..], &text[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_glob_fits_whole_ids_products_and_ids_without_the_contract() {
        let id = "cogito::auth::a-revoked-key-is-refused[operation=chat]";
        for glob in [
            id,
            "cogito::auth::a-revoked-key-is-refused",
            "auth::a-revoked-key-is-refused",
            "*revoked*",
            "cogito::auth::*",
            "*[operation=chat]",
        ] {
            assert!(fits(glob, id), "{glob}");
        }
        for glob in ["cogito::auth", "revoked", "*embeddings*", ""] {
            assert!(!fits(glob, id), "{glob}");
        }
    }
}
