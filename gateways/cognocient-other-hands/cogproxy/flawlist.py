"""The faults that can be built in on request, one at a time."""

CATALOGUE = {
    "plain-500": "provider_error answers lack the x-cog-* headers",
    "stream-models-swapped": "on degraded streams the two model headers are swapped",
    "budget-edge": "a feature budget that is spent to the cent still lets calls through",
    "budget-race": "calls in flight are not held against the feature budget",
    "run-header-caps": "X-Cost-Run-Budget can lower the run limit but never raise it",
    "velocity-greedy": "calls refused for velocity still use up the request window",
    "velocity-plus-one": "one request a minute more than the limit gets through",
    "stream-timeout-500": "a provider that is too slow gives 500 instead of 504 on streams",
    "second-try": "a call the provider answered with 5xx is sent a second time",
    "cache-shared": "cached answers are served across proxy keys",
    "cache-billed": "a cache hit is charged as if the provider had been called",
    "unscrubbed": "provider error messages reach the client with upstream key and address in them",
    "stream-papered": "a stream that breaks off is closed with [DONE]",
    "stream-free": "streamed calls are not charged to the budget",
    "error-billed": "calls that fail at the provider are charged at their estimate",
    "trial-extra-day": "a trial ends one day late",
    "key-any-case": "proxy keys are compared without regard to case",
    "tenth-401-text": "every tenth invalid_proxy_key answer is labelled text/plain",
}
