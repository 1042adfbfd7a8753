//! Slips in how requests are read.

use serde_json::{Value, json};

use super::{Does, Kind, Read, Slip};

const fn slip(name: &'static str, shows: &'static [&'static str], of: fn(&Read<'_>) -> Option<Does>) -> Slip {
    Slip { name, shows, kind: Kind::Request(of) }
}

/// What is done where it is so.
fn when(so: bool, does: Does) -> Option<Does> {
    so.then_some(does)
}

fn has(read: &Read<'_>, part: &[u8]) -> bool {
    read.body.windows(part.len()).any(|window| window == part)
}

fn at<'r>(read: &'r Read<'_>, pointer: &str) -> Option<&'r Value> {
    read.json.as_ref()?.pointer(pointer)
}

fn is_not_json(read: &Read<'_>) -> bool {
    read.json.is_none()
}

/// The body with these bytes for those.
fn swapped(read: &Read<'_>, old: &str, new: &str) -> Does {
    Does::Body(String::from_utf8_lossy(read.body).replace(old, new).into_bytes())
}

/// The body with another value at a place.
fn set(read: &Read<'_>, pointer: &str, value: Value) -> Option<Does> {
    let mut json = read.json.clone()?;
    *json.pointer_mut(pointer)? = value;
    Some(Does::Body(json.to_string().into_bytes()))
}

/// The body with every text changed.
fn each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| each_text(field, change)),
        _ => {}
    }
}

fn texts(read: &Read<'_>, wanted: fn(&str) -> bool, change: fn(&mut String)) -> Option<Does> {
    let mut json = read.json.clone()?;
    let mut changed = false;
    each_text(&mut json, &mut |text| {
        if wanted(text) {
            change(text);
            changed = true;
        }
    });
    changed.then(|| Does::Body(json.to_string().into_bytes()))
}

fn header<'r>(read: &'r Read<'_>, name: &str) -> Option<&'r [u8]> {
    read.headers.get(name).map(http::HeaderValue::as_bytes)
}

fn key<'r>(read: &'r Read<'_>) -> Option<&'r str> {
    std::str::from_utf8(header(read, "authorization")?).ok()?.strip_prefix("Bearer ")
}

