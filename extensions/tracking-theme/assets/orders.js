// Fills in the orders of the customer who is signed in, when the block comes
// into view. Without this the link to the app's page is all there is.
(() => {
  if (window.afterglowOrders) return;
  window.afterglowOrders = true;

  const put = (parent, tag, name, text) => {
    const element = document.createElement(tag);
    element.className = name;
    if (text) element.textContent = text;
    return parent.appendChild(element);
  };

  const row = (list, order) => {
    const item = put(list, 'li', 'afterglow-order');
    const link = put(item, 'a', 'afterglow-order-link');
    link.href = new URL(order.url, location.href).href;
    if (!/^https?:/.test(link.href)) link.removeAttribute('href');
    const head = put(link, 'span', 'afterglow-order-head');
    put(head, 'bdi', 'afterglow-order-name', order.name);
    put(head, 'span', 'afterglow-order-date', order.date);
    put(link, 'strong', 'afterglow-order-state', order.text);
    const eta = order.eta?.text ?? order.eta;
    if (typeof eta === 'string' && eta) put(link, 'span', 'afterglow-order-date', eta);
  };

  const fill = async (box) => {
    const note = box.querySelector('[data-afterglow-note]');
    note.textContent = box.dataset.loading;
    box.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(box.dataset.afterglowOrders, {headers: {Accept: 'application/json'}});
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      const orders = told.orders.slice(0, Number(box.dataset.most) || 3);
      note.textContent = orders.length ? '' : box.dataset.none;
      if (orders.length) {
        const list = document.createElement('ul');
        list.className = 'afterglow-orders';
        list.dir = told.dir;
        list.lang = told.locale;
        for (const order of orders) row(list, order);
        note.after(list);
      }
    } catch {
      note.textContent = box.dataset.failed;
    }
    box.removeAttribute('aria-busy');
  };

  const watched = new WeakSet();
  const seen = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      fill(target);
    }
  });
  const begin = () => {
    for (const box of document.querySelectorAll('[data-afterglow-orders]')) {
      if (watched.has(box)) continue;
      watched.add(box);
      seen.observe(box);
    }
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
  // The theme editor puts blocks in and replaces sections without a reload.
  for (const name of ['shopify:section:load', 'shopify:block:select']) document.addEventListener(name, begin);
})();
