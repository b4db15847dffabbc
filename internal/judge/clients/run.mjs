// Tries the published OFREP clients against the server whose address is the argument. Prints a line for each check, and
// exits 1 if any failed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { OpenFeature as Server, ErrorCode } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature as Web, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { EventSource } from 'eventsource';

globalThis.EventSource = EventSource; // browsers have it
const origin = process.argv[2];
const baseUrl = `${origin}/admin`;
const headers = [['X-API-Key', 'secret']];
const require = createRequire(import.meta.url);
const { version } = require('@openfeature/ofrep-web-provider/package.json');
// The web client brings a newer core than the server-side one.
const { OFREPApi } = createRequire(require.resolve('@openfeature/ofrep-web-provider'))('@openfeature/ofrep-core');

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

const flag = (value) => ({ state: 'ENABLED', variants: { v: value }, defaultVariant: 'v' });
async function replace(flags) {
  const answer = await fetch(`${origin}/control`, { method: 'PUT', body: JSON.stringify({ flags }) });
  assert.equal(answer.status, 200, await answer.text());
}

// --- the server-side client: one request for each evaluation ---

await Server.setProviderAndWait(new OFREPProvider({ baseUrl, headers }));
const server = Server.getClient();
await check('server: values of every type', async () => {
  assert.equal(await server.getBooleanValue('boolean-flag', false), true);
  assert.equal(await server.getStringValue('string-flag', 'bye'), 'hi');
  assert.equal(await server.getNumberValue('integer-flag', 1), 10);
  assert.equal(await server.getNumberValue('float-zero-flag', 1), 0);
  assert.deepEqual(await server.getObjectValue('object-flag', {}), { showImages: true, title: 'Check out these pics!', imagesPerPage: 100 });
});
await check('server: details', async () => {
  const found = await server.getStringDetails('string-flag', 'bye');
  assert.equal(found.variant, 'greeting');
  assert.equal(found.reason, 'STATIC');
  const targeted = await server.getStringDetails('complex-targeted', 'x', {
    targetingKey: 'u', email: 'ballmer@macrosoft.com', customer: false, age: 65,
  });
  assert.equal(targeted.value, 'INTERNAL');
  assert.equal(targeted.reason, 'TARGETING_MATCH');
  assert.deepEqual((await server.getBooleanDetails('metadata-flag', false)).flagMetadata, { string: '1.0.2', integer: 2, float: 0.1, boolean: true });
});
await check('server: errors', async () => {
  const mismatch = await server.getNumberDetails('string-flag', 7);
  assert.equal(mismatch.value, 7);
  assert.equal(mismatch.errorCode, ErrorCode.TYPE_MISMATCH);
  const missing = await server.getBooleanDetails('missing', true);
  assert.equal(missing.value, true);
  assert.equal(missing.reason, 'ERROR');
});
await check('server: keys with slashes', async () => {
  await replace({ 'a/b c': flag('found'), 'a/b c%2Fd?é': flag('escaped'), n: flag(0) });
  assert.equal(await server.getStringValue('a/b c', 'lost'), 'found'); // this client escapes no key
});
await check('core: keys that must be escaped', async () => {
  const api = new OFREPApi({ baseUrl, headers });
  const { value } = await api.postEvaluateFlag('a/b c%2Fd?é', { context: { targetingKey: 'u' } });
  assert.equal(value.value, 'escaped');
  const missing = await api.postEvaluateFlag('a/missing', { context: { targetingKey: 'u' } });
  assert.equal(missing.httpStatus, 404);
  assert.equal(missing.value.errorCode, ErrorCode.FLAG_NOT_FOUND);
  const invalid = await api.postBulkEvaluateFlags({ context: { targetingKey: 7 } });
  assert.equal(invalid.value.errorCode, ErrorCode.INVALID_CONTEXT);
});
await check('server: a wrong key', async () => {
  await Server.setProviderAndWait('stranger', new OFREPProvider({ baseUrl, headers: [['X-API-Key', 'wrong']] }));
  const refused = await Server.getClient('stranger').getNumberDetails('n', 7);
  assert.equal(refused.value, 7);
  assert.equal(refused.reason, 'ERROR');
});

// --- the web client: all flags at once, kept up to date by the event stream ---

const answers = []; // status and body of each bulk request
const counted = async (...request) => {
  const answer = await fetch(...request);
  answers.push({ status: answer.status, url: request[0].url ?? String(request[0]) });
  return answer;
};
const provider = new OFREPWebProvider({ baseUrl, headers, cacheMode: 'disabled', pollInterval: 0, fetchImplementation: counted });
const changes = [];
Web.addHandler(ProviderEvents.ConfigurationChanged, (event) => changes.push(event.flagsChanged));
await Web.setContext({ targetingKey: 'u', plan: 'free' });
await Web.setProviderAndWait(provider);
const web = Web.getClient();
const until = async (what, holds) => {
  for (let i = 0; i < 400; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`never: ${what}; answers ${JSON.stringify(answers)}, changes ${JSON.stringify(changes)}`);
};

await check(`web ${version}: all flags at once`, async () => {
  assert.equal(answers[0].status, 200);
  assert.equal(web.getNumberValue('n', 7), 0);
  assert.equal(web.getStringValue('a/b c%2Fd?é', 'lost'), 'escaped');
  assert.equal(web.getBooleanDetails('missing', true).errorCode, ErrorCode.FLAG_NOT_FOUND);
});
await check('web: a stream that opens costs one answer without a body', async () => {
  await until('a second request', () => answers.length > 1);
  assert.deepEqual(answers.map((a) => a.status), [200, 304]);
});
await check('web: changes come by the stream', async () => {
  for (const n of [1, 2]) {
    await replace({ n: flag(n) });
    await until(`n is ${n}`, () => web.getNumberValue('n', 7) === n);
  }
  assert.ok(changes.length >= 2);
  const last = answers.at(-1);
  assert.equal(last.status, 200);
  assert.match(last.url, /flagConfigEtag=[0-9a-f]{64}/);
});
await check('web: another person gets their own values', async () => {
  await replace({
    plan: { state: 'ENABLED', variants: { yes: true, no: false }, defaultVariant: 'no', targeting: { if: [{ '==': [{ var: 'plan' }, 'paid'] }, 'yes'] } },
    off: { ...flag(true), state: 'DISABLED' },
    none: { state: 'ENABLED', variants: { v: true }, defaultVariant: null },
  });
  await until('the flags', () => web.getBooleanDetails('plan', true).value === false);
  assert.equal(web.getBooleanDetails('plan', true).reason, 'DEFAULT');
  await Web.setContext({ targetingKey: 'v', plan: 'paid' });
  assert.equal(web.getBooleanValue('plan', false), true);
  await Web.setContext({ targetingKey: 'u', plan: 'free' });
  assert.equal(web.getBooleanValue('plan', true), false);
});
await check('web: code defaults', async () => {
  for (const [key, reason] of [['off', 'DISABLED'], ['none', 'DEFAULT']]) {
    for (const value of [true, false]) {
      const details = web.getBooleanDetails(key, value);
      assert.equal(details.value, value);
      assert.equal(details.reason, reason);
      assert.equal(details.errorCode, undefined);
    }
  }
});

await Web.close();
await Server.close();
if (failed > 0) process.exit(1);
