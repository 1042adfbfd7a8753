//! What no page has to say, because every gateway owes it: an answer, an answer that blames the right side, a request that
//! arrives as it was sent. Asked of generated requests; as strong as HTTP or the contract's claims make it.

use crate::generate::json::parse::parse;
use crate::generate::json::same::{Numbers, differ_in_blanks_alone, difference};
use crate::judge::scene::evidence::Evidence;
use crate::judge::verdict::Finding;
use crate::observe::{Attempt, Observed, PlayedEnding};
use crate::spec::contract::Level;
use crate::spec::read::place::Place;
use crate::wire::exchange::{Break, End};
use crate::wire::header;
use crate::wire::json::at;

/// What is known of a generated request.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// Whether it is valid.
    pub valid: bool,
    /// Whether the upstream was to answer it.
    pub well: bool,
    /// Whether its numbers are such that every reader keeps them.
    pub numbers: Numbers,
    /// The claims that its answers check.
    pub claims: &'k [String],
    /// Places of the body that the gateway may write anew.
    pub rewrites: &'k [String],
    /// The key that the client presented, which is not the upstream's.
    pub key: Option<&'k str>,
}

/// What an answer is for whoever compares two of them: status, and the error's type and code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seen {
    /// The status; none where no head came.
    pub status: Option<u16>,
    /// The error's fields that tell its kind, where they are short words.
    pub kind: Vec<String>,
    /// How the answer ended, where that was not with its end.
    pub ending: Option<&'static str>,
}

/// What an answer is; `fields` are the pointers of the fields that tell an error's kind.
pub(in crate::judge) fn seen(evidence: &Evidence<'_>, fields: &[&str]) -> Seen {
    let json = if evidence.failed() { evidence.error_json() } else { None };
    let kind = fields.iter().map(|pointer| match json.as_ref().and_then(|json| at(json, pointer)) {
        None => "-".to_owned(),
        Some(serde_json::Value::String(word)) if is_word(word) => word.clone(),
        Some(serde_json::Value::String(_)) => "~text".to_owned(),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        Some(other) => format!("~{}", crate::generate::json::Json::from(other).kind()),
    });
    let ending = match &evidence.observed.exchange.end {
        End::Complete => None,
        End::Deadline => Some("open at the deadline"),
        End::Capped(_) => Some("without an end"),
        End::Broken(Break::Reset) => Some("reset"),
        End::Broken(Break::ClosedEarly) => Some("closed early"),
        End::Broken(Break::Malformed(_)) => Some("not HTTP"),
        End::Broken(_) => Some("not reached"),
    };
    let kind = if evidence.failed() && evidence.status().is_some() { kind.collect() } else { Vec::new() };
    Seen { status: evidence.status(), kind, ending }
}

/// Asks everything of one exchange.
pub fn ask(observed: &Observed, known: &Known<'_>) -> Vec<Finding> {
    let asking = Asking { observed, known };
    let healthy = known.well
        && observed.attempts.iter().all(|attempt| {
            attempt.played.as_ref().is_none_or(|played| {
                played.fault.is_none()
                    && played.ending == PlayedEnding::Complete
                    && played.status.is_some_and(|status| (200..300).contains(&status))
            })
        });
    let status = observed.exchange.head.as_ref().map(|head| head.status);
    let served = status.is_some_and(|status| (200..300).contains(&status));
    let mut found = Vec::new();
    found.extend(asking.answered(healthy));
    if healthy {
        found.extend(asking.blamed(status));
        found.extend(asking.taken(status));
    }
    if served && healthy && known.valid {
        found.extend(asking.once());
    }
    found.extend(asking.forwarded());
    found.extend(asking.kept_its_key());
    found.extend(asking.framed());
    found
}

/// Two answers that have to be alike and are not.
pub fn alike(first: &Seen, second: &Seen, how: &str, claims: &[String]) -> Option<Finding> {
    let differ = first.status != second.status || first.kind != second.kind;
    differ.then(|| {
        let expected = format!("{first}, as the same request got, said otherwise ({how})");
        finding("alike", Level::Should, claims, expected, second.to_string())
    })
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("no answer")?,
        }
        for word in &self.kind {
            write!(f, " {word}")?;
        }
        match self.ending {
            Some(ending) => write!(f, ", {ending}"),
            None => Ok(()),
        }
    }
}

struct Asking<'a> {
    observed: &'a Observed,
    known: &'a Known<'a>,
}

