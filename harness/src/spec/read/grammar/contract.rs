//! `contract.yaml`.

use super::expect::{CONDITIONS, EXPECTATIONS, MATCHER, PATHS, SCHEMA};
use super::{CLAIMS, DURATION, Form, HEADERS, POINTER, ROUTE, Record, Shape, may, must};

pub(super) static FILE: Shape = Shape::Record(&CONTRACT);

static CONTRACT: Record = Record::closed(
    "a contract",
    &[
        must("contract", &Shape::Text, "Its name, which is its folder's."),
        may(
            "extends",
            &Shape::Text,
            "Another contract, of which everything holds that is not said otherwise: entry by entry in `names`, `protocols`, `memory`, `claims`, `readings`, `errors`, `faults` and `requests`, where nothing (`~`) takes one away; `rules` are added; a file of cases replaces the other's of its name.",
        ),
        must("title", &Shape::Text, "What people call the gateway."),
        must(
            "pages",
            &Shape::ListOf(&Shape::Record(&PAGE)),
            "The pages it was read from; the first is cited where a claim names none.",
        ),
        must("names", &Shape::Record(&NAMES), "Everything a target can bind; a case may use no other names."),
        may(
            "memory",
            &Shape::MapOf(&Shape::Record(&CELL)),
            "What a gateway remembers from one request to the next, so that cases which write it run apart.",
        ),
        must(
            "protocols",
            &Shape::MapOf(&Shape::Record(&PROTOCOL)),
            "How each protocol carries errors and credentials.",
        ),
        must(
            "claims",
            &Shape::MapOf(&Shape::Record(&CLAIM)),
            "What the pages promise, by an id that is never given to another promise.",
        ),
        may(
            "readings",
            &Shape::MapOf(&Shape::Record(&READING)),
            "In which sense ambiguous places were read.",
        ),
        may(
            "closed",
            &Shape::Record(&CLOSED),
            "The table of failures, where the page says that there are no others.",
        ),
        must("errors", &Shape::MapOf(&Shape::Record(&ERROR)), "The documented errors, by a name of our own."),
        may(
            "rules",
            &Shape::ListOf(&Shape::Record(&RULE)),
            "What is asked of every exchange that the conditions fit.",
        ),
        may(
            "faults",
            &Shape::MapOf(&Shape::OneOrMore(&Shape::Record(&FAULT))),
            "What each family of upstream failure is documented to become; a list where that depends on the operation.",
        ),
        must("requests", &Shape::MapOf(&Shape::Record(&REQUEST)), "A valid request for each operation."),
    ],
);

static PAGE: Record = Record::closed(
    "a page",
    &[
        must("url", &Shape::Text, "Where it is published, or how it can be found."),
        must(
            "read",
            &Shape::Form(&Form { what: "a day such as `2026-11-21`", pattern: r"^\d{4}-\d{2}-\d{2}$" }),
            "The day it was read.",
        ),
    ],
);

static NAMES: Record = Record::closed(
    "the names",
    &[
        must("operations", &Shape::MapOf(&Shape::Record(&OPERATION)), "Requests that a client can make."),
        must(
            "credentials",
            &Shape::MapOf(&Shape::Record(&CREDENTIAL)),
            "Roles of keys; `valid` is the ordinary one.",
        ),
        may("models", &Shape::MapOf(&NOTHING), "Roles of models."),
        may(
            "clients",
            &Shape::MapOf(&NOTHING),
            "Roles of clients that can make a call in the harness's stead.",
        ),
        may(
            "providers",
            &Shape::MapOf(&NOTHING),
            "Roles of upstream providers; the first is the one asked first.",
        ),
        may("states", &Shape::MapOf(&NOTHING), "Switches, each of which concerns the whole gateway."),
        may(
            "limits",
            &Shape::MapOf(&Shape::OneOf(&[Shape::Record(&EMPTY), DURATION])),
            "Lengths of time: the documented one, or `{}` where the target has to say.",
        ),
        may(
            "values",
            &Shape::MapOf(&Shape::Word(&["string", "number", "boolean", "object", "list", "pointer"])),
            "Anything else that differs between gateways, and what it has to be.",
        ),
    ],
);

static NOTHING: Shape = Shape::Record(&EMPTY);
static EMPTY: Record = Record::closed("an empty map `{}`", &[]);

