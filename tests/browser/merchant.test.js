// What a merchant does in the admin, in a real browser, inside the frame that
// Shopify's admin would give the app.
import assert from 'node:assert/strict';
import {createHmac, randomUUID} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, anywhere, describeFailure, desktop, fast, fits, launch, noComplaints, open, phone, tabTo} from './browser.js';
import {startDemo, until} from './demo.js';

let demo, browser, page;
const persian = 'sara@example.com';
const orders = {};

before(async () => {
  demo = await startDemo();
  browser = await launch();
  for (const [email, body] of Object.entries({
    [persian]: {
      customer: {email: persian, first_name: 'سارا', last_name: 'احمدی', locale: 'fa'},
      locale: 'fa',
      lines: [{quantity: 2}],
      discount: {type: 'percentage', value: '10', code: 'NOWRUZ'},
    },
    'hans@example.com': {customer: {email: 'hans@example.com', first_name: 'Hans', last_name: 'Vogel', locale: 'de'}, locale: 'de'},
    'ann@example.com': {customer: {email: 'ann@example.com', first_name: 'Ann', last_name: 'Lee'}},
  })) {
    orders[email] = (await demo.sim('/sim/api/orders', body)).order;
  }
  for (const email of Object.keys(orders)) await demo.exactly(1, email);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});
afterEach(async (t) => {
  if (!page) return;
  const seen = page;
  page = null;
  if (t.passed === false) await describeFailure(seen);
  await seen.context().close();
  noComplaints(seen);
});

/** Opens a screen of the app by its deep link and gives the app's frame. */
async function screen(place = '', viewport = desktop) {
  page = await open(browser, {viewport});
  await page.goto(demo.admin_url + place);
  const app = page.frameLocator('iframe').first();
  await app.locator('s-page').first().waitFor();
  return app;
}

const search = (app) => app.getByRole('searchbox').or(app.getByRole('textbox', {name: /search/i})).first();

describe('home', () => {
  it('installs the app and tells about today', async () => {
    const app = await screen();
    await app.getByText('Mails sent', {exact: true}).first().waitFor();
    const tiles = app.getByText(/^Today$/).first();
    await tiles.waitFor();
    // Three orders were placed a moment ago.
    await until('three orders in the tile', async () => /Orders\s*[3-9]/.test((await app.locator('main').innerText()).replace(/\n/g, ' ')));
    await accessible(page, 'home');
    await fast(page, 'home');
  });
});

describe('orders', () => {
  it('finds an order by its customer, and the address keeps the search', async () => {
    const app = await screen('/orders');
    await app.getByRole('link', {name: orders['ann@example.com'].name}).waitFor();
    await accessible(page, 'orders');
    await fast(page, 'orders');
    await search(app).fill('hans@example.com');
    await app.getByRole('link', {name: orders['ann@example.com'].name}).waitFor({state: 'detached'});
    await app.getByRole('link', {name: orders['hans@example.com'].name}).waitFor();
    await until('the search in the address', () => page.url().includes('q=hans'));
    await page.reload();
    await app.getByRole('link', {name: orders['hans@example.com'].name}).waitFor();
    assert.equal(await app.getByRole('link', {name: orders['ann@example.com'].name}).count(), 0);
  });

  it('filters by state', async () => {
    const app = await screen('/orders?state=cancelled');
    await app.getByText(/newest first|No orders found/).first().waitFor();
    assert.equal(await app.getByRole('link', {name: orders['ann@example.com'].name}).count(), 0);
  });

  it('says that nothing was found, and leads back', async () => {
    const app = await screen('/orders?q=nobody-has-this-name');
    await app.getByText('No orders found').first().waitFor();
    await accessible(page, 'orders without a match');
    await app.getByRole('button', {name: 'Clear filters'}).first().click();
    await app.getByRole('link', {name: orders['ann@example.com'].name}).waitFor();
  });

  it('tells the story of an order, and leads to its mail', async () => {
    const app = await screen('/orders?q=' + encodeURIComponent(persian));
    await app.getByRole('link', {name: orders[persian].name}).click();
    await app.getByText('Timeline', {exact: true}).first().waitFor();
    for (const text of [/NOWRUZ|Discount/i, /America\/New York/]) await app.getByText(text).first().waitFor();
    assert.ok((await app.locator('.event').count()) >= 3, 'a timeline of facts, webhooks and mails');
    await accessible(page, 'order');
    await fast(page, 'order');
    noComplaints(page);
  });
});

