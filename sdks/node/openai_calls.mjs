// The calls of OpenAI's SDK that cases name; each returns what it was given back.

const TOOL = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

export const client = ({ OpenAI }, url, marker, { max_retries: maxRetries }) =>
  new OpenAI({
    apiKey: 'sk-of-the-sdks', baseURL: `${url}/v1`, defaultHeaders: { 'x-case': marker }, logLevel: 'off',
    ...(maxRetries === undefined ? {} : { maxRetries }),
  });

const messages = (marker) => ({ model: 'gpt-5', messages: [{ role: 'user', content: `Say hello to ${marker}.` }] });

function said(completion) {
  const [choice] = completion.choices;
  return {
    text: choice.message.content,
    finish: choice.finish_reason,
    usage: completion.usage ? [completion.usage.prompt_tokens, completion.usage.completion_tokens] : null,
    tools: (choice.message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]),
  };
}

export const chat = async (sdk, marker) => said(await sdk.chat.completions.create(messages(marker)));

export const chat_tools = async (sdk, marker) =>
  said(await sdk.chat.completions.create({ ...messages(marker), tools: [TOOL] }));

// The chunks by hand; `got` keeps what came before an error.
export async function chat_stream(sdk, marker, got) {
  Object.assign(got, { text: '', finish: null, usage: null, tools: [] });
  const asked = { ...messages(marker), tools: [TOOL], stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await sdk.chat.completions.create(asked)) {
    for (const choice of chunk.choices ?? []) {
      got.text += choice.delta.content ?? '';
      got.finish = choice.finish_reason ?? got.finish;
      for (const call of choice.delta.tool_calls ?? []) {
        const whole = (got.tools[call.index] ??= ['', '']);
        whole[0] += call.function.name ?? '';
        whole[1] += call.function.arguments ?? '';
      }
    }
    if (chunk.usage) got.usage = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
  }
  return got;
}

// The SDK's own accumulation of a stream.
export async function chat_final(sdk, marker) {
  const stream = sdk.chat.completions.stream({ ...messages(marker), stream_options: { include_usage: true } });
  return said(await stream.finalChatCompletion());
}

const called = (response) =>
  response.output.filter((item) => item.type === 'function_call').map((item) => [item.name, item.arguments]);

export async function responses(sdk, marker) {
  const response = await sdk.responses.create({ model: 'gpt-5', input: `Say hello to ${marker}.` });
  const usage = [response.usage.input_tokens, response.usage.output_tokens];
  return { text: response.output_text, finish: response.status, usage, tools: called(response) };
}

export async function responses_stream(sdk, marker, got) {
  Object.assign(got, { text: '', finish: null, last: null });
  const asked = { model: 'gpt-5', input: `Say hello to ${marker}.`, stream: true };
  for await (const event of await sdk.responses.create(asked)) {
    got.last = event.type;
    if (event.type === 'response.output_text.delta') got.text += event.delta;
    if (event.type === 'response.completed' || event.type === 'response.failed') {
      got.finish = event.response.status;
      got.tools = called(event.response);
    }
  }
  return got;
}

// As the SDK asks by itself, which is base64, and as numbers: the same vectors.
export async function embeddings(sdk, marker) {
  const asked = { model: 'text-embedding-3-small', input: [marker, 'two'] };
  const plain = await sdk.embeddings.create({ ...asked, encoding_format: 'float' });
  const packed = await sdk.embeddings.create(asked);
  const close = (one, other) =>
    one.length === other.length && one.every((part, at) => Math.abs(part - other[at]) < 1e-6);
  const same = plain.data.every((one, at) => close(one.embedding, packed.data[at].embedding));
  return { vectors: packed.data.length, same, dimensions: plain.data[0].embedding.length };
}

export async function models(sdk) {
  const models = [];
  for await (const model of sdk.models.list()) models.push(model.id);
  return { models };
}

export const model = async (sdk) => ({ model: (await sdk.models.retrieve('gpt-5')).id });
