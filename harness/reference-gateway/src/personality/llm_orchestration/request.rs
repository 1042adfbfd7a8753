//! Requests: JSON that fits its route, or the code of what is wrong with it.

use std::sync::LazyLock;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::failure::{Code, Failure};
use crate::message::{Invalid, compile, fitting};
use crate::mutant::{Flaw, Flaws};
use crate::seed::llm_orchestration::{FORBIDDEN, Task, USE_CASES, Variant};

/// The most inputs of one request for embeddings.
const BATCH: usize = 100;
/// Tokens of an answer where the request names no limit.
const ANSWER_TOKENS: u64 = 1_024;

/// A body that is judged by a schema of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Task(Task),
    Provider,
    LookUp,
    Template,
}

/// The body of such a request.
pub(super) fn read(kind: Kind, body: &[u8], flaws: Flaws) -> Result<Map<String, Value>, Failure> {
    let request = fitting(schema(kind), body, flaws).map_err(|it| invalid(kind, &it, body, flaws))?;
    match request {
        Value::Object(fields) => Ok(fields),
        // A flawed validator has let it pass.
        _ => Ok(Map::new()),
    }
}

fn schema(kind: Kind) -> &'static Validator {
    macro_rules! schema {
        ($name:literal) => {{
            static SCHEMA: LazyLock<Validator> =
                LazyLock::new(|| compile(include_str!(concat!("schema/", $name, ".json"))));
            &SCHEMA
        }};
    }
    match kind {
        Kind::Task(Task::Inference) => schema!("inference"),
        Kind::Task(Task::Embeddings) => schema!("embeddings"),
        Kind::Task(Task::Rerank) => schema!("rerank"),
        Kind::Provider => schema!("provider"),
        Kind::LookUp => schema!("look_up"),
        Kind::Template => schema!("template"),
    }
}

fn invalid(kind: Kind, invalid: &Invalid, body: &[u8], flaws: Flaws) -> Failure {
    let at_root = |pointer: &str| pointer.is_empty();
    match invalid {
        Invalid::NotJson(error) => {
            let broken = if is_odd(error, body) { Flaw::OddJsonIs500 } else { Flaw::MalformedJsonIs500 };
            if flaws.has(broken) {
                return Failure::new(Code::InternalServerError, "Unexpected token in JSON at position 0");
            }
            Failure::new(Code::ValidationFailed, "The body is not JSON that can be read.")
        }
        Invalid::At { pointer, missing: true } => {
            Failure::new(Code::MissingRequiredField, format!("A required field is missing at '{pointer}'."))
        }
        Invalid::At { pointer, .. } if at_root(pointer) => {
            Failure::new(Code::ValidationFailed, "The body has to be an object.")
        }
        Invalid::At { pointer, .. }
            if kind == Kind::Task(Task::Rerank)
                && ["/query", "/documents"].iter().any(|it| pointer.starts_with(it)) =>
        {
            if flaws.has(Flaw::RerankTypesAre500) {
                return Failure::new(Code::InternalServerError, "documents.map is not a function");
            }
            Failure::new(Code::RerankInvalidInput, "A query and a list of documents are needed.")
        }
        Invalid::At { pointer, .. } => {
            Failure::new(Code::InvalidInput, format!("The value at '{pointer}' is not valid."))
        }
    }
}

/// JSON that some parsers read: a byte order mark, lone surrogates, deep nesting, huge numbers.
fn is_odd(error: &serde_json::Error, body: &[u8]) -> bool {
    let error = error.to_string();
    let odd = ["recursion limit", "number out of range", "surrogate"].iter().any(|it| error.contains(it));
    odd || body.starts_with(b"\xef\xbb\xbf")
}

/// A request for an answer of a provider.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) task: Task,
    pub(super) model: String,
    pub(super) stream: bool,
    /// The one provider that may answer, where the caller names one.
    pub(super) provider: Option<String>,
    pub(super) deadline: Option<Duration>,
    pub(super) cache: bool,
    fields: Map<String, Value>,
}

impl Asked {
    pub(super) fn of(task: Task, fields: Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let on = |name: &str| fields.get(name) == Some(&Value::Bool(true));
        let seconds = fields.get("timeoutSeconds").and_then(Value::as_f64);
        Self {
            task,
            model: text("model").unwrap_or_default(),
            stream: task == Task::Inference && on("stream"),
            provider: text("provider"),
            deadline: seconds.and_then(|it| Duration::try_from_secs_f64(it).ok()),
            cache: on("cache"),
            fields,
        }
    }

    /// Judges what the request says by the page's own limits.
    pub(super) fn judge(&self, variant: &Variant, flaws: Flaws) -> Result<(), Failure> {
        match self.task {
            Task::Inference => self.judge_prompt(variant, flaws),
            Task::Embeddings => self.judge_inputs(variant, flaws),
            Task::Rerank => Ok(()),
        }
    }

