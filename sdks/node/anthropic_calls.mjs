// The calls of Anthropic's SDK that cases name; each returns what it was given back.

const TOOL = { name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } };

export const client = ({ Anthropic }, url, marker, { max_retries: maxRetries }) =>
  new Anthropic({
    apiKey: 'key-of-the-sdks', baseURL: url, defaultHeaders: { 'x-case': marker }, logLevel: 'off',
    ...(maxRetries === undefined ? {} : { maxRetries }),
  });

const asked = (marker) => ({
  model: 'claude-opus-4-8', max_tokens: 64, messages: [{ role: 'user', content: `Say hello to ${marker}.` }],
});

const said = (message) => ({
  text: message.content.filter((block) => block.type === 'text').map((block) => block.text).join(''),
  finish: message.stop_reason,
  usage: [message.usage.input_tokens, message.usage.output_tokens],
  tools: message.content.filter((block) => block.type === 'tool_use').map((block) => [block.name, JSON.stringify(block.input)]),
});

export const messages = async (sdk, marker) => said(await sdk.messages.create(asked(marker)));

export const messages_tools = async (sdk, marker) => said(await sdk.messages.create({ ...asked(marker), tools: [TOOL] }));

// The events by hand; `got` keeps what came before an error.
export async function messages_stream(sdk, marker, got) {
  Object.assign(got, { text: '', finish: null, last: null });
  for await (const event of await sdk.messages.create({ ...asked(marker), stream: true })) {
    got.last = event.type;
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') got.text += event.delta.text;
    if (event.type === 'message_delta') got.finish = event.delta.stop_reason;
  }
  return got;
}

// The SDK's own accumulation of a stream.
export const messages_final = async (sdk, marker) =>
  said(await sdk.messages.stream({ ...asked(marker), tools: [TOOL] }).finalMessage());

export async function count_tokens(sdk, marker) {
  const { max_tokens: _, ...counted } = asked(marker);
  return { counted: (await sdk.messages.countTokens(counted)).input_tokens > 0 };
}

export async function models(sdk) {
  const models = [];
  for await (const model of sdk.models.list()) models.push(model.id);
  return { models };
}

export const model = async (sdk) => ({ model: (await sdk.models.retrieve('claude-opus-4-8')).id });