static OPERATION: Record = Record::closed(
    "an operation",
    &[
        must("protocol", &Shape::Text, "The protocol that says where credential and error are."),
        must("route", &ROUTE, "The documented route; a target may bind another."),
        may("streams", &Shape::Bool, "It can stream, and so is swept streaming too."),
        may("upstream", &Shape::Bool, "It reaches the upstream, and so is swept at all."),
        may(
            "carries_prompt",
            &Shape::Bool,
            "Its body carries the prompt and with it the marker; a POST that reaches the upstream does where nothing is said.",
        ),
        may(
            "answers",
            &Shape::Word(&["words", "embeddings", "other"]),
            "What it asks the upstream for, which decides what the sweep can strike it with; `words` where it streams, `embeddings` elsewhere, where nothing is said.",
        ),
    ],
);

static CREDENTIAL: Record = Record::closed(
    "a credential",
    &[may("metered", &Shape::Bool, "Each use changes what the next use gets, so that cases never share it.")],
);

static CELL: Record = Record::closed(
    "a memory cell",
    &[
        must(
            "of",
            &Shape::Word(&["instance", "provider", "credential"]),
            "What it belongs to, and what a case that writes it has for itself: the gateway, the provider that is asked, or the key that is presented.",
        ),
        must(
            "written_by",
            &Shape::ListOf(&Shape::OneOf(&[Shape::Word(&["upstream_failure"]), Shape::Record(&WRITER)])),
            "What writes it: an upstream that fails, an operation, a credential.",
        ),
        may(
            "heals",
            &Shape::Record(&super::cases::LIMIT),
            "After how long it is as if nothing had been written; waited for where the target has no `reset`.",
        ),
    ],
);

static WRITER: Record = Record {
    what: "a writer",
    fields: &[
        may("operation", &Shape::Text, "Whoever calls this operation."),
        may("credential", &Shape::Text, "Whoever presents this credential."),
    ],
    others: None,
    exactly_one: &["operation", "credential"],
    beside: &[],
};

static PROTOCOL: Record = Record::closed(
    "a protocol",
    &[
        must(
            "auth",
            &Shape::OneOrMore(&Shape::OneOf(&[Shape::Word(&["bearer"]), Shape::Record(&AUTH)])),
            "How the key travels: `bearer`, or alone in a header; of several ways the first, unless a send names another.",
        ),
        may("headers", &HEADERS, "Headers that every request has."),
        may("envelope", &SCHEMA, "The JSON Schema of a failure's body, in place or `{$ref: file.json}`."),
        may("claims", &CLAIMS, "The claims that a body outside the schema breaks."),
        must("fields", &Shape::MapOf(&POINTER), "Where the error's fields are in the body."),
        may("stream", &Shape::Record(&STREAM), "What the events of its streams mean."),
        may(
            "dialect",
            &Shape::Text,
            "The dialect of the mock in which its operations ask the upstream; `openai` where nothing is said.",
        ),
    ],
);

static STREAM: Record = Record::closed(
    "a protocol's streams",
    &[
        may(
            "ends",
            &Shape::OneOrMore(&Shape::Record(&MARK)),
            "The event that ends a whole stream; without one any end will do that HTTP calls whole.",
        ),
        may(
            "error",
            &Shape::OneOrMore(&Shape::Record(&MARK)),
            "The event that tells of an error; one called `error`, or with an `/error` in its data, where nothing is said.",
        ),
    ],
);

static MARK: Record = Record {
    what: "a mark of an event",
    fields: &[
        may("event", &Shape::Text, "The event's name."),
        may("data", &Shape::Text, "The event's data, whole; no client reads on behind it."),
        may("at", &POINTER, "A place of the JSON in its data at which something is that is not null."),
    ],
    others: None,
    exactly_one: &["event", "data", "at"],
    beside: &[],
};

static AUTH: Record = Record::closed(
    "a way to send the key",
    &[must("header", &Shape::Text, "The header that holds the key and nothing else.")],
);

static CLAIM: Record = Record::closed(
    "a claim",
    &[
        must("says", &Shape::Text, "What is promised, in our own words."),
        must(
            "level",
            &Shape::Word(&["must", "should", "may"]),
            "How strong it is; only `must` decides the verdict.",
        ),
        may("page", &Shape::Text, "The page, where it is not the contract's first."),
        may("consequence", &Shape::Text, "What clients suffer when it is broken."),
    ],
);

static READING: Record = Record::closed(
    "a reading",
    &[must("claims", &CLAIMS, "The claims it concerns."), must("says", &Shape::Text, "The sense used.")],
);

static CLOSED: Record = Record::closed(
    "a closed table",
    &[
        must("outside", &CLAIMS, "The claims that a failure breaks whose status is in no row."),
        must(
            "mismatch",
            &CLAIMS,
            "The claims that a failure breaks whose status has a row that its fields do not fit.",
        ),
        must(
            "rows",
            &Shape::ListOf(&Shape::Record(&CLOSED_ROW)),
            "The rows; no two are for the same status under the same conditions.",
        ),
    ],
);

