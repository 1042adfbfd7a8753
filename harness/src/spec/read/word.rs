//! Which known word was probably meant.

/// The known word nearest to the one written, where one is near enough to be a slip.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |word: &str| {
        let (written, word) = (written.to_lowercase(), word.to_lowercase());
        let one_slip = written.chars().count() > 2 && strsim::osa_distance(&written, &word) <= 1;
        let similar = strsim::jaro_winkler(&written, &word).max(1.0 - relative_distance(&written, &word));
        if one_slip { similar.max(0.9) } else { similar }
    };
    known
        .into_iter()
        .map(|word| (near(word), word))
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|(a, first), (b, second)| a.total_cmp(b).then_with(|| second.cmp(first)))
        .map(|(_, word)| word)
}

/// A help line: the nearest word, else all of them where they are few.
pub fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    let mut seen = std::collections::BTreeSet::new();
    known.retain(|word| seen.insert(*word));
    match nearest(written, known.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None if known.is_empty() => None,
        None if known.len() <= 24 => Some(format!("one of: {}", known.join(", "))),
        None => None,
    }
}

fn relative_distance(one: &str, other: &str) -> f64 {
    let longest = one.chars().count().max(other.chars().count()).max(1);
    let distance = u32::try_from(strsim::osa_distance(one, other)).unwrap_or(u32::MAX);
    f64::from(distance) / f64::from(u32::try_from(longest).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_strange_word_finds_none() {
        let known = ["claims", "cases", "closed", "errors"];
        assert_eq!(nearest("claim", known), Some("claims"));
        assert_eq!(nearest("eror", known), Some("errors"));
        assert_eq!(nearest("clsoed", known), Some("closed"));
        assert_eq!(nearest("zebra", known), None);
    }

    #[test]
    fn without_a_near_word_all_are_listed() {
        assert_eq!(suggestion("zebra", ["may", "must"]).as_deref(), Some("one of: may, must"));
        assert_eq!(suggestion("x", []), None);
    }
}
