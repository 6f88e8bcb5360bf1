// Runs the app's card as Shopify's order status page does: the module is loaded into
// a document of its own, whose global shopify is all it knows of the page around.
const {order, token, state, lang, texts} = document.documentElement.dataset;
const words = JSON.parse(texts);
const signal = (value) => ({value, subscribe: () => () => {}});

globalThis.shopify = {
  extension: {target: 'customer-account.order-status.block.render'},
  order: signal({id: order}),
  authenticationState: signal(state),
  localization: {language: signal({isoCode: lang}), extensionLanguage: signal({isoCode: lang})},
  i18n: {
    translate: (key, values = {}) => {
      if (!(key in words)) throw new Error(`no text ${key} in ${lang}`);
      return words[key].replace(/{{\s*(\w+)\s*}}/g, (_, name) => values[name]);
    },
  },
  sessionToken: {get: async () => (await fetch('/sim/card/token', {method: 'POST'})).text()},
  // Here signing in is choosing who one is, on a page of its own.
  requireLogin: () => {
    parent.location.href = '/account/login';
    return new Promise(() => {});
  },
};

const fit = () => {
  if (frameElement) frameElement.style.blockSize = `${Math.ceil(document.body.getBoundingClientRect().height)}px`;
};
new ResizeObserver(fit).observe(document.body);
const card = await import('/sim/card/order-status.js');
await card.default();
document.documentElement.dataset.for = token;
