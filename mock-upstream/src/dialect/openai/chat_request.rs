//! What of a chat request decides the answer, read without a tree of everything else, which would cost more than the answer.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::script::Request;

/// The fields that matter. Of a field that occurs twice the last counts, as in most parsers.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) model: Value,
    pub(super) stream: Value,
    pub(super) stream_options: Value,
    pub(super) n: Value,
    pub(super) logprobs: Value,
    pub(super) top_logprobs: Value,
    /// How many words the strings of the messages have, at any depth.
    pub(super) words: u64,
}

impl Asked {
    /// What the body asks for, when it is a JSON object.
    pub(super) fn of(request: &Request) -> Option<Self> {
        match serde_json::from_slice(&request.body) {
            Ok(asked) => Some(asked),
            Err(error) => {
                let odd = super::odd(&request.body, &error)?;
                Some(Self { stream: odd["stream"].clone(), ..Self::default() })
            }
        }
    }

    /// Whether the answer is to be a stream.
    pub(super) fn streams(&self) -> bool {
        self.stream == json!(true)
    }
}

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Asked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a chat request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Asked, A::Error> {
                let mut asked = Asked::default();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "model" => asked.model = map.next_value()?,
                        "stream" => asked.stream = map.next_value()?,
                        "stream_options" => asked.stream_options = map.next_value()?,
                        "n" => asked.n = map.next_value()?,
                        "logprobs" => asked.logprobs = map.next_value()?,
                        "top_logprobs" => asked.top_logprobs = map.next_value()?,
                        "messages" => asked.words = map.next_value::<Words>()?.0,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(asked)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The name of a field, copied only when it is written with escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The words of every string in a value; names of fields are not counted.
struct Words(u64);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counting)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Words, E> {
        Ok(Words(text.split_whitespace().count() as u64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Words, E> {
        Ok(Words(0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Words, E> {
        Ok(Words(0))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Words, E> {
        Ok(Words(0))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Words, E> {
        Ok(Words(0))
    }

    fn visit_unit<E>(self) -> Result<Words, E> {
        Ok(Words(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Words, A::Error> {
        let mut all = 0;
        while let Some(Words(words)) = seq.next_element()? {
            all += words;
        }
        Ok(Words(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
        let mut all = 0;
        while let Some((IgnoredAny, Words(words))) = map.next_entry()? {
            all += words;
        }
        Ok(Words(all))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dialect::openai::chat::count_words;

    fn asked(body: &str) -> Option<Asked> {
        Asked::of(&Request { body: Bytes::copy_from_slice(body.as_bytes()), ..Request::default() })
    }

    #[test]
    fn it_reads_what_a_tree_of_the_whole_body_would_say() {
        let bodies = [
            r#"{"model":"m","n":2,"stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"mod\u0065l":"m","model":{"odd":1},"messages":[{"role":"user","content":"say it\nnow"},{"a":[null,true,1,-1,2.5,"x y"]}]}"#,
            r#"{"messages":"one","messages":[["two words"]],"logprobs":true,"top_logprobs":3,"other":[{"deep":"not counted"}]}"#,
            r#" {"stream":"true","messages":{"\u0061":"b\u0020c"},"n":1e2} "#,
            "{}",
        ];
        for body in bodies {
            let tree: Value = serde_json::from_str(body).unwrap();
            let asked = asked(body).unwrap();
            let told = [
                ("model", &asked.model),
                ("stream", &asked.stream),
                ("stream_options", &asked.stream_options),
                ("n", &asked.n),
                ("logprobs", &asked.logprobs),
                ("top_logprobs", &asked.top_logprobs),
            ];
            told.into_iter().for_each(|(name, value)| assert_eq!(value, &tree[name], "{name} of {body}"));
            assert_eq!(asked.words, count_words(&tree["messages"]), "{body}");
        }
    }

    #[test]
    fn what_is_no_object_asks_for_nothing_and_what_others_would_take_is_taken() {
        for body in ["", "[]", "null", "\"{}\"", "{\"n\":1", "{\"n\":1}{", "{\"messages\":[01]}"] {
            assert!(asked(body).is_none(), "{body}");
        }
        let deep = format!("{}\"stream\": true {}", "{\"messages\":".repeat(300) + "{", "}".repeat(301));
        let half = r#"{"stream":true,"messages":[{"content":"\ud800"}]}"#;
        let vast = r#"{"temperature":1e400,"stream":true,"messages":[]}"#;
        for body in [deep.as_str(), half, vast] {
            assert!(asked(body).unwrap().streams(), "{body}");
        }
    }
}
