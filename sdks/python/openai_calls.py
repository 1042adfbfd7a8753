"""The calls of OpenAI's SDK that cases name; each returns what it was given back."""

from openai import AsyncOpenAI

TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def client(url: str, marker: str, options: dict) -> AsyncOpenAI:
    return AsyncOpenAI(api_key="sk-of-the-sdks", base_url=f"{url}/v1", default_headers={"x-case": marker}, **options)


def _messages(marker: str) -> dict:
    return {"model": "gpt-5", "messages": [{"role": "user", "content": f"Say hello to {marker}."}]}


def _said(completion) -> dict:
    choice = completion.choices[0]
    calls = choice.message.tool_calls or []
    return {
        "text": choice.message.content,
        "finish": choice.finish_reason,
        "usage": [completion.usage.prompt_tokens, completion.usage.completion_tokens] if completion.usage else None,
        "tools": [[call.function.name, call.function.arguments] for call in calls],
    }


async def chat(sdk, marker, _got) -> dict:
    return _said(await sdk.chat.completions.create(**_messages(marker)))


async def chat_tools(sdk, marker, _got) -> dict:
    return _said(await sdk.chat.completions.create(**_messages(marker), tools=[TOOL]))


async def chat_stream(sdk, marker, got) -> dict:
    """The chunks by hand; `got` keeps what came before an error."""
    got.update(text="", finish=None, usage=None, tools=[])
    stream = await sdk.chat.completions.create(
        **_messages(marker), tools=[TOOL], stream=True, stream_options={"include_usage": True})
    async for chunk in stream:
        for choice in chunk.choices or []:
            got["text"] += choice.delta.content or ""
            got["finish"] = choice.finish_reason or got["finish"]
            for call in choice.delta.tool_calls or []:
                if call.index == len(got["tools"]):
                    got["tools"].append(["", ""])
                got["tools"][call.index][0] += call.function.name or ""
                got["tools"][call.index][1] += call.function.arguments or ""
        if chunk.usage:
            got["usage"] = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]
    return got


async def chat_final(sdk, marker, _got) -> dict:
    """The SDK's own accumulation of a stream."""
    asked = _messages(marker) | {"stream_options": {"include_usage": True}}
    async with sdk.chat.completions.stream(**asked) as stream:
        return _said(await stream.get_final_completion())


async def responses(sdk, marker, _got) -> dict:
    response = await sdk.responses.create(model="gpt-5", input=f"Say hello to {marker}.")
    return {"text": response.output_text, "finish": response.status,
            "usage": [response.usage.input_tokens, response.usage.output_tokens], "tools": _called(response)}


async def responses_stream(sdk, marker, got) -> dict:
    got.update(text="", finish=None, last=None)
    stream = await sdk.responses.create(model="gpt-5", input=f"Say hello to {marker}.", stream=True)
    async for event in stream:
        got["last"] = event.type
        if event.type == "response.output_text.delta":
            got["text"] += event.delta
        if event.type in ("response.completed", "response.failed"):
            got["finish"] = event.response.status
            got["tools"] = _called(event.response)
    return got


def _called(response) -> list:
    return [[item.name, item.arguments] for item in response.output if item.type == "function_call"]


async def embeddings(sdk, marker, _got) -> dict:
    """As the SDK asks by itself, which is base64, and as numbers: the same vectors."""
    plain = await sdk.embeddings.create(model="text-embedding-3-small", input=[marker, "two"], encoding_format="float")
    packed = await sdk.embeddings.create(model="text-embedding-3-small", input=[marker, "two"])
    same = all(abs(a - b) < 1e-6 for one, other in zip(plain.data, packed.data)
               for a, b in zip(one.embedding, other.embedding, strict=True))
    return {"vectors": len(packed.data), "same": same, "dimensions": len(plain.data[0].embedding)}


async def models(sdk, _marker, _got) -> dict:
    return {"models": [model.id async for model in sdk.models.list()]}


async def model(sdk, _marker, _got) -> dict:
    return {"model": (await sdk.models.retrieve("gpt-5")).id}
