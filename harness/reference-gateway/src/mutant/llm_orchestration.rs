//! The LLM Orchestration mutants, one row each: flaw, name, where it sits, the claims it breaks, and how.

use super::Kind::{Answer, Mechanism};
use super::{Flaw, Mutant, table};

pub(super) const MUTANTS: &[Mutant] = table! {
    // Who calls.
    MissingKeyAccepted "missing-token-accepted" Mechanism ["LLM-1500"] "a request without a token is served";
    MissingKeyIs400 "missing-token-is-400" Mechanism ["LLM-1500"]
        "a missing token is a 400" like "https://github.com/vllm-project/aibrix/issues/671";
    ExpiredTokenAccepted "expired-token-accepted" Mechanism ["LLM-1502"] "the end of a token's time is not looked at"
        like "https://github.com/wso2/product-apim/issues/5855";
    EarlyTokenAccepted "early-token-accepted" Mechanism ["LLM-1502"] "the beginning of a token's time is not looked at";
    SignatureUnchecked "signature-unchecked" Mechanism ["LLM-1502"] "whatever a token says is believed"
        like "https://github.com/floci-io/floci/pull/2353";
    UnsignedTokenAccepted "unsigned-token-accepted" Mechanism ["LLM-1502"] "a token that says it is not signed is believed"
        like "https://github.com/gravitee-io/issues/issues/1417";
    InvalidTokenIs500 "invalid-token-is-500" Mechanism ["LLM-1502"]
        "a token that cannot be read is a 500" like "https://github.com/vllm-project/aibrix/issues/671";
    RoleUnchecked "role-unchecked" Mechanism ["LLM-1501"] "every token may do everything";
    ForbiddenIs401 "forbidden-is-401" Mechanism ["LLM-1501"]
        "a missing role is a 401" like "https://github.com/majiayu000/litellm-rs/pull/1187";
    TierUnchecked "tier-unchecked" Mechanism ["LLM-1503"] "the free tier gets what is above it";

    // Rate, money, quota.
    RateLimitUnenforced "rate-limit-unenforced" Mechanism ["LLM-1400"] "the limiter never refuses"
        like "https://github.com/BerriAI/litellm/issues/6938";
    RateCountedWhenOver "rate-counted-when-over" Mechanism ["LLM-1400"]
        "a request is counted when it is over, so that many at once pass"
        like "https://github.com/BerriAI/litellm/pull/21957";
    RateLimitWithoutRetryAfter "rate-limit-without-retry-after" Mechanism ["LLM-1400", "LLM-G4"]
        "the limiter's 429 has no Retry-After" like "https://github.com/BerriAI/litellm/issues/4695";
    RetryAfterHasAUnit "retry-after-has-a-unit" Answer ["LLM-G4"] "Retry-After is `60s`";
    BalanceUnchecked "wallet-unchecked" Mechanism ["LLM-1401"] "the wallet never refuses"
        like "https://github.com/BerriAI/litellm/issues/26672";
    NegativeBalanceAccepted "overdrawn-wallet-accepted" Mechanism ["LLM-1401"] "a wallet below zero passes: only zero is refused";
    BudgetIgnored "budget-ignored" Mechanism ["LLM-1402"] "`x-budget-max-usd` is not looked at";
    BudgetForgetsTheAnswer "budget-forgets-the-answer" Mechanism ["LLM-1402"] "the cost counts the prompt alone";
    BudgetIs400 "budget-is-400" Mechanism ["LLM-1402", "LLM-G2"]
        "a budget that does not suffice is a 400" like "https://github.com/BerriAI/litellm/issues/14144";
    QuotaUnchecked "quota-unchecked" Mechanism ["LLM-1403"] "the month's quota never refuses";
    QuotaIsARateLimit "quota-is-a-rate-limit" Mechanism ["LLM-1403"]
        "a spent quota is a rate limit" like "https://github.com/BerriAI/litellm/issues/37599";

    RateLimitIs503 "rate-limit-is-503" Mechanism ["LLM-1400"]
        "over the rate is a 503" like "https://github.com/evenfire-ai/evenfire/issues/720";
    EveryBudgetIsNothing "every-budget-is-nothing" Mechanism ["LLM-1402"] "no budget suffices";
    FreeTierGetsNothing "free-tier-gets-nothing" Mechanism ["LLM-1503"] "the free tier does not get what it has";

    // Prompts, variants, use cases.
    UseCaseForgotten "use-case-forgotten" Mechanism ["LLM-1004"] "a use case that the page names is not known";
    EmptyPromptForwarded "empty-prompt-forwarded" Mechanism ["LLM-1000"] "an empty prompt is sent to the provider";
    TokenLimitUnchecked "token-limit-unchecked" Mechanism ["LLM-1000", "LLM-1100"] "texts of any length are sent to the provider";
    ForbiddenContentForwarded "forbidden-content-forwarded" Mechanism ["LLM-1000"] "no prompt is refused for its content";
    UnknownModelIs503 "unknown-variant-is-503" Mechanism ["LLM-1001"]
        "an unknown variant is a retryable 503" like "https://github.com/Wei-Shaw/sub2api/pull/1489";
    UnknownModelForwarded "unknown-variant-served-by-another" Mechanism ["LLM-1001"]
        "an unknown variant is sent to the provider" like "https://github.com/BerriAI/litellm/issues/27030";
    VariantsHidden "variants-hidden" Mechanism ["LLM-1001"] "the list of variants leaves out those for inference";
    UnknownUseCaseServed "unknown-use-case-served" Mechanism ["LLM-1004"] "any use case is served";
    UnlistedCode "unlisted-code" Mechanism ["LLM-1004", "LLM-G2"] "an unknown use case has a code that no row has";

    // What the providers did.
    ConnectFailureIs400 "connect-failure-is-400" Mechanism ["LLM-1002", "LLM-1102", "LLM-1201"]
        "no connection is a 400" like "https://github.com/maximhq/bifrost/issues/3927";
    ProviderErrorIs200 "provider-error-is-200" Mechanism ["LLM-1002"]
        "a provider's refusal is a 200 with an error" like "https://github.com/azrtydxb/Fastllm-proxy/issues/28";
    UpstreamIntegerCodeCrashes "integer-code-crashes" Mechanism ["LLM-1002", "LLM-G1"]
        "an error with a number as its code is a 500 without a body" like "https://github.com/envoyproxy/ai-gateway/issues/2151";
    UpstreamErrorBodyRelayed "provider-body-relayed" Mechanism ["LLM-1002", "LLM-G1"]
        "a provider's error is passed on as it is" like "https://github.com/Kong/kong/issues/927";
    UpstreamMessageRelayed "provider-message-relayed" Mechanism []
        "the provider's message, and the key in it, is passed on" like "https://github.com/nyroway/nyro/issues/67";
    BrokenBodyIsWhole "broken-body-is-whole" Mechanism ["LLM-1002", "LLM-1102", "LLM-1201"]
        "half a body is a 200" like "https://github.com/Portkey-AI/gateway/issues/267";
    AnswerErrorObjectPassed "answer-error-object-passed" Mechanism ["LLM-1002"]
        "a 200 with an error object is passed on" like "https://github.com/QuantumNous/new-api/issues/7399";
    AnswerContentTypeUnchecked "answer-content-type-unchecked" Mechanism ["LLM-1002"] "an HTML 200 is passed on"
        like "https://github.com/ding113/claude-code-hub/pull/763";
    HeadDeadlineMissing "head-deadline-missing" Mechanism ["LLM-1003", "LLM-2002"]
        "a silent provider is waited for for ever" like "https://github.com/BerriAI/litellm/issues/38358";
    DeadlineRestartsWithEachRead "deadline-restarts-with-each-read" Mechanism ["LLM-1003", "LLM-2002"] "each byte of a drip restarts the deadline"
        like "https://github.com/psf/requests/issues/3099";
    TimeoutIs408 "timeout-is-408" Mechanism ["LLM-1003", "LLM-G2"]
        "a provider that is too slow is a 408" like "https://github.com/apache/apisix/pull/12055";
    OwnDeadlineIgnored "own-deadline-ignored" Mechanism ["LLM-2002"] "the deadline that a caller sets is not looked at"
        like "https://github.com/BerriAI/litellm/issues/26752";
    OwnDeadlineHalved "own-deadline-halved" Mechanism ["LLM-2002"] "a request ends at half of the deadline that its caller set";
    OwnDeadlineIsInferences "own-deadline-is-inferences" Mechanism ["LLM-2002"] "the caller's deadline has the code of the inference's";
    EmbeddingErrorsAreInferences "embedding-errors-are-inferences" Mechanism ["LLM-1102", "LLM-G3"]
        "embeddings fail with the code for inference" like "https://github.com/sonami-tech/omni-llm-provider/issues/3";
    RerankErrorsAre500 "rerank-errors-are-500" Mechanism ["LLM-1201"]
        "a ranking that fails is a 500" like "https://github.com/Portkey-AI/gateway/pull/1708";
    CrowdShedWithBareText "crowd-shed-with-bare-text" Mechanism ["LLM-G1"]
        "a third request at once is shed with a bare 503" like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";

    DeadlineHalved "deadline-halved" Mechanism ["LLM-1003"] "a provider gets half of its time";
    OwnDeadlineIs408 "own-deadline-is-408" Mechanism ["LLM-2002"] "the caller's deadline is a 408";
    UnusableAnswerIs500 "unusable-answer-is-500" Mechanism ["LLM-1002", "LLM-1102", "LLM-1201"]
        "an answer that cannot be used is a 500" like "https://github.com/coddy-project/coddy-agent/issues/322";
    SuccessCarriesError "success-carries-error" Mechanism ["LLM-G1"] "a success has an empty `error`";

    // Streams.
    StreamDoneIsCut "stream-done-is-cut" Mechanism ["LLM-G1", "LLM-1002"] "a stream that is whole ends as a broken one";
    StreamEarlyFailureIs200 "stream-early-failure-is-200" Mechanism ["LLM-1002"]
        "a failure before the first event is a 200 with an error event" like "https://github.com/maximhq/bifrost/issues/1911";
    StreamCutIsDone "stream-cut-is-done" Mechanism ["LLM-1002"]
        "a stream that breaks ends with [DONE]" like "https://github.com/ENTERPILOT/GoModel/pull/1017";
    StreamCutIsStop "stream-cut-is-stop" Mechanism ["LLM-1002"]
        "a stream that breaks ends with a finish reason" like "https://github.com/diegosouzapw/OmniRoute/issues/4177";
    StreamErrorEventSwallowed "stream-error-swallowed" Mechanism ["LLM-1002"]
        "an error event is left out and the stream finished" like "https://github.com/mozilla-ai/any-llm/pull/847";
    StreamErrorIsPlainText "stream-error-is-plain-text" Mechanism ["LLM-1002"] "the last event of a broken stream is no JSON"
        like "https://github.com/lucasjinreal/Crane/pull/121";
    IdleDeadlineMissing "idle-deadline-missing" Mechanism ["LLM-1003"]
        "a stream that falls silent is waited for for ever" like "https://github.com/decolua/9router/pull/3222";

    // Embeddings and reranking.
    EmbeddingLimitHalved "embedding-limit-halved" Mechanism ["LLM-1100"] "inputs within the limit are refused";
    OnlyFirstInputMeasured "only-first-input-measured" Mechanism ["LLM-1100"] "only a batch's first input is measured";
    BatchOffByOne "batch-off-by-one" Mechanism ["LLM-1101"] "a batch of exactly the limit is refused";
    BatchUnchecked "batch-unchecked" Mechanism ["LLM-1101"] "batches of any size are sent to the provider";
    RerankTypesAre500 "rerank-types-are-500" Mechanism ["LLM-1200"]
        "a query that cannot be ranked is a 500" like "https://github.com/BerriAI/litellm/issues/41159";

    // Providers, circuits, chains.
    UnknownProviderFallsBack "unknown-provider-falls-back" Mechanism ["LLM-1300"] "a provider that nobody knows is replaced by the first"
        like "https://github.com/lidge-jun/opencodex/issues/2709";
    ConfiguredProvidersNameless "configured-providers-nameless" Mechanism ["LLM-1300"] "a provider of the chain cannot be named";
    ConfiguredProvidersUnlisted "configured-providers-unlisted" Mechanism ["LLM-1300"] "the list has created providers only";
    CircuitNeverOpens "circuit-never-opens" Mechanism ["LLM-1301"]
        "a provider that keeps failing is called for ever" like "https://github.com/BerriAI/litellm/pull/34836";
    CircuitNeverHalfOpens "circuit-never-half-opens" Mechanism ["LLM-1301"] "an open circuit stays open"
        like "https://github.com/Abilityai/trinity/pull/688";
    HalfOpenAdmitsEverybody "half-open-admits-everybody" Mechanism ["LLM-1301"] "everybody who waited probes at once"
        like "https://github.com/future-agi/future-agi/issues/2693";
    OpenCircuitStillCalls "open-circuit-still-calls" Mechanism ["LLM-1301"]
        "an open circuit is reported and not kept" like "https://github.com/BerriAI/litellm/pull/27610";
    FailedProbeCloses "failed-probe-closes" Mechanism ["LLM-1301"] "a probe closes the circuit however it ends";
    OpenCircuitAnswersLate "open-circuit-answers-late" Mechanism ["LLM-1301"] "an open circuit lets its callers wait";
    RefusalsOpenTheCircuit "refusals-open-the-circuit" Mechanism ["LLM-1301"]
        "the callers' own mistakes count against the provider" like "https://github.com/higress-group/higress/issues/1808";
    HealthIgnoresCircuits "health-ignores-circuits" Mechanism ["LLM-1301"] "the health report does not know of circuits";
    NeverFailsOver "never-fails-over" Mechanism ["LLM-1302"]
        "the second provider is never asked" like "https://github.com/maximhq/bifrost/issues/3261";
    StreamsNeverFailOver "streams-never-fail-over" Mechanism ["LLM-1302"]
        "the second provider is never asked for a stream" like "https://github.com/mlflow/mlflow/issues/25262";
    ChainReversed "chain-reversed" Mechanism ["LLM-1302"] "the chain is asked from its end";
    DeadChainIs404 "dead-chain-is-404" Mechanism ["LLM-1302", "LLM-G2"]
        "a chain of which every member fails is a 404" like "https://github.com/gpustack/gpustack/pull/6038";
    DeadChainIsProviderError "dead-chain-is-provider-error" Mechanism ["LLM-1302"]
        "a dead chain is its last provider's error" like "https://github.com/tensorzero/tensorzero/issues/362";
    DuplicateProviderIs400 "duplicate-provider-is-400" Mechanism ["LLM-1303"] "a name that is taken is a 400";
    ProviderReplaced "provider-replaced" Mechanism ["LLM-1303"] "a provider that is created again replaces the one before";
    ProviderNamesRace "provider-names-race" Mechanism ["LLM-1303"] "several can create the same name at once";

    // Validation.
    MalformedJsonIs500 "malformed-json-is-500" Mechanism ["LLM-1600"]
        "malformed JSON is a 500" like "https://github.com/BerriAI/liteLLM-proxy/issues/10";
    OddJsonIs500 "odd-json-is-500" Mechanism ["LLM-1600"]
        "deep nesting, huge numbers, lone surrogates or a byte order mark are a 500" like "https://github.com/sgl-project/sglang/issues/3805";
    InvalidFieldIs422 "invalid-field-is-422" Mechanism ["LLM-1601", "LLM-G2"]
        "an invalid field is a 422" like "https://github.com/vllm-project/vllm/issues/57997";
    RangesUnchecked "ranges-unchecked" Mechanism ["LLM-1601"] "numbers outside their range are sent to the provider";
    MissingFieldIs500 "missing-field-is-500" Mechanism ["LLM-1602"] "a missing field is a 500";
    MissingFieldIsInvalidInput "missing-field-is-invalid-input" Mechanism ["LLM-1602"] "a missing field is an invalid one";
    RefusalsReachProviders "refusals-reach-providers" Mechanism
        ["LLM-1000", "LLM-1001", "LLM-1100", "LLM-1200", "LLM-1300", "LLM-1400", "LLM-1401", "LLM-1500", "LLM-1600", "LLM-1601", "LLM-1602"]
        "whatever is refused is refused after a provider was called" like "https://github.com/RakuenSoftware/aimee/pull/2071";
    OddMethodReachesUpstream "unknown-route-reaches-provider" Mechanism ["LLM-G2"]
        "a provider is called before the route is looked at (a should)";
    UnknownRouteIs500 "unknown-route-is-500" Mechanism ["LLM-G2"] "a route that nobody knows is a 500";

    // Cache and templates.
    CacheKeyUnchecked "cache-key-unchecked" Mechanism ["LLM-1700"] "any key is looked up";
    CacheMissIsNull "cache-miss-is-null" Mechanism ["LLM-1701"] "a look-up that finds nothing is a 200";
    CacheMissStopsModeration "cache-miss-stops-moderation" Mechanism ["LLM-1701"] "one use case is answered from the cache or not at all";
    UnknownTemplateIsEmpty "unknown-template-is-empty" Mechanism ["LLM-1800"] "a template that does not exist is an empty prompt";
    TemplateVariableLeftOpen "template-variable-left-open" Mechanism ["LLM-1801"] "a variable that is not given stays as it is written";
    TemplateVariablesUnread "template-variables-unread" Mechanism ["LLM-1801"] "the variables that are given are not read";

    // The service itself.
    DatabaseDownUnnoticed "database-down-unnoticed" Mechanism ["LLM-1900"] "without its database the service takes every quota for unspent"
        like "https://github.com/JuanLunaIA/aegis-latent-core/issues/67";
    DatabaseErrorIs503 "database-error-is-503" Mechanism ["LLM-1900"] "a database that is down is a 503";
    FailedTransactionIgnored "failed-transaction-ignored" Mechanism ["LLM-1901"] "a transaction that was rolled back is taken for done";
    FailedTransactionIsDatabases "failed-transaction-is-databases" Mechanism ["LLM-1901"]
        "a transaction that was rolled back has the code of a database that is down";
    FaultServed "fault-served" Mechanism ["LLM-2000"] "what cannot be priced is served for nothing";
    ServerErrorBodyEmpty "server-error-body-empty" Answer ["LLM-2000", "LLM-G1"] "every 500 is empty";
    DrainingIgnored "draining-ignored" Mechanism ["LLM-2001"] "a draining service takes requests";

    // The envelope.
    ErrorIsAString "error-is-a-string" Answer ["LLM-G1"]
        "`error` is the message itself" like "https://github.com/tensorzero/tensorzero/issues/5445";
    ErrorIsADetail "error-is-a-detail" Answer ["LLM-G1"]
        "the message stands under `detail`" like "https://github.com/NVIDIA-NeMo/nemo-platform/pull/1437";
    CodeIsANumber "code-is-a-number" Answer ["LLM-G1"] "the code is a number"
        like "https://github.com/vllm-project/vllm/issues/57997";
    MessageMissing "message-is-empty" Answer ["LLM-G1"] "the message is empty"
        like "https://github.com/envoyproxy/ai-gateway/pull/2513";
    HttpFieldIsTheClass "http-field-is-the-class" Answer ["LLM-G1"] "`http` says the class of the status";
    ContentTypeIsText "content-type-is-text" Answer ["LLM-G1"] "failures are text/plain";
    FailureIs200 "failure-is-200" Answer ["LLM-1001", "LLM-1401", "LLM-2001"]
        "every failure has the status 200" like "https://github.com/runpod-workers/worker-vllm/issues/57";
    TenthFailureIsHtml "tenth-failure-is-html" Answer ["LLM-G1"] "every tenth failure is an HTML page";
    RequestIdMissing "request-id-missing" Answer ["LLM-G5"] "no answer has an id";
};