impl Asking<'_> {
    /// A whole answer comes, in time.
    fn answered(&self, healthy: bool) -> Option<Finding> {
        let what = match &self.observed.exchange.end {
            End::Complete => return None,
            End::Deadline => "none within the client's patience".to_owned(),
            End::Capped(bytes) => format!("more than {bytes} bytes"),
            // What an upstream breaks off may be broken off.
            End::Broken(_) if !healthy => return None,
            End::Broken(Break::Reset) => "the connection was reset".to_owned(),
            End::Broken(Break::ClosedEarly) => {
                "the connection was closed before the answer was whole".to_owned()
            }
            End::Broken(Break::Malformed(what)) => format!("not HTTP: {what}"),
            End::Broken(Break::Refused) => "the connection was refused".to_owned(),
            End::Broken(Break::Transport(what)) => what.clone(),
        };
        Some(self.finding("answered", Level::Must, "a whole answer".to_owned(), what))
    }

    /// While the upstream is well, no fault is the server's.
    fn blamed(&self, status: Option<u16>) -> Option<Finding> {
        let status = status.filter(|status| *status >= 500)?;
        // HTTP has a status of its own for a method that nobody implements.
        if status == 501 && self.observed.operation.is_none() {
            return None;
        }
        let expected = "no 5xx: the upstream did not fail, and a request is the client's own".to_owned();
        Some(self.finding("server_error", Level::Must, expected, status.to_string()))
    }

    /// A valid request is served.
    fn taken(&self, status: Option<u16>) -> Option<Finding> {
        let status = status.filter(|status| self.known.valid && (400..500).contains(status))?;
        Some(self.finding(
            "accepted",
            Level::Should,
            "a valid request is served".to_owned(),
            status.to_string(),
        ))
    }

    /// One request of the client's is one of the gateway's.
    fn once(&self) -> Option<Finding> {
        let attempts = self.observed.attempts.len();
        let expected = "one request to the upstream, which answered it".to_owned();
        (attempts != 1).then(|| self.finding("received.count", Level::Should, expected, attempts.to_string()))
    }

    /// What is forwarded means what was sent.
    fn forwarded(&self) -> Option<Finding> {
        let sent = &self.observed.exchange.request.body;
        let compared = |attempt: &&Attempt| {
            attempt.body.len() <= LARGEST_COMPARED * 2 && !differ_in_blanks_alone(sent, &attempt.body)
        };
        let attempts: Vec<&Attempt> = self.observed.attempts.iter().filter(compared).collect();
        if attempts.is_empty() || sent.len() > LARGEST_COMPARED {
            return None;
        }
        let sent = parse(sent).ok()?;
        let differs = attempts.into_iter().find_map(|attempt| match parse(&attempt.body) {
            Ok(received) => difference(&sent, &received, self.known.rewrites, self.known.numbers),
            Err(why) => Some(format!("the upstream got no JSON: {why}")),
        })?;
        let expected = "the body reaches the upstream with its meaning unchanged".to_owned();
        Some(self.finding("received.body", Level::Should, expected, differs))
    }

    /// The client's key stays between the client and the gateway.
    fn kept_its_key(&self) -> Option<Finding> {
        let key = self.known.key.filter(|key| key.len() >= SHORTEST_KEY)?;
        let shown = self
            .observed
            .attempts
            .iter()
            .flat_map(|attempt| &attempt.headers)
            .find(|(_, value)| memchr::memmem::find(value, key.as_bytes()).is_some())?;
        let expected = "the client's key is not handed to the upstream".to_owned();
        Some(self.finding(
            "received.credential",
            Level::Should,
            expected,
            format!("in the header {}", shown.0),
        ))
    }

    /// The head frames the body in one way, and says what it is once.
    fn framed(&self) -> Option<Finding> {
        let head = self.observed.exchange.head.as_ref()?;
        let lines = |name| header::lines(&head.headers, name).count();
        let wrong = if lines("content-length") > 0 && lines("transfer-encoding") > 0 {
            "both content-length and transfer-encoding"
        } else if lines("content-length") > 1 {
            "content-length in several lines"
        } else if lines("content-type") > 1 {
            "content-type in several lines"
        } else if lines("retry-after") > 1 {
            "retry-after in several lines"
        } else {
            return None;
        };
        Some(self.finding(
            "framed",
            Level::Should,
            "a head that says each thing once".to_owned(),
            wrong.to_owned(),
        ))
    }

    fn finding(&self, check: &str, level: Level, expected: String, observed: String) -> Finding {
        finding(check, level, self.known.claims, expected, observed)
    }
}

fn finding(check: &str, level: Level, claims: &[String], expected: String, observed: String) -> Finding {
    Finding {
        check: check.to_owned(),
        level,
        claims: claims.to_vec(),
        exchange: "the request".to_owned(),
        expected,
        observed,
        written_at: Place::generated("what every gateway owes"),
        reading: None,
    }
}

/// A word that names a kind: no sentence, nothing of the client's.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Larger bodies are not compared: journals keep only so much of them.
const LARGEST_COMPARED: usize = 32 << 10;
/// A shorter key could stand in a header by chance.
const SHORTEST_KEY: usize = 8;
