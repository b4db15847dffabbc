import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { inlineStrings } from './vite-strings.ts';

const standIn = 'http://localhost:8099';

/** What the server would write into the page; npm run mock has the API. */
function page(): Plugin {
  return {
    name: 'page',
    apply: 'serve',
    transformIndexHtml: (html) => html.replaceAll('{{.Title}}', 'Dashboard').replace('{{.Config}}', '{}'),
  };
}

// Relative base: chunks find each other next to the importing module, so one build works below any prefix.
export default defineConfig({
  base: './',
  plugins: [inlineStrings(), react(), page()],
  build: {
    outDir: 'build',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    target: 'es2022',
    license: true,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // One chunk for what every screen needs compresses better than the many that sharing would make.
        codeSplitting: {
          groups: [
            {
              name: 'base',
              test: /node_modules\/(react|react-dom|scheduler|@tanstack)\/(?!.*(useMutation|mutationObserver|useInfinite|infiniteQueryObserver))|src\/(api\/|parts\/(button|boundary|icons|notice|page|skeleton|toast)|shell\/(?!palette|sign-in-again|gate|user-menu-body|preferences|change-locale|sign-out|drawer)|strings\/index|(?!format|device|show)[a-z-]+\.tsx?$)/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': standIn, '^/m/[^/]+/assets/': standIn } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    testTimeout: 60_000,
    pool: 'threads',
  },
});
