//! The OpenGateway mutants, one row each: flaw, name, where it sits, the claims it breaks, and how.

use super::Kind::{Answer, Mechanism};
use super::{Flaw, Mutant, table};

pub(super) const MUTANTS: &[Mutant] = table! {
    // Who calls.
    RevokedKeyAccepted "revoked-key-accepted" Mechanism ["OGW-04"] "a revoked key still works"
        like "https://github.com/theopenco/llmgateway/pull/2975";
    UnknownKeyAccepted "unknown-key-accepted" Mechanism ["OGW-04"] "any key works";
    MissingKeyAccepted "missing-key-accepted" Mechanism ["OGW-04"] "a request without a key is served";
    MissingKeyIs400 "missing-key-is-400" Mechanism ["OGW-04"]
        "a missing key is a 400" like "https://github.com/vllm-project/aibrix/issues/671";
    BadKeyLocksOut "bad-key-locks-out" Mechanism ["OGW-04"]
        "behind a bad key the next good one is refused as well";
    RevokedKeyReachesUpstream "revoked-key-reaches-upstream" Mechanism ["OGW-04"]
        "a key is checked after a provider was called";
    AnySchemeAccepted "any-scheme-accepted" Mechanism ["OGW-04"] "a key works under every scheme";
    ApiKeyHeaderIgnored "api-key-header-ignored" Mechanism ["OGW-05"] "a key in `x-api-key` is not seen"
        like "https://github.com/vllm-project/vllm/issues/51572";
    BearerIgnoredOnMessages "bearer-ignored-on-messages" Mechanism ["OGW-05"]
        "the Anthropic lane takes no bearer key"
        like "https://github.com/aws-samples/sample-kolya-br-proxy/pull/35";

    // Models.
    MalformedModelIs404 "malformed-model-is-404" Mechanism ["OGW-03"]
        "what is no model id is a model that does not exist";
    UnknownPolicyIgnored "unknown-policy-ignored" Mechanism ["OGW-03"]
        "whatever stands behind the colon is dropped and the request served";
    MalformedJsonIs500 "malformed-json-is-500" Mechanism ["OGW-03"]
        "malformed JSON is a 500 with a traceback" like "https://github.com/BerriAI/liteLLM-proxy/issues/10";
    MissingFieldForwarded "missing-field-forwarded" Mechanism ["OGW-03"]
        "a request without a required field is sent to a provider";
    OddJsonIs500 "odd-json-is-500" Mechanism ["OGW-03"] "JSON that others read is a 500";
    BadShapeCodeWrong "bad-shape-code-wrong" Mechanism ["OGW-03"]
        "a bad shape that is no malformed id has another code (a should)";
    InvalidBodyReachesUpstream "malformed-model-reaches-upstream" Mechanism ["OGW-03"]
        "a malformed id is refused after a provider was called";
    UnknownModelForwarded "unknown-model-forwarded" Mechanism ["OGW-06"]
        "an unknown id is sent to a provider" like "https://github.com/BerriAI/litellm/issues/27030";
    UnknownModelIs400 "unknown-model-is-400" Mechanism ["OGW-06"] "an unknown id is a 400";
    UnknownModelIs503 "unknown-model-is-503" Mechanism ["OGW-06"]
        "an unknown id is a retryable 503" like "https://github.com/Wei-Shaw/sub2api/pull/1489";
    LaneUnchecked "lane-unchecked" Mechanism ["OGW-06"] "every lane serves every model";
    LaneUncheckedForEmbeddings "lane-unchecked-for-embeddings" Mechanism ["OGW-06"]
        "every lane serves every embedding model";
    OtherLaneIs403 "other-lane-is-403" Mechanism ["OGW-06"] "a model of another lane is a 403";
    TaskUnchecked "task-unchecked" Mechanism ["OGW-07"] "a chat model is sent embeddings, and the reverse";
    TaskMismatchIs400 "task-mismatch-is-400" Mechanism ["OGW-07"]
        "a model that cannot serve the endpoint is a 400" like "https://github.com/fuzhengwei/WaLiAPI/issues/40";
    TaskMismatchCodeWrong "task-mismatch-code-wrong" Answer ["OGW-07"]
        "422 has the code of a malformed id";
    OverWindowIs502 "over-window-is-502" Mechanism ["OGW-11"]
        "a request over the window is a bad gateway" like "https://github.com/kortix-ai/suna/pull/5986";

    // Rate and concurrency.
    RateLimitUnenforced "rate-limit-unenforced" Mechanism ["OGW-08"] "the limiter never refuses"
        like "https://github.com/BerriAI/litellm/issues/6938";
    RateLimitIs503 "rate-limit-is-503" Mechanism ["OGW-08"]
        "over the rate is a 503" like "https://github.com/evenfire-ai/evenfire/issues/720";
    ConcurrencyUnenforced "concurrency-unenforced" Mechanism ["OGW-08"]
        "any number of requests of a key may be under way";
    SlotKeptByFailures "slot-kept-by-failures" Mechanism ["OGW-08"]
        "a request that failed counts as under way for ever"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";

    // Which failures are retried, where and how often.
    RateLimitNotRetried "rate-limit-not-retried" Mechanism ["OGW-12"]
        "a provider's 429 is final" like "https://github.com/maximhq/bifrost/issues/3261";
    Upstream529NotRetried "upstream-529-not-retried" Mechanism ["OGW-12"]
        "a provider's 529 is final" like "https://github.com/Portkey-AI/gateway/blob/main/src/globals.ts";
    FailoverMissing "failover-missing" Mechanism ["OGW-12", "OGW-17"]
        "the second provider is never asked" like "https://github.com/agentgateway/agentgateway/issues/1087";
    StreamNotFailedOver "stream-not-failed-over" Mechanism ["OGW-12"]
        "a stream is tried at the first provider only" like "https://github.com/mlflow/mlflow/issues/25262";
    BackoffMissing "backoff-missing" Mechanism ["OGW-12"]
        "a failed attempt is repeated at once" like "https://github.com/BerriAI/litellm/issues/7669";
    RetryDropsParameters "retry-drops-parameters" Mechanism ["OGW-12"]
        "what is sent again lacks the optional parameters";
    ProviderBenchedForGood "provider-benched-for-good" Mechanism ["OGW-12"]
        "a provider that failed six times in a row is never asked again"
        like "https://github.com/BerriAI/litellm/issues/40130";
    CreditsFailOver "credits-fail-over" Mechanism ["OGW-09"]
        "exhausted credits are tried at the next provider"
        like "https://github.com/DeliciousBuding/new-api/issues/144";
    CreditsRetried "credits-retried" Mechanism ["OGW-09"]
        "exhausted credits are tried again at the same provider";
    CreditsAre429 "credits-are-429" Mechanism ["OGW-09"]
        "exhausted credits are told as a rate limit" like "https://github.com/2389-research/tracker/issues/547";
    RefusedKeyFailsOver "refused-key-fails-over" Mechanism ["OGW-13", "OGW-09"]
        "a provider's 401 to 403 are tried at the next one"
        like "https://github.com/higress-group/higress/issues/1808";
    UnprocessableRetried "unprocessable-retried" Mechanism ["OGW-13"]
        "a provider's 422 is tried again" like "https://github.com/fuzhengwei/WaLiAPI/issues/48";
    UpstreamNotFoundFailsOver "upstream-404-fails-over" Mechanism ["OGW-13"]
        "a provider's 404 is tried at the next one";
    UpstreamClientErrorsAre500 "upstream-client-errors-are-500" Mechanism ["OGW-13", "OGW-09", "OGW-01"]
        "every 4xx of a provider is a 500" like "https://github.com/BerriAI/litellm/pull/38318";
    ForbiddenIs401 "upstream-403-is-401" Mechanism ["OGW-13"]
        "a provider's 403 is a 401" like "https://github.com/majiayu000/litellm-rs/pull/1187";
    BodySaysCredits "body-says-credits" Mechanism ["OGW-14"]
        "a 5xx whose body speaks of credits is a hard stop";
    BodySaysRateLimit "body-says-rate-limit" Mechanism ["OGW-14"]
        "a 402 whose body speaks of a rate limit is tried again"
        like "https://github.com/BerriAI/litellm/pull/30417";
    BodySaysTryAgain "body-says-try-again" Mechanism ["OGW-14"]
        "a 422 whose body says to try again is tried again";
    BodySaysOverloaded "body-says-overloaded" Mechanism ["OGW-14"]
        "a 400 whose body speaks of an overload is tried again";
    HtmlIsFinal "html-is-final" Mechanism ["OGW-14"]
        "a 429 or 5xx that is a web page is not tried again";
    FastestPinned "fastest-pinned" Mechanism ["OGW-17"] "`:fastest` asks one provider and no other";
    CheapestPinned "cheapest-pinned" Mechanism ["OGW-17"]
        "`:cheapest` asks the cheapest provider, live or not" like "https://github.com/BerriAI/litellm/pull/27610";
    PolicyPrefersOffline "policy-prefers-offline" Mechanism ["OGW-17"]
        "a policy sorts by who is live the wrong way round";
    OfflineModelCalled "offline-model-called" Mechanism ["OGW-10"]
        "a model that was taken offline is asked all the same";

    SpentIs502 "spent-is-502" Mechanism ["OGW-12"]
        "after all retries everything is a 502 (a should)"
        like "https://github.com/fuzhengwei/WaLiAPI/pull/49";

    // What is told of a provider that failed.
    OfflineIs404 "offline-is-404" Mechanism ["OGW-10"]
        "a model whose providers cannot be reached is a model that does not exist"
        like "https://github.com/gpustack/gpustack/pull/6038";
    ConnectFailureIs400 "connect-failure-is-400" Mechanism ["OGW-10"]
        "no connection is a 400" like "https://github.com/maximhq/bifrost/issues/3927";
    ConnectFailureTellsKey "connect-failure-tells-address" Mechanism ["OGW-02"]
        "the message of a failed connection tells the provider's address"
        like "https://github.com/newrelic-experimental/preflight/issues/144";
    UpstreamMessageRelayed "upstream-message-relayed" Mechanism ["OGW-02"]
        "the provider's message is passed on" like "https://github.com/nyroway/nyro/issues/67";
    UpstreamHeadersRelayed "upstream-headers-relayed" Mechanism ["OGW-02"]
        "a failing provider's request id, organisation and server are passed on";
    UpstreamHtmlRelayed "upstream-html-relayed" Mechanism ["OGW-01"]
        "a provider's HTML error is passed on" like "https://github.com/Kong/kong/issues/927";
    UpstreamErrorBodyRelayed "upstream-error-body-relayed" Mechanism ["OGW-01", "OGW-02"]
        "a provider's JSON error is passed on as it is" like "https://github.com/api7/aisix/pull/323";
    UpstreamIntegerCodeCrashes "upstream-integer-code-crashes" Mechanism ["OGW-01"]
        "an error with a number as its code is a 500 without a body"
        like "https://github.com/envoyproxy/ai-gateway/issues/2151";
    OpenAiEnvelopeOnMessages "openai-envelope-on-messages" Mechanism ["OGW-01"]
        "the Anthropic lane fails in the OpenAI shape" like "https://github.com/BerriAI/litellm/pull/39037";
    OpenAiTypesOnMessages "openai-types-on-messages" Mechanism ["OGW-01"]
        "the Anthropic lane's types are not Anthropic's (a should)"
        like "https://github.com/vllm-project/vllm/issues/57997";
    BrokenBodyIsWhole "broken-body-is-whole" Mechanism ["OGW-01"]
        "half a body is a 200" like "https://github.com/Portkey-AI/gateway/issues/267";
    AnswerChoicesNullPassed "answer-choices-null-passed" Mechanism ["OGW-01"]
        "a 200 without an answer is passed on (a should)"
        like "https://github.com/decolua/9router/issues/2727";
    CharsetUnread "charset-unread" Mechanism ["OGW-01"]
        "JSON that names its charset is taken for something else"
        like "https://github.com/envoyproxy/ai-gateway/pull/1591";
    DeadlineHalved "deadline-halved" Mechanism ["OGW-01"]
        "a provider gets half of its time (a should)" like "https://github.com/BerriAI/litellm/issues/9551";
    HeadDeadlineMissing "head-deadline-missing" Mechanism ["OGW-01"]
        "a silent provider is waited for for ever" like "https://github.com/BerriAI/litellm/issues/38358";
    AnswerErrorObjectPassed "answer-error-object-passed" Mechanism ["OGW-01"]
        "a 200 with an error object is passed on" like "https://github.com/QuantumNous/new-api/issues/7399";

    // The list of models.
    ModelsNeedIssuedKey "models-need-issued-key" Mechanism ["OGW-15"]
        "the list of models is for issued keys only";
    ModelsNeedNoKey "models-need-no-key" Mechanism ["OGW-15"] "the list of models is for anybody";
    ModelListIsBare "model-list-is-bare" Mechanism ["OGW-15"] "the list of models is a bare JSON list";
    ModelListWithoutIds "model-list-without-ids" Mechanism ["OGW-15"] "the models of the list have no ids";

    // Streams.
    StreamBuffered "stream-buffered" Mechanism ["OGW-16"]
        "a stream is collected and sent when it is over";
    StreamContentTypeIsJson "stream-content-type-is-json" Mechanism ["OGW-16"]
        "a stream is called JSON";
    StreamEarlyFailureIs200 "stream-early-failure-is-200" Mechanism ["OGW-10", "OGW-13"]
        "a failure before the first event is a 200 with an error event"
        like "https://github.com/maximhq/bifrost/issues/1911";
    StreamRetriedAfterOutput "stream-retried-after-output" Mechanism ["OGW-16"]
        "a stream that breaks goes on with another answer from its beginning"
        like "https://github.com/apache/shenyu/issues/6647";
    StreamCutIsDone "stream-cut-is-done" Mechanism ["OGW-16"]
        "a broken stream ends as a whole one" like "https://github.com/ENTERPILOT/GoModel/pull/1017";
    StreamEndUnannouncedIsDone "stream-end-unannounced-is-done" Mechanism ["OGW-16"]
        "a stream that just ends, between events, ends as a whole one"
        like "https://github.com/NVIDIA/TensorRT-LLM/pull/18289";
    StreamCutIsStop "stream-cut-is-stop" Mechanism ["OGW-16"]
        "a broken stream comes to a natural end" like "https://github.com/diegosouzapw/OmniRoute/issues/4177";
    StreamDoneIsCut "stream-done-is-cut" Mechanism ["OGW-16"]
        "the end that a stream announces is told as a failure";
    StreamErrorEventSwallowed "stream-error-event-swallowed" Mechanism ["OGW-16"]
        "a provider's error event is skipped" like "https://github.com/mozilla-ai/any-llm/pull/847";
    StreamErrorEventRelayed "stream-error-event-relayed" Mechanism ["OGW-02"]
        "a provider's error event is passed on as it is";
    StreamMalformedEventRelayed "stream-malformed-event-relayed" Mechanism ["OGW-16"]
        "an event that is not JSON is passed on (a should)";
    StreamErrorEventUnnamed "stream-error-event-unnamed" Mechanism ["OGW-16"]
        "the Anthropic lane's error event has no name, so that clients skip it"
        like "https://github.com/mlflow/mlflow/issues/25897";
    OpenAiErrorEventOnMessages "openai-error-event-on-messages" Mechanism ["OGW-16"]
        "the Anthropic lane's broken stream ends in the OpenAI shape"
        like "https://github.com/BerriAI/litellm/issues/38610";
    IdleDeadlineMissing "idle-deadline-missing" Mechanism ["OGW-16"]
        "a stream that stalls is waited for for ever" like "https://github.com/decolua/9router/pull/3222";

    // The finished envelope.
    ErrorIsAString "error-is-a-string" Answer ["OGW-01"]
        "`error` is a string" like "https://github.com/tensorzero/tensorzero/issues/5445";
    ServerErrorBodyEmpty "server-error-body-empty" Answer ["OGW-01"]
        "a 5xx has no body" like "https://github.com/apache/apisix/pull/13565";
    TypeIsTheWordNone "type-is-the-word-none" Answer ["OGW-01"]
        "429 has the type \"None\"" like "https://github.com/BerriAI/litellm/pull/30385";
    ProviderNamed "provider-named" Answer ["OGW-02"] "`provider` is the provider's own name";
    StreamFailureContentType "stream-failure-content-type" Answer ["OGW-01"]
        "a failed stream's JSON is called an event stream"
        like "https://github.com/smg-project/smg/issues/2403";
    FailureIs200 "failure-is-200" Answer ["OGW-10", "OGW-12"]
        "a 5xx is sent as a 200" like "https://github.com/azrtydxb/Fastllm-proxy/issues/28";
    TenthFailureIsHtml "tenth-failure-is-html" Answer ["OGW-01"] "every tenth failure is an HTML page";
};
