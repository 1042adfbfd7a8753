//! The Cogito mutants, one row each: flaw, name, where it sits, the claims it breaks, and how.

use super::Kind::{Answer, Mechanism};
use super::{Flaw, Mutant, table};

pub(super) const MUTANTS: &[Mutant] = table! {
    // Who calls.
    RevokedKeyAccepted "revoked-key-accepted" Mechanism ["COG-06"] "a revoked key still works"
        like "https://github.com/theopenco/llmgateway/pull/2975";
    UnknownKeyAccepted "unknown-key-accepted" Mechanism ["COG-06"] "any bearer token works";
    RevokedKeyReachesUpstream "revoked-key-reaches-upstream" Mechanism ["COG-06"]
        "a key is checked after the upstream was called";
    MissingKeyAccepted "missing-key-accepted" Mechanism ["COG-07"] "a request without a key is served";
    MissingAuthorizationMerged "missing-authorization-merged" Mechanism ["COG-07"]
        "no header at all is `invalid_api_key`";
    MissingKeyIs400 "missing-key-is-400" Mechanism ["COG-07"]
        "a missing key is a 400" like "https://github.com/vllm-project/aibrix/issues/671";

    // Money.
    BalanceUnchecked "balance-unchecked" Mechanism ["COG-08"] "the ledger never refuses";
    ZeroBalanceAccepted "zero-balance-accepted" Mechanism ["COG-08"] "a balance of exactly zero passes";
    NegativeBalanceAccepted "negative-balance-accepted" Mechanism ["COG-08"]
        "a balance below zero passes: only zero is refused";
    EmptyBalanceReachesUpstream "empty-balance-reaches-upstream" Mechanism ["COG-08"]
        "the balance is checked after the upstream was called";
    BalanceCodeRetired "balance-code-retired" Answer ["COG-08"] "the retired code `insufficient_balance`";
    QuotaTypeWrong "quota-type-wrong" Mechanism ["COG-03", "COG-08"] "402 is a `billing_error`";
    SpendCapUnchecked "spend-cap-unchecked" Mechanism ["COG-09"] "the spend cap never refuses"
        like "https://github.com/BerriAI/litellm/issues/26672";
    SpendCapOffByOne "spend-cap-off-by-one" Mechanism ["COG-09"] "spending exactly at the cap passes";
    SpendCapReachesUpstream "spend-cap-reaches-upstream" Mechanism ["COG-09"]
        "the cap is checked after the upstream was called";
    SpendCapIs402 "spend-cap-is-402" Mechanism ["COG-09"]
        "the cap is reported as an empty balance" like "https://github.com/BerriAI/litellm/issues/14144";
    SpendCapWithoutRetryAfter "spend-cap-without-retry-after" Mechanism ["COG-09", "COG-17"]
        "the cap's 429 has no Retry-After";
    SpendCapCodeRetired "spend-cap-code-retired" Answer ["COG-09"] "the retired code `spend_capped`";

    // Rate.
    RateLimitUnenforced "rate-limit-unenforced" Mechanism ["COG-10"] "the limiter never refuses"
        like "https://github.com/BerriAI/litellm/issues/6938";
    RateLimitWithoutRetryAfter "rate-limit-without-retry-after" Mechanism ["COG-17", "COG-10"]
        "the limiter's own 429 has no Retry-After" like "https://github.com/BerriAI/litellm/issues/4695";
    RateLimitIs503 "rate-limit-is-503" Mechanism ["COG-10"]
        "over the rate is a 503" like "https://github.com/evenfire-ai/evenfire/issues/720";
    RateLimitTypeWrong "rate-limit-type-wrong" Mechanism ["COG-03", "COG-10"]
        "429 is an `insufficient_quota`";
    RateLimitReachesUpstream "rate-limit-reaches-upstream" Mechanism ["COG-10"]
        "the rate is checked after the upstream was called (a should)";
    TypeIsTheWordNone "type-is-the-word-none" Answer ["COG-03", "COG-10"]
        "429 has the type \"None\"" like "https://github.com/BerriAI/litellm/issues/27823";
    CrowdShedWithBareText "crowd-shed-with-bare-text" Mechanism ["COG-01", "COG-03"]
        "a third call at once is shed with a bare 503"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";

    // Models and permissions.
    UnknownModelForwarded "unknown-model-forwarded" Mechanism ["COG-05"]
        "an unknown slug is sent upstream" like "https://github.com/BerriAI/litellm/issues/27030";
    UnknownModelIs400 "unknown-model-is-400" Mechanism ["COG-05"] "an unknown slug is a 400";
    UnknownModelIs503 "unknown-model-is-503" Mechanism ["COG-05"]
        "an unknown slug is a retryable 503" like "https://github.com/Wei-Shaw/sub2api/pull/1489";
    ModelPermissionUnchecked "model-permission-unchecked" Mechanism ["COG-11"]
        "a model that is closed to the key is served"
        like "https://github.com/BerriAI/litellm/issues/8616";
    FeatureUnchecked "feature-unchecked" Mechanism ["COG-11"] "a feature that is closed to the key is served";
    ForbiddenIs401 "forbidden-is-401" Mechanism ["COG-11"]
        "no access is a 401" like "https://github.com/majiayu000/litellm-rs/pull/1187";
    ForbiddenIs404 "forbidden-is-404" Mechanism ["COG-11"] "no access is a 404";
    ForbiddenTypeWrong "forbidden-type-wrong" Mechanism ["COG-03", "COG-11"]
        "403 is an `authentication_error`";

    // Routes.
    UnknownRoutePlainText "unknown-route-plain-text" Answer ["COG-01", "COG-05"]
        "an unknown route is a plain text 404" like "https://github.com/Kong/kong/issues/927";
    UnknownRouteIsModelNotFound "unknown-route-is-model-not-found" Mechanism ["COG-05"]
        "an unknown route is `model_not_found`";
    OddMethodIs405 "odd-method-is-405" Mechanism ["COG-04"] "a known route with another method is a 405";
    OddMethodReachesUpstream "odd-method-reaches-upstream" Mechanism ["COG-04"]
        "a known route with another method is refused after the upstream was called (a should)";
    ModelListFails "model-list-fails" Mechanism ["COG-01"] "the list of models is a 500";
    NotFoundTypeWrong "not-found-type-wrong" Mechanism ["COG-03", "COG-05"] "404 is a `not_found_error`";

    // Validation.
    MalformedJsonIs500 "malformed-json-is-500" Mechanism ["COG-13"]
        "malformed JSON is a 500 with a traceback" like "https://github.com/BerriAI/liteLLM-proxy/issues/10";
    EmptyBodyIs500 "empty-body-is-500" Mechanism ["COG-13"]
        "an empty body is a 500" like "https://github.com/lemonade-sdk/lemonade/issues/2231";
    OddJsonIs500 "odd-json-is-500" Mechanism ["COG-13"]
        "deep nesting, huge numbers, lone surrogates or a byte order mark are a 500"
        like "https://github.com/sgl-project/sglang/issues/3805";
    InvalidFieldIs422 "invalid-field-is-422" Mechanism ["COG-04", "COG-13"]
        "an invalid field is a 422" like "https://github.com/vllm-project/vllm/issues/57997";
    InvalidFieldIs500 "invalid-field-is-500" Mechanism ["COG-13"]
        "an invalid field is a 500" like "https://github.com/BerriAI/litellm/issues/41159";
    MissingFieldForwarded "missing-field-forwarded" Mechanism ["COG-13"]
        "a missing required field is sent upstream";
    RangesUnchecked "ranges-unchecked" Mechanism ["COG-13"] "numbers outside their range are sent upstream";
    ParameterTypesUnchecked "parameter-types-unchecked" Mechanism ["COG-13"]
        "parameters of the wrong type are sent upstream";
    InvalidBodyReachesUpstream "invalid-body-reaches-upstream" Mechanism ["COG-13"]
        "the body is checked after the upstream was called"
        like "https://github.com/RakuenSoftware/aimee/pull/2071";
    OversizeIs413 "oversize-is-413" Mechanism ["COG-04"] "an oversize body is a 413";

    // States.
    BillingSwitchIgnored "billing-switch-ignored" Mechanism ["COG-12"]
        "calls are served though nobody can be billed";
    BillingOffReachesUpstream "billing-off-reaches-upstream" Mechanism ["COG-12"]
        "billing is checked after the upstream was called";
    BillingOffIs500 "billing-off-is-500" Mechanism ["COG-12"] "billing not configured is a 500";
    BillingOffWithoutRetryAfter "billing-off-without-retry-after" Mechanism ["COG-12", "COG-17"]
        "billing not configured has no Retry-After";
    CredentialsUnchecked "credentials-unchecked" Mechanism ["COG-14"]
        "the upstream is called without credentials";
    CredentialsMissingReachesUpstream "credentials-missing-reaches-upstream" Mechanism ["COG-14"]
        "credentials are checked after the upstream was called";
    CredentialsMissingIs503 "credentials-missing-is-503" Mechanism ["COG-14"] "missing credentials are a 503";

    // Request ids.
    RequestIdConstant "request-id-constant" Mechanism ["COG-02"] "every request has the same id"
        like "https://github.com/spring-attic/spring-cloud-sleuth/issues/2221";
    RequestIdMissing "request-id-missing" Answer ["COG-01", "COG-02"] "failures carry no id";
    RequestIdPrefixWrong "request-id-prefix-wrong" Mechanism ["COG-02"] "ids begin `cogito-`";
    RequestIdTailEmpty "request-id-tail-empty" Mechanism ["COG-02"] "every id is just `req_`";
    RequestIdRepeatsAfterTen "request-id-repeats-after-ten" Mechanism ["COG-02"]
        "ids repeat every tenth request";
    RequestIdSharedInFlight "request-id-shared-in-flight" Mechanism ["COG-02"]
        "requests under way at once share an id"
        like "https://github.com/apache/skywalking/issues/13443";
    UpstreamRequestIdRelayed "upstream-request-id-relayed" Mechanism ["COG-02"]
        "the upstream's id takes the place of the gateway's";

    // Reaching the upstream.
    ConnectFailureIs400 "connect-failure-is-400" Mechanism ["COG-15"]
        "no connection is a 400" like "https://github.com/maximhq/bifrost/issues/3927";
    ConnectFailureIs500 "connect-failure-is-500" Mechanism ["COG-15"]
        "no connection is a 500" like "https://github.com/Kong/kong/issues/6726";
    ConnectFailureTellsKey "connect-failure-tells-key" Mechanism []
        "the message of a failed connection tells the upstream's address and key"
        like "https://github.com/nyroway/nyro/issues/68";
    ConnectFailureToldTwice "connect-failure-told-twice" Mechanism ["COG-15"]
        "the call after a failed connection is told the same failure (a should)"
        like "https://github.com/BerriAI/litellm/issues/20722";
    HeadDeadlineMissing "head-deadline-missing" Mechanism ["COG-19"]
        "a silent upstream is waited for for ever" like "https://github.com/BerriAI/litellm/issues/38358";
    BodyDeadlineMissing "body-deadline-missing" Mechanism ["COG-19"]
        "an upstream that stalls after its head is waited for for ever"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";
    DeadlineRestartsWithEachRead "deadline-restarts-with-each-read" Mechanism ["COG-19"]
        "each byte of a drip restarts the deadline"
        like "https://github.com/psf/requests/issues/3099";
    TimeoutIs408 "timeout-is-408" Mechanism ["COG-04", "COG-19"]
        "an upstream that is too slow is a 408" like "https://github.com/apache/apisix/pull/12055";
    TimeoutTypeWrong "timeout-type-wrong" Mechanism ["COG-03", "COG-19"] "504 is a `timeout_error`";

    // What the upstream answered.
    BrokenBodyIsWhole "broken-body-is-whole" Mechanism ["COG-19"]
        "half a body is a 200" like "https://github.com/Portkey-AI/gateway/issues/267";
    AnswerTruncatedPassed "answer-truncated-passed" Mechanism ["COG-19"]
        "truncated JSON is a 200" like "https://github.com/Kong/kong/issues/14903";
    AnswerEmptyPassed "answer-empty-passed" Mechanism ["COG-19"] "an empty 200 is passed on";
    AnswerContentTypeUnchecked "answer-content-type-unchecked" Mechanism ["COG-19"]
        "an HTML 200 is passed on"
        like "https://github.com/ding113/claude-code-hub/pull/763";
    AnswerErrorObjectPassed "answer-error-object-passed" Mechanism ["COG-19"]
        "a 200 with an error object is passed on" like "https://github.com/QuantumNous/new-api/issues/7399";
    AnswerChoicesNullPassed "answer-choices-null-passed" Mechanism ["COG-19"]
        "a 200 with `choices: null` is passed on" like "https://github.com/decolua/9router/issues/2727";
    UpstreamClientErrorsAre500 "upstream-client-errors-are-500" Mechanism ["COG-16"]
        "every upstream 4xx is a 500" like "https://github.com/BerriAI/litellm/pull/38318";
    UpstreamNotFoundIsNothing "upstream-not-found-is-nothing" Mechanism ["COG-16"]
        "an upstream 404 is a 200 without an answer"
        like "https://github.com/BerriAI/litellm/issues/32221";
    UpstreamServerErrorsAre502 "upstream-server-errors-are-502" Mechanism ["COG-16"]
        "every upstream 5xx is a 502" like "https://github.com/mozilla-ai/otari/pull/197";
    Upstream529Is500 "upstream-529-is-500" Mechanism ["COG-16"] "an upstream 529 is a 500";
    Upstream429Is503 "upstream-429-is-503" Mechanism ["COG-16"] "an upstream 429 is a 503"
        like "https://github.com/evenfire-ai/evenfire/issues/720";
    Upstream503Is429 "upstream-503-is-429" Mechanism ["COG-18", "COG-16"] "an upstream 503 is a 429";
    UpstreamCodeGeneric "upstream-code-generic" Mechanism ["COG-16"]
        "every upstream status has the code `upstream_error`" like "https://github.com/api7/aisix/pull/323";
    UpstreamIntegerCodeCrashes "upstream-integer-code-crashes" Mechanism ["COG-01", "COG-16"]
        "an upstream error with a number as its code is a 500 without a body"
        like "https://github.com/envoyproxy/ai-gateway/issues/2151";
    UpstreamHtmlRelayed "upstream-html-relayed" Mechanism ["COG-01"]
        "an upstream's HTML error is passed on" like "https://github.com/Kong/kong/issues/927";
    UpstreamErrorBodyRelayed "upstream-error-body-relayed" Mechanism ["COG-01"]
        "an upstream's JSON error is passed on as it is"
        like "https://github.com/api7/aisix/pull/323";
    UpstreamMessageRelayed "upstream-message-relayed" Mechanism []
        "the upstream's message, and the key in it, is passed on"
        like "https://github.com/nyroway/nyro/issues/67";
    UnauthorizedTypeWrong "unauthorized-type-wrong" Mechanism ["COG-03", "COG-06"]
        "401 is an `invalid_request_error`";
    UnavailableTypeWrong "unavailable-type-wrong" Mechanism ["COG-03", "COG-18"] "503 is an `api_error`";

    // Retry-After.
    RetryAfterDropped "retry-after-dropped" Mechanism ["COG-17"]
        "an upstream's 429 or 503 arrives without Retry-After"
        like "https://github.com/api7/aisix/issues/144";
    RetryAfterOnlyOn429 "retry-after-only-on-429" Answer ["COG-17", "COG-18"] "no 503 has Retry-After";
    RetryAfterDateRelayed "retry-after-date-relayed" Mechanism ["COG-17"] "an upstream's date is passed on";
    RetryAfterNegativeRelayed "retry-after-negative-relayed" Mechanism ["COG-17"]
        "an upstream's negative number is passed on";
    RetryAfterGarbageRelayed "retry-after-garbage-relayed" Mechanism ["COG-17"]
        "what is no delay at all is passed on";
    RetryAfterFractionRelayed "retry-after-fraction-relayed" Mechanism ["COG-17"]
        "an upstream's fraction of a second is passed on"
        like "https://github.com/SpaceTradersAPI/api-docs/issues/24";
    RetryAfterMillisecondsRelayed "retry-after-milliseconds-relayed" Mechanism ["COG-17"]
        "`retry-after-ms` is passed on with its unit"
        like "https://github.com/fastify/fastify-rate-limit/issues/301";
    RetryAfterIsADate "retry-after-is-a-date" Answer ["COG-17"] "Retry-After is a date";
    RetryAfterIsZero "retry-after-is-zero" Answer ["COG-17"]
        "Retry-After is 0, sooner than the upstream asked for (a should)";
    RetryAfterTwice "retry-after-twice" Answer ["COG-17"] "Retry-After is sent twice";

    // Streams.
    StreamEarlyFailureIs200 "stream-early-failure-is-200" Mechanism ["COG-16"]
        "a failure before the first event is a 200 with an error event"
        like "https://github.com/maximhq/bifrost/issues/1911";
    StreamFailureContentType "stream-failure-content-type" Answer ["COG-01"]
        "a failed stream's JSON is called an event stream"
        like "https://github.com/smg-project/smg/issues/2403";
    StreamCutIsDone "stream-cut-is-done" Mechanism ["COG-19"]
        "a broken stream ends in `[DONE]`" like "https://github.com/ENTERPILOT/GoModel/pull/1017";
    StreamEndUnannouncedIsDone "stream-end-unannounced-is-done" Mechanism ["COG-19"]
        "a stream that just ends, between events, ends in `[DONE]`"
        like "https://github.com/NVIDIA/TensorRT-LLM/pull/18289";
    StreamCutIsStop "stream-cut-is-stop" Mechanism ["COG-19"]
        "a broken stream ends in `finish_reason: stop`"
        like "https://github.com/diegosouzapw/OmniRoute/issues/4177";
    StreamErrorEventSwallowed "stream-error-event-swallowed" Mechanism ["COG-19"]
        "an upstream's error event is skipped" like "https://github.com/mozilla-ai/any-llm/pull/847";
    StreamErrorEventRelayed "stream-error-event-relayed" Mechanism ["COG-01"]
        "an upstream's error event is passed on as it is";
    StreamMalformedEventRelayed "stream-malformed-event-relayed" Mechanism ["COG-19"]
        "an event that is not JSON is passed on"
        like "https://github.com/openclaw/openclaw/pull/116938";
    StreamErrorIsPlainText "stream-error-is-plain-text" Mechanism ["COG-19"]
        "a broken stream's last event is plain text" like "https://github.com/lucasjinreal/Crane/pull/121";
    StreamDoneIsCut "stream-done-is-cut" Mechanism ["COG-01", "COG-19"]
        "the end that a stream announces is told as a failure";
    IdleDeadlineMissing "idle-deadline-missing" Mechanism ["COG-19"]
        "a stream that stalls is waited for for ever" like "https://github.com/decolua/9router/pull/3222";

    // The finished envelope.
    ErrorIsAString "error-is-a-string" Answer ["COG-01"]
        "`error` is a string" like "https://github.com/tensorzero/tensorzero/issues/5445";
    EnvelopeTwice "envelope-twice" Answer ["COG-01"]
        "the envelope is wrapped twice" like "https://github.com/envoyproxy/ai-gateway/pull/1591";
    MessageMissing "message-missing" Answer ["COG-01"] "there is no message"
        like "https://github.com/envoyproxy/ai-gateway/pull/2513";
    CodeIsNull "code-is-null" Answer ["COG-01"] "`code` is null";
    CodeIsTheStatus "code-is-the-status" Answer ["COG-01"] "`code` is the status, as a number"
        like "https://github.com/vllm-project/vllm/issues/57997";
    ContentTypeIsText "content-type-is-text" Answer ["COG-01"] "failures are text/plain";
    EmbeddingsEnvelopeDiffers "embeddings-envelope-differs" Answer ["COG-01"]
        "the embeddings lane has an envelope of its own"
        like "https://github.com/NVIDIA-NeMo/nemo-platform/pull/1437";
    ServerErrorBodyEmpty "server-error-body-empty" Answer ["COG-01"]
        "a 5xx has no body" like "https://github.com/apache/apisix/pull/13565";
    FailureIs200 "failure-is-200" Answer ["COG-16", "COG-19"]
        "a 5xx is sent as a 200" like "https://github.com/azrtydxb/Fastllm-proxy/issues/28";
    SuccessCarriesError "success-carries-error" Answer ["COG-01"] "a success has an `error` beside its answer";
    TenthFailureIsHtml "tenth-failure-is-html" Answer ["COG-01"] "every tenth failure is an HTML page";
};
