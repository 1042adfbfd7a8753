//! Reads a written path.

use std::str::FromStr;

use super::{Corner, Field, Path, Unreadable, View};
use crate::spec::language::pointer;
use crate::spec::read::word::suggestion;

impl FromStr for Path {
    type Err = Unreadable;

    /// Reads `[STEP.]CORNER[.PROVIDER][[N]].FIELD[|VIEW…]`.
    fn from_str(written: &str) -> Result<Self, Unreadable> {
        let (path, views) = match written.split_once('|') {
            Some((path, views)) => (path, views.split('|').map(view).collect::<Result<_, _>>()?),
            None => (written, Vec::new()),
        };
        let (step, corner, rest) = corner(path)?;
        let (provider, index, rest) = attempt(corner, rest)?;
        Ok(Self { step, corner, provider, index, field: field(corner, rest)?, views })
    }
}

fn view(word: &str) -> Result<View, Unreadable> {
    View::ALL.into_iter().find(|view| view.word() == word).ok_or_else(|| {
        Unreadable::new(format!("`{word}` is no view"), suggestion(word, View::ALL.map(View::word)))
    })
}

/// The step and the corner, and what follows with its leading `.` or `[`.
fn corner(path: &str) -> Result<(Option<String>, Corner, &str), Unreadable> {
    let (first, rest) = word(path);
    if let Some(corner) = known(first) {
        return Ok((None, corner, rest));
    }
    let (second, after) = word(rest.strip_prefix('.').unwrap_or_default());
    match known(second) {
        Some(corner) if !first.is_empty() => Ok((Some(first.to_owned()), corner, after)),
        _ => Err(Unreadable::new(
            format!("`{path}` does not begin with a corner of the exchange"),
            suggestion(first, Corner::ALL.map(Corner::word)),
        )),
    }
}

fn known(word: &str) -> Option<Corner> {
    Corner::ALL.into_iter().find(|corner| corner.word() == word)
}

/// The provider and the number of the attempt, and what follows without its dot.
fn attempt(corner: Corner, rest: &str) -> Result<(Option<String>, Option<usize>, &str), Unreadable> {
    let (index, rest) = bracketed(rest)?;
    let dotted = rest.strip_prefix('.').unwrap_or(rest);
    let (first, after) = word(dotted);
    let at_upstream = matches!(corner, Corner::Received | Corner::Played);
    if index.is_none()
        && at_upstream
        && !first.is_empty()
        && !is_field(first)
        && after.starts_with(['.', '['])
    {
        let (index, after) = bracketed(after)?;
        return Ok((Some(first.to_owned()), index, after.strip_prefix('.').unwrap_or(after)));
    }
    if index.is_some() && !at_upstream {
        return Err(Unreadable::new(format!("`{}` has no attempts to count", corner.word()), None));
    }
    Ok((None, index, dotted))
}

fn bracketed(rest: &str) -> Result<(Option<usize>, &str), Unreadable> {
    let Some((number, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Ok((None, rest));
    };
    match number.parse() {
        Ok(index) if index > 0 => Ok((Some(index), after)),
        _ => Err(Unreadable::new(format!("`[{number}]` is no attempt"), "attempts count from 1".to_owned())),
    }
}

fn is_field(word: &str) -> bool {
    Corner::ALL.iter().any(|corner| corner.fields().contains(&word))
}

fn field(corner: Corner, written: &str) -> Result<Field, Unreadable> {
    let (first, rest) = word(written);
    if !corner.fields().contains(&first) {
        let what = if first.is_empty() {
            format!("`{}` alone names no part of the exchange", corner.word())
        } else {
            format!("`{}` has no `{first}`", corner.word())
        };
        return Err(Unreadable::new(what, suggestion(first, corner.fields().iter().copied())));
    }
    let named = |what: &str| match rest.strip_prefix('.').filter(|name| !name.is_empty()) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Unreadable::new(
            format!("`{first}` needs the name of {what}"),
            format!("write `{first}.NAME`"),
        )),
    };
    let plain = match first {
        "headers" => return header_name(named("a header")?).map(Field::Header),
        "trailers" => return header_name(named("a trailer")?).map(Field::Trailer),
        "error" => return named("a field of the error").map(Field::Error),
        "retry" => return named("a client").map(Field::Retry),
        "body" if rest.starts_with("$(") => {
            let value = rest.strip_prefix("$(value.").and_then(|rest| rest.strip_suffix(')'));
            let value = value.filter(|name| !name.is_empty() && word(name).1.is_empty());
            return value.map(|name| Field::BodyBound(name.to_owned())).ok_or_else(|| {
                Unreadable::new(
                    format!("`{rest}` names no place in the body"),
                    "write `body$(value.NAME)`, or a JSON pointer: `body/choices/0`".to_owned(),
                )
            });
        }
        "body" if rest.starts_with('/') => {
            pointer::check(rest)?;
            return Ok(Field::BodyPointer(rest.to_owned()));
        }
        "status" => Field::Status,
        "reason" => Field::Reason,
        "body" => Field::Body,
        "failed" => Field::Failed,
        "events" => Field::Events,
        "count" => Field::Count,
        "elapsed" => Field::Elapsed,
        "ending" => Field::Ending,
        "operation" => Field::Operation,
        "method" => Field::Method,
        "fault" => Field::Fault,
        _ => Field::Stream,
    };
    match rest {
        "" => Ok(plain),
        _ => Err(Unreadable::new(
            format!("`{rest}` cannot follow `{first}`"),
            (first == "body").then(|| "a place in the body is a JSON pointer: `body/choices/0`".to_owned()),
        )),
    }
}

fn header_name(name: String) -> Result<String, Unreadable> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`~".contains(c);
    if name.chars().all(token) {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(Unreadable::new(format!("`{name}` cannot be the name of a header"), None))
    }
}

/// A leading name, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_shown() {
        for written in [
            "got.status",
            "received.count",
            "received.first.count",
            "received.first[1].headers.x-request-id|number",
            "received[2].body/model",
            "first.got.error.code",
            "burst.got.headers.retry-after|seconds|max",
            "received.body|json",
            "played.status",
            "sent.operation",
            "got.body/choices/0/message~1x",
            "got.trailers.x",
            "got.body$(value.health_at)",
            "got.retry.some-client",
        ] {
            let path: Path = written.parse().unwrap();
            assert_eq!(path.to_string(), written);
        }
        let path: Path = "got.headers.Retry-After".parse().unwrap();
        assert_eq!(path.to_string(), "got.headers.retry-after");
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_nearest_word() {
        let refused = |written: &str| written.parse::<Path>().unwrap_err();
        assert_eq!(refused("gott.status").help.unwrap(), "did you mean `got`?");
        assert_eq!(refused("got.statuss").help.unwrap(), "did you mean `status`?");
        assert_eq!(refused("received.status").what, "`received` has no `status`");
        assert_eq!(refused("got.body/a~2").what, "`/a~2` is not a JSON pointer");
        assert_eq!(refused("got.retry-after|secs").help.unwrap(), "did you mean `seconds`?");
        for written in [
            "",
            "got",
            "got.",
            "got.headers",
            "received[0].body",
            "got[1].status",
            "got.status.x",
            "|",
            "a.b.c",
        ] {
            refused(written);
        }
    }
}
