// A newcomer's first half hour, on the real program: finishes the setup, changes style
// and tone, breaks a template and is told how to mend it, watches the import, pulls the
// plug in the middle of it, and has a customer forgotten.
import assert from 'node:assert/strict';
import {readFile, readdir} from 'node:fs/promises';
import path from 'node:path';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, anywhere, desktop, fits, launch, noComplaints, open, phone, tabTo} from './browser.js';
import {startDemo, until} from './demo.js';

// The mail's frame runs no scripts, so nothing can look into it.
const letter = [['iframe', 'iframe.letter']];
const canary = 'Zwitscherling';
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

async function screen(place, viewport = desktop) {
  page = await open(browser, {viewport});
  await page.goto(demo.admin_url + place);
  const app = page.frameLocator('iframe').first();
  await app.locator('s-page').first().waitFor();
  return app;
}

const step = (app, title) => app.getByRole('button', {name: new RegExp(`\\d\\. ${title}`)});
const goOn = (app) => app.locator('.setup-open').getByRole('button', {name: /^(Save and go on|Go on)$/}).click();
const opened = (app, title) => app.locator('.setup-open').filter({hasText: title}).waitFor();

describe('a new merchant', () => {
  it('finishes the setup and has mails written accordingly', async () => {
    const app = await screen('');
    await app.getByText('Next: What you want most').waitFor();
    await app.getByRole('link', {name: 'Go on with the setup'}).or(app.getByRole('button', {name: 'Go on with the setup'})).first().click();
    await opened(app, 'What you want most');
    await app.getByRole('radio', {name: /More second orders/}).check();
    await accessible(page, 'the setup', letter);
    await goOn(app);

    await opened(app, 'Sender');
    await app.getByRole('textbox', {name: /Sender name/}).fill('Lumen & Loom');
    await app.getByRole('textbox', {name: 'Who reads the answers'}).fill('Maya');
    await app.getByRole('textbox', {name: /Reply-to/}).fill('not an address');
    await goOn(app);
    await app.getByText('Write an address like help@example.com.').first().waitFor();
    await app.getByRole('textbox', {name: /Reply-to/}).fill('maya@lumen-and-loom.example');
    await app.getByRole('textbox', {name: /Postal address/}).fill('88 Spring Street, New York');
    await goOn(app);

    await opened(app, 'Brand');
    await app.getByRole('combobox', {name: 'Letters'}).selectOption('classic');
    await app.getByRole('textbox', {name: 'Who signs'}).fill('Maya Lindqvist');
    await app.getByRole('textbox', {name: /Footer text/}).fill('Made by hand in Brooklyn.');
    await app.locator('.mini').getByText('Made by hand in Brooklyn.').waitFor();
    await goOn(app);

    // The goal has chosen; the merchant chooses otherwise, on an order of their own.
    await opened(app, 'Style and tone');
    await app.getByText(/Your order #\d+, in each style/).waitFor();
    assert.equal(await app.getByRole('combobox', {name: 'Tone'}).inputValue(), 'friendly');
    await app.getByText('If it is the shopper\'s first order: “Inviting”.').waitFor();
    await app.getByRole('radio', {name: /Reassuring/}).check();
    await app.getByRole('combobox', {name: 'Tone'}).selectOption('playful');
    await goOn(app);

    await opened(app, 'Returns');
    await app.locator('.setup-open').getByRole('button', {name: 'Skip: Returns'}).click();

    await opened(app, 'See it on your own last order');
    await app.locator('.setup-open iframe.letter').waitFor();
    await app.getByRole('button', {name: 'Send a test'}).click();
    await page.getByText('A test is on its way').first().waitFor();
    const [test] = await demo.exactly(1, (await app.getByRole('textbox', {name: /test/i}).or(app.locator('s-email-field input')).first().inputValue()));
    // The last order of the demo is a Persian one, whose script has a row of fonts of its own.
    assert.match(test.html, /font-family:Noto Naskh Arabic/);
    await accessible(page, 'the last step', letter);
    await app.locator('.setup-open').getByRole('button', {name: 'Publish'}).click();
    await app.getByText('You are all set').first().waitFor();
    await app.getByText(/Skipped/).first().waitFor();

    await demo.sim('/sim/api/orders', {customer: {email: 'first@example.com', first_name: 'Ann', last_name: 'Lee'}});
    await demo.sim('/sim/api/orders', {customer: {email: 'first@example.com'}});
    const [second] = await demo.exactly(2, 'first@example.com');
    assert.match(second.html, /font-family:Georgia/);
    assert.match(second.text, /Maya Lindqvist[^]*Made by hand in Brooklyn\./);
    await page.goto(demo.admin_url);
    await app.getByText('Last 30 days').waitFor();
    assert.equal(await app.getByText('Set up Afterglow').count(), 0, 'home asks no more');
  });

  it('can take a step up again by keyboard, and on a phone', async () => {
    const app = await screen('/setup', phone);
    await step(app, 'Returns').waitFor();
    await tabTo(page, '5. Returns');
    await page.keyboard.press('Enter');
    await opened(app, 'Returns');
    await tabTo(page, 'Save and go on');
    await page.keyboard.press('Enter');
    await app.locator('.setup-step', {hasText: 'Returns'}).getByText(/^Done/).waitFor();
    for (const name of ['goal', 'brand', 'style', 'try']) {
      await app.locator(`[aria-controls=step-${name}]`).click();
      await page.waitForTimeout(200);
      await fits(page, `the step ${name}`);
    }
    await accessible(page, 'the setup on a phone', letter);
  });

  it('breaks a template, is told line and meaning, and cannot publish it', async () => {
    const app = await screen('/confirmation');
    await app.getByRole('group', {name: 'Parts of the confirmation'}).getByRole('button', {name: 'Advanced'}).click();
    await app.getByRole('button', {name: /built-in template/}).click();
    const source = app.getByRole('textbox', {name: 'Template'});
    await source.waitFor();
    await source.fill('<p>\n{{ order.name }}\n{% for item in items %}');
    await app.getByText(/Line 3 of the template/).first().waitFor();
    await (await anywhere(page, 'button', 'Publish')).click();
    await app.getByText(/Line 3 of the template/).first().waitFor();
    await until('the refusal', () => page.complaints.some((text) => text.includes('422')));
    page.complaints = page.complaints.filter((text) => !text.includes('422')); // the refusal that this is about
    await app.getByText('Version 1 is in use').waitFor();
  });
});

describe('the import', () => {
  it('moves its bar, and goes on after the plug was pulled', async () => {
    const before = (await demo.mails('first@example.com')).length;
    await demo.sim('/sim/api/faults', {bulk: {pace: 90_000}});
    let app = await screen('/imports');
    await app.getByRole('button', {name: /Import again.*[Oo]rders|[Oo]rders.*again/}).first().click();
    const at = async () => Number((await app.getByRole('progressbar', {name: 'Orders'}).getAttribute('aria-valuenow', {timeout: 5000}).catch(() => 0)) ?? 0);
    const first = await until('the bar', async () => { const n = await at(); return n > 0 && n < 60 ? n : 0; });
    const later = await until('the bar to move', async () => { const n = await at(); return n > first ? n : 0; });
    assert.ok(later < 100, `the bar is at ${later} already`);
    await page.context().close();
    page = null;

    await demo.crash();
    await demo.again();
    app = await screen('/imports');
    const after = await until('the bar after the restart', at);
    assert.ok(after >= first, `it went on at ${after}, not below ${first}`);
    await demo.sim('/sim/api/faults', {});
    await app.getByRole('progressbar', {name: 'Orders'}).waitFor({state: 'detached', timeout: 30_000});
    await app.getByText('Done', {exact: true}).first().waitFor();
    assert.equal((await demo.mails('first@example.com')).length, before, 'nobody got a mail for it');
  });
});

describe('a customer who wants to be forgotten', () => {
  it('is found nowhere any more, not even in the file', async () => {
    const email = `${canary.toLowerCase()}@example.com`;
    await demo.sim('/sim/api/orders', {customer: {email, first_name: 'Lena', last_name: canary}});
    await demo.exactly(1, email);
    const found = async () => {
      const hits = [];
      for (const name of await readdir(demo.dir)) {
        if (!name.startsWith('afterglow.db') && !name.endsWith('.log')) continue; // the rest is the store's own
        const bytes = await readFile(path.join(demo.dir, name));
        if (bytes.toString('latin1').toLowerCase().includes(canary.toLowerCase())) hits.push(name);
      }
      return hits;
    };
    assert.notDeepEqual(await found(), [], 'the scan finds what is there');
    const {customers} = await demo.sim('/sim/api/customers');
    const customer_id = customers.find((c) => c.email === email).id;
    await demo.sim(`/sim/api/shops/${demo.shop}/compliance`, {topic: 'customers/redact', customer_id});
    const app = await screen('/privacy');
    await app.getByText('The customer was erased everywhere.').waitFor({timeout: 20_000});
    assert.equal((await demo.mails(email)).length, 0);
    // A database that is closed has nothing left in its log of changes either.
    await demo.end();
    assert.deepEqual(await found(), [], 'files that still hold the name');
  });
});
