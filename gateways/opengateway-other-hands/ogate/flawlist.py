"""The faults that can be built in on request, one at a time."""

CATALOGUE = {
    "retry-422": "a 422 from the upstream is tried again",
    "failover-402": "a 402 from the first provider is tried again at the next one",
    "429-final": "a 429 from the upstream is not tried again",
    "body-decides": "an upstream 400 is tried again when its text speaks of overload",
    "same-provider": "retries stay at the provider that failed",
    "oss-embeddings-open": "on the oss lane closed embedding models are served",
    "label-leak": "the provider in a 503 is the real one, not the public label",
    "message-leak": "the upstream's own words, address and key included, are in a 400",
    "models-known-only": "the model list is refused to keys that are not registered",
    "slot-leak": "a call that fails at the upstream never gives its concurrency slot back",
    "cheapest-dead": "the cheapest policy also picks a provider that is offline",
    "policy-forwarded": "on streams the policy suffix is passed upstream with the model",
    "inactive-by-x-key": "an inactive key works when it is sent as x-api-key",
    "messages-429-shape": "a 429 on the messages endpoint has the OpenAI shape",
    "done-forged": "a chat stream that breaks off is closed with [DONE]",
    "window-input-only": "max_tokens is not counted against the context window",
    "fastest-is-cheapest": "the fastest policy sorts by price",
    "stream-mismatch-400": "a model that cannot chat gives 400 instead of 422 on streams",
}
