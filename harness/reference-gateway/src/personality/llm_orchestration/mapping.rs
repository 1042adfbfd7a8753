//! From what the providers did to the page's codes; and, for flaws, what is relayed without any mapping.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::failure::{Code, Failure};
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::seed::llm_orchestration::Task;
use crate::upstream::{Answer, GaveUp, UpstreamFailure};

/// The failure of a request that no provider answered; `single` where only one could have.
pub(super) fn failure(task: Task, single: bool, gave_up: &GaveUp, flaws: Flaws) -> Failure {
    let Some(last) = gave_up.failed.last() else {
        return if single { circuit_open() } else { all_unavailable() };
    };
    if task == Task::Inference && !single && !gave_up.stopped && !flaws.has(Flaw::DeadChainIsProviderError) {
        return all_unavailable();
    }
    one(task, &last.failure, flaws)
}

/// What one provider's failure is to the task that asked for it.
pub(super) fn one(task: Task, failure: &UpstreamFailure, flaws: Flaws) -> Failure {
    let what = match failure {
        UpstreamFailure::TimedOut => {
            return match task {
                Task::Inference => {
                    Failure::new(Code::InferenceTimeout, "The provider did not answer in time.")
                }
                Task::Embeddings | Task::Rerank => {
                    Failure::new(Code::Timeout, "The provider did not answer in time.")
                }
            };
        }
        UpstreamFailure::Unavailable(_) if flaws.has(Flaw::ConnectFailureIs400) => {
            return Failure::new(Code::InvalidInput, "The provider could not be reached.");
        }
        UpstreamFailure::Unavailable(_) => "The provider could not be reached.".to_owned(),
        UpstreamFailure::Refused(refused) if flaws.has(Flaw::UpstreamMessageRelayed) => {
            let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
            body.pointer("/error/message")
                .and_then(Value::as_str)
                .unwrap_or("The provider failed.")
                .to_owned()
        }
        UpstreamFailure::Refused(refused) => {
            format!("The provider answered with status {}.", refused.status.as_u16())
        }
        UpstreamFailure::Unusable(_) | UpstreamFailure::Told(_) if flaws.has(Flaw::UnusableAnswerIs500) => {
            return Failure::new(Code::InternalServerError, "Unexpected end of JSON input");
        }
        UpstreamFailure::Unusable(_) | UpstreamFailure::Told(_) => {
            "The provider's answer could not be used.".to_owned()
        }
    };
    let code = match task {
        Task::Inference => Code::ProviderError,
        Task::Embeddings => Code::EmbeddingProviderError,
        Task::Rerank => Code::RerankProviderError,
    };
    Failure::new(code, what)
}

/// A success: the provider's body and none of its headers.
pub(super) fn answered(answer: &Answer, flaws: Flaws) -> Bytes {
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(mut body)) if flaws.has(Flaw::SuccessCarriesError) => {
            body.insert("error".to_owned(), json!({}));
            Bytes::from(Value::Object(body).to_string())
        }
        _ => answer.body.clone(),
    }
}

/// The deadline that the caller set has passed.
pub(super) fn own_deadline() -> Failure {
    Failure::new(Code::Timeout, "The request's own deadline has passed.")
}

fn circuit_open() -> Failure {
    Failure::new(Code::ProviderCircuitOpen, "The provider is left alone after repeated failures.")
}

fn all_unavailable() -> Failure {
    Failure::new(Code::AllProvidersUnavailable, "No provider of the chain could answer.")
}

/// What a flawed service sends in place of the envelope.
pub(super) fn verbatim(gave_up: &GaveUp, flaws: Flaws) -> Option<Reply> {
    let UpstreamFailure::Refused(refused) = &gave_up.failed.last()?.failure else { return None };
    let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
    if flaws.has(Flaw::UpstreamIntegerCodeCrashes) && body.pointer("/error/code").is_some_and(Value::is_i64) {
        return Some(door::empty(StatusCode::INTERNAL_SERVER_ERROR));
    }
    if flaws.has(Flaw::ProviderErrorIs200) {
        let error = json!({"error": {"code": refused.status.as_u16(), "message": "provider error"}});
        return Some(door::json(StatusCode::OK, error.to_string()));
    }
    flaws
        .has(Flaw::UpstreamErrorBodyRelayed)
        .then(|| door::full(refused.status, "application/json", refused.body.clone()))
}