describe('messages', () => {
  it('shows a mail as it was sent, in Persian from right to left, and sends it again once', async () => {
    const app = await screen('/messages?q=' + encodeURIComponent(persian));
    await app.locator('s-table-row, tr').filter({hasText: persian}).getByRole('link').first().click();
    await app.getByText('Right to left').waitFor();
    const letter = app.frameLocator('iframe');
    await letter.locator('[dir=rtl]').first().waitFor();
    assert.match(await letter.locator('body').innerText(), /[\u0600-\u06ff]{3}/);
    await accessible(page, 'message', [['iframe', 'iframe.letter']]);
    await fast(page, 'message');

    await (await anywhere(page, 'button', 'Send again')).click();
    await app.getByText('Send this mail again?').first().waitFor();
    await accessible(page, 'resend dialog', [['iframe', 'iframe.letter']]);
    await app.locator('s-modal').getByRole('button', {name: 'Send again'}).click();
    await demo.exactly(2, persian);
  });
});

describe('webhooks', () => {
  it('parks what cannot be read, says why, and tries again', async () => {
    const body = '{"id": 1, "line_items": [';
    const answer = await fetch(demo.app_url + '/webhooks/shopify', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Shopify-Topic': 'orders/create',
        'X-Shopify-Shop-Domain': demo.shop,
        'X-Shopify-Api-Version': '2026-10',
        'X-Shopify-Webhook-Id': randomUUID(),
        'X-Shopify-Event-Id': randomUUID(),
        'X-Shopify-Triggered-At': new Date().toISOString(),
        'X-Shopify-Hmac-Sha256': createHmac('sha256', demo.api_secret).update(body).digest('base64'),
      },
      body,
    });
    assert.equal(answer.status, 200, 'a signed webhook is taken in first');

    const app = await screen('/webhooks');
    const retry = app.getByRole('button', {name: 'Try again: orders/create'});
    await retry.waitFor({timeout: 20_000});
    assert.notEqual(await app.locator('.hook .reason').first().innerText(), '');
    await accessible(page, 'webhooks');
    await fast(page, 'webhooks');
    await retry.click();
    await (await anywhere(page, 'status', '')).or(page.getByText('orders/create is tried again')).first().waitFor();
    // Parked again: it is as unreadable as before, and holds up nobody.
    await retry.waitFor({timeout: 20_000});
    await demo.sim('/sim/api/orders', {customer: {email: 'after@example.com'}});
    await demo.exactly(1, 'after@example.com');
  });
});

describe('settings', () => {
  it('keeps typed changes behind the save bar, and uses them in the next mail', async () => {
    const app = await screen('/settings');
    const name = app.getByRole('textbox', {name: /Sender name/});
    await name.waitFor();
    await accessible(page, 'settings');
    await fast(page, 'settings');
    await name.fill('Lumen & Loom <b>Studio</b>');
    const save = await anywhere(page, 'button', 'Save');
    await accessible(page, 'settings with the save bar');

    // Leaving is refused while something is unsaved.
    await (await anywhere(page, 'link', 'Orders')).click();
    await page.waitForTimeout(300);
    assert.match(page.url(), /\/settings/);

    await save.click();
    await (await anywhere(page, 'button', 'Save', 500).catch(() => null))?.waitFor({state: 'hidden'});
    await page.reload();
    await name.waitFor();
    assert.equal(await name.inputValue(), 'Lumen & Loom <b>Studio</b>');

    await demo.sim('/sim/api/orders', {customer: {email: 'brand@example.com'}});
    const [mail] = await demo.exactly(1, 'brand@example.com');
    assert.ok(mail.html.includes('Lumen &amp; Loom &lt;b&gt;Studio&lt;/b&gt;'), 'the new name, escaped');
    assert.ok(!mail.html.includes('<b>Studio</b>'), 'no markup from a setting');
  });

  it('says at the field what is wrong', async () => {
    const app = await screen('/settings');
    const reply = app.getByRole('textbox', {name: /Reply-to/});
    await reply.fill('not an address');
    await (await anywhere(page, 'button', 'Save')).click();
    await app.getByText('Write an address like help@example.com.').first().waitFor();
    await accessible(page, 'settings with an error');
  });
});

