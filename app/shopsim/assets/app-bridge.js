// App Bridge stand-in: what Shopify's app-bridge.js does for an app in an
// iframe of the admin, against the simulated admin on another origin.
//
// The admin's origin is the one this script was loaded from. Messages are sent
// to that origin only and accepted from it only, from the parent window only.
(() => {
  'use strict';
  const script = document.currentScript;
  const adminOrigin = new URL(script.src).origin;
  const apiKey = document.querySelector('meta[name="shopify-api-key"]')?.content || script.dataset.apiKey || '';
  if (!apiKey) console.error('App Bridge: <meta name="shopify-api-key"> is missing or stands after the script.');

  const query = new URLSearchParams(location.search);
  const remembered = (() => {
    try {
      return JSON.parse(sessionStorage.getItem('app-bridge-config')) || {};
    } catch {
      return {};
    }
  })();
  const config = { apiKey, appOrigins: [], debug: {}, disabledFeatures: [], experimentalFeatures: [] };
  for (const key of ['host', 'shop', 'locale']) config[key] = query.get(key) || remembered[key] || (key === 'locale' ? 'en' : undefined);
  try {
    sessionStorage.setItem('app-bridge-config', JSON.stringify({ host: config.host, shop: config.shop, locale: config.locale }));
  } catch {
    // Storage may be partitioned away; the query still serves this document.
  }
  const embedded = window.parent !== window;
  const mobile = matchMedia('(max-width: 480px)').matches;

  // --- Messages ---------------------------------------------------------------
  let serial = 0;
  const pending = new Map();
  const handlers = new Map();
  function post(kind, data = {}) {
    if (embedded) window.parent.postMessage({ bridge: 1, kind, ...data }, adminOrigin);
  }
  function ask(kind, data = {}) {
    if (!embedded) return Promise.reject(new Error(`App Bridge: ${kind} needs the admin`));
    return new Promise((resolve, reject) => {
      const id = ++serial;
      pending.set(id, { resolve, reject });
      post(kind, { ...data, id });
    });
  }
  window.addEventListener('message', (e) => {
    if (e.source !== window.parent || e.origin !== adminOrigin || e.data?.bridge !== 1) return;
    const { kind, id, error, value } = e.data;
    if (kind === 'answer') {
      const p = pending.get(id);
      pending.delete(id);
      if (error) p?.reject(new Error(error));
      else p?.resolve(value);
      return;
    }
    handlers.get(kind)?.(e.data);
  });
  const soon = (fn) => {
    let due = false;
    return () => {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        fn();
      });
    };
  };

  // --- Session token ------------------------------------------------------------
  // A token lives 60 seconds; one is kept for as long as it has ten left.
  let held = null;
  async function idToken(fresh = false) {
    if (!fresh && held && held.until > Date.now()) return held.promise;
    const promise = ask('idToken').then((t) => t.token);
    held = { promise, until: Date.now() + 50_000 };
    promise.catch(() => (held = null));
    return promise;
  }

  const own = (url) => url.origin === location.origin || config.appOrigins.includes(url.origin);
  const plainFetch = window.fetch.bind(window);
  async function send(request, token) {
    const headers = new Headers(request.headers);
    if (!headers.has('Authorization')) headers.set('Authorization', `Bearer ${token}`);
    if (!headers.has('Accept-Language')) headers.set('Accept-Language', config.locale);
    return plainFetch(new Request(request, { headers }));
  }
  if (embedded) {
    window.fetch = async (input, init) => {
      const request = new Request(input, init);
      if (!own(new URL(request.url, location.href)) || request.headers.has('Authorization')) return plainFetch(request);
      const again = request.clone();
      let response = await send(request, await idToken());
      if (response.status === 401 && response.headers.get('X-Shopify-Retry-Invalid-Session-Request') === '1') {
        response = await send(again, await idToken(true));
      }
      const leave = response.headers.get('X-Shopify-API-Request-Failure-Reauthorize-Url');
      if (leave) post('redirect', { url: new URL(leave, location.href).href });
      return response;
    };
  }

  // The bounce page: reload the wanted address with a fresh token.
  const reload = query.get('shopify-reload');
  if (reload && embedded) {
    idToken(true).then((token) => {
      const to = new URL(reload, location.href);
      if (to.origin !== location.origin) return;
      to.searchParams.set('id_token', token);
      location.replace(to);
    });
  }

  // --- Toast, loading, user, scopes -------------------------------------------------
  const toasts = new Map();
  handlers.set('toast', ({ toast, event }) => {
    const options = toasts.get(toast);
    if (event === 'action') options?.onAction?.();
    if (event === 'dismiss') {
      toasts.delete(toast);
      options?.onDismiss?.();
    }
  });
  const toast = {
    show(message, options = {}) {
      const id = `toast-${++serial}`;
      toasts.set(id, options);
      post('toast.show', { toast: id, message: String(message), duration: options.duration ?? 5000, isError: Boolean(options.isError), action: options.action });
      return id;
    },
    hide: (id) => post('toast.hide', { toast: id }),
  };

  // --- Save bar ---------------------------------------------------------------------
  // Open bars, by id: save and discard are what the host's buttons do.
  const bars = new Map();
  const dirty = () => bars.size > 0;
  function openBar(id, bar) {
    const known = bars.has(id);
    bars.set(id, bar);
    post('saveBar.show', { bar: id, confirm: Boolean(bar.confirm), saving: Boolean(bar.saving), disabled: Boolean(bar.disabled) });
    if (!known) bar.element?.dispatchEvent(new Event('show'));
  }
  function closeBar(id) {
    const bar = bars.get(id);
    if (!bar) return;
    bars.delete(id);
    post('saveBar.hide', { bar: id });
    bar.element?.dispatchEvent(new Event('hide'));
  }
  handlers.set('saveBar', ({ bar, event }) => {
    const open = bars.get(bar);
    if (event === 'save') open?.save();
    else open?.discard();
  });

  // mayLeave asks the merchant; leaving gives the changes up.
  async function mayLeave() {
    if (!dirty()) return true;
    if (!(await ask('saveBar.leave'))) return false;
    for (const id of [...bars.keys()]) closeBar(id);
    return true;
  }

  class SaveBar extends HTMLElement {
    static observedAttributes = ['discardconfirmation'];
    get discardConfirmation() {
      return this.hasAttribute('discardconfirmation');
    }
    set discardConfirmation(v) {
      this.toggleAttribute('discardconfirmation', Boolean(v));
    }
    get showing() {
      return bars.has(this.key);
    }
    get key() {
      return this.id || (this.id = `save-bar-${++serial}`);
    }
    connectedCallback() {
      this.hidden = true;
      this.watch = new MutationObserver(() => this.showing && this.show());
      this.watch.observe(this, { subtree: true, childList: true, attributes: true });
    }
    disconnectedCallback() {
      this.watch?.disconnect();
      closeBar(this.key);
    }
    button(primary) {
      return [...this.querySelectorAll('button,s-button')].find((b) => (b.getAttribute('variant') === 'primary') === primary);
    }
    async show() {
      const save = this.button(true);
      openBar(this.key, {
        element: this,
        confirm: this.discardConfirmation,
        saving: save?.hasAttribute('loading') && save.getAttribute('loading') !== 'false',
        disabled: save?.hasAttribute('disabled'),
        save: () => this.button(true)?.click(),
        discard: () => this.button(false)?.click(),
      });
    }
    async hide() {
      closeBar(this.key);
    }
    async toggle() {
      return this.showing ? this.hide() : this.show();
    }
  }
  if (!customElements.get('ui-save-bar')) customElements.define('ui-save-bar', SaveBar);
  const barById = (id) => {
    const el = document.getElementById(id);
    if (!(el instanceof SaveBar)) throw new Error(`App Bridge: no ui-save-bar with the id ${id}`);
    return el;
  };
  const saveBar = {
    show: async (id) => barById(id).show(),
    hide: async (id) => barById(id).hide(),
    toggle: async (id) => barById(id).toggle(),
    // Resolves when the merchant confirms, or when no bar is shown. One who
    // stays leaves the promise unanswered, so that nothing navigates.
    async leaveConfirmation() {
      if (!(await mayLeave())) await new Promise(() => undefined);
    },
  };

  // Forms with data-save-bar: the bar follows whether the form differs from
  // what it held when it was last clean.
  const clean = new WeakMap();
  const snapshot = (form) => JSON.stringify([...new FormData(form)].map(([k, v]) => [k, String(v)]));
  const watched = (e) => e.target?.closest?.('form[data-save-bar]') ?? e.composedPath().find((n) => n.matches?.('form[data-save-bar]'));
  const formKey = (form) => (form.dataset.saveBarKey ||= `form-${++serial}`);
  function formClean(form) {
    closeBar(formKey(form));
    clean.delete(form);
  }
  document.addEventListener('focusin', (e) => {
    const form = watched(e);
    if (form && !bars.has(formKey(form))) clean.set(form, snapshot(form));
  }, true);
  for (const name of ['input', 'change']) {
    document.addEventListener(name, (e) => {
      const form = watched(e);
      if (!form) return;
      setTimeout(() => {
        if (clean.has(form) && snapshot(form) === clean.get(form)) {
          closeBar(formKey(form));
          return;
        }
        if (bars.has(formKey(form))) return;
        openBar(formKey(form), {
          element: null,
          confirm: form.hasAttribute('data-discard-confirmation'),
          save: () => form.requestSubmit(),
          discard: () => form.reset(),
        });
      });
    });
  }
  document.addEventListener('submit', (e) => e.target.matches?.('form[data-save-bar]') && setTimeout(() => formClean(e.target)));
  document.addEventListener('reset', (e) => e.target.matches?.('form[data-save-bar]') && setTimeout(() => formClean(e.target)));
  new MutationObserver(() => {
    for (const id of bars.keys()) if (id.startsWith('form-') && !document.querySelector(`form[data-save-bar-key="${id}"]`)) closeBar(id);
  }).observe(document, { childList: true, subtree: true });
  window.addEventListener('beforeunload', (e) => dirty() && e.preventDefault());

  // --- Navigation ---------------------------------------------------------------------
  // What the admin puts into the query of the frame stays out of its address bar.
  const internal = ['embedded', 'hmac', 'host', 'id_token', 'locale', 'session', 'shop', 'timestamp', 'protocol', 'link_source', 'shopify-reload'];
  let told = '';
  function tellPath() {
    const url = new URL(location.href);
    for (const key of internal) url.searchParams.delete(key);
    const path = url.pathname + url.search + url.hash;
    if (path !== told) post('navigated', { path });
    told = path;
  }
  for (const name of ['pushState', 'replaceState']) {
    const real = history[name].bind(history);
    history[name] = (...args) => {
      const result = real(...args);
      tellPath();
      return result;
    };
  }
  window.addEventListener('popstate', tellPath);
  window.addEventListener('hashchange', tellPath);

  // navigate asks the app to go somewhere: an app with a router listens for
  // shopify:navigate on the document and prevents the default.
  function navigate(element, href) {
    const before = location.href;
    const go = element.dispatchEvent(new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true, composed: true }));
    if (go && location.href === before) location.assign(href);
  }
  function clicked(e) {
    if (e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return null;
    const element = e.composedPath().find((n) => n.getAttribute?.('href') && /^(a|s-link|s-button|s-clickable|s-clickable-chip)$/.test(n.localName) && n.getRootNode() === document);
    if (!element || element.hasAttribute('download')) return null;
    return { element, href: element.getAttribute('href'), target: element.getAttribute('target') || '_self' };
  }
  window.addEventListener('click', (e) => {
    const link = clicked(e);
    if (!link || !dirty() || link.target === '_blank' || link.href.startsWith('#')) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    post('saveBar.shake');
  }, true);
  window.addEventListener('click', (e) => {
    const link = clicked(e);
    if (!link || e.defaultPrevented || !embedded) return;
    if (link.href.startsWith('shopify://admin')) {
      e.preventDefault();
      post('admin', { path: link.href.slice('shopify://admin'.length), blank: link.target === '_blank' });
      return;
    }
    const url = new URL(link.href, location.href);
    if (link.element.localName === 'a' || link.href.startsWith('#') || url.origin !== location.origin || !['_self', 'auto'].includes(link.target)) return;
    e.preventDefault();
    navigate(link.element, link.href);
  });

  // The app's navigation menu stands in the admin's sidebar.
  let links = [];
  const tellNav = soon(() => {
    const menu = document.querySelector('s-app-nav,ui-nav-menu');
    if (!menu) return;
    links = [...menu.querySelectorAll('s-link[href],a[href]')];
    post('nav', { items: links.map((a) => ({ label: a.textContent.trim(), href: new URL(a.getAttribute('href'), location.href).href.slice(location.origin.length), home: a.getAttribute('rel') === 'home' })) });
  });
  handlers.set('nav', ({ href }) => {
    const link = links.find((a) => new URL(a.getAttribute('href'), location.href).href === new URL(href, location.href).href);
    if (dirty()) post('saveBar.shake');
    else if (link) navigate(link, href);
    else location.assign(new URL(href, location.origin));
  });

  // --- Title bar: heading and actions of s-page -------------------------------------------
  let actions = [];
  const tellTitle = soon(() => {
    const page = document.querySelector('s-page');
    const bar = document.querySelector('ui-title-bar');
    const title = bar?.getAttribute('title') ?? page?.getAttribute('heading') ?? document.title;
    actions = [];
    const describe = (el, role) => {
      actions.push(el);
      return { index: actions.length - 1, role, label: (el.getAttribute('accessibilitylabel') || el.textContent).trim(), tone: el.getAttribute('tone') || '', disabled: el.hasAttribute('disabled'), loading: el.hasAttribute('loading') };
    };
    const list = [];
    if (bar) {
      for (const el of bar.querySelectorAll('button,a')) list.push(describe(el, el.getAttribute('variant') || 'secondary'));
    } else if (page) {
      for (const el of page.children) {
        const role = { 'primary-action': 'primary', 'secondary-actions': 'secondary', 'breadcrumb-actions': 'breadcrumb' }[el.slot];
        if (!role) continue;
        for (const b of el.localName === 's-button-group' ? el.querySelectorAll('s-button') : [el]) list.push(describe(b, role));
      }
    }
    post('title', { title, actions: list });
  });
  handlers.set('action', ({ index }) => {
    const el = actions[index];
    if (!el?.isConnected) return;
    if (dirty() && el.getAttribute('href')) post('saveBar.shake');
    else el.click();
  });
  new MutationObserver(() => {
    tellNav();
    tellTitle();
  }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true, attributeFilter: ['heading', 'title', 'href', 'slot', 'disabled', 'loading', 'variant', 'tone'] });

  // --- Modals: the admin dims its own bars while one is open ------------------------------------
  for (const name of ['show', 'hide']) {
    window.addEventListener(name, (e) => e.target.localName === 's-modal' && post('overlay', { open: name === 'show' }), true);
  }
  const modalById = (id) => {
    const el = document.getElementById(id);
    if (!el) throw new Error(`App Bridge: no modal with the id ${id}`);
    return el;
  };
  const modal = {
    show: async (id) => modalById(id).showOverlay(),
    hide: async (id) => modalById(id).hideOverlay(),
    toggle: async (id) => modalById(id).toggleOverlay(),
  };

  // --- Web vitals -------------------------------------------------------------------------------
  let report = null;
  const vitals = new Map();
  const vital = (name, value) => vitals.set(name, { id: `${name}-${Math.round(performance.timeOrigin)}`, name, value });
  function observe(type, fn, extra = {}) {
    try {
      new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...extra });
    } catch {
      // The browser does not measure this.
    }
  }
  observe('largest-contentful-paint', (e) => vital('LCP', e.startTime));
  observe('paint', (e) => e.name === 'first-contentful-paint' && vital('FCP', e.startTime));
  let shifts = 0;
  observe('layout-shift', (e) => {
    if (!e.hadRecentInput) shifts += e.value;
    vital('CLS', shifts);
  });
  let slowest = 0;
  observe('event', (e) => {
    if (e.interactionId && e.duration > slowest) vital('INP', (slowest = e.duration));
  }, { durationThreshold: 16 });
  const tellVitals = () => {
    if (!vitals.has('CLS')) vital('CLS', 0);
    const metrics = [...vitals.values()];
    report?.({ metrics });
    post('vitals', { metrics });
  };
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && tellVitals());
  window.addEventListener('load', () => setTimeout(tellVitals, 1500));

  // --- window.shopify ----------------------------------------------------------------------------
  const absent = (name) => () => Promise.reject(new Error(`App Bridge: ${name} is not part of the simulation`));
  const ready = embedded ? ask('hello', { apiKey }).then(() => undefined) : Promise.resolve();
  window.shopify = {
    config,
    origin: adminOrigin,
    ready,
    environment: { embedded, mobile, pos: false, intent: false },
    idToken: () => idToken(true),
    loading: (on = true) => post('loading', { on: Boolean(on) }),
    user: () => ask('user'),
    toast,
    saveBar,
    modal,
    scopes: {
      query: () => ask('scopes.query'),
      request: (scopes) => ask('scopes.request', { scopes }),
      revoke: (scopes) => ask('scopes.revoke', { scopes }),
    },
    resourcePicker: (options) => ask('resourcePicker', { options: JSON.parse(JSON.stringify(options)) }),
    webVitals: { onReport: async (fn) => void (report = fn) },
    reviews: { request: async () => ({ success: false, code: 'recently-installed', message: 'The merchant installed the app too recently' }) },
    support: { registerHandler: async () => undefined },
    intents: { request: { value: null, subscribe: () => () => undefined }, register: () => () => undefined, invoke: absent('intents.invoke') },
    app: { extensions: async () => [] },
    picker: absent('picker'),
    scanner: { capture: absent('scanner.capture') },
    tools: { register: () => () => undefined, unregister: () => undefined, clear: () => undefined },
  };

  const hide = new CSSStyleSheet();
  hide.replaceSync('s-app-nav,ui-nav-menu,ui-save-bar,ui-title-bar{display:none!important}');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, hide];
  tellPath();
  document.addEventListener('DOMContentLoaded', () => {
    tellNav();
    tellTitle();
  });
})();
