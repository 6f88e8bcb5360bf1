// Shared by the simulation's own pages: toasts, the menu of small screens, and
// forms and buttons that call its JSON endpoints.
(() => {
  'use strict';
  const $ = (s) => document.querySelector(s);
  window.simToast = (message, o = {}) => {
    const box = $('#toasts');
    const el = document.createElement('div');
    el.className = `toast${o.isError ? ' error' : ''}`;
    if (o.toast) el.dataset.toast = o.toast;
    el.append(document.createTextNode(message));
    const close = () => {
      if (!el.isConnected) return;
      el.remove();
      o.tell?.('dismiss');
    };
    const button = (label, fn, aria) => {
      const b = document.createElement('button');
      b.type = 'button';
      b.textContent = label;
      if (aria) b.setAttribute('aria-label', aria);
      b.addEventListener('click', fn);
      el.append(b);
    };
    if (o.action) button(o.action, () => o.tell?.('action'));
    button('✕', close, 'Dismiss');
    box?.append(el);
    setTimeout(close, Math.max(2000, o.duration ?? 5000));
  };

  const menu = (open) => {
    $('.side')?.classList.toggle('open', open);
    $('.burger')?.setAttribute('aria-expanded', String(open));
    if ($('.scrim')) $('.scrim').hidden = !open;
  };
  window.simMenu = menu;
  $('.burger')?.addEventListener('click', () => menu(!$('.side').classList.contains('open')));
  $('.scrim')?.addEventListener('click', () => menu(false));
  document.addEventListener('keydown', (e) => e.key === 'Escape' && menu(false));

  async function call(url, body) {
    const r = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const answer = await r.json().catch(() => ({}));
    if (!r.ok) throw new Error(typeof answer.error === 'string' ? answer.error : answer.detail || answer.message || `${r.status} ${r.statusText}`);
    return answer;
  }
  const later = (message) => {
    sessionStorage.setItem('sim-toast', message);
    location.reload();
  };
  const waiting = sessionStorage.getItem('sim-toast');
  if (waiting) {
    sessionStorage.removeItem('sim-toast');
    window.simToast(waiting);
  }

  // form[data-api]: its fields become a JSON body. A name is a path; "set.0.x"
  // makes lists. Endings: "#" a number, "%" a percentage as a rate, "!" a boolean.
  function put(body, name, value) {
    const kind = /[#%!]$/.exec(name)?.[0];
    const keys = name.replace(/[#%!]$/, '').split('.');
    const last = keys.pop();
    let at = body;
    keys.forEach((key, i) => {
      const list = /^\d+$/.test(keys[i + 1] ?? last);
      at = at[key] ??= list ? [] : {};
    });
    at[last] = kind === '#' ? Number(value) : kind === '%' ? Number(value) / 100 : kind === '!' ? value === 'true' : value;
  }
  document.addEventListener('submit', async (e) => {
    const form = e.target.closest('form[data-api]');
    if (!form) return;
    e.preventDefault();
    const body = {};
    for (const [name, value] of new FormData(form)) if (value !== '') put(body, name, value);
    try {
      await call(form.dataset.api, body);
      later(form.dataset.done || 'Done');
    } catch (error) {
      window.simToast(error.message, { isError: true });
    }
  });
  document.addEventListener('click', async (e) => {
    const b = e.target.closest('button[data-api],s-button[data-api]');
    if (!b) return;
    b.disabled = true;
    try {
      await call(b.dataset.api, JSON.parse(b.dataset.body || '{}'));
      later(b.dataset.done || 'Done');
    } catch (error) {
      b.disabled = false;
      window.simToast(error.message, { isError: true });
    }
  });
})();
