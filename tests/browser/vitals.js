// Clicks through the admin as a merchant does, on a CPU made four times slower, and
// prints what web.dev calls the core vitals: the slowest LCP and the worst CLS of a
// screen, and of all interactions (INP) the 75th percentile and the slowest.
// `make bench ARGS="-only admin"` runs it.
import {desktop, launch, noComplaints, open} from './browser.js';
import {sleep, startDemo} from './demo.js';

const slower = 4;

// Interactions are counted as INP does: the longest event of each.
function watch() {
  const longest = {};
  window.__interactions = longest;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) {
      if (e.interactionId) {
        const known = longest[e.interactionId];
        if (!known || e.duration > known.ms) longest[e.interactionId] = {ms: e.duration, what: `${e.name} ${e.target?.tagName ?? ''}`};
      }
    }
  }).observe({type: 'event', durationThreshold: 16, buffered: true});
}

const demo = await startDemo();
const browser = await launch();
try {
  for (let i = 0; i < 30; i++) {
    await demo.sim('/sim/api/orders', {customer: {email: `shopper${i}@example.com`, first_name: 'Ann', last_name: `Lee ${i}`}});
  }
  await demo.exactly(1, 'shopper29@example.com');
  const page = await open(browser, {viewport: desktop});
  await page.context().addInitScript(watch);
  await page.goto(demo.admin_url);
  const app = page.frameLocator('iframe').first();
  await app.locator('s-page').first().waitFor();
  const inside = () => page.frames().find((f) => f.parentFrame() === page.mainFrame() && f.url().startsWith(demo.app_url));
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', {rate: slower});

  const all = new Map(); // interactions by document and id
  const seen = {lcp: 0, cls: 0};
  const look = async (where) => {
    await sleep(700); // the last entries come after the last paint
    const frame = inside();
    const got = await frame.evaluate(() => {
      window.__document ??= String(Math.random());
      return {id: window.__document, ...window.__seen, interactions: window.__interactions ?? {}};
    });
    seen.lcp = Math.max(seen.lcp, got.lcp);
    seen.cls = Math.max(seen.cls, got.cls);
    for (const [id, {ms, what}] of Object.entries(got.interactions)) {
      const key = `${got.id}.${id}`;
      if (!all.has(key)) all.set(key, {ms, what, where});
    }
  };
  const menu = async (name) => {
    // The store's own menu comes first, that of the app after it.
    await page.getByRole('link', {name, exact: true}).last().click();
  };
  const shown = (text) => app.getByText(text).filter({visible: true}).first().waitFor();

  // The first screen, loaded anew under the slow CPU.
  await page.goto(demo.admin_url);
  await app.locator('s-page').first().waitFor();
  await shown('Mails sent');
  await look('home');
  await menu('Orders');
  const row = app.getByRole('link', {name: /^#\d+$/}).first();
  await row.waitFor();
  await look('orders');
  const box = app.getByRole('searchbox').or(app.getByRole('textbox', {name: /search/i})).first();
  await box.click();
  await page.keyboard.type('lee 2', {delay: 60});
  await sleep(800);
  await look('typing a search');
  await app.getByRole('button', {name: 'Clear', exact: true}).first().click().catch(() => {});
  await row.waitFor();
  await look('clearing it');
  await row.click();
  await shown(/Timeline|timeline/);
  await look('an order');
  await menu('Confirmation');
  await app.locator('iframe').first().waitFor();
  await look('the confirmation');
  await menu('Settings');
  await app.locator('s-text-field').first().waitFor();
  await look('the settings');
  const field = app.getByRole('textbox').first();
  await field.click();
  await page.keyboard.type('Ada', {delay: 60});
  await look('typing a setting');
  noComplaints(page);

  const sorted = [...all.values()].sort((a, b) => a.ms - b.ms);
  if (sorted.length < 5) throw new Error(`only ${sorted.length} interactions were seen`);
  for (const i of sorted.slice(-5)) console.error(`${Math.round(i.ms)} ms: ${i.what} (${i.where})`);
  console.log(
    JSON.stringify({
      LCP: Math.round(seen.lcp),
      CLS: Math.round(seen.cls * 1000) / 1000,
      P75: sorted[Math.ceil(sorted.length * 0.75) - 1].ms,
      Most: sorted.at(-1).ms,
      interactions: sorted.length,
    }),
  );
} finally {
  await browser.close();
  await demo.stop();
}
