//! The Chuizi mutants, one row each: flaw, name, where it sits, the claims it breaks, and how.

use super::Kind::{Answer, Mechanism};
use super::{Flaw, Mutant, table};

pub(super) const MUTANTS: &[Mutant] = table! {
    // The two shapes.
    CodeIsTheStatus "code-is-a-number" Answer ["CHZ-01"]
        "`code` is a number" like "https://github.com/vllm-project/vllm/issues/57997";
    CodeIsAnotherStatus "code-is-another-status" Answer ["CHZ-01"] "every `code` above 500 is \"500\""
        like "https://github.com/BerriAI/litellm/pull/30417";
    ErrorIsAString "error-is-a-string" Answer ["CHZ-01", "CHZ-02"]
        "`error` is a string" like "https://github.com/tensorzero/tensorzero/issues/5445";
    TenthFailureIsHtml "tenth-failure-is-html" Answer ["CHZ-01", "CHZ-02"]
        "every tenth failure is an HTML page" like "https://github.com/Kong/kong/issues/927";
    UnknownRoutePlainText "unknown-route-is-plain-text" Answer ["CHZ-01", "CHZ-02"]
        "an unknown route is a plain text 404"
        like "https://github.com/Kong/kong/issues/927";
    OpenAiLaneSpeaksAnthropic "openai-lane-speaks-anthropic" Mechanism ["CHZ-01"]
        "an invalid request gets Anthropic's shape on the OpenAI lane";
    AnthropicLaneSpeaksOpenAi "anthropic-lane-speaks-openai" Mechanism ["CHZ-02"]
        "an upstream failure gets OpenAI's shape on the Anthropic lane"
        like "https://github.com/BerriAI/litellm/pull/39037";
    UnknownSubRouteSpeaksOpenAi "unknown-sub-route-speaks-openai" Mechanism ["CHZ-02"]
        "an unknown route under `/anthropic` gets OpenAI's shape";
    StreamFailureContentType "stream-failure-content-type" Answer ["CHZ-01", "CHZ-02"]
        "a failed stream's JSON is called an event stream"
        like "https://github.com/smg-project/smg/issues/2403";

    // Statuses and types.
    AnthropicTypesTranslated "anthropic-types-translated" Mechanism ["CHZ-03"]
        "the Anthropic lane has Anthropic's own types, not the page's";
    TimeoutTypeWrong "timeout-type-wrong" Mechanism ["CHZ-03", "CHZ-13"] "504 is a `server_error`";
    MessagesStatusDiffers "messages-status-differs" Mechanism ["CHZ-03", "CHZ-08"]
        "an unknown model is a 400 on the Anthropic lane and a 404 on the other"
        like "https://github.com/sonami-tech/omni-llm-provider/issues/3";
    OddMethodIs405 "odd-method-is-405" Mechanism ["CHZ-03"] "an unknown route, and a known one with another method, is a 405";

    // Malformed requests.
    MalformedJsonIs500 "malformed-json-is-500" Mechanism ["CHZ-04"]
        "malformed JSON is a 500" like "https://github.com/lemonade-sdk/lemonade/issues/2231";
    InvalidFieldIs422 "invalid-field-is-422" Mechanism ["CHZ-04", "CHZ-03"]
        "an invalid field is a 422" like "https://github.com/vllm-project/vllm/issues/57997";
    InvalidBodyReachesUpstream "invalid-body-reaches-upstream" Mechanism ["CHZ-04"]
        "the body is checked after the upstream was called"
        like "https://github.com/RakuenSoftware/aimee/pull/2071";
    MissingFieldForwarded "missing-field-forwarded" Mechanism ["CHZ-04"]
        "a missing required field is sent upstream";
    ParameterTypesUnchecked "parameter-types-unchecked" Mechanism ["CHZ-04"]
        "parameters of the wrong type are sent upstream";
    RangesUnchecked "ranges-unchecked" Mechanism ["CHZ-04"] "numbers outside their range are sent upstream";
    MessagesUnvalidated "messages-unvalidated" Mechanism ["CHZ-04"]
        "the Anthropic lane sends on whatever is JSON";

    // Keys.
    MissingKeyAccepted "missing-key-accepted" Mechanism ["CHZ-05"] "a request without a key is served";
    MissingKeyIs400 "missing-key-is-400" Mechanism ["CHZ-05"]
        "a missing key is a 400" like "https://github.com/vllm-project/aibrix/issues/671";
    UnknownKeyAccepted "unknown-key-accepted" Mechanism ["CHZ-05"] "any key works";
    RevokedKeyAccepted "revoked-key-accepted" Mechanism ["CHZ-05"] "a revoked key still works"
        like "https://github.com/theopenco/llmgateway/pull/2975";
    UnprefixedKeyAccepted "unprefixed-key-accepted" Mechanism ["CHZ-05"]
        "a key works without the `ck-` it begins with";
    HeaderKeyUnchecked "header-key-unchecked" Mechanism ["CHZ-05"]
        "whatever stands in `x-api-key` is taken for a key";
    BearerUnreadOnMessages "bearer-unread-on-messages" Mechanism ["CHZ-05"]
        "the Anthropic lane reads `x-api-key` alone"
        like "https://github.com/aws-samples/sample-kolya-br-proxy/pull/35";
    RevokedKeyReachesUpstream "refused-key-reaches-upstream" Mechanism ["CHZ-05"]
        "a key is checked after the upstream was called";

    // Money.
    BalanceUnchecked "balance-unchecked" Mechanism ["CHZ-06"] "the ledger never refuses";
    EstimateUnchecked "estimate-unchecked" Mechanism ["CHZ-06"]
        "a balance that does not cover the estimate passes: only an empty one is refused";
    DeductedAfterwards "deducted-afterwards" Mechanism ["CHZ-06"]
        "nothing is deducted before the call, so that calls under way at once overdraw the balance"
        like "https://github.com/membrane/api-gateway/issues/3210";
    EmptyBalanceReachesUpstream "low-balance-reaches-upstream" Mechanism ["CHZ-06"]
        "the balance is checked after the upstream was called";
    BalanceIs429 "low-balance-is-429" Mechanism ["CHZ-06"]
        "a balance that is too low is a rate limit" like "https://github.com/BerriAI/litellm/issues/14144";
    AmountsMissing "amounts-missing" Answer ["CHZ-06"] "the message of a 402 names no amounts";
    RefundMissing "refund-missing" Mechanism ["CHZ-06"]
        "a failed call keeps what was deducted for it (a should)"
        like "https://github.com/kortix-ai/suna/pull/4821";
    StreamRefundMissing "stream-refund-missing" Mechanism ["CHZ-06"]
        "a stream that breaks keeps what was deducted for it (a should)"
        like "https://github.com/kortix-ai/suna/pull/4352";
    TimeoutKeepsMoney "timeout-keeps-money" Mechanism ["CHZ-06"]
        "a call that times out keeps what was deducted for it (a should)"
        like "https://github.com/mozilla-ai/otari/issues/128";
    CallUnsettled "call-unsettled" Mechanism ["CHZ-06"]
        "a call costs all that was estimated, whatever it used (a should)";
    StreamUnsettled "stream-unsettled" Mechanism ["CHZ-06"]
        "a stream costs all that was estimated, whatever it used (a should)";

    // Permissions and models.
    ModelPermissionUnchecked "model-permission-unchecked" Mechanism ["CHZ-07"]
        "a model that is closed to the key is served"
        like "https://github.com/BerriAI/litellm/issues/8616";
    FeatureUnchecked "action-unchecked" Mechanism ["CHZ-07"] "an action that is closed to the key is served";
    ForbiddenIs401 "forbidden-is-401" Mechanism ["CHZ-07"]
        "no access is a 401" like "https://github.com/majiayu000/litellm-rs/pull/1187";
    UnknownModelForwarded "unknown-model-forwarded" Mechanism ["CHZ-08"]
        "an unknown model is sent upstream" like "https://github.com/BerriAI/litellm/issues/27030";
    UnknownModelIs503 "unknown-model-is-503" Mechanism ["CHZ-08"]
        "an unknown model is a retryable 503" like "https://github.com/Wei-Shaw/sub2api/pull/1489";
    RetiredModelIs500 "retired-model-is-500" Mechanism ["CHZ-08"]
        "a model that is not available any more is a 500"
        like "https://github.com/vllm-project/aibrix/issues/332";

    // Rate.
    RateLimitUnenforced "rate-limit-unenforced" Mechanism ["CHZ-09"] "the limiter never refuses"
        like "https://github.com/BerriAI/litellm/issues/6938";
    RateLimitOffByOne "rate-limit-off-by-one" Mechanism ["CHZ-09"] "the 61st request passes too";
    RateLimitPerLane "rate-limit-per-lane" Mechanism ["CHZ-09"]
        "each lane counts for itself, so that a key has the rate twice";
    RateLimitForEverybody "rate-limit-for-everybody" Mechanism ["CHZ-09"]
        "all keys are counted together, so that one key uses up another's rate";
    RetryAfterTooShort "retry-after-too-short" Mechanism ["CHZ-09"]
        "Retry-After says one second, however long the window still is"
        like "https://github.com/BerriAI/litellm/issues/40130";
    RateLimitWithoutRetryAfter "rate-limit-without-retry-after" Mechanism ["CHZ-09"]
        "the limiter's 429 has no Retry-After" like "https://github.com/BerriAI/litellm/issues/4695";
    RetryAfterInMilliseconds "retry-after-in-milliseconds" Mechanism ["CHZ-09"]
        "Retry-After counts milliseconds"
        like "https://github.com/fastify/fastify-rate-limit/issues/301";
    RetryAfterMsInSeconds "retry-after-ms-in-seconds" Answer ["CHZ-09"]
        "`retry-after-ms` counts seconds, as Retry-After does";
    RetryAfterMsIsAMoment "retry-after-ms-is-a-moment" Answer ["CHZ-09"]
        "`retry-after-ms` says when the window ends, not in how long";

    // The gateway's own state.
    InternalErrorIgnored "internal-error-ignored" Mechanism ["CHZ-10"] "a broken gateway serves all the same";
    InternalErrorIs502 "internal-error-is-502" Mechanism ["CHZ-10"]
        "the gateway's own failure is blamed on the upstream"
        like "https://github.com/envoyproxy/ai-gateway/pull/2513";
    OverloadIgnored "overload-ignored" Mechanism ["CHZ-12"] "an overloaded gateway takes on more";
    OverloadIs404 "overload-is-404" Mechanism ["CHZ-12"]
        "an overloaded gateway has no such model" like "https://github.com/gpustack/gpustack/pull/6038";

    // What the upstream answered.
    BrokenBodyIsWhole "broken-body-is-whole" Mechanism ["CHZ-11"]
        "half a body is a 200" like "https://github.com/Portkey-AI/gateway/issues/267";
    AnswerTruncatedPassed "answer-truncated-passed" Mechanism ["CHZ-11"]
        "truncated JSON is a 200" like "https://github.com/Kong/kong/issues/14903";
    AnswerEmptyPassed "answer-empty-passed" Mechanism ["CHZ-11"] "an empty 200 is passed on";
    AnswerContentTypeUnchecked "answer-content-type-unchecked" Mechanism ["CHZ-11"]
        "an HTML 200 is passed on"
        like "https://github.com/ding113/claude-code-hub/pull/763";
    AnswerErrorObjectPassed "answer-error-object-passed" Mechanism ["CHZ-11"]
        "a 200 with an error object is passed on" like "https://github.com/QuantumNous/new-api/issues/7399";
    FailureIs200 "invalid-response-is-200" Answer ["CHZ-11"]
        "an upstream's invalid response is told under a 200"
        like "https://github.com/azrtydxb/Fastllm-proxy/issues/28";
    UpstreamServerErrorsPassed "upstream-server-errors-passed" Mechanism ["CHZ-11"]
        "an upstream's 5xx is passed on under its own status";
    UpstreamMessageRelayed "upstream-message-relayed" Mechanism []
        "the upstream's message, and the key in it, is passed on"
        like "https://github.com/nyroway/nyro/issues/67";

    // Reaching the upstream.
    ConnectFailureIs400 "connect-failure-is-400" Mechanism ["CHZ-12"]
        "no connection is a 400" like "https://github.com/maximhq/bifrost/issues/3927";
    ConnectFailureIs500 "connect-failure-is-500" Mechanism ["CHZ-12"]
        "no connection is a 500" like "https://github.com/Kong/kong/issues/6726";
    ConnectFailureTellsKey "connect-failure-tells-key" Mechanism []
        "the message of a failed connection tells the upstream's address and key"
        like "https://github.com/nyroway/nyro/issues/68";
    ConnectFailureToldTwice "connect-failure-told-twice" Mechanism ["CHZ-12"]
        "the call after a failed connection is told the same failure (a should)";
    Upstream503Is429 "upstream-503-is-429" Mechanism ["CHZ-12"] "an upstream 503 is a 429";
    HeadDeadlineMissing "head-deadline-missing" Mechanism ["CHZ-13"]
        "a silent upstream is waited for for ever" like "https://github.com/BerriAI/litellm/issues/38358";
    BodyDeadlineMissing "body-deadline-missing" Mechanism ["CHZ-13"]
        "an upstream that stalls after its head is waited for for ever"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";
    DeadlineIsHalf "deadline-is-half" Mechanism ["CHZ-13"] "an upstream gets half of its time";
    TimeoutIs408 "timeout-is-408" Mechanism ["CHZ-13", "CHZ-03"]
        "an upstream that is too slow is a 408" like "https://github.com/apache/apisix/pull/12055";
    IdleDeadlineMissing "idle-deadline-missing" Mechanism ["CHZ-13", "CHZ-16"]
        "a stream that stalls is waited for for ever" like "https://github.com/decolua/9router/pull/3222";

    // The generation id.
    RequestIdConstant "generation-id-constant" Mechanism ["CHZ-14"] "every response has the same id"
        like "https://github.com/spring-attic/spring-cloud-sleuth/issues/2221";
    RequestIdRepeatsAfterTen "generation-id-repeats-after-ten" Mechanism ["CHZ-14"]
        "ids repeat every tenth request";
    RequestIdSharedInFlight "generation-id-shared-in-flight" Mechanism ["CHZ-14"]
        "requests under way at once share an id"
        like "https://github.com/apache/skywalking/issues/13443";
    RequestIdMissing "generation-id-missing-on-failures" Answer ["CHZ-14"] "failures carry no id";
    StreamIdMissing "generation-id-missing-on-streams" Mechanism ["CHZ-14"] "streams carry no id"
        like "https://github.com/headroomlabs-ai/headroom/issues/1100";
    UnknownRouteIdMissing "generation-id-missing-on-unknown-routes" Mechanism ["CHZ-14"]
        "unknown routes carry no id";

    // What the wire tells official clients.
    FinalFailureAsksForRetry "final-failure-asks-for-retry" Answer ["CHZ-15"]
        "`x-should-retry: true` comes with what cannot succeed";
    PassingFailureForbidsRetry "passing-failure-forbids-retry" Answer ["CHZ-15"]
        "`x-should-retry: false` comes with what may pass";
    OutageAsksForAnHour "outage-asks-for-an-hour" Answer ["CHZ-15"]
        "an upstream that is down is to be asked again in an hour, for which no official client waits";

    // Streams.
    StreamBuffered "stream-buffered" Mechanism ["CHZ-16"]
        "a stream is held back until it is whole and looked through" like "https://github.com/BerriAI/litellm/issues/9551";
    StreamEarlyFailureIs200 "stream-early-failure-is-200" Mechanism ["CHZ-11", "CHZ-12"]
        "a failure before the first event is a 200 with an error event"
        like "https://github.com/maximhq/bifrost/issues/1911";
    StreamCutIsDone "stream-cut-is-done" Mechanism ["CHZ-16"]
        "a broken stream ends as if it were whole" like "https://github.com/ENTERPILOT/GoModel/pull/1017";
    StreamCutIsStop "stream-cut-is-stop" Mechanism ["CHZ-16"]
        "a broken stream gets a reason for its end that nobody gave"
        like "https://github.com/diegosouzapw/OmniRoute/issues/4177";
    StreamEndUnannouncedIsDone "stream-end-unannounced-is-done" Mechanism ["CHZ-16"]
        "a stream that just ends, between events, ends as if it were whole"
        like "https://github.com/NVIDIA/TensorRT-LLM/pull/18289";
    StreamErrorEventSwallowed "stream-error-event-swallowed" Mechanism ["CHZ-16"]
        "an upstream's error event is skipped" like "https://github.com/mozilla-ai/any-llm/pull/847";
    StreamDoneIsCut "stream-done-is-cut" Mechanism ["CHZ-16"]
        "the end that a stream announces is told as a failure"
        like "https://github.com/BerriAI/litellm/pull/39748";
    StreamErrorUnnamed "stream-error-unnamed" Mechanism ["CHZ-16", "CHZ-02"]
        "the Anthropic lane's error event has no name, so that its client does not see it"
        like "https://github.com/mlflow/mlflow/issues/25897";
    StreamErrorSpeaksOpenAi "stream-error-speaks-openai" Mechanism ["CHZ-02", "CHZ-16"]
        "a stream of the Anthropic lane ends in OpenAI's error"
        like "https://github.com/BerriAI/litellm/issues/38610";
    StreamErrorThenDone "stream-error-then-done" Mechanism ["CHZ-16"]
        "behind its error a broken stream ends as if it were whole";
};
