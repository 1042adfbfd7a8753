"""The calls of Anthropic's SDK that cases name; each returns what it was given back."""

from json import dumps

from anthropic import AsyncAnthropic

TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def client(url: str, marker: str, options: dict) -> AsyncAnthropic:
    return AsyncAnthropic(api_key="key-of-the-sdks", base_url=url, default_headers={"x-case": marker}, **options)


def _messages(marker: str) -> dict:
    asked = [{"role": "user", "content": f"Say hello to {marker}."}]
    return {"model": "claude-opus-4-8", "max_tokens": 64, "messages": asked}


def _said(message) -> dict:
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "finish": message.stop_reason,
        "usage": [message.usage.input_tokens, message.usage.output_tokens],
        "tools": [[block.name, _compact(block.input)] for block in message.content if block.type == "tool_use"],
    }


def _compact(value) -> str:
    return dumps(value, separators=(",", ":"))


async def messages(sdk, marker, _got) -> dict:
    return _said(await sdk.messages.create(**_messages(marker)))


async def messages_tools(sdk, marker, _got) -> dict:
    return _said(await sdk.messages.create(**_messages(marker), tools=[TOOL]))


async def messages_stream(sdk, marker, got) -> dict:
    """The events by hand; `got` keeps what came before an error."""
    got.update(text="", finish=None, last=None)
    stream = await sdk.messages.create(**_messages(marker), stream=True)
    async for event in stream:
        got["last"] = event.type
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            got["text"] += event.delta.text
        if event.type == "message_delta":
            got["finish"] = event.delta.stop_reason
    return got


async def messages_final(sdk, marker, _got) -> dict:
    """The SDK's own accumulation of a stream."""
    async with sdk.messages.stream(**_messages(marker), tools=[TOOL]) as stream:
        return _said(await stream.get_final_message())


async def count_tokens(sdk, marker, _got) -> dict:
    asked = {name: value for name, value in _messages(marker).items() if name != "max_tokens"}
    return {"counted": (await sdk.messages.count_tokens(**asked)).input_tokens > 0}


async def models(sdk, _marker, _got) -> dict:
    return {"models": [model.id async for model in sdk.models.list()]}


async def model(sdk, _marker, _got) -> dict:
    return {"model": (await sdk.models.retrieve("claude-opus-4-8")).id}
