//! What the service answers without asking a provider: variants, providers, cached answers, templates.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::failure::{Code, Failure};
use super::providers::unknown;
use super::request::{Kind, read};
use super::route::Route;
use super::store::Created;
use super::{Exchange, ok};
use crate::door::Reply;
use crate::mutant::Flaw;
use crate::seed::llm_orchestration::{Task, VARIANTS, Variant};

impl Exchange {
    pub(super) async fn desk(&self, route: Route) -> Result<Reply, Failure> {
        match route {
            Route::Variants => Ok(self.variants()),
            Route::Providers => self.providers(),
            Route::ProviderHealth => Ok(self.health()),
            Route::Provider(name) => self.provider(&name),
            Route::CreateProvider => self.create().await,
            Route::LookUp => self.look_up(),
            Route::RenderTemplate => self.render(),
            Route::Work(_) => Err(Failure::no_route(self.engine.flaws)),
        }
    }

    fn variants(&self) -> Reply {
        let hidden = self.engine.flaws.has(Flaw::VariantsHidden);
        let listed = VARIANTS.iter().filter(|it| !(hidden && it.task == Task::Inference));
        let listed: Vec<Value> = listed.map(described).collect();
        ok(&json!({"variants": listed}))
    }

    fn providers(&self) -> Result<Reply, Failure> {
        let created = self.engine.store.providers(self.engine.reach())?;
        let configured: Vec<&str> = self.engine.providers.names().collect();
        let names =
            if self.engine.flaws.has(Flaw::ConfiguredProvidersUnlisted) { Vec::new() } else { configured };
        let names = names.into_iter().chain(created.iter().map(|(name, _)| name.as_str()));
        let listed: Vec<Value> = names.map(|name| json!({"name": name})).collect();
        Ok(ok(&json!({"providers": listed})))
    }

    fn health(&self) -> Reply {
        let providers = &self.engine.providers;
        let listed = providers.names().map(|name| json!({"name": name, "status": providers.health(name)}));
        ok(&json!({"providers": listed.collect::<Vec<Value>>()}))
    }

    fn provider(&self, name: &str) -> Result<Reply, Failure> {
        let configured = self.engine.providers.names().any(|it| it == name);
        if configured || self.engine.store.provider(self.engine.reach(), name)?.is_some() {
            return Ok(ok(&json!({"name": name, "status": self.engine.providers.health(name)})));
        }
        if self.engine.flaws.has(Flaw::UnknownProviderFallsBack) {
            return Ok(ok(&json!({})));
        }
        Err(unknown(name))
    }

    async fn create(&self) -> Result<Reply, Failure> {
        let fields = self.body(Kind::Provider)?;
        let (name, url) = (text(&fields, "name"), text(&fields, "baseUrl"));
        let (engine, reach) = (&self.engine, self.engine.reach());
        let created = if engine.providers.names().any(|it| it == name) {
            Created::Taken
        } else if engine.flaws.has(Flaw::ProviderNamesRace) {
            // Looked at first and written later, with others in between.
            let taken = engine.store.provider(reach, name)?.is_some();
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            if !taken {
                engine.store.replace(reach, name, url)?;
            }
            if taken { Created::Taken } else { Created::New }
        } else {
            engine.store.create(reach, name, url)?
        };
        match created {
            Created::Taken if engine.flaws.has(Flaw::ProviderReplaced) => {
                engine.store.replace(reach, name, url)?
            }
            Created::Taken => {
                let message = format!("There is a provider '{name}' already.");
                return Err(Failure::new(Code::ProviderAlreadyExists, message));
            }
            Created::New => {}
        }
        Ok(ok(&json!({"name": name, "baseUrl": url})))
    }

    fn look_up(&self) -> Result<Reply, Failure> {
        let fields = self.body(Kind::LookUp)?;
        let key = text(&fields, "key");
        if !is_key(key) && !self.engine.flaws.has(Flaw::CacheKeyUnchecked) {
            return Err(Failure::new(Code::CacheKeyInvalid, "A key has the form <use-case>:<hash>."));
        }
        match self.engine.store.answer(self.engine.reach(), key)? {
            Some(answer) => Ok(ok(&json!({"key": key, "answer": answer}))),
            None if self.engine.flaws.has(Flaw::CacheMissIsNull) => Ok(ok(&Value::Null)),
            None => Err(Failure::new(Code::CacheMiss, "No answer is kept under this key.")),
        }
    }

    fn render(&self) -> Result<Reply, Failure> {
        let fields = self.body(Kind::Template)?;
        let id = text(&fields, "templateId");
        let template = match self.engine.store.template(self.engine.reach(), id)? {
            Some(template) => template,
            None if self.engine.flaws.has(Flaw::UnknownTemplateIsEmpty) => String::new(),
            None => {
                let id: String = id.chars().take(80).collect();
                return Err(Failure::new(Code::TemplateNotFound, format!("There is no template '{id}'.")));
            }
        };
        let no_variables = Map::new();
        let given = fields.get("variables").and_then(Value::as_object).unwrap_or(&no_variables);
        let given = if self.engine.flaws.has(Flaw::TemplateVariablesUnread) { &no_variables } else { given };
        let prompt = self.filled(&template, given)?;
        Ok(ok(&json!({"templateId": id, "prompt": prompt})))
    }

    /// The template with each `{{variable}}` replaced.
    fn filled(&self, template: &str, given: &Map<String, Value>) -> Result<String, Failure> {
        let given: BTreeMap<&str, String> =
            given.iter().map(|(name, it)| (name.as_str(), plain(it))).collect();
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, (name, after))) =
            rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
        {
            filled.push_str(before);
            match given.get(name) {
                Some(value) => filled.push_str(value),
                None if self.engine.flaws.has(Flaw::TemplateVariableLeftOpen) => {
                    filled.push_str(&format!("{{{{{name}}}}}"));
                }
                None => {
                    let message = format!("The variable '{name}' is needed.");
                    return Err(Failure::new(Code::TemplateVariableMissing, message));
                }
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The body as an object that fits its kind.
    pub(super) fn body(&self, kind: Kind) -> Result<Map<String, Value>, Failure> {
        let body = self.asked.body.as_ref().map_err(|unread| Failure::from(*unread))?;
        read(kind, body, self.engine.flaws)
    }
}

/// Whether it is a use case and a hash, as in `translation:9f86d081884c7d65`.
fn is_key(key: &str) -> bool {
    let Some((use_case, hash)) = key.split_once(':') else { return false };
    let word = !use_case.is_empty() && use_case.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    word && (16..=64).contains(&hash.len()) && hash.bytes().all(|it| it.is_ascii_hexdigit())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn described(variant: &Variant) -> Value {
    let task = match variant.task {
        Task::Inference => "inference",
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
    };
    let tier = if variant.premium { "pro" } else { "free" };
    json!({"name": variant.name, "task": task, "maxTokens": variant.context, "tier": tier})
}
