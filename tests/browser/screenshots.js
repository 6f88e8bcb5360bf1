// Writes docs/screenshots: lets the demo play its two weeks and some orders more, and
// takes a picture of each screen, page and mail in the lists below, or of those whose
// names it is given. `make screenshots` runs it; docs/tour.md says who the people of the
// demo are.
import {mkdir, readdir, rm, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {launch, open, phone} from './browser.js';
import {startDemo, until} from './demo.js';

const into = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const limit = 150_000;
const names = process.argv.slice(2);
const wanted = ({name}) => names.length === 0 || names.includes(name);
const desktop = {width: 1280, height: 860};

// The story: who buys what, in which language.
const shoppers = {
  sara: {locale: 'fa', first_name: 'سارا', last_name: 'احمدی', discount: {type: 'percentage', value: '10', code: 'NOWRUZ'}, lines: [{quantity: 2}]},
  hanna: {locale: 'de', first_name: 'Hanna', last_name: 'Vogel'},
  yuki: {locale: 'ja', first_name: '由紀', last_name: '田中'},
  claire: {locale: 'fr', first_name: 'Claire', last_name: 'Moreau', lines: [{handle: 'halo-pendant'}, {handle: 'linen-napkins'}]},
  zahra: {locale: 'fa', first_name: 'زهرا', last_name: 'محمدی', lines: [{handle: 'halo-pendant'}]},
  layla: {locale: 'ar', first_name: 'ليلى', last_name: 'حداد'},
  ann: {locale: 'en', first_name: 'Ann', last_name: 'Lee', lines: [{quantity: 1}], discount: {type: 'fixed_amount', value: '5.00', code: 'HELLO'}},
};

// People whose orders the demo has played.
const people = {
  layla: 'layla.almansoori', niloufar: 'niloufar.rostami', amelia: 'amelia.clarke', misaki: 'misaki.sato', camille: 'camille.moreau', nour: 'nour.haddad',
  priya: 'priya.raman', kenta: 'kenta.takahashi', lucia: 'lucia.fernandez', jonas: 'jonas.weber', friederike: 'friederike.schoenfeld', sara2: 'sara.ahmadi',
  diego: 'diego.ramirez', yumi: 'yumi.nakamura',
}; // prettier-ignore

// Screens of the admin; :ann is the number of Ann's order. A list's first link is
// opened with first.
const screens = [
  {name: 'home', at: '/'},
  {name: 'setup', at: '/setup'},
  {name: 'orders', at: '/orders'},
  {name: 'order', at: '/orders/:ann'},
  {name: 'messages', at: '/messages'},
  {name: 'confirmation', at: '/confirmation'},
  {name: 'tracking', at: '/tracking'},
  {name: 'parcel', at: '/tracking?view=stalled', first: 'a[href^="/tracking/"], s-link[href^="/tracking/"]'},
  {name: 'makegood', at: '/makegood'},
  {name: 'claims', at: '/claims'},
  {name: 'claim', at: '/claims?state=review', first: 'a[href^="/claims/"], s-link[href^="/claims/"]'},
  {name: 'changes', at: '/changes'},
  {name: 'requests', at: '/requests'},
  {name: 'problem', at: '/requests?kind=problems', first: 's-link[href^="/requests/"]'},
  {name: 'notifications', at: '/notifications'},
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

// Pages of an order, or of the shop when they name a place. One that leads on is
// opened by its first link of that kind.
const pages = [
  {name: 'order-page', of: 'amelia'},
  {name: 'order-page-rtl', of: 'niloufar'},
  {name: 'order-late', of: 'layla'},
  {name: 'order-cancelled', of: 'kenta'},
  {name: 'change-cancel', of: 'yuki', below: '/change/cancel'},
  {name: 'change-address', of: 'sara2', below: '/change/address'},
  {name: 'change-items', of: 'claire', below: '/change/items'},
  {name: 'swap', of: 'claire', below: '/change/items', first: 'ul.items a'},
  {name: 'swap-rtl', of: 'zahra', below: '/change/items', first: 'ul.items a'},
  {name: 'claim-verdict', of: 'diego', first: 'a[href*="/claim/"]'},
  {name: 'claim-form-rtl', of: 'nour', first: 'a[href*="/claim/"]'},
  {name: 'report', of: 'jonas', below: '/problem'},
  {name: 'withdraw', of: 'nour', below: '/withdraw'},
  {name: 'look-up', at: '/apps/afterglow/lookup'},
  {name: 'theme-blocks', at: '/fa/pages/track'},
];

// Mails about parcels, changes and requests, by what their subject says.
const letters = [
  {name: 'shipped', of: 'amelia', says: /^On its way/},
  {name: 'out-for-delivery', of: 'camille', says: /^Livraison aujourd/},
  {name: 'delivered', of: 'nour', says: /^تم التسليم/},
  {name: 'delayed', of: 'niloufar', says: /^تأخیر/},
  {name: 'offer', of: 'niloufar', says: /^مرسولهٔ شما/},
  {name: 'made-good', of: 'priya', says: /your choice/},
  {name: 'cancelled', of: 'kenta', says: /キャンセル/},
  {name: 'changed', of: 'sara2', says: /تغییر کرد/},
  {name: 'withdrawal', of: 'friederike', says: /Widerruf/},
  {name: 'problem-receipt', of: 'jonas', says: /Meldung/},
  {name: 'claim', of: 'diego', says: /falta/},
];

/** Saves what the window shows as WebP, smaller until it fits the limit. */
async function shoot(page, name, height) {
  const {width} = page.viewportSize();
  if (height) await page.setViewportSize({width, height});
  await page.waitForLoadState('networkidle').catch(() => {}); // a screen may ask again for ever
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

const demo = await startDemo({lived: true});
const browser = await launch();
const openPatiently = async (options) => {
  const page = await open(browser, options);
  page.setDefaultTimeout(45_000);
  return page;
};
const missing = [];
try {
  await mkdir(into, {recursive: true});
  if (names.length === 0) for (const file of await readdir(into)) if (file.endsWith('.webp')) await rm(path.join(into, file));

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

  const address = (name) => `${people[name] ?? name}@example.com`;
  const linkOf = async (name) => {
    for (const {html} of await demo.mails(address(name))) {
      const found = html.match(/https?:\/\/[^"\s]+\/l\/o\/[^"\s]+/);
      if (found) return new URL(found[0].replaceAll('&amp;', '&'));
    }
    throw new Error(`no mail to ${name} leads to an order`);
  };

  const admin = async (viewport, at, first) => {
    const page = await openPatiently({viewport});
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
    const loaded = () => until('the screen to have loaded', async () => (await app.locator('s-spinner, [aria-busy="true"]').count()) === 0);
    await loaded();
    if (first) {
      await app.locator(first).first().click();
      await page.waitForTimeout(300);
      await loaded();
    }
    return page;
  };

  for (const {name, at, first} of screens.filter(wanted)) {
    const place = at.replace(/:(\w+)/, (_, who) => orders[who].id);
    for (const [device, viewport] of Object.entries({desktop, phone})) {
      const page = await admin(viewport, place, first).catch(() => null);
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
  for (const {style, locale, of} of mails.filter(({style}) => wanted({name: `mail-${style}`}))) {
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
    const page = await openPatiently({viewport: {width: 640, height: 900}});
    // The example's pictures have addresses that lead nowhere.
    await page.route('https://**', (route) => route.fulfill({contentType: 'image/svg+xml', body: picture}));
    await page.setContent(answer.body.html, {waitUntil: 'networkidle'});
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await shoot(page, `mail-${style}`, Math.min(height, 1600));
    await page.context().close();
  }
  await desk.context().close();

  for (const {name, of, says} of letters.filter(({name}) => wanted({name: `mail-${name}`}))) {
    const mail = (await demo.mails(address(of))).find(({subject}) => says.test(subject));
    if (!mail) {
      missing.push(`mail ${name}: none to ${address(of)}`);
      continue;
    }
    const page = await openPatiently({viewport: {width: 640, height: 400}});
    await page.setContent(mail.html, {waitUntil: 'networkidle'});
    await shoot(page, `mail-${name}`, Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 1100));
    await page.context().close();
  }

  for (const {name, of, below, at, first} of pages.filter(wanted)) {
    let link = demo.sim_url + at;
    if (of) {
      link = await linkOf(of);
      if (below) link.pathname += below;
    }
    for (const [device, viewport] of Object.entries({desktop, phone})) {
      const page = await openPatiently({viewport});
      await page.goto(String(link));
      if (first) {
        await page.locator(first).first().click();
        await page.waitForLoadState('load');
      }
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
