// A Chromium whose pages are watched: what a page must not do fails the test that did it.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const shell = '/usr/bin/chromium-headless-shell'; // the same engine without a window, which costs less
const executablePath = process.env.CHROMIUM ?? (existsSync(shell) ? shell : '/usr/bin/chromium');
const args = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a page may take to show what a test waits for. */
export const patience = 45_000;

export async function launch() {
  const browser = await chromium.launch({ executablePath, args });
  return {
    close: () => browser.close(),
    /** A person's browser: cookies of its own, and lists of what went wrong in it and of what the server refused. */
    async person(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 860 },
        colorScheme: 'light',
        reducedMotion: 'reduce',
        locale: 'en-US',
        ...options,
      });
      context.setDefaultTimeout(patience);
      const faults = [];
      const refused = new Set();
      await context.exposeBinding('reportViolation', (_, text) => faults.push(`policy violated: ${text}`));
      await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', (event) => {
          window.reportViolation(`${event.effectiveDirective} by ${event.blockedURI || event.sample}`);
        });
      });
      context.on('page', (page) => {
        page.on('response', (response) => {
          if (response.status() >= 400)
            refused.add(`${response.status()} ${new URL(response.url()).pathname}`);
        });
        page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack ?? error}`));
        page.on('console', (message) => {
          const text = message.text();
          // The browser's own note of a status that is not 2xx: tests provoke those and judge what the page makes of them.
          if (text.startsWith('Failed to load resource')) return;
          if (message.type() === 'error') faults.push(`console: ${text}`);
        });
      });
      return { context, faults, refused };
    },
  };
}
