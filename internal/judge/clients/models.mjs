// Tries OpenAI's own client against the gateway whose address is the first argument, with the key that is the second.
// Prints a line for each check, and exits 1 if any failed.
import assert from 'node:assert/strict';

import OpenAI from 'openai';

const [baseURL, apiKey] = process.argv.slice(2);
const sdk = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const greeting = 'Hello, wörld 😀';
const user = (content) => [{ role: 'user', content }];
const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

let failed = 0;
async function check(name, run) {
  try {
    await run();
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.stack}`);
  }
}

async function refused(promise, status, code) {
  const error = await promise.then(() => assert.fail('got an answer'), (e) => e);
  assert.ok(error instanceof OpenAI.APIError, error.stack);
  assert.deepEqual([error.status, error.code], [status, code]);
  return error;
}

await check('models', async () => {
  const ids = [];
  for await (const model of sdk.models.list()) ids.push(model.id);
  assert.ok(ids.includes('smart'), ids.join());
  assert.equal((await sdk.models.retrieve('smart')).object, 'model');
});

// --- chat completions ---

await check('chat: whole', async () => {
  const answer = await sdk.chat.completions.create({ model: 'smart', messages: user('Hi') });
  assert.equal(answer.choices[0].message.content, greeting);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(answer.usage.total_tokens, 21);
});
await check('chat: a stream', async () => {
  const stream = sdk.chat.completions.stream({ model: 'smart', messages: user('Hi'), stream_options: { include_usage: true } });
  let text = '';
  stream.on('content', (piece) => (text += piece));
  const answer = await stream.finalChatCompletion();
  assert.equal(text, greeting);
  assert.equal(answer.choices[0].message.content, greeting);
  assert.equal(answer.usage.total_tokens, 21);
});
await check('chat: a stream that is left', async () => {
  const stream = await sdk.chat.completions.create({ model: 'smart', messages: user('Hi'), stream: true });
  for await (const piece of stream) {
    assert.equal(piece.object, 'chat.completion.chunk');
    break;
  }
});
await check('chat: a schema', async () => {
  const answer = await sdk.chat.completions.parse({ model: 'smart', messages: user('Where?'),
    response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } } });
  assert.equal(answer.choices[0].message.content, '{"city":"Paris"}');
});
await check('chat: a picture', async () => {
  const answer = await sdk.chat.completions.create({ model: 'anthropic/claude', messages: user([
    { type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,cG5n' } }]) });
  assert.equal(answer.choices[0].message.content, 'A picture.');
});
await check('chat: tools, run by the client', async () => {
  const called = [];
  const tool = (name, parameters, result) => ({ type: 'function', function: { name, parameters, parse: JSON.parse,
    function: (input) => { called.push([name, input]); return result; } } });
  for (const stream of [false, true]) {
    called.length = 0;
    const runner = sdk.chat.completions.runTools({ model: 'smart', messages: user('How warm is it?'), stream,
      tools: [tool('weather', place, '21 degrees'), tool('now', { type: 'object', properties: {} }, 'noon')] });
    assert.equal(await runner.finalContent(), 'It is 21 degrees.');
    assert.deepEqual(called, [['weather', { city: 'Paris' }], ['now', {}]]);
  }
});
await check('chat: errors', async () => {
  const ask = (model, text, client = sdk) => client.chat.completions.create({ model, messages: user(text) });
  await refused(ask('smart', 'Hi', new OpenAI({ baseURL, apiKey: 'wrong', maxRetries: 0 })), 401, 'invalid_api_key');
  await refused(ask('dull', 'Hi'), 404, 'model_not_found');
  const busy = await refused(ask('smart', 'please fail busy'), 429, 'rate_limit_exceeded');
  assert.equal(busy.headers.get('retry-after'), '7');
  await assert.rejects(sdk.chat.completions.stream({ model: 'smart', messages: user('please fail midway') }).finalChatCompletion());
});

// --- responses ---

await check('responses: whole', async () => {
  const answer = await sdk.responses.create({ model: 'smart', instructions: 'Be brief.', input: 'Hi' });
  assert.equal(answer.output_text, greeting);
  assert.equal(answer.status, 'completed');
  assert.equal(answer.usage.total_tokens, 21);
});
await check('responses: a stream', async () => {
  const stream = sdk.responses.stream({ model: 'smart', input: 'Hi' });
  let text = '';
  stream.on('response.output_text.delta', (event) => (text += event.delta));
  const answer = await stream.finalResponse();
  assert.equal(text, greeting);
  assert.equal(answer.output_text, greeting);
});
await check('responses: a schema', async () => {
  const answer = await sdk.responses.parse({ model: 'smart', input: 'Where?', text: { format: { type: 'json_schema', name: 'place', strict: true, schema: place } } });
  assert.equal(answer.output_text, '{"city":"Paris"}');
});
await check('responses: a picture', async () => {
  const answer = await sdk.responses.create({ model: 'smart', input: user([
    { type: 'input_text', text: 'What is it?' }, { type: 'input_image', image_url: 'data:image/png;base64,cG5n', detail: 'auto' }]) });
  assert.equal(answer.output_text, 'A picture.');
});
await check('responses: tools', async () => {
  const tools = [{ type: 'function', name: 'weather', parameters: place, strict: true }, { type: 'function', name: 'now', parameters: null, strict: false }];
  for (const streamed of [false, true]) {
    const input = user('How warm is it?');
    const ask = { model: 'smart', store: false, include: ['reasoning.encrypted_content'], tools, input };
    const answer = streamed ? await sdk.responses.stream(ask).finalResponse() : await sdk.responses.create(ask);
    input.push(...answer.output);
    const calls = answer.output.filter((item) => item.type === 'function_call');
    assert.deepEqual(calls.map((c) => [c.name, JSON.parse(c.arguments)]), [['weather', { city: 'Paris' }], ['now', {}]]);
    for (const call of calls) input.push({ type: 'function_call_output', call_id: call.call_id, output: '21 degrees' });
    assert.equal((await sdk.responses.create({ ...ask, input })).output_text, 'It is 21 degrees.');
  }
});
await check('responses: errors', async () => {
  await refused(sdk.responses.create({ model: 'dull', input: 'Hi' }), 404, 'model_not_found');
  const busy = await refused(sdk.responses.create({ model: 'smart', input: 'please fail busy' }), 429, 'rate_limit_exceeded');
  assert.equal(busy.headers.get('retry-after'), '7');
  await refused(sdk.responses.retrieve('resp_1'), 404, 'response_not_found');
  await refused(sdk.responses.create({ model: 'smart', input: 'Hi', previous_response_id: 'resp_1' }), 400, 'unsupported_parameter');
  let kind = '';
  for await (const event of await sdk.responses.create({ model: 'smart', input: 'please fail midway', stream: true })) kind = event.type;
  assert.equal(kind, 'response.failed');
});

await check('embeddings', async () => {
  for (const encoding_format of [undefined, 'float', 'base64']) {
    const answer = await sdk.embeddings.create({ model: 'openai/test-model', input: ['one', 'two'], dimensions: 8, encoding_format });
    assert.equal(answer.data.length, 2);
    if (encoding_format !== 'base64') assert.equal(answer.data[1].embedding.length, 8);
  }
  await refused(sdk.embeddings.create({ model: 'smart', input: 'one' }), 400, 'unsupported');
});

process.exit(failed ? 1 : 0);
