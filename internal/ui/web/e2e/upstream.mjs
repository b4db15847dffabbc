// A provider of models that does what it is told, in OpenAI's Chat Completions format: the last message says which answer
// it gives.
import { once } from 'node:events';
import { createServer } from 'node:http';

export const answers = {
  markdown: `## Two guests

So far **two** people have *signed* the [guest book](https://example.com/book), see \`entries\`:

| Name | Visits |
|------|-------:|
| Ada | 3 |
| Grace | 1 |

1. Open the page
2. Sign it
   - with your name

\`\`\`js
const greeting = '<b>Hello</b>';
\`\`\`

> No <script>alert(1)</script> here, and no [link](javascript:alert(1)).`,
};

/** Starts it; `env` is what the reference server takes to find it. */
export async function startUpstream() {
  const open = new Set();
  const before = new Set(); // what was not answered to its end once
  const first = (what) => !before.has(what) && before.add(what);
  const server = createServer(async (request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url.endsWith('/models')) {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          object: 'list',
          data: [
            { id: 'fake-1', object: 'model', created: 1 },
            { id: 'fake-2', object: 'model', created: 2 },
          ],
        }),
      );
      return;
    }
    const { messages } = JSON.parse(body);
    const last = messages.at(-1);
    const said = messages.findLast((message) => message.role === 'user').content;
    const word = (typeof said === 'string' ? said : said.map((part) => part.text).join('')).toLowerCase();
    const reply = writer(response);
    if (last.role === 'tool') {
      reply.text('That is done.');
      reply.end('stop');
    } else if (word.includes('guests')) {
      reply.call('hello_get-entries', '{}');
    } else if (word.includes('sign')) {
      reply.text('I will sign for you.');
      reply.call('hello_post-entries', '{"body":{"name":"Grace Hopper"}}');
    } else if (word.includes('slow') && first('slow')) {
      reply.text('This will take a while. ');
      reply.text('It goes on and on');
    } else if (word.includes('cut') && first('cut')) {
      reply.text('Half of what I know');
      reply.cut();
    } else if (word.includes('markdown')) {
      for (let at = 0; at < answers.markdown.length; at += 7) reply.text(answers.markdown.slice(at, at + 7));
      reply.end('stop');
    } else {
      reply.text('This is the whole answer.');
      reply.end('stop');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: `http://127.0.0.1:${server.address().port}/v1` },
    async stop() {
      for (const response of open) response.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function writer(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const send = (delta, reason = null, more = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'fake-1', choices: [{ index: 0, delta, finish_reason: reason }], ...more })}\n\n`,
    );
  send({ role: 'assistant', content: '' });
  const end = (reason) => {
    send({}, reason);
    response.write(
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'fake-1', choices: [], usage: { prompt_tokens: 1200, completion_tokens: 34, total_tokens: 1234 } })}\n\n`,
    );
    response.end('data: [DONE]\n\n');
  };
  return {
    text: (content) => send({ content }),
    call(name, text) {
      send({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: '' } }] });
      send({ tool_calls: [{ index: 0, function: { arguments: text } }] });
      end('tool_calls');
    },
    end,
    // With the next turn of the loop, so that what was written is on its way.
    cut: () => setImmediate(() => response.destroy()),
  };
}
