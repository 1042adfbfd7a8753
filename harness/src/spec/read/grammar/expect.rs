//! Matchers and expectations.

use super::{Form, PATH, Record, Shape, may, must};

pub(super) static MATCHER: Shape = Shape::Named(
    "matcher",
    &Shape::OneOf(&[Shape::Scalar, Shape::ListOf(&MATCHER), Shape::Record(&MATCHER_KEYS)]),
);

static MATCHER_KEYS: Record = Record::closed(
    "a matcher",
    &[
        may(
            "equals",
            &Shape::Anything,
            "Equal to this JSON, which may be a map or one of the words `present` and `absent`.",
        ),
        may("min", &BOUND, "A number, or a duration in seconds, not below this one."),
        may("max", &BOUND, "A number, or a duration in seconds, not above this one."),
        may("matches", &REGEX, "A text in which this regular expression is found."),
        may("contains", &Shape::Anything, "A text with this part, or a list with this member."),
        may("not", &MATCHER, "Anything that this matcher refuses."),
        may("absent", &Shape::Word(&["true"]), "Not there; the bare word `absent` says the same."),
        may(
            "present",
            &Shape::Word(&["true"]),
            "There, whatever it is; the bare word `present` says the same.",
        ),
        may("once", &Shape::Word(&["true"]), "Exactly one header line of this name."),
        may(
            "schema",
            &SCHEMA,
            "JSON that this JSON Schema accepts, in place or `{$ref: file.json}` beside the file.",
        ),
    ],
);

static BOUND: Shape = Shape::OneOf(&[
    Shape::Number,
    Shape::Form(&Form { what: "a duration, or a reference", pattern: r"^[0-9]+(ms|s|m)$|\$\(" }),
]);

static REGEX: Shape = Shape::Form(&Form { what: "a regular expression", pattern: "" });

/// A JSON schema: a map, or `true` and `false`.
pub(super) static SCHEMA: Shape = Shape::OneOf(&[Shape::MapOf(&Shape::Anything), Shape::Bool]);

/// `when`: paths and matchers.
pub(super) static CONDITIONS: Shape = Shape::Record(&Record {
    what: "a set of conditions",
    fields: &[],
    others: Some(("a path", &MATCHER)),
    exactly_one: &[],
    beside: &[],
});

pub(super) static EXPECTATIONS: Shape = Shape::Record(&EXPECTATION_KEYS);

static EXPECTATION_KEYS: Record = Record {
    what: "a set of expectations",
    fields: &[
        may(
            "error",
            &Shape::OneOrMore(&Shape::Text),
            "The answer is this row of `errors`, or one of these; `ok` is a documented success.",
        ),
        may("took", &Shape::Record(&TOOK), "The exchange lasted as long as a limit says."),
        may("secret", &Shape::Word(&["got"]), "No secret that was played or bound shows at the client."),
        may("same", &PATHS, "These parts are equal over all exchanges of the step."),
        may("distinct", &PATHS, "These parts are pairwise different over all exchanges of the step."),
        may("tally", &Shape::ListOf(&Shape::Record(&TALLY)), "How many exchanges of the step fit."),
        may("order", &Shape::ListOf(&MOMENT), "These moments come one after the other."),
        may(
            "gaps",
            &Shape::Word(&["growing"]),
            "`growing`: the waits between the attempts at each provider grow, over all exchanges of the step.",
        ),
        may(
            "one_of",
            &Shape::ListOf(&EXPECTATIONS),
            "At least one of these sets of expectations holds whole.",
        ),
    ],
    others: Some(("a path", &MATCHER)),
    exactly_one: &[],
    beside: &[],
};

static TOOK: Record = Record::closed(
    "a duration held against a limit",
    &[
        must(
            "limit",
            &Shape::Text,
            "The limit's name; not earlier than it, not later than it and a tolerance.",
        ),
        may(
            "attempts",
            &super::COUNT,
            "How many attempts the limit is granted to; as many as the upstream saw where nothing is said.",
        ),
        may("early", &Shape::Word(&["allowed"]), "`allowed`: an end before the limit is as good."),
    ],
);

static TALLY: Record = Record::closed(
    "a count",
    &[must("of", &EXPECTATIONS, "What an exchange has to fit."), must("is", &MATCHER, "How many have to.")],
);

/// What is compared by `order`.
pub(super) static MOMENT: Shape = Shape::Form(&Form {
    what: "a moment such as `got.event.1` or `received.first.last`",
    pattern: r"^([\w-]+\.)?(settled|sent|(received|played)(\.[\w-]+)?\.(first|last|[0-9]+)|got\.(head|end|event\.[0-9]+))$",
});

pub(super) static PATHS: Shape = Shape::OneOrMore(&PATH);
