//! Target files.

use super::{DURATION, Form, ROUTE, Record, Shape, may, must};

pub(super) static FILE: Shape = Shape::Record(&TARGET);

static TARGET: Record = Record::closed(
    "a target",
    &[
        must("target", &Shape::Text, "Its name."),
        may("version", &Shape::Scalar, "The gateway's version, where known."),
        must("contract", &Shape::Text, "The contract it is held to."),
        must(
            "configurations",
            &Shape::MapOf(&Shape::Record(&CONFIGURATION)),
            "Ways the gateway is run; the first is the default.",
        ),
        may(
            "upstream",
            &Shape::OneOf(&[Shape::Word(&["none"]), Shape::MapOf(&Shape::Record(&LINK))]),
            "How the gateway reaches the mock; `none` where nobody can point it there, so that client-side cases run alone.",
        ),
        may("operations", &Shape::MapOf(&ROUTE), "Routes other than the contract's."),
        may(
            "dialects",
            &Shape::MapOf(&Shape::Text),
            "The dialect of the mock in which a protocol's operations ask the upstream, where it is not the contract's.",
        ),
        may("credentials", &Shape::MapOf(&POOL), "What the credentials are bound to."),
        may("models", &Shape::MapOf(&BINDING), "What the models are bound to."),
        may(
            "clients",
            &Shape::MapOf(&Shape::Record(&CLIENT)),
            "Programs that make a call as official clients do.",
        ),
        may(
            "states",
            &Shape::MapOf(&Shape::Record(&STATE)),
            "How the gateway is put into a state and out of it.",
        ),
        may("values", &Shape::MapOf(&Shape::Anything), "What the values are bound to."),
        may(
            "lacks",
            &Shape::MapOf(&Shape::Text),
            "Names that this gateway does not have, each with the reason: their cases are not applicable.",
        ),
        may("ambient", &Shape::ListOf(&ROUTE), "Background requests to the upstream that belong to no case."),
        may("headers", &Shape::MapOf(&BINDING), "Headers sent with every request."),
        may("key_header", &Shape::Text, "A header other than the protocol's for the key."),
        may(
            "trusted_ca",
            &Shape::Text,
            "PEM file of an extra authority that the client trusts, relative to this file.",
        ),
    ],
);

static CLIENT: Record = Record::closed(
    "a client",
    &[must(
        "command",
        &COMMAND,
        "Program and arguments, run in this file's folder: calls `BASE_URL` with the key in `API_KEY` for the `OPERATION` whose body it reads, and ends with 0 whatever the answer is.",
    )],
);

static CONFIGURATION: Record = Record {
    what: "a configuration",
    fields: &[
        may("builtin", &Shape::Text, "The built-in reference gateway with this personality."),
        may("launch", &Shape::Record(&LAUNCH), "A process to start."),
        may("attach", &Shape::Text, "The base URL of a running gateway."),
        may("instances", &Shape::Count(1, 64), "How many may run at once; 1 where nothing is said."),
        may(
            "providers",
            &Shape::ListOf(&Shape::Text),
            "The providers behind it; the contract's first where nothing is said.",
        ),
        may(
            "order",
            &Shape::Word(&["declared", "arrival"]),
            "`declared`: they are asked in the order written; `arrival`, and so where nothing is said: the first is whoever is asked first.",
        ),
        may(
            "tls",
            &Shape::Bool,
            "`true`: it calls its providers over TLS and trusts the authority in `$(provider.NAME.ca_file)`, so that faults of TLS are played to it; matched against a case's `needs: {tls: true}`.",
        ),
        may(
            "forgets",
            &Shape::ListOf(&Shape::Text),
            "Cells of the contract's `memory` that it does not keep, so that cases which write them share it.",
        ),
        may("has", &Shape::MapOf(&Shape::Anything), "What it has, matched against a case's `needs`."),
        may("reset", &CALL, "Puts the gateway back into its first state."),
        may("limits", &Shape::MapOf(&DURATION), "Limits as configured."),
        may(
            "patience",
            &DURATION,
            "How long the client waits for one answer; four times the longest limit and 4 s where nothing is said.",
        ),
    ],
    others: None,
    exactly_one: &["builtin", "launch", "attach"],
    beside: &[],
};

static LAUNCH: Record = Record::closed(
    "a process to start",
    &[
        must(
            "command",
            &Shape::ListOf(&Shape::Scalar),
            "Program and arguments; `$(port)` and `$(provider.NAME.url)` expand.",
        ),
        may("env", &Shape::MapOf(&Shape::Scalar), "Environment variables added."),
        may(
            "dir",
            &Shape::Text,
            "Working directory, relative to this file; the current one where nothing is said.",
        ),
        may("url", &Shape::Text, "Base URL; `http://127.0.0.1:$(port)` where nothing is said."),
        must("ready", &CALL, "Asked until it answers 200–299."),
        may("within", &DURATION, "How long that may take; `60s` where nothing is said."),
    ],
);

