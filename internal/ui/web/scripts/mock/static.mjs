// Serves the committed build as the Go handler does: the prefix written into the page, the same policy.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const dist = process.env.UI_DIST ?? fileURLToPath(new URL('../../../dist', import.meta.url));
const types = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const escapeHTML = (text) => text.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);

function speaks({ cookie = '', 'accept-language': accept = '' }) {
  return /dashboard-locale=(en|de)/.exec(cookie)?.[1] ?? /\b(en|de)\b/.exec(accept)?.[1] ?? 'en';
}

export function createStatic({ prefix, title }) {
  async function page(request, response) {
    const theme = /dashboard-theme=(light|dark|auto)/.exec(request.headers.cookie ?? '')?.[1] ?? 'auto';
    const locale = speaks(request.headers);
    const source = gunzipSync(await readFile(join(dist, 'index.html.gz'))).toString();
    const config = JSON.stringify({ base: prefix, title, theme, locale, minPassword: 15 });
    const body = source
      .replaceAll(/<link rel="modulepreload" data-locale="(\w+)"[^>]*>/g, (link, of) =>
        of === locale ? link : '',
      )
      .replaceAll('="./', `="${prefix}`)
      .replace('<html lang="en"', `<html lang="${locale}" data-theme="${theme}"`)
      .replaceAll('{{.Title}}', escapeHTML(title))
      .replaceAll('{{.Config}}', escapeHTML(config));
    const own = `${request.headers.host}${prefix}assets/ ${request.headers.host}${prefix}m/`;
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy':
        `default-src 'none'; script-src ${own}; style-src ${own}; img-src 'self' data:; connect-src 'self'; ` +
        `font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; ` +
        `require-trusted-types-for 'script'; trusted-types 'none'`,
    });
    response.end(body);
  }

  async function handle(request, response, path) {
    if (!path.startsWith('assets/')) return page(request, response);
    try {
      const coded = await readFile(join(dist, `${path}.br`));
      response.writeHead(200, {
        'Content-Type': types[extname(path)] ?? 'application/octet-stream',
        'Content-Encoding': 'br',
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
      });
      response.end(coded);
    } catch {
      response.writeHead(404).end();
    }
  }

  return { handle };
}
