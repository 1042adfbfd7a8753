//! Files of cases.

use super::expect::{EXPECTATIONS, PATHS};
use super::{CLAIMS, DURATION, Form, HEADERS, POINTER, Record, Shape, may, must};

pub(super) static FILE: Shape = Shape::ListOf(&CASE_SHAPE);

pub(super) static CASE_SHAPE: Shape = Shape::Record(&CASE);

static CASE: Record = Record::closed(
    "a case",
    &[
        must("case", &NAME, "Its name, unique in the file; the file's name is its topic."),
        must("claims", &CLAIMS, "The claims that its expectations check."),
        may(
            "for",
            &Shape::MapOf(&Shape::ListOf(&Shape::Anything)),
            "Axes and their values: the case stands for every combination, used as `$(for.AXIS)`.",
        ),
        may("needs", &Shape::MapOf(&Shape::Anything), "What the target's configuration has to have."),
        may("given", &Shape::OneOrMore(&Shape::Text), "The state, or states, the gateway is put into."),
        may("upstream", &UPSTREAM, "What the upstream plays; healthy replies where nothing is said."),
        may("reading", &Shape::Text, "The reading it rests on."),
        must(
            "steps",
            &Shape::OneOrMore(&Shape::Record(&STEP)),
            "What is done, in order; one step needs no list.",
        ),
    ],
);

static NAME: Shape =
    Shape::Form(&Form { what: "a name of letters, digits, `-` and `_`", pattern: r"^[A-Za-z0-9_-]+$" });

static STEP: Record = Record {
    what: "a step",
    fields: &[
        may("step", &NAME, "The name that references use."),
        must("send", &Shape::Record(&SEND), "What is sent: the operation's example, patched."),
        may(
            "times",
            &Shape::OneOf(&[Shape::OrReference(&Shape::Count(1, 10_000)), Shape::Record(&TIMES)]),
            "How often, once where nothing is said.",
        ),
        may("together", &Shape::Bool, "The sends leave at once, released by one barrier."),
        may(
            "after",
            &Shape::OneOf(&[Shape::OrReference(&DURATION), Shape::Record(&LIMIT)]),
            "A wait before: a duration, a limit's length, or seconds that a reference gives.",
        ),
        may("upstream", &UPSTREAM, "What the upstream plays in this step, instead of the case's."),
        may("expect", &EXPECTATIONS, "Must hold."),
        may("should", &EXPECTATIONS, "Should hold; never fails a run at level must."),
        may("record", &PATHS, "Recorded, never judged."),
    ],
    others: None,
    exactly_one: &[],
    beside: &[],
};

static TIMES: Record = Record::closed(
    "a repetition",
    &[
        must("until", &EXPECTATIONS, "What ends it."),
        must("at_most", &Shape::Count(1, 10_000), "The most sends; not fitting by then fails the step."),
    ],
);

pub(super) static LIMIT: Record =
    Record::closed("a limit's length", &[must("limit", &Shape::Text, "The limit's name.")]);

static SEND: Record = Record::closed(
    "a request",
    &[
        may("operation", &Shape::Text, "The operation."),
        may("raw_line", &Shape::Text, "`METHOD /path` as it goes out, for what is no operation."),
        may(
            "credential",
            &Shape::Text,
            "The credential's role; `valid` where nothing is said, `none` sends none.",
        ),
        may(
            "auth",
            &Shape::Text,
            "How the credential travels, where the protocol has several ways: `bearer`, or the header's name.",
        ),
        may(
            "protocol",
            &Shape::Text,
            "The protocol that a `raw_line` speaks, by which its credential travels and its failure is judged; the contract's first where nothing is said.",
        ),
        may("model", &Shape::Text, "The model's role; the example decides where nothing is said."),
        may(
            "prompt",
            &Shape::OneOf(&[Shape::Word(&["fresh"]), Shape::Record(&PROMPT)]),
            "`fresh`, and so where nothing is said: unlike every other prompt, also to whoever compares meanings.",
        ),
        may("stream", &Shape::Bool, "Whether a stream is asked for."),
        may("headers", &HEADERS, "Headers added or replaced."),
        may(
            "set",
            &Shape::OrReference(&Shape::MapOf(&Shape::Anything)),
            "Places of the body, as JSON pointers, and what they are set to; or a reference to such a map.",
        ),
        may("drop", &Shape::OneOrMore(&POINTER), "Places of the body that are removed."),
        may("raw", &Shape::Text, "The body as it goes out."),
        may(
            "via",
            &Shape::Text,
            "The client that makes the call, with its own retries; each request that it sends is an exchange of the step.",
        ),
        may("again", &Shape::Text, "Repeats the bytes that this earlier step sent."),
        may("with", &Shape::Record(&SEND), "More of these keys, merged in: how an axis of maps is used."),
    ],
);

