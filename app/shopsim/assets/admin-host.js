// The admin's side of App Bridge: it answers the framed app and nobody else.
(() => {
  'use strict';
  const frame = document.getElementById('frame');
  const { appOrigin, base, shop } = document.body.dataset;
  const $ = (id) => document.getElementById(id);
  let welcomed = false;
  let items = [];
  let path = '/';
  const bars = new Map();

  const post = (kind, data = {}) => frame.contentWindow?.postMessage({ bridge: 1, kind, ...data }, appOrigin);
  async function server(what, body) {
    const r = await fetch(`/admin/frame/${what}`, {
      method: 'POST',
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!r.ok) throw new Error((await r.text()) || r.statusText);
    return r.json();
  }

  // --- Requests with an answer ------------------------------------------------
  const answers = {
    hello: async () => {
      welcomed = true;
      return { shop };
    },
    idToken: async () => ({ token: (await server('token')).token }),
    user: async () => (await server('token')).user,
    'scopes.query': () => server('scopes'),
    'scopes.request': async ({ scopes }) => {
      const detail = await server('scopes');
      const wanted = scopes.filter((s) => !detail.granted.includes(s));
      const unknown = wanted.find((s) => !detail.optional.includes(s));
      if (unknown) throw new Error(`${unknown} is not among the optional scopes of the app`);
      if (wanted.length === 0) return { result: 'granted-all', detail };
      if (!(await confirmGrant(wanted))) return { result: 'declined-all', detail };
      return { result: 'granted-all', detail: await server('grant', { scopes: wanted }) };
    },
    'scopes.revoke': async () => {
      throw new Error('Only optional scopes can be revoked');
    },
    'saveBar.leave': () => confirmLeaving(),
    resourcePicker: async () => {
      throw new Error('The resource picker is not part of the simulation');
    },
  };

  // --- Messages without one -----------------------------------------------------
  const orders = {
    navigated({ path: to }) {
      if (typeof to !== 'string' || !to.startsWith('/')) return;
      path = to;
      history.replaceState(null, '', base + (to === '/' ? '' : to));
      drawNav();
    },
    nav({ items: list }) {
      items = list;
      drawNav();
    },
    title({ title, actions }) {
      $('title').textContent = title || 'Afterglow';
      document.title = `${title || 'Afterglow'} · Afterglow · Shopify (simulated)`;
      const button = (a) => {
        const b = document.createElement('button');
        b.type = 'button';
        b.textContent = a.label;
        b.className = `${a.role === 'primary' ? 'primary' : ''} ${a.tone === 'critical' ? 'critical' : ''}`;
        b.disabled = a.disabled || a.loading;
        if (a.loading) b.setAttribute('aria-busy', 'true');
        b.addEventListener('click', () => post('action', { index: a.index }));
        return b;
      };
      const order = { secondary: 0, primary: 1 };
      const shown = actions.filter((a) => a.role !== 'breadcrumb').sort((a, b) => (order[a.role] ?? 0) - (order[b.role] ?? 0));
      const focused = document.activeElement?.closest('#actions') ? document.activeElement.textContent : null;
      $('actions').replaceChildren(...shown.map(button));
      $('crumbs').replaceChildren(...actions.filter((a) => a.role === 'breadcrumb').map(button));
      if (focused) [...$('actions').children].find((b) => b.textContent === focused)?.focus();
    },
    loading({ on }) {
      $('progress').hidden = !on;
    },
    overlay({ open }) {
      document.body.classList.toggle('dim', Boolean(open));
    },
    redirect({ url }) {
      const to = new URL(url);
      if (to.origin === location.origin || to.hostname === shop) location.assign(to.pathname + to.search);
      else if (to.origin === appOrigin) location.assign(url);
    },
    admin({ path: to, blank }) {
      const target = `/admin/${String(to).replace(/^\/+/, '')}`;
      if (blank) window.open(target, '_blank', 'noopener');
      else location.assign(target);
    },
    vitals({ metrics }) {
      window.appVitals = Object.fromEntries(metrics.map((m) => [m.name, m.value]));
    },
    'toast.show': (t) => window.simToast(t.message, { ...t, tell: (event) => post('toast', { toast: t.toast, event }) }),
    'toast.hide': ({ toast }) => document.querySelector(`[data-toast="${CSS.escape(toast)}"]`)?.remove(),
    'saveBar.show': (b) => {
      bars.set(b.bar, b);
      drawBar();
    },
    'saveBar.shake': shake,
    'saveBar.hide': ({ bar }) => {
      bars.delete(bar);
      drawBar();
    },
  };

  window.addEventListener('message', async (e) => {
    if (e.source !== frame.contentWindow || e.origin !== appOrigin || e.data?.bridge !== 1) return;
    const { kind, id } = e.data;
    if (answers[kind] && id) {
      try {
        post('answer', { id, value: await answers[kind](e.data) });
      } catch (error) {
        post('answer', { id, error: error.message });
      }
      return;
    }
    if (Object.hasOwn(orders, kind)) orders[kind](e.data);
  });

  // --- Save bar --------------------------------------------------------------------
  const current = () => [...bars.values()].at(-1);
  function drawBar() {
    const b = current();
    $('savebar').hidden = !b;
    document.querySelector('.find').hidden = Boolean(b);
    if (!b) return;
    $('savebar').querySelector('[data-save]').disabled = b.saving || b.disabled;
    $('savebar').querySelector('[data-discard]').disabled = b.saving;
  }
  // shake says no to a link: save or discard first.
  function shake() {
    const bar = $('savebar');
    bar.classList.remove('shake');
    void bar.offsetWidth;
    bar.classList.add('shake');
    bar.querySelector('[data-save]').focus();
  }
  // confirmGrant asks whether the app may have more access.
  function confirmGrant(scopes) {
    const dialog = $('grant');
    $('grant-scopes').replaceChildren(...scopes.map((s) => {
      const li = document.createElement('li');
      const [verb, ...what] = s.split('_');
      li.textContent = `${verb === 'write' ? 'View and edit' : 'View'}: ${what.join(' ')}`;
      return li;
    }));
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'grant'), { once: true });
    });
  }
  // confirmLeaving asks whether unsaved changes may be lost; the app asks for it.
  function confirmLeaving() {
    const dialog = $('leave');
    if (!dialog.open) {
      dialog.returnValue = '';
      dialog.showModal();
    }
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'leave'), { once: true });
    });
  }
  $('savebar').querySelector('[data-save]').addEventListener('click', () => post('saveBar', { bar: current().bar, event: 'save' }));
  $('savebar').querySelector('[data-discard]').addEventListener('click', () => {
    if (!current().confirm || window.confirm('Discard all unsaved changes?')) post('saveBar', { bar: current().bar, event: 'discard' });
  });

  // --- Navigation ----------------------------------------------------------------------
  function drawNav() {
    const here = path.split(/[?#]/)[0];
    const shown = items.filter((i) => !i.home);
    const best = shown.filter((i) => here === i.href || (i.href !== '/' && here.startsWith(`${i.href}/`))).sort((a, b) => b.href.length - a.href.length)[0];
    $('app-nav').replaceChildren(...shown.map((i) => {
      const li = document.createElement('li');
      const a = document.createElement('a');
      a.href = base + i.href;
      a.textContent = i.label;
      if (i === best) a.setAttribute('aria-current', 'page');
      a.addEventListener('click', (e) => within(e, i.href));
      li.append(a);
      return li;
    }));
    const home = document.querySelector('.side [data-app-home]');
    if (best) home.removeAttribute('aria-current');
    else home.setAttribute('aria-current', 'page');
  }
  function within(e, href) {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.button) return;
    e.preventDefault();
    window.simMenu?.(false);
    post('nav', { href });
  }
  for (const a of document.querySelectorAll('[data-app-home],.titlebar .ic')) a.addEventListener('click', (e) => welcomed && within(e, items.find((i) => i.home)?.href ?? '/'));
  for (const a of document.querySelectorAll('.side a,.brand,.who')) {
    a.addEventListener('click', (e) => {
      if (!bars.size || e.defaultPrevented) return;
      e.preventDefault();
      shake();
    });
  }
  window.addEventListener('beforeunload', (e) => bars.size && e.preventDefault());
})();
