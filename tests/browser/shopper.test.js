// What a shopper does, in a real browser: from the shop window to the mail and the
// order page behind its link.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, desktop, fast, fits, launch, noComplaints, open, phone, tabTo} from './browser.js';
import {startDemo} from './demo.js';

let demo, browser, page;

before(async () => {
  demo = await startDemo();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});
afterEach(async () => {
  if (!page) return;
  const seen = page;
  page = null;
  await seen.context().close();
  noComplaints(seen);
});

async function look(where) {
  await fits(page, where);
  await accessible(page, where);
  await fast(page, where);
}

/** Persian and Arabic digits as Latin ones, without separators of thousands. */
const latin = (s) =>
  s
    .replace(/[۰-۹]/g, (d) => String(d.charCodeAt(0) - 0x6f0))
    .replace(/[٠-٩]/g, (d) => String(d.charCodeAt(0) - 0x660))
    .replace(/٫/g, '.')
    .replace(/[,٬\u200e\u200f\u061c]/g, '');

for (const [name, viewport] of [
  ['desktop', desktop],
  ['phone', phone],
]) {
  describe(`on a ${name}`, () => {
    it('buys with a discount and gets one confirmation', async () => {
      const email = `buyer-${name}@example.com`;
      page = await open(browser, {viewport});
      await page.goto(demo.storefront_url);
      await page.locator('.card').first().waitFor();
      await look('shop');

      await page.locator('.card').first().click();
      await page.getByRole('button', {name: 'Add to cart'}).waitFor();
      await look('product');
      await page.getByRole('button', {name: 'Add to cart'}).click();

      await page.getByRole('link', {name: /Cart/}).first().click();
      await page.getByRole('link', {name: 'Check out'}).waitFor();
      await look('cart');
      await page.getByRole('link', {name: 'Check out'}).click();

      await page.getByRole('button', {name: /Pay/}).waitFor();
      await look('checkout');
      await page.getByLabel('Discount code').fill('WELCOME10');
      await page.getByRole('button', {name: 'Apply'}).click();
      await page.locator('.totals').getByText('WELCOME10').first().waitFor();
      await page.getByLabel('Email', {exact: false}).first().fill(email);
      const total = (await page.locator('.totals .strong dd').last().innerText()).trim();
      await page.getByRole('button', {name: /Pay/}).click();

      await page.waitForURL(/thank-you|\/orders\//);
      await page.getByRole('heading', {level: 1}).waitFor();
      await look('thank you');

      const [mail] = await demo.exactly(1, email);
      const amount = latin(total).match(/\d+(\.\d+)?/)[0];
      assert.ok(latin(mail.text).includes(amount), `the mail names the total ${total}`);
      assert.ok(mail.text.includes('WELCOME10'), 'the mail names the discount');

      // The link in the mail opens the order's page, without signing in anywhere.
      const link = mail.html.match(/href="([^"]*\/l\/o\/[^"]+)"/)?.[1].replaceAll('&amp;', '&');
      assert.ok(link, 'the mail links to the order page');
      const fresh = await open(browser, {viewport});
      await fresh.goto(link);
      await fresh.getByText(latin(total).slice(0, 1) === '$' ? total : amount).first().waitFor();
      await fits(fresh, 'order page');
      await accessible(fresh, 'order page');
      await fast(fresh, 'order page');
      noComplaints(fresh);
      await fresh.context().close();

      // And the mailbox shows the mail to a person.
      await page.goto(demo.mailbox_url);
      await page.getByText(email).first().waitFor();
      await look('mailbox');
    });
  });
}

describe('in other languages', () => {
  for (const [locale, dir] of [
    ['fa', 'rtl'],
    ['ja', 'ltr'],
  ]) {
    it(`${locale}: the order page reads ${dir} and stays in its window`, async () => {
      const email = `page-${locale}@example.com`;
      await demo.sim('/sim/api/orders', {customer: {email, locale}, locale, lines: [{quantity: 3}]});
      const [mail] = await demo.exactly(1, email);
      const link = mail.html.match(/href="([^"]*\/l\/o\/[^"]+)"/)[1].replaceAll('&amp;', '&');
      for (const viewport of [phone, desktop]) {
        page = await open(browser, {viewport});
        await page.goto(link);
        assert.equal(await page.locator('html').getAttribute('dir'), dir);
        assert.equal(await page.locator('html').getAttribute('lang'), locale);
        await look(`order page in ${locale}`);
        await page.context().close();
      }
      page = null;
    });

    it(`${locale}: what can be done with an order fits a phone`, async () => {
      const [mail] = await demo.mails(`page-${locale}@example.com`);
      const link = new URL(mail.html.match(/href="([^"]*\/l\/o\/[^"]+)"/)[1].replaceAll('&amp;', '&'));
      page = await open(browser, {viewport: phone});
      for (const below of ['change/cancel', 'change/address', 'change/items', 'problem', 'withdraw']) {
        await page.goto(`${link.origin}${link.pathname}/${below}${link.search}`);
        assert.equal(await page.locator('html').getAttribute('dir'), dir);
        await look(`${below} in ${locale}`);
      }
    });

    it(`${locale}: the mail itself is readable on a phone`, async () => {
      const [mail] = await demo.mails(`page-${locale}@example.com`);
      page = await open(browser, {viewport: phone, javaScriptEnabled: true});
      await page.setContent(mail.html, {waitUntil: 'load'});
      assert.equal(await page.locator('[dir]').first().getAttribute('dir'), dir);
      await fits(page, `mail in ${locale}`);
    });
  }
});

describe('without the link', () => {
  for (const [locale, dir] of [
    ['en', 'ltr'],
    ['ar', 'rtl'],
  ]) {
    it(`${locale}: finds the way from the shop, and is told what is missing`, async () => {
      page = await open(browser, {viewport: phone});
      await page.goto(demo.storefront_url);
      await page.getByRole('navigation', {name: 'Your orders'}).getByRole('link', {name: 'Track your order'}).click();
      await page.goto(`${page.url()}?lang=${locale}`);
      await look('look-up');
      await page.evaluate(() => document.forms[0].setAttribute('novalidate', ''));
      await page.locator('#order').fill('#1');
      await page.locator('form button').click();
      await page.getByRole('alert').waitFor();
      await look('look-up without an address');
      await page.locator('#email').fill('nobody@example.com');
      await page.locator('form button').click();
      await page.getByRole('status').waitFor();
      assert.equal(await page.locator('html').getAttribute('dir'), dir);
      await look('look-up sent');
    });
  }

  it('sees their orders once signed in', async () => {
    page = await open(browser, {viewport: phone});
    await page.goto(`${demo.storefront_url}account`);
    await page.locator('.people button').first().click();
    await page.getByRole('link', {name: /^My orders, with/}).click();
    await page.locator('main h1').waitFor();
    await look('my orders');
  });
});

describe('by keyboard alone', () => {
  it('buys', async () => {
    page = await open(browser);
    await page.goto(demo.storefront_url);
    const product = (await page.locator('.card b').first().innerText()).trim();
    await tabTo(page, product);
    await page.keyboard.press('Enter');
    await page.getByRole('button', {name: 'Add to cart'}).waitFor();
    await tabTo(page, 'Add to cart');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/cart/);
    await page.goto(`${demo.storefront_url.replace(/\/$/, '')}/checkout`);
    await tabTo(page, 'Pay');
    await page.keyboard.press('Enter');
    await page.waitForURL(/thank-you|\/orders\//);
  });
});

describe('with a broken link', () => {
  it('tells a shopper what to do, and nothing else', async () => {
    page = await open(browser);
    const answer = await page.goto(`${demo.app_url}/l/o/not-a-real-token`);
    assert.ok([401, 403, 404, 410].includes(answer.status()), `status ${answer.status()}`);
    await accessible(page, 'broken link');
    // The browser logs the status as an error; that one is meant.
    page.complaints = page.complaints.filter((c) => !c.includes(`status of ${answer.status()}`));
  });
});
