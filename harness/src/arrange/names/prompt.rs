//! Prompts unlike every other, and the random letters of secrets; the same seed makes the same ones.

/// A source of words for one case.
#[derive(Clone, Debug)]
pub struct Words {
    random: fastrand::Rng,
}

impl Words {
    /// The source of a case: the run's seed and the case's id decide it.
    pub fn of(seed: u64, case: &str) -> Self {
        // FNV-1a: stable over versions and platforms, unlike the standard library's hasher.
        let hash = case.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { random: fastrand::Rng::with_seed(seed ^ hash) }
    }

    /// A number for whoever needs a seed of his own.
    pub fn number(&mut self) -> u64 {
        self.random.u64(..)
    }

    /// So many lower-case letters.
    pub fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.random.lowercase()).collect()
    }

    /// A prompt whose words occur in no other, with the marker among them. Similarity caches and semantic routers compare
    /// meanings, so a marker in an otherwise equal prompt would not tell two cases apart.
    pub fn prompt(&mut self, marker: &str) -> String {
        let mut words: Vec<String> = (0..9).map(|_| self.word()).collect();
        let at = self.random.usize(..=words.len());
        words.insert(at, marker.to_owned());
        words.join(" ")
    }

    /// A pronounceable word: secret scanners leave it alone.
    fn word(&mut self) -> String {
        let syllables = self.random.usize(2..=4);
        let mut word = String::new();
        for _ in 0..syllables {
            word.push(self.one_of("bcdfghjklmnprstvwz"));
            word.push(self.one_of("aeiou"));
        }
        word
    }

    fn one_of(&mut self, letters: &str) -> char {
        let letters: Vec<char> = letters.chars().collect();
        letters[self.random.usize(..letters.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn the_same_seed_and_case_make_the_same_words_and_others_do_not() {
        let prompt = |seed, case| Words::of(seed, case).prompt("marker");
        assert_eq!(prompt(7, "a"), prompt(7, "a"));
        assert_ne!(prompt(7, "a"), prompt(8, "a"));
        assert_ne!(prompt(7, "a"), prompt(7, "b"));
        assert!(prompt(7, "a").split(' ').any(|word| word == "marker"));
    }
}
