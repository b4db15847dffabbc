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
  // React has had the hook itself for long.
  resolve: {
    alias: { 'use-sync-external-store/shim/with-selector': 'use-sync-external-store/with-selector' },
  },
  build: {
    outDir: 'build',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
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
              test: /node_modules\/(react|react-dom|scheduler|@tanstack)\/(?!.*(useMutation|mutationObserver|useInfinite|infiniteQueryObserver))|src\/(api\/(?!events|may|module)|parts\/(boundary|button|icon\.|notice|skeleton)|shell\/(arrival|shell)|strings\/index|(?!format|device|show)[a-z-]+\.tsx?$)/,
            },
            // The same of what most screens behind it need.
            {
              name: 'common',
              test: /useMutation|mutationObserver|useInfinite|infiniteQueryObserver|src\/(api\/(may|module)|parts\/(?!password|segments|data-table)|resource\/(refused|queries)|modules\/(crumbs|actions)|shell\/palette-opening|system\/address|(format|show)\.ts)/,
            },
            // What the screens of one part share is small, and smaller together.
            { name: 'versions', test: /src\/(versions\/(?!history)|access\/use-draft|flags\/definition)/ },
            {
              name: 'models',
              test: /src\/ai\/(queries|nav|money|who|unconfigured|use-rule|model-field|prompt)\.tsx?$/,
            },
            { name: 'flags', test: /src\/flags\/(queries|state|literals|troubles|share|use-later)\.tsx?$/ },
            { name: 'tables', test: /src\/(parts\/data-table|system\/(nav|queries))\.tsx?$/ },
            {
              name: 'sign-in',
              test: /src\/(screens\/(login|sign-in-form)|shell\/(gate|sign-in-again)|parts\/password-field)\.tsx$/,
            },
            { name: 'menu', test: /src\/shell\/(preferences|user-menu-body|sign-out|change-locale)\.tsx?$/ },
            {
              name: 'item',
              test: /src\/(resource\/(delete-button|links|create-dialog)|forms\/changes|access\/(save-draft|role-choice|queries|patterns))\.tsx?$/,
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