static CLOSED_ROW: Record = Record {
    what: "a row of a closed table",
    fields: &[
        must("status", &MATCHER, "Which statuses it is for."),
        may("when", &CONDITIONS, "When it applies."),
        may(
            "standing",
            &Shape::Word(&["undocumented"]),
            "`undocumented`: what fits is reported apart, neither passed nor failed.",
        ),
        may("reading", &Shape::Text, "The reading it rests on."),
    ],
    others: Some(("a field of the error", &MATCHER)),
    exactly_one: &[],
    beside: &[],
};

static ERROR: Record = Record {
    what: "a row of `errors`",
    fields: &[
        must("status", &MATCHER, "The status."),
        may("headers", &Shape::MapOf(&MATCHER), "Headers that come with it."),
        may("reading", &Shape::Text, "The reading it rests on."),
    ],
    others: Some(("a field of the error", &MATCHER)),
    exactly_one: &[],
    beside: &[],
};

static RULE: Record = Record::closed(
    "a rule",
    &[
        must("claims", &CLAIMS, "The claims it checks."),
        may("when", &CONDITIONS, "When it is asked; always where nothing is said."),
        may("expect", &EXPECTATIONS, "Must hold."),
        may("should", &EXPECTATIONS, "Should hold."),
        may("reading", &Shape::Text, "The reading it rests on."),
    ],
);

static FAULT: Record = Record::closed(
    "a rule for a family of faults",
    &[
        may(
            "operations",
            &Shape::ListOf(&Shape::Text),
            "The operations it is for; those that no other rule of the family names where nothing is said.",
        ),
        must(
            "claims",
            &CLAIMS,
            "The claims it checks; `[]` where the page is silent, so that the outcome is recorded.",
        ),
        may("expect", &EXPECTATIONS, "Must hold."),
        may("should", &EXPECTATIONS, "Should hold."),
        may("record", &PATHS, "Recorded, never judged."),
        may("reading", &Shape::Text, "The reading it rests on."),
    ],
);

static REQUEST: Record = Record::closed(
    "a request",
    &[
        may("example", &Shape::Anything, "A valid body; none for a request without one."),
        may("schema", &SCHEMA, "The JSON Schema of valid bodies, in place or `{$ref: file.json}`."),
        may(
            "rejects",
            &Shape::Record(&REJECTS),
            "What a request becomes that cannot be right, by what is wrong with it.",
        ),
        may(
            "negate",
            &Shape::MapOf(&Shape::Word(&["must", "should", "may", "never"])),
            "How sure the page is that a gateway refuses a breach of the schema, by a glob of `/place:keyword`; the last that fits decides, and `may` where none does.",
        ),
        may(
            "validation",
            &Shape::Word(&["local", "passthrough", "either"]),
            "Who refuses a breach of the schema: the gateway (as where nothing is said), its upstream, or either.",
        ),
        may(
            "rewrites",
            &Shape::ListOf(&POINTER),
            "Places of the body that the gateway may write anew on the way to its upstream.",
        ),
    ],
);

static REJECTS: Record = Record::closed(
    "what becomes of bad requests",
    &[
        must("claims", &CLAIMS, "The claims that these answers check."),
        may("malformed", &ROWS, "A body that is not JSON."),
        may("not_object", &ROWS, "JSON that is no object."),
        may("missing", &ROWS, "A required field is missing."),
        may("wrong_type", &ROWS, "A value of a type that the schema does not have there."),
        may("out_of_range", &ROWS, "A value of the right type that the schema forbids."),
        may("empty", &ROWS, "A text or list that may not be empty, and is."),
        may("unknown_field", &ROWS, "A field that the schema does not know."),
        may("odd", &ROWS, "JSON whose meaning parsers disagree on."),
        may("unauthorized", &ROWS, "A credential that is none, or not this gateway's."),
    ],
);

static ROWS: Shape = Shape::OneOf(&[Shape::Text, Shape::ListOf(&Shape::Text), Shape::Record(&ANY_OF)]);

static ANY_OF: Record = Record::closed(
    "alternatives with what they rest on",
    &[
        must("any_of", &Shape::ListOf(&Shape::Text), "The rows of `errors`, or `ok`, any of which will do."),
        may("reading", &Shape::Text, "The reading it rests on."),
        may("claims", &CLAIMS, "The claims that they check, where these are others than those of all."),
    ],
);
