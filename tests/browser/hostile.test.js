// C1: hostile text in every field that a shopper, a merchant or a carrier can write,
// on everything that shows it. FULL=1 puts every payload into every field.
import assert from 'node:assert/strict';
import {createHmac, randomUUID} from 'node:crypto';
import {after, before, it} from 'node:test';
import {desktop, launch} from './browser.js';
import {startDemo, until} from './demo.js';
import {payloads, poisoned} from './hostile.js';

const rounds = process.env.FULL ? payloads.length : 5;
const styles = ['plain', 'warm', 'reassuring', 'inviting', 'similar'];
let demo, browser, page, at;
const alarms = [];
const covered = new Set();
let turn = 0;
const next = () => payloads[turn++ % payloads.length];

before(async () => {
  demo = await startDemo();
  browser = await launch();
  const context = await browser.newContext({viewport: desktop});
  await context.exposeBinding('__alarm', (_, text) => void alarms.push(`${text} on ${at}`));
  await context.addInitScript(() => {
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => window.__alarm('code ran');
    document.addEventListener('securitypolicyviolation', (e) => {
      if (e.effectiveDirective.startsWith('script-src')) window.__alarm(`script stopped by the policy (${e.blockedURI} ${e.sample})`);
    });
  });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('request', (request) => {
    const host = new URL(request.url()).hostname;
    if (host.endsWith('x55.example')) alarms.push(`something is loaded from ${request.url()} on ${at}`);
  });
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** The place holds none of our elements, in any frame or shadow root. */
async function clean() {
  for (const frame of page.frames()) {
    const found = await frame
      .locator('[data-x55]')
      .evaluateAll((list) => list.map((e) => e.outerHTML.slice(0, 120)))
      .catch(() => []);
    for (const html of found) alarms.push(`markup got through on ${at}: ${html}`);
  }
}

async function api(method, path, body) {
  const {id_token} = await demo.sim(`/sim/api/shops/${demo.shop}/token`, {});
  const answer = await fetch(`${demo.app_url}/api/v1${path}`, {
    method,
    headers: {Authorization: `Bearer ${id_token}`, 'Content-Type': 'application/json'},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(answer.status < 500, `${method} ${path} answered ${answer.status}`);
  return {status: answer.status, body: await answer.json().catch(() => null)};
}

async function webhook(topic, body) {
  const raw = JSON.stringify(body);
  const answer = await fetch(`${demo.app_url}/webhooks/shopify`, {
    method: 'POST',
    body: raw,
    headers: {
      'Content-Type': 'application/json',
      'X-Shopify-Topic': topic,
      'X-Shopify-Shop-Domain': demo.shop,
      'X-Shopify-Webhook-Id': randomUUID(),
      'X-Shopify-Event-Id': randomUUID(),
      'X-Shopify-API-Version': '2026-10',
      'X-Shopify-Hmac-Sha256': createHmac('sha256', demo.api_secret).update(raw).digest('base64'),
    },
  });
  assert.equal(answer.status, 200, topic);
}

function checkout(email) {
  const person = {first_name: next(), last_name: next()};
  const address = {...person, company: next(), address1: next(), address2: next(), city: next(), zip: next(), country_code: 'US'};
  return {
    customer: {email, ...person},
    shipping_address: address,
    billing_address: {...address, address1: next(), city: next()},
    lines: [
      {quantity: 1, properties: [{name: next(), value: next()}]},
      {title: next(), price: '5.00', quantity: 2},
    ],
    discount: {type: 'percentage', value: '10', title: next(), automatic: true},
    shipping: {title: next(), price: '4.00'},
    note: next(),
    attributes: [{name: next(), value: next()}],
    tags: [next()],
  };
}

async function visit(where, address, ready) {
  at = where;
  await page.goto(address);
  await ready?.();
  await page.waitForLoadState('load');
  await page.waitForTimeout(100);
  await clean();
}

const admin = (place, ready = 's-page') =>
  visit(`admin ${place}`, demo.admin_url + place, async () => {
    const app = page.frameLocator('iframe').first();
    await app.locator(ready).first().waitFor();
    await app.locator('.skeleton, .skeleton-rows').first().waitFor({state: 'detached'}).catch(() => {});
  });

/** Traps that catch nothing would prove nothing. */
async function trapsWork() {
  at = 'the traps themselves';
  await page.goto('about:blank');
  await page.setContent(payloads.slice(0, 6).join('') + '<img src="https://x55.example/pixel.gif">');
  await until('the traps to catch something', async () => {
    await clean();
    return ['code ran', 'markup got through', 'something is loaded'].every((kind) => alarms.some((a) => a.startsWith(kind)));
  });
  alarms.length = 0;
}

it('shows hostile text as text', {timeout: process.env.FULL ? 1_800_000 : 150_000}, async (t) => {
  await trapsWork();
  let rendered = 0;
  await admin('');
  const {body: sender} = await api('GET', '/settings/sender');
  const changed = {...sender.settings, sender_name: payloads[1].slice(0, 60), postal_address: payloads[14]};
  assert.equal((await api('PUT', '/settings/sender', changed)).status, 200);
  await webhook('shop/update', {
    id: 1, name: payloads[7], email: 'owner@example.com', currency: 'USD', iana_timezone: 'America/New_York',
    primary_locale: 'en', myshopify_domain: demo.shop, updated_at: new Date(Date.now() + 3600_000).toISOString(),
  });
  const {products} = await demo.sim('/sim/api/products');
  await demo.sim(`/sim/api/products/${products[0].id}`, {title: next()});

  const placed = [];
  for (let i = 0; i < rounds; i++) {
    const email = `hostile-${i}@example.com`;
    const {order} = await demo.sim('/sim/api/orders', checkout(email));
    await until('the mail', async () => (await demo.mails(email)).length > 0);
    placed.push({email, id: order.id, mail: (await demo.mails(email))[0]});
    await demo.sim(`/sim/api/orders/${order.id}/fulfill`, {
      tracking_company: next(), tracking_number: next(), tracking_url: 'javascript:alert(1)//' + next(),
    });
    // And what no form of the simulation lets anybody write: each text of the event itself.
    const {order: payload} = await demo.sim(`/sim/api/orders/${order.id}`);
    const event = poisoned(payload, next, covered);
    event.updated_at = new Date(Date.now() + 7200_000).toISOString();
    await webhook('orders/updated', event);
    if (event.customer) await webhook('customers/update', {...event.customer, email, updated_at: event.updated_at});
  }
  assert.ok(turn >= payloads.length, `only ${turn} texts were used`);
  assert.ok(covered.size >= 30, `only ${covered.size} fields of the event were reached: ${[...covered]}`);

  const lists = ['/orders', '/messages', '/confirmation', '/webhooks', '/privacy', '/privacy?view=access', '/settings/sender', '/staff'];
  for (const place of lists) await admin(place);
  const {body: messages} = await api('GET', '/messages');
  for (const {email, id, mail} of placed) {
    await admin(`/orders/${id}`);
    const message = messages.messages.find((m) => m.to === email);
    if (message) await admin(`/messages/${message.id}`);

    const views = [{name: 'sent', html: mail.html, text: mail.text}];
    for (const style of styles) {
      const {status, body} = await api('POST', '/confirmation/preview', {design: {default_style: style}, order_id: String(id), style});
      if (status === 200) views.push({name: style, html: body.html, text: body.text});
      else assert.ok(!['plain', 'warm', 'reassuring'].includes(style), `${style}: ${status}`);
    }
    for (const {name, html, text} of views) {
      at = `mail ${name} of ${id}`;
      await page.goto('about:blank');
      await page.setContent(html);
      await clean();
      assert.ok(text.length > 100, `text of ${at}`);
      rendered++;
    }
    const link = /href="([^"]*\/l\/[^"]*)"/.exec(mail.html)?.[1].replaceAll('&amp;', '&');
    assert.ok(link, 'a link to the order page');
    await visit(`order page ${id}`, link);
  }
  await visit('mailbox', demo.mailbox_url);
  assert.ok(rendered >= 4 * rounds, `only ${rendered} mails were looked at`);
  t.diagnostic(`${payloads.length} texts, ${turn} times in ${covered.size} fields of the event and 25 of forms; ${rendered} mails, ${alarms.length} alarms`);
  assert.deepEqual([...new Set(alarms)], []);
});
