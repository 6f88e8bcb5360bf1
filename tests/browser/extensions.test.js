// What the app puts into Shopify's own pages: blocks of the theme, and the card on
// the order's status page.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, fast, fits, launch, noComplaints, open, phone} from './browser.js';
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

const at = (path) => demo.storefront_url.replace(/\/$/, '') + path;
const linkTo = (mail, kind) => mail.html.match(new RegExp(`href="([^"]*/l/${kind}/[^"]+)"`))?.[1].replaceAll('&amp;', '&');

const words = {
  en: {dir: 'ltr', order: 'Order number', email: 'Email address', send: 'Send me the link', sent: /is on its way/, orders: 'My orders', where: 'Where is my order?'},
  fa: {dir: 'rtl', order: 'شمارهٔ سفارش', email: 'نشانی ایمیل', send: 'پیوند را بفرستید', sent: /در راه است/, orders: 'سفارش‌های من', where: 'سفارشم کجاست؟'},
};

for (const [lang, w] of Object.entries(words)) {
  describe(`theme blocks in ${lang}`, () => {
    const email = `blocks-${lang}@example.com`;
    let order;

    before(async () => {
      ({order} = await demo.sim('/sim/api/orders', {customer: {email, locale: lang}, locale: lang, lines: [{quantity: 1}]}));
      await demo.exactly(1, email);
    });

    it('look an order up and lead to its page', async () => {
      page = await open(browser, {viewport: phone});
      await page.goto(at(`/${lang}/pages/track`));
      assert.equal(await page.locator('html').getAttribute('dir'), w.dir);
      await look('track page');
      const form = page.locator('main form');
      await form.getByLabel(w.order).fill(order.name);
      await form.getByLabel(w.email).fill(email);
      await form.getByRole('button', {name: w.send}).click();
      await form.getByText(w.sent).waitFor();
      assert.ok(await form.locator('[data-afterglow-note]').evaluate((e) => e === document.activeElement), 'the answer has the focus');
      await look('track page, answered');

      const mails = await demo.exactly(2, email);
      const link = mails.map((m) => linkTo(m, 'r')).find(Boolean);
      assert.ok(link, 'the mail holds a link for one use');
      await page.goto(link);
      await page.locator('main form button').click();
      await page.getByText(order.name).first().waitFor();
      assert.match(page.url(), /\/o\//);
    });

    it('work without JavaScript', async () => {
      page = await open(browser, {javaScriptEnabled: false});
      await page.goto(at(`/${lang}/pages/track`));
      const form = page.locator('main form');
      await form.getByLabel(w.order).fill('#999999');
      await form.getByLabel(w.email).fill('nobody@example.com');
      await form.getByRole('button', {name: w.send}).click();
      await page.locator('main form.form button').click(); // the app's own page asks once more
      await page.getByText(w.sent).waitFor();
      assert.match(page.url(), /\/apps\/afterglow\/lookup/);
    });

    it('open the look-up from any page, by keyboard too', async () => {
      page = await open(browser);
      await page.goto(at(lang === 'en' ? '/' : `/${lang}/pages/track`));
      const opener = page.getByRole('link', {name: w.where});
      await opener.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.name), 'order');
      await look('launcher');
      await page.keyboard.press('Escape');
      await dialog.waitFor({state: 'hidden'});
      assert.ok(await opener.evaluate((e) => e === document.activeElement), 'the focus is back');
    });

    it('list the orders of who is signed in', async () => {
      page = await open(browser);
      await page.context().addCookies([{name: 'sim_customer', value: String(order.customer.id), url: at('/')}]);
      await page.goto(at(`/${lang}/pages/track`));
      await page.getByRole('heading', {name: w.orders}).waitFor();
      const entry = page.locator('.afterglow-order-link').first();
      await entry.waitFor();
      assert.match(await entry.innerText(), new RegExp(order.name));
      await look('my orders');
      await entry.click();
      await page.waitForURL(/\/apps\/afterglow\/o\//);
      await page.getByText(order.name).first().waitFor();
    });
  });
}

for (const [lang, shown] of Object.entries({
  en: {signIn: 'Sign in', state: 'Your order is confirmed', open: 'View your order'},
  fa: {signIn: 'ورود', state: 'سفارش شما ثبت شد', open: null},
})) {
  describe(`card of the order status page in ${lang}`, () => {
    const email = `card-${lang}@example.com`;
    let order;

    before(async () => {
      ({order} = await demo.sim('/sim/api/orders', {customer: {email, locale: lang}, locale: lang, lines: [{quantity: 1}]}));
      await demo.exactly(1, email);
    });

    it('tells a stranger nothing but to sign in', async () => {
      page = await open(browser);
      await page.goto(at(`/orders/${order.token}`));
      await page.frameLocator('iframe').getByRole('button', {name: shown.signIn}).waitFor();
      assert.equal(await page.frameLocator('iframe').getByText(shown.state).count(), 0);
      await page.frameLocator('iframe').getByRole('button', {name: shown.signIn}).click();
      await page.waitForURL(/\/account\/login/);
    });

    it('tells the customer how it stands, and opens the order page', async () => {
      page = await open(browser, {viewport: phone});
      await page.context().addCookies([{name: 'sim_customer', value: String(order.customer.id), url: at('/')}]);
      await page.goto(at(`/orders/${order.token}`));
      const card = page.frameLocator('iframe');
      await card.getByText(shown.state).waitFor();
      await fits(page, 'order status page');
      await accessible(page, 'order status page');
      assert.match(await card.locator('s-link').getAttribute('href'), /\/l\/o\//);
    });
  });
}
