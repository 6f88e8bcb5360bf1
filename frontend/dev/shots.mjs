/**
 * Pictures of every screen, at phone and desktop width, with an axe report.
 *   npm run build && node dev/shots.mjs OUT_DIR [name part]
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const out = process.argv[2] ?? 'shots';
const only = process.argv[3] ?? '';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(out, { recursive: true });

const order = '5600000001039';
const message = (n) => `msg_0193a5f0-7c00-7000-8000-${String(n).padStart(12, '0')}`;
const screens = [
  ['home', '/'],
  ['home-empty', '/?fixture=empty'],
  ['home-error', '/?fixture=error'],
  ['orders', '/orders'],
  ['orders-filtered', '/orders?q=weber&mail=sent'],
  ['orders-nothing', '/orders?q=zzzz'],
  ['orders-empty', '/orders?fixture=empty'],
  ['orders-error', '/orders?fixture=error'],
  ['order', `/orders/${order}`],
  ['order-missing', '/orders/1'],
  ['messages', '/messages'],
  ['message', `/messages/${message(0)}`],
  ['message-rtl', `/messages/${message(1)}`],
  ['message-failed', `/messages/${message(8)}`],
  ['message-stopped', `/messages/${message(6)}`],
  ['webhooks', '/webhooks'],
  ['webhooks-empty', '/webhooks?fixture=empty'],
  ['settings', '/settings'],
  ['delivery', '/settings/delivery'],
  ['delivery-empty', '/settings/delivery?fixture=empty'],
  ['delivery-error', '/settings/delivery?fixture=error'],
  ['suppressions', '/suppressions'],
  ['suppressions-removed', '/suppressions?removed=1'],
  ['suppressions-empty', '/suppressions?fixture=empty'],
].filter(([name]) => name.includes(only));

const server = await preview({ logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
const base = server.resolvedUrls.local[0].replace(/\/$/, '');
const browser = await chromium.launch({
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
// The states that are asked for, and axe entering the mail's frame.
const expected = /status of (404|409|503)|about:srcdoc/;
let bad = 0;
for (const [width, height, label] of [
  [1440, 900, 'desktop'],
  [375, 812, 'phone'],
]) {
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: 'reduce',
  });
  for (const [name, path] of screens) {
    const page = await context.newPage();
    const noise = [];
    page.on('pageerror', (error) => noise.push(String(error)));
    page.on(
      'console',
      (entry) =>
        entry.type() === 'error' && !expected.test(entry.text()) && noise.push(entry.text()),
    );
    await page.addInitScript(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(base + path, { waitUntil: 'load' });
    await page.waitForTimeout(600);
    // Before the picture: a picture of the whole page resizes the window.
    const shift = await page.evaluate(() => globalThis.shift);
    await page.screenshot({ path: `${out}/${name}-${label}.png`, fullPage: true });
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    await page.evaluate(axe);
    const report = await page.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }),
    );
    const found = report.violations.map(
      (v) =>
        `${v.id} (${v.impact}): ${v.nodes
          .map((n) => n.target.join(' '))
          .slice(0, 3)
          .join(' | ')}`,
    );
    if (found.length || noise.length || wide > 0 || shift > 0.02) {
      bad++;
      console.log(
        `${name} ${label}: shift ${shift.toFixed(3)}, too wide by ${wide}`,
        found,
        noise.slice(0, 3),
      );
    }
    await page.close();
  }
  await context.close();
}
await browser.close();
await server.close();
console.log(`${screens.length * 2} pictures, ${bad} with findings`);
process.exit(bad === 0 ? 0 : 1);
