// Writes docs/screenshots: plays a small story in the demo and takes a picture of
// each screen, page and mail in the lists below. `make screenshots` runs it.
import {mkdir, readdir, rm, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {launch, open, phone} from './browser.js';
import {startDemo, until} from './demo.js';

const into = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const limit = 150_000;
const desktop = {width: 1280, height: 860};

// The story: who buys what, in which language.
const shoppers = {
  sara: {locale: 'fa', first_name: 'سارا', last_name: 'احمدی', discount: {type: 'percentage', value: '10', code: 'NOWRUZ'}, lines: [{quantity: 2}]},
  hanna: {locale: 'de', first_name: 'Hanna', last_name: 'Vogel'},
  yuki: {locale: 'ja', first_name: '由紀', last_name: '田中'},
  claire: {locale: 'fr', first_name: 'Claire', last_name: 'Moreau'},
  layla: {locale: 'ar', first_name: 'ليلى', last_name: 'حداد'},
  ann: {locale: 'en', first_name: 'Ann', last_name: 'Lee', lines: [{quantity: 1}], discount: {type: 'fixed_amount', value: '5.00', code: 'HELLO'}},
};

// Screens of the admin; :sara is the number of Sara's order, :mail of a mail.
const screens = [
  {name: 'home', at: '/'},
  {name: 'setup', at: '/setup'},
  {name: 'orders', at: '/orders'},
  {name: 'order', at: '/orders/:ann'},
  {name: 'messages', at: '/messages'},
  {name: 'confirmation', at: '/confirmation'},
  {name: 'policy', at: '/policy'},
  {name: 'delivery', at: '/settings/delivery'},
  {name: 'import', at: '/imports'},
  {name: 'privacy', at: '/privacy'},
  {name: 'settings', at: '/settings'},
];

// The five styles of the confirmation, each in another language. Without a shopper it
// is the editor's own example, which has a code and products to show.
const mails = [
  {style: 'plain', locale: 'en', of: 'ann'},
  {style: 'warm', locale: 'de', of: 'hanna'},
  {style: 'reassuring', locale: 'fa', of: 'sara'},
  {style: 'inviting', locale: 'fr'},
  {style: 'similar', locale: 'ja'},
];

const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" fill="#efe6d8"/>
  <path d="M42 30h36l12 34H30z" fill="#d9a860"/><path d="M58 64h4v30h-4zM44 94h32v5H44z" fill="#6b5b4a"/></svg>`;

const pages = [
  {name: 'order-page', of: 'ann'},
  {name: 'order-page-rtl', of: 'sara'},
];

/** Saves what the window shows as WebP, smaller until it fits the limit. */
async function shoot(page, name, height) {
  const {width} = page.viewportSize();
  if (height) await page.setViewportSize({width, height});
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(300);
  const session = await page.context().newCDPSession(page);
  for (const quality of [82, 70, 55, 40]) {
    const {data} = await session.send('Page.captureScreenshot', {format: 'webp', quality});
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > limit && quality > 40) continue;
    await writeFile(path.join(into, `${name}.webp`), bytes);
    break;
  }
}

const demo = await startDemo();
const browser = await launch();
const missing = [];
try {
  await mkdir(into, {recursive: true});
  for (const file of await readdir(into)) if (file.endsWith('.webp')) await rm(path.join(into, file));

  const orders = {};
  for (const [name, {lines, discount, ...customer}] of Object.entries(shoppers)) {
    const {order} = await demo.sim('/sim/api/orders', {customer: {email: `${name}@example.com`, ...customer}, locale: customer.locale, lines, discount});
    orders[name] = order;
  }
  for (const name of Object.keys(shoppers)) await demo.exactly(1, `${name}@example.com`);
  const {fulfillment} = await demo.sim(`/sim/api/orders/${orders.ann.id}/fulfill`, {tracking_company: 'UPS', tracking_number: '1Z999AA10123456784'});
  await demo.sim(`/sim/api/fulfillments/${fulfillment.id}/events`, {status: 'in_transit', city: 'Columbus', country: 'US'});

  const {customers} = await demo.sim('/sim/api/customers');
  const hanna = customers.find((c) => c.email === 'hanna@example.com');
  await demo.sim(`/sim/api/shops/${demo.shop}/compliance`, {topic: 'customers/data_request', customer_id: hanna.id});

  const admin = async (viewport, at) => {
    const page = await open(browser, {viewport});
    await page.goto(demo.admin_url + at);
    const app = page.frameLocator('iframe').first();
    await app
      .locator('s-page')
      .first()
      .waitFor()
      .catch(async (error) => {
        await page.context().close();
        throw error;
      });
    await until('the screen to have loaded', async () => (await app.locator('s-spinner, [aria-busy="true"]').count()) === 0);
    return page;
  };

  for (const {name, at} of screens) {
    const place = at.replace(/:(\w+)/, (_, who) => orders[who].id);
    for (const [device, viewport] of Object.entries({desktop, phone})) {
      const page = await admin(viewport, place).catch(() => null);
      if (!page) {
        missing.push(`${at}: no such screen`);
        break;
      }
      await shoot(page, `${name}-${device}`);
      await page.context().close();
    }
  }

  // Mails are drawn by the same preview that merchants see.
  const desk = await admin(desktop, '/confirmation');
  const frame = desk.frames().find((f) => f !== desk.mainFrame() && f.url().startsWith(demo.app_url));
  for (const {style, locale, of} of mails) {
    const answer = await frame.evaluate(
      async ({style, locale, order}) => {
        const design = await (await fetch('/api/v1/confirmation')).json();
        const preview = await fetch('/api/v1/confirmation/preview', {
          method: 'POST',
          headers: {'Content-Type': 'application/json'},
          body: JSON.stringify({design: design.draft, style, locale, order_id: order}),
        });
        return {status: preview.status, body: await preview.json()};
      },
      {style, locale, order: of ? String(orders[of].id) : ''},
    );
    if (answer.status !== 200) {
      missing.push(`mail ${style}: ${answer.status} ${answer.body.detail ?? ''}`);
      continue;
    }
    const page = await open(browser, {viewport: {width: 640, height: 900}});
    // The example's pictures have addresses that lead nowhere.
    await page.route('https://**', (route) => route.fulfill({contentType: 'image/svg+xml', body: picture}));
    await page.setContent(answer.body.html, {waitUntil: 'networkidle'});
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await shoot(page, `mail-${style}`, Math.min(height, 1600));
    await page.context().close();
  }
  await desk.context().close();

  for (const {name, of} of pages) {
    const [mail] = await demo.mails(`${of}@example.com`);
    const link = mail.html.match(/https?:\/\/[^"\s]+\/l\/o\/[^"\s]+/)[0].replaceAll('&amp;', '&');
    for (const [device, viewport] of Object.entries({desktop, phone})) {
      const page = await open(browser, {viewport});
      await page.goto(link);
      await shoot(page, `${name}-${device}`);
      await page.context().close();
    }
  }

  let total = 0;
  for (const file of (await readdir(into)).sort()) {
    const {size} = await stat(path.join(into, file));
    total += size;
    console.log(`${file.padEnd(32)} ${(size / 1000).toFixed(0).padStart(4)} kB${size > limit ? '  too large' : ''}`);
  }
  console.log(`docs/screenshots: ${(total / 1000).toFixed(0)} kB in all`);
  for (const what of missing) console.log(`left out  ${what}`);
} finally {
  await browser.close();
  await demo.stop();
}