static CALL: Shape = Shape::OneOf(&[Shape::Form(&CALL_FORM), Shape::Record(&CALL_KEYS)]);

static CALL_FORM: Form = Form { what: "a call such as `GET /health`", pattern: r"^[A-Z]+ \S+$" };

static CALL_KEYS: Record = Record {
    what: "a call",
    fields: &[
        may("get", &Shape::Text, "GET this path of the gateway, or this whole URL."),
        may("post", &Shape::Text, "POST to it."),
        may("put", &Shape::Text, "PUT to it."),
        may("patch", &Shape::Text, "PATCH it."),
        may("delete", &Shape::Text, "DELETE it."),
        may("headers", &Shape::MapOf(&BINDING), "Headers."),
        may("json", &Shape::Anything, "A JSON body."),
    ],
    others: None,
    exactly_one: &["get", "post", "put", "patch", "delete"],
    beside: &[],
};

static STATE: Record = Record::closed(
    "a state",
    &[
        must("enter", &CALL, "Turns it on."),
        must("leave", &CALL, "Turns it off; asked after a panic, a deadline and Ctrl-C too."),
    ],
);

static BINDING: Shape = Shape::OneOf(&[Shape::Scalar, Shape::Record(&BINDING_KEYS)]);

static BINDING_KEYS: Record = Record {
    what: "a binding",
    fields: &[
        may("env", &Shape::Text, "An environment variable."),
        may("file", &Shape::Text, "A file, relative to this one."),
        may(
            "at",
            &super::POINTER,
            "A place in that file's JSON; the whole file, without white space around it, where nothing is said.",
        ),
        may("literal", &Shape::Scalar, "The text itself."),
        may("command", &COMMAND, COMMAND_DOC),
    ],
    others: None,
    exactly_one: &["env", "file", "literal", "command"],
    beside: &[("at", "file")],
};

static COMMAND: Shape = Shape::ListOf(&Shape::Scalar);
const COMMAND_DOC: &str =
    "Program and arguments, run in this file's folder; what it prints is the text, and is shown nowhere.";

static MEMBER: Shape = Shape::OneOf(&[Shape::Scalar, Shape::Record(&MEMBER_KEYS)]);

static MEMBER_KEYS: Record = Record {
    what: "a member of a pool",
    fields: &[
        may("env", &Shape::Text, "An environment variable."),
        may("file", &Shape::Text, "A file, relative to this one."),
        may("at", &super::POINTER, "A place in that file's JSON."),
        may("literal", &Shape::Scalar, "The text itself."),
        may("command", &COMMAND, COMMAND_DOC),
        may("from", &Shape::Text, "Another credential, of which this one is made."),
        may("mangle", &MANGLE, MANGLE_DOC),
    ],
    others: None,
    exactly_one: &["env", "file", "literal", "command", "from"],
    beside: &[("at", "file"), ("mangle", "from")],
};

static MANGLE: Shape = Shape::Word(&["flip", "cut", "jwt_none"]);
const MANGLE_DOC: &str = "What is done to it: `flip` changes a character (of the signature, where it has parts), `cut` leaves its last third out, `jwt_none` says that nothing signs it.";

static POOL: Shape = Shape::OneOf(&[Shape::Scalar, Shape::ListOf(&MEMBER), Shape::Record(&POOL_KEYS)]);

static POOL_KEYS: Record = Record {
    what: "a credential's binding",
    fields: &[
        may("env", &Shape::Text, "An environment variable."),
        may("file", &Shape::Text, "A file, relative to this one."),
        may("at", &super::POINTER, "A place in that file's JSON."),
        may("literal", &Shape::Scalar, "The text itself."),
        may("command", &COMMAND, COMMAND_DOC),
        may("from", &Shape::Text, "Another credential, of which this one is made."),
        may("mangle", &MANGLE, MANGLE_DOC),
        may("pool", &Shape::ListOf(&MEMBER), "Several, any of which will do."),
        may(
            "pace",
            &Shape::Form(&Form { what: "a pace such as `600/60s`", pattern: r"^[0-9]+/[0-9]+(ms|s|m)$" }),
            "The ordinary rate that cases keep to: so many requests in so long.",
        ),
        may("fresh", &Shape::Bool, "Each serves one case only; a `command` makes one for each case."),
    ],
    others: None,
    exactly_one: &["env", "file", "literal", "command", "from", "pool"],
    beside: &[("at", "file"), ("mangle", "from")],
};

static LINK: Record = Record::closed(
    "a way to the mock",
    &[
        may("listen", &Shape::Text, "`ADDRESS:PORT` at which the mock listens."),
        may(
            "advertise",
            &Shape::Text,
            "The base URL that the gateway calls, where that is not the listening address.",
        ),
        may("key", &BINDING, "The key that the gateway sends upstream, so that its leaking is seen."),
    ],
);
