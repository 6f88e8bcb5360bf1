import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { readFileSync, writeFileSync } from 'node:fs';
import { fixtures } from './dev/plugin.mjs';

/**
 * Shopify asks that App Bridge is the first script of every document, and the
 * server fills in the tokens. A build that broke either would only be noticed
 * in a shop, so it fails here.
 */
function shopifyHead(): Plugin {
  return {
    name: 'shopify-head',
    apply: 'build',
    closeBundle() {
      const html = readFileSync('dist/index.html', 'utf8');
      const scripts = [...html.matchAll(/<script[^>]*>/g)].map((found) => found[0]);
      if (!scripts[0]?.includes('%APP_BRIDGE_URL%'))
        throw new Error('App Bridge is not the first script');
      if (!scripts[1]?.includes('%POLARIS_URL%'))
        throw new Error('Polaris is not the second script');
      if (!html.includes('content="%API_KEY%"')) throw new Error('the API key token is gone');
      writeFileSync('dist/.gitkeep', '');
    },
  };
}

export default defineConfig({
  plugins: [react(), shopifyHead(), fixtures()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  test: { environment: 'jsdom', include: ['tests/**/*.test.{ts,tsx}'], restoreMocks: true },
});
