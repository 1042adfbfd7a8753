//! What a run's standing means to the process that started it: the exit code, and the same in words.

use crate::run::outcome::{RunReport, RunStanding, Standing};
use crate::spec::contract::Level;

/// The exit code of a run: 0 conforming, 1 a claim violated, 3 incomplete; 2 is for usage, spec and target errors and
/// never comes from a run.
///
/// `level` is the weakest level that decides: under [`Level::Should`] a claim of which a check of that level was broken
/// counts as violated, and a violation beats an incomplete run.
pub fn code(run: &RunReport, level: Level) -> u8 {
    let should_broken = level <= Level::Should
        && run.claims.iter().any(|claim| {
            matches!(claim.standing, Standing::Weak(_) | Standing::Violated(_))
                && claim.level >= Level::Should
        });
    match run.standing {
        RunStanding::Nonconforming(_) => 1,
        _ if should_broken => 1,
        RunStanding::Incomplete(_) => 3,
        RunStanding::Conforming(_) => 0,
    }
}

/// What an exit code says, in a few words.
pub fn meaning(code: u8) -> &'static str {
    match code {
        0 => "every exercised must claim is verified",
        1 => "a claim that decides is violated",
        2 => "usage, spec or target error",
        3 => "not everything could be told",
        _ => "unknown",
    }
}

/// The standing in one word: `conforming`, `nonconforming` or `incomplete`.
pub fn word(standing: &RunStanding) -> &'static str {
    match standing {
        RunStanding::Conforming(_) => "conforming",
        RunStanding::Nonconforming(_) => "nonconforming",
        RunStanding::Incomplete(_) => "incomplete",
    }
}

/// The standing in a sentence without an end mark.
pub fn sentence(standing: &RunStanding) -> String {
    match standing {
        RunStanding::Conforming(0) => "conforming".into(),
        RunStanding::Conforming(waived) => {
            format!("conforming, {waived} not exercised (reasons in the target)")
        }
        RunStanding::Nonconforming(1) => "nonconforming: 1 must claim is violated".into(),
        RunStanding::Nonconforming(violated) => format!("nonconforming: {violated} must claims are violated"),
        RunStanding::Incomplete(why) => format!("incomplete: {why}"),
    }
}
