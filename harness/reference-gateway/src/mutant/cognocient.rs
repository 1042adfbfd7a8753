//! The Cognocient mutants, one row each: flaw, name, where it sits, the claims it breaks, and how.

use super::Kind::{Answer, Mechanism};
use super::{Flaw, Mutant, table};

pub(super) const MUTANTS: &[Mutant] = table! {
    // Who calls.
    UnknownKeyAccepted "unknown-key-accepted" Mechanism ["CGN-03"] "any key with the right prefix works";
    OtherPrefixAccepted "other-prefix-accepted" Mechanism ["CGN-03"]
        "a key with another prefix is taken for the provider's, and served";
    KeyTakenFromAnyHeader "key-taken-from-any-header" Mechanism ["CGN-03"]
        "a key in a header of another protocol works";
    KeyInAnyCase "key-in-any-case" Mechanism ["CGN-03"] "a key works whatever the case of its letters";
    MissingKeyAccepted "missing-key-accepted" Mechanism ["CGN-03"] "a request without a key is served";
    MissingKeyIs400 "missing-key-is-400" Mechanism ["CGN-03"]
        "a missing key is a 400" like "https://github.com/vllm-project/aibrix/issues/671";
    LowerCaseSchemeIs400 "lower-case-scheme-is-400" Mechanism ["CGN-03"]
        "an Authorization header whose scheme is in lower case is a 400";
    UnknownKeyIs500 "unknown-key-is-500" Mechanism ["CGN-03", "CGN-02"]
        "an unknown key is a 500" like "https://github.com/vllm-project/aibrix/issues/671";
    KeyReachesUpstream "key-reaches-upstream" Mechanism ["CGN-03"]
        "a key is checked after the provider was called";

    // Plans and budgets.
    TrialUnchecked "trial-unchecked" Mechanism ["CGN-04"] "a trial never ends";
    TrialIs403 "trial-is-403" Mechanism ["CGN-04"]
        "an ended trial is a 403" like "https://github.com/majiayu000/litellm-rs/pull/1187";
    TrialRefusedOnce "trial-refused-once" Mechanism ["CGN-04"]
        "an ended trial is refused the first time only";
    TrialEndsForOthers "trial-ends-for-others" Mechanism ["CGN-04"]
        "after an ended trial the next caller is refused for it as well";
    TrialReachesUpstream "trial-reaches-upstream" Mechanism ["CGN-04"]
        "the trial is checked after the provider was called";
    SpendCapUnchecked "budget-unchecked" Mechanism ["CGN-05"] "a budget never refuses"
        like "https://github.com/BerriAI/litellm/issues/26672";
    SpendCapOffByOne "budget-off-by-one" Mechanism ["CGN-05"] "a budget that is spent exactly passes";
    BudgetIs400 "budget-is-400" Mechanism ["CGN-05"]
        "an exhausted budget is a 400" like "https://github.com/BerriAI/litellm/issues/14144";
    BudgetReachesUpstream "budget-reaches-upstream" Mechanism ["CGN-05"]
        "the budget is checked after the provider was called";
    BudgetNeverBooked "budget-never-booked" Mechanism ["CGN-05", "CGN-11"] "what calls cost is never booked"
        like "https://github.com/BerriAI/litellm/issues/38176";
    StreamsNeverBooked "streams-never-booked" Mechanism ["CGN-05", "CGN-06", "CGN-11"]
        "what streams cost is never booked"
        like "https://github.com/BerriAI/litellm/issues/37923";

    // Runs.
    RunBudgetUnchecked "run-budget-unchecked" Mechanism ["CGN-06"] "a run never ends";
    RunBudgetHeaderIgnored "run-budget-header-ignored" Mechanism ["CGN-06"]
        "X-Cost-Run-Budget is not looked at";
    RunRefusalSticks "run-refusal-sticks" Mechanism ["CGN-06"]
        "a run that was refused stays refused, whatever it is granted"
        like "https://github.com/BerriAI/litellm/issues/40130";
    RunKnowsItsLastCallOnly "run-knows-its-last-call-only" Mechanism ["CGN-06"]
        "each call overwrites what the run has spent";
    RunBudgetIsBudget "run-budget-is-budget" Mechanism ["CGN-06"]
        "a run that has spent its budget is `budget_exceeded`";
    RunBudgetReachesUpstream "run-budget-reaches-upstream" Mechanism ["CGN-06"]
        "the run is checked after the provider was called";
    UnreadableBudgetCrashes "unreadable-budget-crashes" Mechanism ["CGN-02"]
        "a run budget that is no amount is a 500"
        like "https://github.com/BerriAI/litellm/issues/41159";

    // Velocity.
    RateLimitUnenforced "velocity-unenforced" Mechanism ["CGN-07"] "requests are never counted"
        like "https://github.com/BerriAI/litellm/issues/6938";
    TokensUnlimited "tokens-unlimited" Mechanism ["CGN-07"] "tokens are never counted";
    VelocityCountsAnswers "velocity-counts-answers" Mechanism ["CGN-07"]
        "a request counts once it is answered, so that a burst passes"
        like "https://github.com/BerriAI/litellm/pull/21957";
    RateLimitIs503 "velocity-is-503" Mechanism ["CGN-07", "CGN-02"]
        "over the rate is a 503" like "https://github.com/evenfire-ai/evenfire/issues/720";
    RateLimitReachesUpstream "velocity-reaches-upstream" Mechanism ["CGN-07"]
        "the rate is checked after the provider was called";
    TypeIsTheWordNone "type-is-the-word-none" Answer ["CGN-02", "CGN-05", "CGN-06", "CGN-07"]
        "429 has the type \"None\"" like "https://github.com/BerriAI/litellm/issues/27823";

    // Requests.
    MalformedJsonIs500 "malformed-json-is-500" Mechanism ["CGN-02"]
        "malformed JSON is a 500 with a traceback" like "https://github.com/BerriAI/liteLLM-proxy/issues/10";
    OddJsonIs500 "odd-json-is-500" Mechanism ["CGN-02"]
        "huge numbers, lone surrogates or a byte order mark are a 500"
        like "https://github.com/sgl-project/sglang/issues/3805";
    InvalidFieldIs500 "invalid-field-is-500" Mechanism ["CGN-02"]
        "a field of the wrong type is a 500" like "https://github.com/BerriAI/litellm/issues/41159";
    InvalidBodyReachesUpstream "invalid-body-reaches-upstream" Mechanism ["CGN-02"]
        "what is no request is refused after the provider was called (a should)"
        like "https://github.com/RakuenSoftware/aimee/pull/2071";
    OversizeIs500 "oversize-is-500" Mechanism ["CGN-02"] "an oversize body is a 500";
    UnknownModelIs503 "unknown-model-is-503" Mechanism ["CGN-02"]
        "an unknown model is a retryable 503" like "https://github.com/Wei-Shaw/sub2api/pull/1489";
    UnknownRouteIs500 "unknown-route-is-500" Mechanism ["CGN-02"] "an unknown route is a 500";
    UnknownRoutePlainText "unknown-route-plain-text" Answer ["CGN-01"]
        "an unknown route is a plain text 404" like "https://github.com/Kong/kong/issues/927";

    // What the provider said.
    ProviderStatusPassed "provider-status-passed" Mechanism ["CGN-08", "CGN-02"]
        "the provider's status is passed through, whatever it is";
    ProviderClientErrorsAre400 "provider-client-errors-are-400" Mechanism ["CGN-08"]
        "a provider's 4xx is a 400" like "https://github.com/cloudflare/ai/issues/436";
    ProviderMessageGeneric "provider-message-generic" Mechanism ["CGN-08"]
        "a general text takes the place of the provider's message"
        like "https://github.com/mnfst/llm-gateway/issues/2686";
    ProviderMessageOfAnother "provider-message-of-another" Mechanism ["CGN-08"]
        "failures at the same time carry the message of the last one";
    ProviderWordsElsewhereLost "provider-words-elsewhere-lost" Mechanism ["CGN-08"]
        "an error that is a text, a detail or a bare message is not understood (a should)"
        like "https://github.com/tensorzero/tensorzero/issues/5445";
    UpstreamMessageRelayed "provider-key-relayed" Mechanism []
        "the provider's message is carried with the key in it"
        like "https://github.com/nyroway/nyro/issues/67";
    UpstreamIntegerCodeCrashes "provider-integer-code-crashes" Mechanism ["CGN-01", "CGN-08"]
        "an error with a number as its code is a 500 without a body"
        like "https://github.com/envoyproxy/ai-gateway/issues/2151";
    UpstreamHtmlRelayed "provider-html-relayed" Mechanism ["CGN-01", "CGN-08"]
        "a provider's HTML is passed on" like "https://github.com/Kong/kong/issues/927";
    ConnectFailureIs400 "connect-failure-is-400" Mechanism ["CGN-08"]
        "no connection is a 400" like "https://github.com/maximhq/bifrost/issues/3927";
    ConnectFailureToldTwice "connect-failure-told-twice" Mechanism ["CGN-08"]
        "the call after a failed connection is told the same failure (a should)"
        like "https://github.com/BerriAI/litellm/issues/20722";
    KeptConnectionFails "kept-connection-fails" Mechanism ["CGN-08"]
        "the answer to the fourth call on a connection is lost, as if it had been closed"
        like "https://github.com/wso2/api-platform/issues/3429";
    FifthFailureIs503 "fifth-failure-is-503" Mechanism ["CGN-08", "CGN-02"]
        "from the fifth failure of the provider on, failures are a 503";
    Provider504IsTimeout "provider-504-is-timeout" Mechanism ["CGN-08"]
        "a 504 that the provider sent is called a timeout of the proxy's";
    BrokenBodyIsWhole "broken-body-is-whole" Mechanism ["CGN-08"]
        "half a body is a 200" like "https://github.com/Portkey-AI/gateway/issues/267";
    AnswerTruncatedPassed "answer-truncated-passed" Mechanism ["CGN-08"]
        "truncated JSON is a 200" like "https://github.com/Kong/kong/issues/14903";
    AnswerErrorObjectPassed "answer-error-object-passed" Mechanism ["CGN-08"]
        "a 200 with an error object is passed on" like "https://github.com/QuantumNous/new-api/issues/7399";
    SuccessCarriesError "success-carries-error" Answer ["CGN-01"] "a success has an `error` beside its answer";

    // Time.
    HeadDeadlineMissing "head-deadline-missing" Mechanism ["CGN-09"]
        "a silent provider is waited for for ever" like "https://github.com/BerriAI/litellm/issues/38358";
    BodyDeadlineMissing "body-deadline-missing" Mechanism ["CGN-09"]
        "a provider that stalls after its head is waited for for ever"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";
    DeadlineRestartsWithEachRead "deadline-restarts-with-each-read" Mechanism ["CGN-09"]
        "each byte of a drip restarts the deadline"
        like "https://github.com/psf/requests/issues/3099";
    IdleDeadlineMissing "idle-deadline-missing" Mechanism ["CGN-09"]
        "a stream that stalls is waited for for ever" like "https://github.com/decolua/9router/pull/3222";
    DeadlineHalved "deadline-halved" Mechanism ["CGN-09"]
        "the proxy gives up at half the documented time"
        like "https://github.com/BerriAI/litellm/issues/9551";
    CallsInLine "calls-in-line" Mechanism ["CGN-09"]
        "one provider call is made at a time, and the others wait"
        like "https://github.com/Mirrowel/LLM-API-Key-Proxy/pull/39";
    TimeoutIsProviderError "timeout-is-provider-error" Mechanism ["CGN-09"]
        "a provider that is too slow is a `provider_error`"
        like "https://github.com/apache/apisix/pull/12055";

    // The five headers.
    AnnotationsMissingOnFailures "annotations-missing-on-failures" Answer ["CGN-10"]
        "failures have none of the headers (a should)";
    AnnotationsMissingOnStreams "annotations-missing-on-streams" Mechanism ["CGN-10"]
        "streams have none of the headers"
        like "https://github.com/headroomlabs-ai/headroom/issues/1100";
    AnnotationsFailStreams "annotations-fail-streams" Mechanism ["CGN-10"]
        "a stream fails when its headers are to be written";
    AnnotationsCapitalised "annotations-capitalised" Answer ["CGN-10"] "the booleans are `True` and `False`";
    AnnotationsRelayed "annotations-relayed" Mechanism ["CGN-10"]
        "headers of the same name that the provider sent take the place of the proxy's";
    DegradedModelAlwaysNamed "degraded-model-always-named" Mechanism ["CGN-10"]
        "a model is said to be used that was not";

    // Degrading.
    DegradeUnsaid "degrade-unsaid" Mechanism ["CGN-11"] "a degraded call says that it is not degraded";
    DegradeOnlySaid "degrade-only-said" Mechanism ["CGN-11"]
        "a call that is said to be degraded goes to the model it asked for";
    DegradeWaitsForTheEnd "degrade-waits-for-the-end" Mechanism ["CGN-11"]
        "calls are degraded only once the budget is spent";
    DegradeLeavesStreams "degrade-leaves-streams" Mechanism ["CGN-11", "CGN-13"]
        "streams are never degraded" like "https://github.com/mlflow/mlflow/issues/25262";
    DegradedCallLosesFields "degraded-call-loses-fields" Mechanism ["CGN-11"]
        "a degraded call is told to be brief, and loses all but its messages";
    DegradeRefusesOtherModels "degrade-refuses-other-models" Mechanism ["CGN-11", "CGN-13"]
        "past the threshold only calls for the cheaper model are served";
    OriginalModelIsTheUsedOne "original-model-is-the-used-one" Mechanism ["CGN-11", "CGN-10"]
        "the original model is said to be the one used";
    FifthCallUndegraded "fifth-call-undegraded" Mechanism ["CGN-13"] "every fifth call is not degraded";
    DegradeEndsWithTheBudget "degrade-ends-with-the-budget" Mechanism ["CGN-13"]
        "a spent budget refuses in degrade mode as well";

    // The cache.
    CacheNeverHits "cache-never-hits" Mechanism ["CGN-12"] "nothing is found again";
    CacheHitUnsaid "cache-hit-unsaid" Mechanism ["CGN-12"] "a cached answer says that it is fresh";
    CacheHitBilled "cache-hit-billed" Mechanism ["CGN-12"] "an answer from the cache is booked like one that was bought";
    CacheHitAsksAnyway "cache-hit-asks-anyway" Mechanism ["CGN-12"]
        "the provider is called for a cached answer too";
    CacheTakesAnyWords "cache-takes-any-words" Mechanism ["CGN-12"]
        "any prompt is like any other"
        like "https://github.com/BerriAI/litellm/issues/12234";
    CacheForgetsWhatItGave "cache-forgets-what-it-gave" Mechanism ["CGN-12"]
        "an answer is found again once only";
    CacheKeepsFailures "cache-keeps-failures" Mechanism ["CGN-12"]
        "a failure is kept and given again (a should)"
        like "https://github.com/vllm-project/semantic-router/issues/2130";
    CacheRefusesWhatFailed "cache-refuses-what-failed" Mechanism ["CGN-12"]
        "a request that failed is refused unasked when it comes again (a should)";
    CacheScoreNeverExact "cache-score-never-exact" Mechanism ["CGN-12"] "the same request is 0.99 alike";
    CacheScoreAlwaysExact "cache-score-always-exact" Mechanism ["CGN-12"]
        "whatever is alike is exactly alike (a should)";
    ScoreInPercent "score-in-percent" Mechanism ["CGN-10", "CGN-12"] "the score is a percentage";

    // Streams.
    StreamEarlyFailureIs200 "stream-early-failure-is-200" Mechanism ["CGN-08"]
        "a failure before the first event is a 200 with an error event"
        like "https://github.com/maximhq/bifrost/issues/1911";
    StreamCutIsDone "stream-cut-is-done" Mechanism ["CGN-08"]
        "a broken stream ends in `[DONE]`" like "https://github.com/ENTERPILOT/GoModel/pull/1017";
    StreamEndUnannouncedIsDone "stream-end-unannounced-is-done" Mechanism ["CGN-08"]
        "a stream that just ends, between events, ends in `[DONE]`"
        like "https://github.com/NVIDIA/TensorRT-LLM/pull/18289";
    StreamCutIsStop "stream-cut-is-stop" Mechanism ["CGN-08"]
        "a broken stream ends in `finish_reason: stop`"
        like "https://github.com/diegosouzapw/OmniRoute/issues/4177";
    StreamErrorEventSwallowed "stream-error-event-swallowed" Mechanism ["CGN-08"]
        "a provider's error event is skipped" like "https://github.com/mozilla-ai/any-llm/pull/847";
    StreamErrorIsPlainText "stream-error-is-plain-text" Mechanism ["CGN-08"]
        "a broken stream's last event is plain text" like "https://github.com/lucasjinreal/Crane/pull/121";
    StreamMalformedEventRelayed "stream-malformed-event-relayed" Mechanism ["CGN-08"]
        "an event that is not JSON is passed on (a should)"
        like "https://github.com/openclaw/openclaw/pull/116938";
    ErrorEventUnexplained "error-event-unexplained" Mechanism ["CGN-08"]
        "what the provider said within a stream is lost (a should)"
        like "https://github.com/xberg-io/liter-llm/pull/189";
    StreamDoneIsCut "stream-done-is-cut" Mechanism ["CGN-01", "CGN-08"]
        "the end that a stream announces is told as a failure";

    // The finished envelope.
    ErrorIsAString "error-is-a-string" Answer ["CGN-01"]
        "`error` is a string" like "https://github.com/tensorzero/tensorzero/issues/5445";
    MessageIsEmpty "message-is-empty" Answer ["CGN-01"]
        "the message is empty" like "https://github.com/envoyproxy/ai-gateway/pull/2513";
    ContentTypeIsText "content-type-is-text" Answer ["CGN-01"] "failures are text/plain";
    FailureIs200 "failure-is-200" Answer ["CGN-08", "CGN-09"]
        "a 5xx is sent as a 200" like "https://github.com/azrtydxb/Fastllm-proxy/issues/28";
    TenthFailureIsHtml "tenth-failure-is-html" Answer ["CGN-01"] "every tenth failure is an HTML page";
};
