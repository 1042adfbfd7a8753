"""Makes one call with an official SDK as it is shipped, for the harness: call.py PATH-OF-OPENAI PATH-OF-ANTHROPIC, where the lanes begin behind
BASE_URL. The body is on standard input; OPERATION names the lane. Whatever is answered is the harness's to judge."""

import json
import os
import sys

import anthropic
import httpx2
import openai

# What the SDKs raise for what a server does; a stream that breaks comes through as the transport's own error.
SERVERS = (openai.OpenAIError, anthropic.AnthropicError, httpx2.TransportError)


def main() -> None:
    of_openai, of_anthropic = sys.argv[1:]
    operation, body = os.environ["OPERATION"], json.load(sys.stdin)
    base, key = os.environ["BASE_URL"], os.environ["API_KEY"]
    if operation == "chat":
        create = openai.OpenAI(api_key=key, base_url=base + of_openai).chat.completions.create
    elif operation == "messages":
        create = anthropic.Anthropic(api_key=key, base_url=base + of_anthropic).messages.create
    else:
        sys.exit(f"no SDK calls {operation}")
    try:
        answer = create(**body)
        if body.get("stream"):
            for _ in answer:
                pass
    except SERVERS:
        pass


if __name__ == "__main__":
    main()
