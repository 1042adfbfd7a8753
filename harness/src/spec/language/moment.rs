//! Moments of an exchange: what is compared by `order`, and what an upstream can wait for.

use std::fmt;
use std::str::FromStr;

use crate::spec::language::path::Unreadable;
use crate::spec::read::word::suggestion;

/// A moment, such as `got.event.1`, `received.first.last` or `open.sent`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The step meant; `None` is the one at hand.
    pub step: Option<String>,
    /// Which moment.
    pub kind: MomentKind,
}

/// The moments there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MomentKind {
    /// Each send of a `together` has arrived upstream or been answered.
    Settled,
    /// The first byte of the request went out.
    Sent,
    /// A request had arrived at the upstream.
    Received(Attempts),
    /// The last byte of a reply had been written by the upstream.
    Played(Attempts),
    /// The client had the answer's head.
    Head,
    /// The client had this many events.
    Event(usize),
    /// The exchange was over for the client.
    End,
}

/// One attempt of several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attempts {
    /// One provider's; `None` is everybody's.
    pub provider: Option<String>,
    /// Counted from 1; `None` is the last.
    pub number: Option<usize>,
}

impl Moment {
    /// Whether an upstream can wait for it: it has to come while the exchange is under way.
    pub fn can_be_waited_for(&self) -> bool {
        let comes = match &self.kind {
            MomentKind::Settled | MomentKind::Event(_) => true,
            MomentKind::Received(attempts) => attempts.number.is_some(),
            MomentKind::Sent | MomentKind::Played(_) | MomentKind::Head | MomentKind::End => false,
        };
        self.step.is_none() && comes
    }

    /// Whether it can be put in order with others.
    pub fn can_be_ordered(&self) -> bool {
        self.kind != MomentKind::Settled
    }
}

impl FromStr for Moment {
    type Err = Unreadable;

    /// Reads `settled`, `[STEP.]sent`, `[STEP.]got.head`, `.got.event.N`, `.got.end`, and `[STEP.]received` or `played`, then
    /// `[.PROVIDER].N`, `.first` or `.last`.
    fn from_str(written: &str) -> Result<Self, Unreadable> {
        let words: Vec<&str> = written.split('.').collect();
        let (step, rest) = match words.as_slice() {
            [step, rest @ ..] if !BEGINNINGS.contains(step) && !rest.is_empty() => {
                (Some((*step).to_owned()), rest)
            }
            rest => (None, rest),
        };
        let kind = match rest {
            ["settled"] if step.is_none() => MomentKind::Settled,
            ["sent"] => MomentKind::Sent,
            ["got", "head"] => MomentKind::Head,
            ["got", "end"] => MomentKind::End,
            ["got", "event", number] => MomentKind::Event(counted(number).ok_or_else(|| wrong(written))?),
            ["received", which @ ..] => MomentKind::Received(attempts(which).ok_or_else(|| wrong(written))?),
            ["played", which @ ..] => MomentKind::Played(attempts(which).ok_or_else(|| wrong(written))?),
            _ => return Err(wrong(written)),
        };
        Ok(Self { step, kind })
    }
}

fn attempts(which: &[&str]) -> Option<Attempts> {
    let (provider, which) = match which {
        [which] => (None, *which),
        [provider, which] if !provider.is_empty() => (Some((*provider).to_owned()), *which),
        _ => return None,
    };
    let number = match which {
        "last" => None,
        // Alone it would be a provider's name.
        "first" if provider.is_some() => Some(1),
        number => Some(counted(number)?),
    };
    Some(Attempts { provider, number })
}

fn counted(number: &str) -> Option<usize> {
    number.parse().ok().filter(|number| *number > 0)
}

fn wrong(written: &str) -> Unreadable {
    let help = suggestion(written, EXAMPLES).filter(|help| !help.contains("one of"));
    let help = help.unwrap_or_else(|| {
        "write `sent`, `received.PROVIDER.1`, `played.last`, `got.event.1`, `got.end`, …".to_owned()
    });
    Unreadable::new(format!("`{written}` is no moment"), help)
}

const BEGINNINGS: [&str; 5] = ["settled", "sent", "received", "played", "got"];
const EXAMPLES: [&str; 8] =
    ["settled", "sent", "got.head", "got.event.1", "got.end", "received.1", "received.last", "played.last"];

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "{step}.")?;
        }
        match &self.kind {
            MomentKind::Settled => f.write_str("settled"),
            MomentKind::Sent => f.write_str("sent"),
            MomentKind::Received(attempts) => write!(f, "received{attempts}"),
            MomentKind::Played(attempts) => write!(f, "played{attempts}"),
            MomentKind::Head => f.write_str("got.head"),
            MomentKind::Event(number) => write!(f, "got.event.{number}"),
            MomentKind::End => f.write_str("got.end"),
        }
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(provider) = &self.provider {
            write!(f, ".{provider}")?;
        }
        match self.number {
            Some(number) => write!(f, ".{number}"),
            None => f.write_str(".last"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_shown() {
        for written in [
            "settled",
            "sent",
            "open.sent",
            "got.head",
            "got.event.3",
            "probe.got.end",
            "received.1",
            "received.last",
            "received.first.last",
            "received.second.1",
            "open.played.first.2",
            "played.last",
        ] {
            let moment: Moment = written.parse().unwrap();
            assert_eq!(moment.to_string(), written);
        }
        assert_eq!("received.first.first".parse::<Moment>().unwrap().to_string(), "received.first.1");
        for written in [
            "",
            "sent.x",
            "got",
            "got.event",
            "got.event.0",
            "received",
            "received.first",
            "received.a.b.c",
            "open.settled",
            "x.y",
        ] {
            assert!(written.parse::<Moment>().is_err(), "{written}");
        }
        assert_eq!("got.event".parse::<Moment>().unwrap_err().help.unwrap(), "did you mean `got.event.1`?");
    }

    #[test]
    fn some_can_be_waited_for_and_some_put_in_order() {
        let all = |written: &str| {
            let moment: Moment = written.parse().unwrap();
            (moment.can_be_waited_for(), moment.can_be_ordered())
        };
        assert_eq!(all("settled"), (true, false));
        assert_eq!(all("got.event.2"), (true, true));
        assert_eq!(all("received.second.1"), (true, true));
        for written in ["open.sent", "played.last", "received.last", "open.got.event.1"] {
            assert_eq!(all(written), (false, true), "{written}");
        }
    }
}
