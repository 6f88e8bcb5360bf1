// The built card with a made-up shopify global: what it shows, asks and survives.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {describe, it} from 'node:test';
import {JSDOM} from 'jsdom';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const texts = JSON.parse(read('order-status/locales/en.default.json'));
const told = {
  order: {name: '#1001', url: 'https://app.afterglow.example/l/o/x'},
  status: {kind: 'shipped', text: 'Your order is on its way'},
  eta: 'It should arrive on November 26, 2026.',
  returns: {allowed: true, last_day: 'December 26, 2026', text: ''},
  changes: [{name: 'Cancel the order', text: 'Possible until November 24, 2026 at 10:00.'}],
  link_text: 'View your order',
};
const signal = (value) => ({value});
const settled = () => new Promise((resolve) => setTimeout(resolve, 120));

let copies = 0;
/** Runs the card once; answers are what the server says, one after the other. */
async function run({answers, state = 'fully_authenticated', order = {id: 'gid://shopify/Order/42'}, requireLogin = async () => {}}) {
  const {window} = new JSDOM('<!doctype html><body></body>');
  const asked = [];
  const shopify = {
    order: signal(order),
    authenticationState: signal(state),
    localization: {language: signal({isoCode: 'en'})},
    i18n: {translate: (key, values = {}) => texts[key].replace(/{{(\w+)}}/g, (_, name) => values[name])},
    sessionToken: {get: async () => `token ${asked.length + 1}`},
    requireLogin: () => requireLogin(shopify),
  };
  Object.assign(globalThis, {window, document: window.document, shopify});
  globalThis.fetch = async (url, options) => {
    asked.push({url, authorization: options.headers.Authorization});
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return {ok: answer.status === 200, status: answer.status, json: async () => answer.body};
  };
  const card = await import(`./order-status/dist/order-status.js?${(copies += 1)}`);
  await card.default();
  await settled();
  const body = window.document.body;
  const press = async () => {
    body.querySelector('s-button').dispatchEvent(new window.MouseEvent('click', {bubbles: true}));
    await settled();
  };
  return {body, asked, press};
}

describe('card of the order status page', () => {
  it('shows where the order is, and links to its page', async () => {
    const {body, asked} = await run({answers: [{status: 200, body: told}]});
    for (const text of [told.status.text, told.eta, 'December 26, 2026', 'Cancel the order: Possible until November 24, 2026 at 10:00.']) assert.ok(body.textContent.includes(text), text);
    assert.equal(body.querySelector('s-link').getAttribute('href'), told.order.url);
    assert.deepEqual(asked, [{url: 'https://app.afterglow.example/ext/v1/orders/42?lang=en', authorization: 'Bearer token 1'}]);
  });

  it('leaves out what is not known', async () => {
    const {body} = await run({answers: [{status: 200, body: {...told, eta: '', returns: {allowed: false, last_day: '', text: ''}, changes: []}}]});
    assert.equal(body.querySelectorAll('s-text').length, 1);
  });

  it('says how long returns are possible while no day can be named', async () => {
    const text = 'You can return your items within 30 days of your order.';
    const {body} = await run({answers: [{status: 200, body: {...told, returns: {allowed: true, last_day: '', text}}}]});
    assert.ok(body.textContent.includes(text));
  });

  it('asks nobody without a customer, and asks after signing in', async () => {
    const signIn = async (shopify) => (shopify.authenticationState.value = 'fully_authenticated');
    const {body, asked, press} = await run({answers: [{status: 200, body: told}], state: 'pre_authenticated', requireLogin: signIn});
    assert.ok(body.textContent.includes(texts.sign_in));
    assert.equal(asked.length, 0);
    await press();
    assert.ok(body.textContent.includes(told.status.text));
  });

  it('stays as it is when somebody will not sign in', async () => {
    const refuse = async () => Promise.reject(new Error('dismissed'));
    const {body, asked, press} = await run({answers: [], state: 'pre_authenticated', requireLogin: refuse});
    await press();
    assert.ok(body.textContent.includes(texts.sign_in_text));
    assert.equal(asked.length, 0);
  });

  it('asks to sign in when the server knows no customer', async () => {
    const {body} = await run({answers: [{status: 401}]});
    assert.ok(body.textContent.includes(texts.sign_in_text));
  });

  for (const [what, answer] of [
    ['a fault of the server', {status: 503}],
    ['an order of somebody else', {status: 404}],
    ['a broken line', new TypeError('network')],
  ]) {
    it(`offers another try after ${what}, with a new token`, async () => {
      const {body, asked, press} = await run({answers: [answer, {status: 200, body: told}]});
      assert.ok(body.textContent.includes(texts.failed));
      await press();
      assert.ok(body.textContent.includes(told.status.text));
      assert.equal(asked[1].authorization, 'Bearer token 2');
    });
  }

  it('is empty without an order', async () => {
    const {body, asked} = await run({answers: [], order: null});
    assert.equal(body.textContent, '');
    assert.equal(asked.length, 0);
  });
});

describe('its files', () => {
  it('say everything in every language', () => {
    for (const file of readdirSync(new URL('order-status/locales', import.meta.url))) {
      const own = JSON.parse(read(`order-status/locales/${file}`));
      assert.deepEqual(Object.keys(own), Object.keys(texts), file);
      for (const [key, text] of Object.entries(own)) {
        assert.deepEqual(text.match(/{{\w+}}/g), texts[key].match(/{{\w+}}/g), `${file} ${key}`);
      }
    }
  });

  it('name the address that Shopify knows', () => {
    const [, configured] = read('../shopify.app.toml').match(/application_url = "([^"]+)"/);
    assert.ok(read('order-status/src/address.js').includes(`'${configured}'`));
    assert.ok(read('embed.go').includes(`"${configured}"`));
  });
});