static PROMPT: Record = Record::closed(
    "a prompt like another",
    &[must(
        "like",
        &Shape::Text,
        "The earlier step whose prompt it repeats word for word but for the marker.",
    )],
);

static UPSTREAM: Shape = Shape::OneOf(&[
    Shape::ListOf(&Shape::Record(&TURN)),
    Shape::MapOf(&Shape::ListOf(&Shape::Record(&TURN))),
]);

static TURN: Record = Record {
    what: "a turn of the upstream",
    fields: &[
        may("ok", &Shape::MapOf(&Shape::Anything), "A healthy reply; the map patches the provider's JSON."),
        may(
            "status",
            &Shape::OrReference(&Shape::Count(100, 599)),
            "A status, with the provider's own error body where none is given.",
        ),
        may("reason", &Shape::Text, "The reason phrase of the status line."),
        may("headers", &HEADERS, "Headers added or replaced."),
        may("body", &Shape::Anything, "The body: a map is sent as JSON, a text as it is."),
        may(
            "events",
            &Shape::OrReference(&Shape::Count(0, 100_000)),
            "So many content events of a healthy stream.",
        ),
        may("between", &Shape::OneOrMore(&Shape::Record(&HOLD)), "A wait behind the events."),
        may(
            "then",
            &Shape::OneOf(&[Shape::Word(&["finish", "cut", "reset", "stall", "end"]), Shape::Record(&THEN)]),
            "What follows the events: the healthy rest, FIN, RST, silence, or a clean end without the stream's own ending.",
        ),
        may("fault", &Shape::Text, "A fault of the mock's catalogue, by its id."),
        may("params", &Shape::MapOf(&Shape::Anything), "The fault's parameters."),
        may("hold", &Shape::OneOrMore(&Shape::Record(&HOLD)), "A wait before the reply."),
        may("spare", &Shape::Bool, "Need not be reached; every other turn has to be."),
    ],
    others: None,
    exactly_one: &["ok", "status", "events", "fault"],
    beside: &[
        ("reason", "status"),
        ("headers", "status"),
        ("body", "status"),
        ("then", "events"),
        ("between", "events"),
        ("params", "fault"),
    ],
};

static THEN: Record = Record::closed(
    "what follows the events",
    &[must("error_event", &Shape::Anything, "An error event with this JSON, then a clean end.")],
);

static HOLD: Record = Record {
    what: "a wait of the upstream",
    fields: &[
        may("for", &Shape::OneOf(&[DURATION, Shape::Record(&PART)]), "A duration, or a limit's length."),
        may(
            "until",
            &Shape::Text,
            "A moment: `settled`, when each send of a `together` has arrived upstream or been answered; `got.event.N`, when the client has so many events; `received.N` or `received.PROVIDER.N`, when so many attempts have arrived.",
        ),
        may(
            "at_most",
            &DURATION,
            "The longest wait for the moment; one that did not come makes the case inconclusive.",
        ),
    ],
    others: None,
    exactly_one: &["for", "until"],
    beside: &[("at_most", "until"), ("until", "at_most")],
};

static PART: Record = Record::closed(
    "a part of a limit",
    &[
        must("limit", &Shape::Text, "The limit's name."),
        must("part", &Shape::Word(&["inside", "past"]), "Just inside the limit, or safely past it."),
    ],
);