    fn judge_prompt(&self, variant: &Variant, flaws: Flaws) -> Result<(), Failure> {
        let use_case = self.fields.get("useCase").and_then(Value::as_str);
        let known = if flaws.has(Flaw::UseCaseForgotten) { &USE_CASES[1..] } else { &USE_CASES[..] };
        if use_case.is_some_and(|it| !known.contains(&it)) && !flaws.has(Flaw::UnknownUseCaseServed) {
            let known = USE_CASES.join(", ");
            return Err(Failure::new(Code::UnsupportedUseCase, format!("The use cases are {known}.")));
        }
        let prompt = self.text("prompt");
        if prompt.trim().is_empty() && !flaws.has(Flaw::EmptyPromptForwarded) {
            return Err(Failure::new(Code::InvalidPrompt, "The prompt is empty."));
        }
        if tokens(prompt) > variant.context && !flaws.has(Flaw::TokenLimitUnchecked) {
            return Err(Failure::new(Code::InvalidPrompt, "The prompt has too many tokens."));
        }
        let said = prompt.to_lowercase();
        if FORBIDDEN.iter().any(|it| said.contains(it)) && !flaws.has(Flaw::ForbiddenContentForwarded) {
            return Err(Failure::new(Code::InvalidPrompt, "The prompt has content that is not served."));
        }
        Ok(())
    }

    fn judge_inputs(&self, variant: &Variant, flaws: Flaws) -> Result<(), Failure> {
        let inputs = self.texts("input");
        let most = if flaws.has(Flaw::BatchOffByOne) { BATCH - 1 } else { BATCH };
        if inputs.len() > most && !flaws.has(Flaw::BatchUnchecked) {
            return Err(Failure::new(Code::BatchTooLarge, format!("A batch has at most {BATCH} inputs.")));
        }
        let first = if flaws.has(Flaw::OnlyFirstInputMeasured) { 1 } else { inputs.len() };
        let context =
            if flaws.has(Flaw::EmbeddingLimitHalved) { variant.context / 2 } else { variant.context };
        let unmeasured = flaws.has(Flaw::TokenLimitUnchecked);
        if !unmeasured && inputs.iter().take(first).any(|it| tokens(it) > context) {
            let limit = variant.context;
            return Err(Failure::new(
                Code::EmbeddingInputTooLong,
                format!("An input has at most {limit} tokens."),
            ));
        }
        Ok(())
    }

    /// Tokens that the request has, and those that its answer may have.
    pub(super) fn tokens(&self) -> (u64, u64) {
        let texts = ["prompt", "input", "query", "documents"].map(|it| self.texts(it));
        let asked: usize = texts.iter().flatten().map(|it| tokens(it)).sum();
        let answer = match self.task {
            Task::Inference => self.fields.get("maxTokens").and_then(Value::as_u64).unwrap_or(ANSWER_TOKENS),
            Task::Embeddings | Task::Rerank => 0,
        };
        (u64::try_from(asked).unwrap_or(u64::MAX), answer)
    }

    /// Where its answer is kept: the use case, and a hash of everything that decides the answer.
    pub(super) fn cache_key(&self) -> String {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        (self.text("prompt"), &self.model, self.fields.get("maxTokens").map(Value::to_string))
            .hash(&mut hasher);
        let use_case = self.fields.get("useCase").and_then(Value::as_str).unwrap_or("general");
        format!("{use_case}:{:016x}", hasher.finish())
    }

    /// What the provider is sent, and where.
    pub(super) fn call(&self) -> (&'static str, Vec<u8>) {
        let (path, mut body) = match self.task {
            Task::Inference => {
                let message = json!({"role": "user", "content": self.text("prompt")});
                let body = json!({"model": self.model, "messages": [message], "stream": self.stream});
                ("/v1/chat/completions", body)
            }
            Task::Embeddings => {
                ("/v1/embeddings", json!({"model": self.model, "input": self.fields.get("input")}))
            }
            Task::Rerank => {
                let (query, documents) = (self.text("query"), self.texts("documents"));
                ("/v1/rerank", json!({"model": self.model, "query": query, "documents": documents}))
            }
        };
        let names = [("maxTokens", "max_tokens"), ("temperature", "temperature"), ("topN", "top_n")];
        for (ours, theirs) in names {
            if let Some(value) = self.fields.get(ours) {
                body[theirs] = value.clone();
            }
        }
        (path, body.to_string().into_bytes())
    }

    /// How many documents are to be ranked.
    pub(super) fn documents(&self) -> usize {
        self.texts("documents").len()
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text, or each text of a list.
    fn texts(&self, name: &str) -> Vec<&str> {
        match self.fields.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// A rough count, as for a tokenizer of English.
fn tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}
