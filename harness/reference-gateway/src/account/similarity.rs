//! The similarity cache: answers by what was asked, found again for what is asked alike.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use crate::mutant::{Flaw, Flaws};

/// The least similarity that counts as alike.
const ALIKE: f64 = 0.85;
/// So many answers are kept; the oldest goes first.
const ROOM: usize = 1024;

pub(crate) struct Similarity {
    kept: Mutex<VecDeque<Kept>>,
    flaws: Flaws,
}

/// What was asked: by whom, with which parameters, in which words.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    owner: String,
    /// The request without the contents of its messages: only words can be alike, everything else is the same or not.
    frame: Value,
    text: String,
    words: HashMap<String, f64>,
}

/// How alike two questions are, up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Score {
    Exact,
    Near(f64),
    /// Only a flaw counts in hundredths.
    Percent(f64),
}

struct Kept {
    question: Question,
    frames: Vec<Bytes>,
}

impl Question {
    /// The question of a request's JSON.
    pub(crate) fn of(owner: &str, request: &Value) -> Self {
        let mut frame = request.clone();
        let mut text = String::new();
        for message in frame.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(content) = message.get_mut("content").map(Value::take) {
                text.push_str(content.as_str().unwrap_or(&content.to_string()));
                text.push('\n');
            }
        }
        let mut words = HashMap::new();
        for word in text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()) {
            *words.entry(word.to_lowercase()).or_default() += 1.0;
        }
        Self { owner: owner.to_owned(), frame, text, words }
    }

    /// The cosine of the angle between the two counts of words; of the same text it is exact.
    fn like(&self, other: &Self) -> Score {
        if self.text == other.text {
            return Score::Exact;
        }
        let length = |it: &Self| it.words.values().map(|count| count * count).sum::<f64>().sqrt();
        let shared = self.words.iter().filter_map(|(word, count)| Some(count * other.words.get(word)?));
        let lengths = (length(self) * length(other)).max(f64::MIN_POSITIVE);
        Score::Near(shared.sum::<f64>() / lengths)
    }
}

impl Similarity {
    pub(crate) fn new(flaws: Flaws) -> Self {
        Self { kept: Mutex::default(), flaws }
    }

    /// The most similar answer that is similar enough, in the frames it was sent in.
    pub(crate) fn find(&self, question: &Question) -> Option<(Score, Vec<Bytes>)> {
        if self.flaws.has(Flaw::CacheNeverHits) {
            return None;
        }
        let mut kept = self.lock();
        let same = |it: &Kept| {
            let frame = it.question.frame == question.frame;
            it.question.owner == question.owner && frame
        };
        let (at, score) = kept
            .iter()
            .enumerate()
            .filter(|(_, it)| same(it))
            .map(|(at, it)| (at, question.like(&it.question)))
            .max_by(|(_, one), (_, other)| one.number().total_cmp(&other.number()))?;
        if score.number() < ALIKE && !self.flaws.has(Flaw::CacheTakesAnyWords) {
            return None;
        }
        let frames = kept.get(at)?.frames.clone();
        if self.flaws.has(Flaw::CacheForgetsWhatItGave) {
            kept.remove(at);
        }
        Some((self.told(score), frames))
    }

    /// Keeps an answer.
    pub(crate) fn keep(&self, question: Question, frames: Vec<Bytes>) {
        let mut kept = self.lock();
        kept.push_front(Kept { question, frames });
        kept.truncate(ROOM);
    }

    pub(crate) fn reset(&self) {
        self.lock().clear();
    }

    fn told(&self, score: Score) -> Score {
        match score {
            Score::Exact if self.flaws.has(Flaw::CacheScoreNeverExact) => Score::Near(0.99),
            score if self.flaws.has(Flaw::ScoreInPercent) => Score::Percent(score.number() * 100.0),
            Score::Near(_) if self.flaws.has(Flaw::CacheScoreAlwaysExact) => Score::Exact,
            score => score,
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Score {
    fn number(self) -> f64 {
        match self {
            Self::Exact => 1.0,
            Self::Near(number) | Self::Percent(number) => number,
        }
    }
}

/// As in a header: what is not exact never rounds up to 1.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("1.0"),
            Self::Near(number) => write!(f, "{:.3}", number.clamp(0.0, 0.999)),
            Self::Percent(number) => write!(f, "{number:.1}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn question(owner: &str, words: &str, temperature: f64) -> Question {
        let messages = json!([{"role": "user", "content": words}]);
        Question::of(owner, &json!({"model": "m", "temperature": temperature, "messages": messages}))
    }

    #[test]
    fn the_same_words_are_exact_and_one_more_is_near() {
        let cache = Similarity::new(Flaws::default());
        let words = "light every lantern along the quiet harbour wall tonight";
        cache.keep(question("a", words, 0.5), vec![Bytes::from_static(b"lit")]);
        let told = |it| cache.find(&it).map(|(score, _)| score.to_string());
        assert_eq!(told(question("a", words, 0.5)).as_deref(), Some("1.0"));
        assert_eq!(told(question("a", &format!("{words} please"), 0.5)).as_deref(), Some("0.949"));
        assert_eq!(told(question("a", &words.to_uppercase(), 0.5)).as_deref(), Some("0.999"));
    }

    #[test]
    fn other_words_owners_and_parameters_are_asked_afresh() {
        let cache = Similarity::new(Flaws::default());
        cache.keep(question("a", "light every lantern", 0.5), Vec::new());
        for other in [question("a", "count the boats", 0.5), question("b", "light every lantern", 0.5)] {
            assert!(cache.find(&other).is_none());
        }
        assert!(cache.find(&question("a", "light every lantern", 0.6)).is_none());
        cache.reset();
        assert!(cache.find(&question("a", "light every lantern", 0.5)).is_none());
    }
}
