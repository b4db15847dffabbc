// Starts the server under test: a binary in an empty folder, or the stand-in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMock } from '../scripts/mock.mjs';

export const account = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  password: 'correct horse battery staple',
};
const modules = ['system', 'hello', 'broken'];
const startTimeout = 20_000;

/** A server with no account yet, with `more` modules than most suites need and what `env` adds to its environment. `crash` kills it without warning, `resume` starts it again on the same data. */
export async function startServer({ binary, prefix, more = [], env = {} }) {
  return binary ? startBinary(binary, prefix, [...modules, ...more], env) : startStandIn(prefix);
}

async function startStandIn(prefix) {
  const mock = await startMock({ prefix, account: false, only: modules });
  return {
    url: mock.url,
    setupLink: mock.setupLink,
    crash: mock.pause,
    resume: mock.resume,
    stop: mock.close,
  };
}

async function startBinary(binary, prefix, modules, env) {
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-e2e-'));
  const config = join(folder, 'config.yaml');
  await writeFile(config, `title: Acme operations\nmodules: [${modules.join(', ')}]\n`);
  const port = await freePort();
  const url = `http://localhost:${port}${prefix}`;
  const flags = ['-addr', `localhost:${port}`, '-data', join(folder, 'data'), '-config', config];
  if (prefix !== '/') flags.push('-prefix', prefix.replace(/\/$/, ''));
  let child;
  let output = '';

  async function start() {
    child = spawn(binary, flags, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const deadline = Date.now() + startTimeout;
    while (!(await ready(url))) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the server did not start:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  await start();
  return {
    /** It is no stand-in. */
    real: true,
    url,
    setupLink: await link(() => output),
    crash: () => end('SIGKILL'),
    resume: start,
    async stop() {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(url) {
  try {
    return (await fetch(`${url}readyz`)).ok;
  } catch {
    return false;
  }
}

async function link(output) {
  const deadline = Date.now() + startTimeout;
  for (;;) {
    const found = /https?:\/\/\S+\/setup#\S+/.exec(output());
    if (found) return found[0];
    if (Date.now() > deadline) throw new Error(`no set-up link was printed:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