describe('by keyboard alone', () => {
  it('goes from the list to a mail and sends it again', async () => {
    await screen('/messages?q=hans%40example.com');
    const app = page.frameLocator('iframe').first();
    await app.getByText('hans@example.com').first().waitFor();
    const [{subject}] = await demo.mails('hans@example.com');
    await tabTo(page, subject);
    await page.keyboard.press('Enter');
    await app.getByText('History').first().waitFor();
    await tabTo(page, 'Send again');
    await page.keyboard.press('Enter');
    await app.getByText('Send this mail again?').first().waitFor();
    await tabTo(page, 'Send again');
    await page.keyboard.press('Enter');
    await demo.exactly(2, 'hans@example.com');
  });
});

describe('privacy', () => {
  it('discloses a customer to the merchant, forgets them, and tells who read what', async () => {
    const email = 'lena@example.com';
    const {order} = await demo.sim('/sim/api/orders', {customer: {email, first_name: 'Lena', last_name: 'Abschied'}});
    await demo.exactly(1, email);
    let app = await screen('/privacy');
    await app.getByText('No privacy requests').waitFor();
    const {customers} = await demo.sim('/sim/api/customers');
    const customer_id = customers.find((c) => c.email === email).id;
    const asks = (topic) => demo.sim('/sim/api/shops/afterglow-demo.myshopify.com/compliance', {topic, customer_id});

    await asks('customers/data_request');
    const button = app.getByRole('button', {name: /Download/});
    await button.waitFor({timeout: 20_000});
    await accessible(page, 'privacy');
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    const file = JSON.parse(await readFile(await download.path(), 'utf8'));
    assert.equal(file.rooms.customers.customers[0].last_name, 'Abschied');
    assert.equal(file.rooms.orders.orders[0].name, order.name);

    await app.getByRole('button', {name: 'Access log'}).click();
    await app.getByText("Customer's file downloaded").waitFor();
    await accessible(page, 'access log');
    await app.getByRole('button', {name: 'Requests'}).click();
    await asks('customers/redact');
    await app.getByText('The customer was erased everywhere.').waitFor({timeout: 20_000});
    await fits(page, 'privacy');
    await until('the mail is gone', async () => (await demo.mails(email)).length === 0);
  });
});

describe('on a phone', () => {
  for (const [name, place, wait] of [
    ['home', '', 'Mails sent'],
    ['orders', '/orders', 'newest first'],
    ['order', () => `/orders?q=${encodeURIComponent(orders['ann@example.com'].name)}`, orders],
    ['messages', '/messages', 'ann@example.com'],
    ['webhooks', '/webhooks', 'Webhooks'],
    ['privacy', '/privacy', 'Received'],
    ['access log', '/privacy?view=access', 'Access log'],
    ['settings', '/settings', 'Sender'],
    ['mail delivery', '/settings/delivery', 'Sending speed'],
    ['suppressed addresses', '/suppressions', 'No suppressed addresses'],
    ['policy', '/policy', 'Before it is sent'],
    ['tracking', '/tracking', 'Lanes'],
    ['delivery e-mails', '/notifications', 'What is sent'],
    ['changes', '/changes', 'What shoppers may change'],
    ['make-good', '/makegood', 'What is offered'],
    ['requests', '/requests', 'Withdrawals'],
    ['claims', '/claims', 'No claims'],
    ['staff', '/staff', 'What each role may do'],
    ['operations', '/operations', 'Nothing waits for you'],
  ]) {
    it(`${name} fits, and axe is content`, async () => {
      const app = await screen(typeof place === 'function' ? place() : place, phone);
      if (name === 'order') {
        await app.getByRole('link', {name: orders['ann@example.com'].name}).click();
        await app.getByText('Timeline', {exact: true}).first().waitFor();
      } else {
        await app.getByText(wait).first().waitFor({state: 'attached'});
      }
      await page.waitForTimeout(300);
      await fits(page, name);
      await accessible(page, `${name} on a phone`, [['iframe', 'iframe.letter']]);
      await fast(page, `${name} on a phone`);
    });
  }
});
