// What a newcomer sees of the two styles that give something: access asked for in
// context, a code in the very next mail, products that lead to their pages.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, anywhere, desktop, fits, launch, noComplaints, open, phone, tabTo} from './browser.js';
import {startDemo} from './demo.js';

const letter = [['iframe', 'iframe.letter']];
const code = /[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{5}/;
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
  const seen = page;
  page = null;
  await seen?.context().close();
  if (seen) noComplaints(seen);
});

async function editor(viewport = desktop) {
  page = await open(browser, {viewport});
  await page.goto(`${demo.admin_url}/confirmation`);
  const app = page.frameLocator('iframe').first();
  await app.getByRole('button', {name: 'Styles'}).waitFor();
  await app.locator('iframe.letter').waitFor();
  return app;
}

const needed = 'Afterglow may not make discount codes yet';

describe('the styles that give something', () => {
  it('asks for access to discounts where it is needed, and takes no for an answer', async () => {
    const app = await editor();
    await app.getByRole('button', {name: 'Add a rule'}).click();
    await app.getByRole('combobox', {name: 'then the style is'}).selectOption('inviting');
    await app.getByText(needed).first().waitFor();
    await accessible(page, 'the request for access', letter);
    await fits(page, 'the request for access');
    await app.getByRole('button', {name: 'Allow access'}).click();
    await page.getByRole('dialog').waitFor();
    await accessible(page, "Shopify's question", letter);
    await page.keyboard.press('Escape');
    await page.getByText('The access was not granted').first().waitFor();

    await app.getByRole('button', {name: 'Allow access'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Allow'}).click();
    await app.getByText(needed).first().waitFor({state: 'detached', timeout: 15_000});
    await (await anywhere(page, 'button', 'Save')).click();
    await app.getByRole('button', {name: 'Send a test'}).waitFor();
    await (await anywhere(page, 'button', 'Publish')).click();
    await app.getByText('Version 1 is in use').waitFor();

    await demo.sim('/sim/api/orders', {customer: {email: 'nora@example.com', first_name: 'Nora', last_name: 'Holm'}});
    const [mail] = await demo.exactly(1, 'nora@example.com');
    assert.match(mail.text, code);
    const {entries} = await demo.sim('/sim/api/ledger?kind=discount_code');
    assert.equal(entries.filter((e) => mail.text.includes(e.code)).length, 1);
  });

  for (const [name, viewport] of Object.entries({phone, desktop})) {
    it(`shows the offer and its codes on a ${name}`, async () => {
      const app = await editor(viewport);
      await app.getByText('Latest codes').waitFor();
      await app.getByText(code).first().waitFor();
      await fits(page, `the offer on a ${name}`);
      await accessible(page, `the offer on a ${name}`, letter);
    });

    it(`shows calls to Shopify that wait for somebody on a ${name}`, async () => {
      page = await open(browser, {viewport});
      await page.goto(`${demo.admin_url}/operations`);
      let app = page.frameLocator('iframe').first();
      await app.getByText('Nothing waits for you').waitFor();
      await accessible(page, `no operations on a ${name}`);
      const at = new Date().toISOString();
      const waiting = (kind, reason) => ({id: `op_${kind}`, kind, order_id: '1', amount: {minor: 1500, currency: 'USD'}, reason, attempts: 8, created_at: at, sent_at: at});
      const operations = [waiting('offers.code', 'Shopify is not answering at the moment.'), waiting('offers.code_end', 'The store does not let us in.')];
      await page.route('**/api/v1/operations*', (route) => route.fulfill({json: {operations, next_cursor: null}}));
      await page.reload();
      app = page.frameLocator('iframe').first();
      await app.getByText('The store does not let us in.').waitFor();
      await accessible(page, `operations on a ${name}`);
      await fits(page, `operations on a ${name}`);
      if (name === 'desktop') await tabTo(page, 'Try again');
    });
  }

  it('shows products that lead to their pages', async () => {
    const app = await editor();
    await app.getByRole('combobox', {name: 'Otherwise the style is'}).selectOption('similar');
    await (await anywhere(page, 'button', 'Save')).click();
    await app.getByRole('button', {name: 'Send a test'}).waitFor();
    await (await anywhere(page, 'button', 'Publish')).click();
    await app.getByText('Version 2 is in use').waitFor();
    await demo.sim('/sim/api/orders', {customer: {email: 'nora@example.com', first_name: 'Nora', last_name: 'Holm'}}); // her second
    const mail = (await demo.exactly(2, 'nora@example.com')).find((m) => !code.test(m.text));
    assert.ok((mail.html.match(/\/products\/[a-z0-9-]+"/g) ?? []).length >= 4, 'four products');
    assert.match(mail.text, /Often bought together with|Popular in the shop/);
  });
});
