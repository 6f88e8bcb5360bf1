// How a merchant changes the confirmation: rules, tone, a mistake that the linter
// stops, publishing, and the shopper's mail that follows from it.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import {accessible, anywhere, desktop, fits, launch, noComplaints, open, phone} from './browser.js';
import {startDemo, until} from './demo.js';

// The mail's frame runs no scripts, so nothing can look into it.
const letter = [['iframe', 'iframe.letter']];
let demo, browser, page;

before(async () => {
  demo = await startDemo();
  browser = await launch();
  await demo.sim('/sim/api/orders', {customer: {email: 'old@example.com', first_name: 'Ann', last_name: 'Lee'}});
  await demo.exactly(1, 'old@example.com');
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

const tab = (app, name) => app.getByRole('group', {name: 'Parts of the confirmation'}).getByRole('button', {name}).click();
const save = async () => (await anywhere(page, 'button', 'Save')).click();
const publish = async () => (await anywhere(page, 'button', 'Publish')).click();

describe('the editor of the confirmation', () => {
  it('gives a newcomer the warm style by a rule, in a friendly tone', async () => {
    const app = await editor();
    await app.getByRole('button', {name: 'Add a rule'}).click();
    await app.getByRole('button', {name: /Try these rules/}).click();
    await app.getByText(/would get: .*Warm welcome/).waitFor();
    await tab(app, 'Voice');
    await app.getByRole('combobox', {name: 'Tone'}).selectOption('friendly');
    await app.getByRole('textbox', {name: 'Who signs'}).fill('Maya Lindqvist');
    await save();
    await app.getByRole('button', {name: 'Send a test'}).waitFor();
    await publish();
    await app.getByText('Version 1 is in use').waitFor();
    await demo.sim('/sim/api/orders', {customer: {email: 'new@example.com', first_name: 'Hanna', last_name: 'Vogel', locale: 'de'}, locale: 'de'});
    const [mail] = await demo.exactly(1, 'new@example.com');
    assert.match(mail.text, /Schön, dass du da bist/);
    assert.match(mail.text, /Maya Lindqvist/);
  });

  it('says which rule chose the style of a mail', async () => {
    page = await open(browser, {viewport: desktop});
    await page.goto(`${demo.admin_url}/messages`);
    const app = page.frameLocator('iframe').first();
    await app.getByRole('link', {name: /Bestellung|Willkommen|#/}).first().click();
    await app.getByText(/Rule 1: the first order of this shopper \(version 1\)/).waitFor();
  });

  it('stops a confirmation without its items and tells how to mend it', async () => {
    const app = await editor();
    await tab(app, 'Words and blocks');
    await app.getByRole('button', {name: 'Remove Items'}).click();
    await publish();
    await app.getByText(/does not show the items. Add the block/).first().waitFor();
    await accessible(page, 'a refused confirmation', letter);
    await app.getByRole('button', {name: 'Items', exact: true}).click();
    page.complaints = page.complaints.filter((text) => !text.includes('422')); // the refusal that this is about
  });

  it('names the line of a template that breaks, and rolls back', async () => {
    const app = await editor();
    await tab(app, 'Advanced');
    await app.getByRole('button', {name: /built-in template/}).click();
    const source = app.getByRole('textbox', {name: 'Template'});
    await source.waitFor();
    await source.fill('<p>\n{% for item in items %}');
    await app.getByText(/Line 2 of the template/).first().waitFor();
    await tab(app, 'Versions');
    await app.getByText('custom.source').waitFor();
    await accessible(page, 'the versions', letter);
  });

  for (const [name, viewport] of Object.entries({phone, desktop})) {
    it(`is complete and fits on a ${name}`, async () => {
      const app = await editor(viewport);
      for (const part of ['Styles', 'Voice', 'Words and blocks', 'Advanced', 'Versions']) {
        await tab(app, part);
        await accessible(page, `${part} on a ${name}`, letter);
        await fits(page, `${part} on a ${name}`);
      }
      for (const view of ['Desktop', 'Dark', 'Plain text', 'Phone']) {
        await app.getByRole('button', {name: view, exact: true}).click();
        await fits(page, `the preview (${view}) on a ${name}`);
      }
      await until('a right-to-left mail', async () => {
        await app.getByRole('combobox', {name: 'Language'}).last().selectOption('fa');
        return (await app.locator('.envelope').getAttribute('dir')) === 'rtl';
      });
    });
  }
});
