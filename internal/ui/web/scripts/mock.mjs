// A stand-in for the Go server: the HTTP shapes of the contract from memory, with faults on demand.
//   node scripts/mock.mjs [--port 8099] [--prefix /admin/] [--account]
// `--account` starts with ada@example.com / correct horse battery staple instead of the set-up screen.
// POST __mock {faults: [{method?, path, status, body?, headers?, times?}]} makes answers fail; the path is a
// regular expression below the prefix. {sessions: false} ends every session; {drop: true} cuts every connection.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createAPI } from './mock/api.mjs';
import { createStatic } from './mock/static.mjs';

export async function startMock({
  port = 0,
  prefix = '/',
  title = 'Acme operations',
  account = true,
  only,
} = {}) {
  const api = createAPI({ account, only });
  const files = createStatic({ prefix, title });
  const sockets = new Set();
  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (on) => new Promise((resolve) => server.listen(on, '127.0.0.1', resolve));
  await listen(port);
  const bound = server.address().port;
  const base = `http://localhost:${bound}${prefix}`;
  const drop = () => sockets.forEach((socket) => socket.destroy());
  const pause = () =>
    new Promise((resolve) => {
      server.close(resolve);
      drop();
    });

  async function handle(request, response) {
    const url = new URL(request.url, base);
    if (!url.pathname.startsWith(prefix)) {
      response.writeHead(404).end();
      return;
    }
    const path = url.pathname.slice(prefix.length);
    if (path === '__mock') {
      const wanted = await api.control(request);
      response.writeHead(204).end();
      if (wanted.drop) drop();
      return;
    }
    if (path.startsWith('api/') || /^m\/[^/]+\/assets\//.test(path))
      await api.handle(request, response, path, url);
    else await files.handle(request, response, path);
  }

  return {
    url: base,
    setupLink: account ? undefined : `${base}setup#token=${api.setupToken}`,
    pause,
    resume: () => listen(bound),
    async close() {
      api.close();
      await pause();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8099' },
      prefix: { type: 'string', default: '/' },
      title: { type: 'string', default: 'Acme operations' },
      account: { type: 'boolean', default: false },
    },
  });
  const server = await startMock({ ...values, port: Number(values.port) });
  console.log(server.setupLink ?? server.url);
}