fn messages<'r>(read: &'r Read<'_>) -> &'r [Value] {
    at(read, "/messages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_below(read: &Read<'_>, pointer: &str, bound: f64) -> bool {
    at(read, pointer).and_then(Value::as_f64).is_some_and(|number| number < bound)
}

fn is_above(read: &Read<'_>, pointer: &str, bound: f64) -> bool {
    at(read, pointer).and_then(Value::as_f64).is_some_and(|number| number > bound)
}

/// Every one of them.
pub(super) const SLIPS: &[Slip] = &[
    slip("zero-byte-crashes", &["malformed(zero-byte"], |r| {
        when(
            is_not_json(r) && r.body.contains(&0) && r.body.len() > 8 && r.body.starts_with(b"{\""),
            Does::Crash,
        )
    }),
    slip("single-quotes-are-json", &["malformed(all-single-quotes)"], |r| {
        when(r.body.starts_with(b"{'"), swapped(r, "'", "\""))
    }),
    slip("comma-last-is-json", &["malformed(object-comma-last)", "malformed(list-comma-last)"], |r| {
        when(
            is_not_json(r) && (has(r, b",}") || has(r, b"1,]")),
            Does::Body(String::from_utf8_lossy(r.body).replace(",}", "}").replace(",]", "]").into_bytes()),
        )
    }),
    slip("comments-are-json", &["malformed(comment-block)"], |r| {
        when(has(r, b"/* one */"), swapped(r, "/* one */", ""))
    }),
    slip("nan-is-null", &["malformed(nan-value)", "malformed(not-a-number)"], |r| {
        when(is_not_json(r) && has(r, b":NaN"), swapped(r, "NaN", "null"))
    }),
    slip(
        "what-follows-is-ignored",
        &[
            "malformed(words-behind)",
            "malformed(second-document)",
            "malformed(brace-too-many)",
            "malformed(twice)",
            "malformed(",
        ],
        |r| {
            let mut values = serde_json::Deserializer::from_slice(r.body).into_iter::<Value>();
            let first = values.next().and_then(Result::ok).filter(|_| is_not_json(r))?;
            first.is_object().then(|| Does::Body(first.to_string().into_bytes()))
        },
    ),
    slip(
        "bad-utf8-is-replaced",
        &["malformed(latin-1)", "malformed(byte-ff)", "malformed(lone-continuation)", "malformed("],
        |r| {
            let text = String::from_utf8_lossy(r.body);
            when(
                matches!(text, std::borrow::Cow::Owned(_)) && serde_json::from_str::<Value>(&text).is_ok(),
                Does::Body(text.into_owned().into_bytes()),
            )
        },
    ),
    slip("utf-16-crashes", &["malformed(utf-16-marked)", "malformed(high-bytes)"], |r| {
        when(r.body.starts_with(b"\xFF\xFE"), Does::Crash)
    }),
    slip("mark-first-crashes", &["odd(byte-order-mark-first)", "malformed(byte-order-mark-alone)"], |r| {
        when(r.body.starts_with(b"\xEF\xBB\xBF"), Does::CrashInShape)
    }),
    slip("blank-crashes", &["malformed(blank)"], |r| {
        when(!r.body.is_empty() && r.body.iter().all(u8::is_ascii_whitespace), Does::Crash)
    }),
    slip("empty-crashes", &["malformed(empty)"], |r| {
        when(r.method == "POST" && r.path.ends_with("embeddings") && r.body.is_empty(), Does::CrashInShape)
    }),
    slip("control-characters-pass", &["malformed(tabulator)"], |r| {
        when(is_not_json(r) && r.body.contains(&b'\t') && !r.body.contains(&b'\n'), swapped(r, "\t", " "))
    }),
    slip("depth-crashes", &["odd(lists-", "odd(objects-", "malformed(deep-and-open)"], |r| {
        when(has(r, &[b'['; 100]), Does::Crash)
    }),
    slip("half-a-surrogate-crashes", &["odd(surrogate"], |r| {
        when(has(r, b"\\ud800") || has(r, b"\\udc00"), Does::Crash)
    }),
    slip("key-twice-crashes", &["odd(key-twice", "malformed(twice)"], |r| {
        when(
            r.body.windows(8).filter(|window| *window == b"\"model\":").count() > 1 && !is_not_json(r),
            Does::CrashInShape,
        )
    }),
    slip("vast-number-crashes", &["odd(number-beyond-doubles)"], |r| when(has(r, b"1e400"), Does::Crash)),
    slip("prototype-key-crashes", &["odd(key-of-prototypes)"], |r| when(has(r, b"__proto__"), Does::Crash)),
    slip("empty-key-crashes", &["odd(key-empty)"], |r| when(at(r, "/").is_some(), Does::CrashInShape)),
    slip("character-zero-crashes", &["odd(character-zero)"], |r| when(has(r, b"\\u0000"), Does::Crash)),
    slip("many-keys-crash", &["odd(many-keys)"], |r| {
        when(at(r, "").and_then(Value::as_object).is_some_and(|fields| fields.len() > 1000), Does::Crash)
    }),
    slip("long-body-is-413", &["odd(long-text", "odd("], |r| when(r.body.len() > 150_000, Does::Status(413))),
    slip("chunked-body-is-lost", &["valid chunked"], |r| {
        when(r.headers.contains_key("transfer-encoding"), Does::Body(Vec::new()))
    }),
    slip("charset-is-415", &["content-type(charset", "valid charset"], |r| {
        when(
            header(r, "content-type")
                .is_some_and(|value| value.windows(7).any(|window| window == b"charset")),
            Does::Status(415),
        )
    }),
    slip("no-content-type-crashes", &["content-type(none)"], |r| {
        when(r.method == "POST" && !r.headers.contains_key("content-type"), Does::Crash)
    }),
    slip("markup-asked-is-406", &["header(accept-markup)"], |r| {
        when(header(r, "accept") == Some(b"text/html"), Does::Status(406))
    }),
    slip("options-crashes", &["method(OPTIONS)"], |r| when(r.method == "OPTIONS", Does::Crash)),
    slip("unknown-method-crashes", &["method(BREW)"], |r| when(r.method == "BREW", Does::CrashInShape)),
    slip("query-crashes", &["route(query-encoded-zero)"], |r| when(r.query.contains("%00"), Does::Crash)),
    slip("key-in-any-case", &["credential(case-turned)"], |r| {
        let key = key(r)?;
        when(key.contains(|c: char| c.is_ascii_uppercase()), Does::Key(key.to_ascii_lowercase()))
    }),
    slip("key-in-quotes", &["credential(quoted)"], |r| {
        Some(Does::Key(key(r)?.strip_prefix('"')?.trim_end_matches('"').to_owned()))
    }),
    slip("key-beyond-ascii-crashes", &["credential(beyond-ascii)"], |r| {
        when(header(r, "authorization").is_some_and(|value| !value.is_ascii()), Does::Crash)
    }),
    slip("negative-temperature-passes", &["/temperature:minimum"], |r| {
        if is_below(r, "/temperature", 0.0) { set(r, "/temperature", json!(0)) } else { None }
    }),
    slip("max-tokens-text-crashes", &["/max_tokens:type("], |r| {
        when(at(r, "/max_tokens").is_some_and(Value::is_string), Does::Crash)
    }),
    slip("no-messages-crash", &["/messages:minItems"], |r| {
        when(at(r, "/messages").and_then(Value::as_array).is_some_and(Vec::is_empty), Does::Crash)
    }),
    slip("role-number-crashes", &["/messages/0/role:type(number)"], |r| {
        when(
            messages(r).iter().any(|message| message.get("role").is_some_and(Value::is_number)),
            Does::CrashInShape,
        )
    }),
    slip("message-null-crashes", &["/messages/0:type(null)"], |r| {
        when(messages(r).iter().any(Value::is_null), Does::Crash)
    }),
    slip("model-number-is-guessed", &["/model:type(number)"], |r| {
        if at(r, "/model").is_some_and(Value::is_number) {
            set(r, "/model", json!("cogito-chat"))
        } else {
            None
        }
    }),
    slip("stream-text-passes", &["/stream:type("], |r| {
        if at(r, "/stream").is_some_and(Value::is_string) { set(r, "/stream", json!(false)) } else { None }
    }),
    slip("no-content-crashes", &["/messages/0/content:required"], |r| {
        when(
            messages(r).iter().any(|message| {
                message.is_object()
                    && message.get("role") == Some(&json!("user"))
                    && message.get("content").is_none()
            }),
            Does::Crash,
        )
    }),
    slip("bias-beyond-bounds-crashes", &["/logit_bias/"], |r| {
        when(
            at(r, "/logit_bias").and_then(Value::as_object).is_some_and(|bias| {
                bias.values().any(|value| value.as_f64().is_some_and(|value| value.abs() > 100.0))
            }),
            Does::Crash,
        )
    }),
    slip("five-stops-crash", &["/stop:maxItems"], |r| {
        when(
            at(r, "/stop").and_then(Value::as_array).is_some_and(|stops| stops.len() > 4),
            Does::CrashInShape,
        )
    }),
    slip("tool-name-crashes", &["/tools/0/function/name:pattern"], |r| {
        when(
            at(r, "/tools/0/function/name").and_then(Value::as_str).is_some_and(|name| name.contains(' ')),
            Does::Crash,
        )
    }),
    slip("image-without-url-crashes", &["/messages/0/content/0/image_url/url:required"], |r| {
        when(
            messages(r).iter().filter_map(|message| message.get("content")?.as_array()).flatten().any(
                |part| {
                    part.get("image_url").is_some_and(|image| image.is_object() && image.get("url").is_none())
                },
            ),
            Does::Crash,
        )
    }),
    slip("no-input-crashes", &["/input:minItems", "/input:type("], |r| {
        when(at(r, "/input").and_then(Value::as_array).is_some_and(Vec::is_empty), Does::CrashInShape)
    }),
    slip("no-dimensions-crash", &["/dimensions:minimum"], |r| {
        when(is_below(r, "/dimensions", 1.0), Does::Crash)
    }),
    slip("much-metadata-crashes", &["/metadata:maxProperties"], |r| {
        when(
            at(r, "/metadata").and_then(Value::as_object).is_some_and(|fields| fields.len() > 16),
            Does::Crash,
        )
    }),
    slip("seed-is-a-double", &["/seed:", "valid"], |r| {
        let seed = at(r, "/seed").and_then(Value::as_i64).filter(|seed| seed.unsigned_abs() > 1 << 53)?;
        set(r, "/seed", json!(seed / 1024 * 1024))
    }),
    slip("beyond-ascii-is-lost", &["valid", "/", "odd("], |r| {
        texts(r, |text| !text.is_ascii(), |text| *text = text.chars().filter(char::is_ascii).collect())
    }),
    slip("line-feeds-are-spaces", &["valid", "/", "odd("], |r| {
        texts(r, |text| text.contains('\n'), |text| *text = text.replace('\n', " "))
    }),
    slip("named-tool-choice-crashes", &["valid"], |r| {
        when(at(r, "/tool_choice/function/name").is_some_and(Value::is_string), Does::Crash)
    }),
    slip("several-answers-crash", &["valid", "/n:boundary"], |r| {
        when(is_above(r, "/n", 64.0) && !is_above(r, "/n", 128.0), Does::CrashInShape)
    }),
    slip("null-stop-crashes", &["valid", "odd(null-everywhere)"], |r| {
        when(at(r, "/stop").is_some_and(Value::is_null), Does::Crash)
    }),
];
