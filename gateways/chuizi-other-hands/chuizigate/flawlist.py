"""The faults that can be built in on request, one at a time."""

CATALOGUE = {
    "anthropic-402-shape": "on the Anthropic protocol the 402 answer has the OpenAI shape",
    "numeric-code": "the code of a 429 is a number, not a string",
    "stream-no-id": "streamed answers have no x-chuizi-generation-id",
    "retry-after-ms": "Retry-After is in milliseconds",
    "rpm-plus-one": "one request a minute more than the limit gets through",
    "rpm-by-account": "requests are counted per account instead of per key",
    "timeout-keeps-money": "the pre-deducted cost is not returned after a 504",
    "stream-unsettled": "streamed calls cost their whole estimate, whatever they used",
    "late-deduction": "the cost is taken only after the answer, so parallel calls overspend",
    "models-open-to-revoked": "revoked keys still work on the model list",
    "stream-unscoped": "model permissions are not checked for streamed calls",
    "upstream-401-through": "a 401 from the upstream reaches the client as 401",
    "embedding-timeout-502": "an embedding that times out gives 502 instead of 504",
    "leaky-400": "the message of an upstream 400 keeps the upstream's address and key",
    "forged-stop": "an Anthropic stream that breaks off is closed with message_stop",
    "resend-invalid": "a call with an invalid upstream answer is sent again",
    "error-swallowed": "an upstream error inside an OpenAI stream becomes [DONE]",
    "unavailable-403": "a model that is switched off gives 403 instead of 404",
}
