/** Made-up answers of the admin API, for development and tests. They follow the shapes of the real one. */

const DAY = 86_400_000;

const people = [
  [
    'Amelia Hart',
    'amelia.hart@example.com',
    'en',
    ['Amelia Hart', '48 Prospect Place', 'Brooklyn NY 11217', 'United States'],
  ],
  [
    'سارا محمدی',
    'sara.mohammadi@example.com',
    'fa',
    ['سارا محمدی', '1290 Westwood Blvd', 'Los Angeles CA 90024', 'United States'],
  ],
  [
    'Jonas Weber',
    'jonas.weber@example.de',
    'de',
    ['Jonas Weber', 'Kastanienallee 12', '10435 Berlin', 'Germany'],
  ],
  [
    '山田 花子',
    'hanako.yamada@example.jp',
    'ja',
    ['山田 花子', '神宮前 4-12-10', '東京都渋谷区 150-0001', 'Japan'],
  ],
  [
    'Camille Laurent',
    'camille.laurent@example.fr',
    'fr',
    ['Camille Laurent', '7 rue Oberkampf', '75011 Paris', 'France'],
  ],
  [
    'ليلى حداد',
    'layla.haddad@example.com',
    'ar',
    ['ليلى حداد', 'شارع الحمرا 21', 'دبي', 'United Arab Emirates'],
  ],
  [
    'Lucía Romero',
    'lucia.romero@example.es',
    'es',
    ['Lucía Romero', 'Calle del Pez 9', '28004 Madrid', 'Spain'],
  ],
  [
    'Иван Петров',
    'ivan.petrov@example.com',
    'ru',
    ['Иван Петров', '22 Brighton Beach Ave', 'Brooklyn NY 11235', 'United States'],
  ],
];

const goods = [
  ['Halo table lamp', 'Oak · Warm white', 12800, '#e8c48f'],
  ['Linen throw', 'Sage · 130 × 180 cm', 8900, '#9db39a'],
  ['Stoneware mug, set of two', 'Sand', 3400, '#d8c7b0'],
  ['Wool cushion', 'Ochre · 50 × 50 cm', 5600, '#c98a3b'],
  ['Beeswax candle', 'Fig & cedar', 2400, '#7d6b91'],
  ['Gift card', '$50.00', 5000, '#d9777f'],
];

const picture = (color) =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><rect width="80" height="80" fill="#f6f3ee"/><circle cx="40" cy="34" r="18" fill="${color}"/><rect x="37" y="50" width="6" height="16" fill="#6b5a48"/><rect x="26" y="66" width="28" height="4" rx="2" fill="#6b5a48"/></svg>`,
  )}`;

const mailStates = [
  'sent',
  'sent',
  'sent',
  'sent',
  'waiting',
  'sent',
  'stopped',
  'sent',
  'failed',
  'sent',
  'sent',
  'none',
];
const at = (ms) => new Date(ms).toISOString();

const noDelivery = {
  mail: {
    version: 0,
    host: '',
    port: 0,
    security: '',
    user: '',
    password: null,
    from_address: '',
    selector: '',
    per_minute: 0,
    per_hour: 0,
    hook_key: '',
  },
  has_password: false,
  from_address: 'orders@afterglow.example',
  paused: null,
  paused_until: null,
  report: null,
};

/** A shop with its own server, whose domain wants a hand. */
const deliveryOf = (now) => ({
  mail: {
    version: 3,
    host: 'smtp.postmarkapp.com',
    port: 587,
    security: 'starttls',
    user: 'lumen',
    password: null,
    from_address: 'orders@lumenandloom.example',
    selector: '',
    per_minute: 60,
    per_hour: 0,
    hook_key: '',
  },
  has_password: true,
  from_address: 'orders@lumenandloom.example',
  paused: null,
  paused_until: null,
  limits: { per_minute: 0, per_hour: 5000 },
  report: {
    domain: 'lumenandloom.example',
    verdict: 'bad',
    spf: {
      verdict: 'bad',
      detail: 'Postmark, which sends your mail, is not in the record. Add it.',
      host: 'lumenandloom.example',
      record: 'v=spf1 include:spf.mtasv.net include:_spf.google.com ip4:192.0.2.0/24 ~all',
      found: 'v=spf1 include:_spf.google.com ip4:192.0.2.0/24 ~all',
    },
    dkim: {
      verdict: 'good',
      detail: 'Mails from this domain can be signed.',
      host: 'pm._domainkey.lumenandloom.example',
      record: '',
      found: `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'.repeat(6)}`,
    },
    dmarc: {
      verdict: 'fair',
      detail:
        'The domain wants an exact match (adkim or aspf is s): what signs and sends must be lumenandloom.example itself, no domain below or above it.',
      host: '_dmarc.lumenandloom.example',
      record: '',
      found: 'v=DMARC1; p=reject; adkim=s',
    },
    checked_at: at(now - 3_600_000),
  },
});

const feedbackOf = (now, message) => ({
  address:
    'https://app.afterglow.example/l/feedback/AYCu0rTjAeC1yt8BNGZ3cXJ2b3hqN2hsZGtmdzZ5dHJxbW5i/',
  events: [
    {
      at: at(now - 300_000),
      provider: 'postmark',
      kind: 'hard_bounce',
      message_id: message,
      status: '5.1.1',
    },
    {
      at: at(now - 7_200_000),
      provider: 'report',
      kind: 'soft_bounce',
      message_id: message,
      status: '4.2.2',
    },
    { at: at(now - DAY), provider: 'sendgrid', kind: 'complaint', message_id: null, status: '' },
  ],
});

const suppressed = (address, source, when) => ({
  address,
  scope: source === 'unsubscribed' ? 'marketing' : 'all',
  source,
  reason: '',
  message_id: null,
  created_at: at(when),
  removed_at: null,
  removed_reason: '',
  removed_by: '',
});

const suppressionsOf = (now, message) => [
  { ...suppressed('nobody@example.com', 'bounce', now - 300_000), message_id: message },
  suppressed('angry.customer.with.a.long.name@subdomain.example.co.uk', 'complaint', now - DAY),
  suppressed('camille.laurent@example.fr', 'unsubscribed', now - 2 * DAY),
  {
    ...suppressed('jonas.weber@example.de', 'merchant', now - 3 * DAY),
    reason: 'Asked by phone not to be written to',
  },
  suppressed('', 'unsubscribed', now - 90 * DAY),
  {
    ...suppressed('amelia.hart@example.com', 'refused', now - 40 * DAY),
    removed_at: at(now - 30 * DAY),
    removed_reason: 'She mended her mailbox and wrote to us',
    removed_by: '77001',
  },
];

export class Fixtures {
  constructor(now = Date.now()) {
    this.now = now;
    this.orders = Array.from({ length: 64 }, (_, i) => this.order(i));
    this.messages = this.orders
      .filter((o) => o.mail_state !== 'none')
      .map((o, i) => this.message(o, i));
    this.delivery = deliveryOf(now);
    this.feedback = feedbackOf(now, this.messages[0].id);
    this.suppressions = suppressionsOf(now, this.messages[0].id);
    this.webhooks = this.hooks();
    this.privacy = this.privacyRequests();
    this.accesses = [
      ['orders/:id', '5600000001039'],
      ['messages/:id/preview', 'msg_0193a5f0-7c00-7000-8000-000000000001'],
      ['privacy/requests/:id/file', 'prv_1'],
    ].map(([route, subject], i) => ({
      id: `acc_${i}`,
      at: at(this.now - i * 3_600_000),
      staff_id: '77001',
      route: `/api/v1/${route}`,
      subject,
    }));
    this.resends = new Map();
    this.steps = {};
    this.design = {
      draft: {
        tone: '',
        default_style: 'plain',
        rules: [],
        layouts: {},
        words: {},
        signature: { name: '', title: '', photo_url: '' },
        reply_to: { name: '', email: '' },
        second_color: '',
        font: '',
        custom: { enabled: false, source: '' },
      },
      revision: 0,
      published: null,
      currency: 'USD',
    };
    this.design.built_in = this.design.draft;
    this.settings = {
      sender_name: 'Lumen & Loom',
      reply_to: 'hello@lumenandloom.example',
      postal_address: '214 Atlantic Avenue\nBrooklyn NY 11201\nUnited States',
      support_email: 'care@lumenandloom.example',
      logo_url: '',
      accent_color: '#8a4b2a',
      confirmation_enabled: true,
      returns_days: 30,
      returns_policy_url: 'https://lumenandloom.example/returns',
      version: 3,
    };
  }

  order(i) {
    const person = i % 13 === 9 ? null : people[i % people.length];
    const placed = this.now - i * 97 * 60_000 - 4 * 60_000;
    const lines = goods.slice(i % 3, (i % 3) + 1 + (i % 4));
    const currency = i % 11 === 3 ? 'JPY' : i % 7 === 2 ? 'EUR' : 'USD';
    const scale = currency === 'JPY' ? 1.5 : 1;
    const money = (minor) => ({ minor: Math.round(minor * scale), currency });
    const items = lines.map(([title, options, price, color], k) => ({
      title,
      options,
      quantity: 1 + ((i + k) % 2),
      unit_price: money(price),
      total: money(price * (1 + ((i + k) % 2))),
      image_url: picture(color),
    }));
    const sub = items.reduce((sum, item) => sum + item.total.minor, 0);
    const discount = i % 3 === 0 ? Math.round(sub / 10) : 0;
    const tax = Math.round((sub - discount) * 0.0888);
    const shipping = sub > 15000 ? 0 : Math.round(900 * scale);
    const total = sub - discount + shipping + tax;
    const raw = (minor) => ({ minor, currency });
    const cancelled = i % 12 === 6;
    return {
      id: String(5_600_000_001_042 - i),
      name: `#${1066 - i}`,
      placed_at: at(placed),
      customer: person && { name: person[0], email: person[1] },
      total: raw(total),
      financial_status: cancelled
        ? 'refunded'
        : i % 9 === 4
          ? 'pending'
          : i % 10 === 7
            ? 'partially_refunded'
            : 'paid',
      fulfillment_status: i > 14 ? 'fulfilled' : i % 5 === 3 ? 'partial' : null,
      cancelled_at: cancelled ? at(placed + 600_000) : null,
      test: i % 17 === 5,
      locale: person?.[2] ?? 'en',
      mail_state: mailStates[i % mailStates.length],
      items_count: items.reduce((sum, item) => sum + item.quantity, 0),
      currency,
      items,
      totals: [
        { kind: 'subtotal', label: 'Subtotal', amount: raw(sub) },
        ...(discount
          ? [{ kind: 'discount', label: 'Discount AUTUMN10', amount: raw(-discount) }]
          : []),
        { kind: 'shipping', label: 'Shipping, Standard', amount: raw(shipping) },
        { kind: 'tax', label: 'Tax', amount: raw(tax) },
        { kind: 'total', label: 'Total', amount: raw(total) },
        { kind: 'paid', label: 'Paid', amount: raw(total) },
      ],
      shipping_address: person?.[3] ?? null,
      billing_address: person?.[3] ?? null,
      payments: [{ label: 'Visa ending in 4242', amount: raw(total) }],
      shopify_admin_url: 'https://admin.shopify.com/store/afterglow-demo/orders/1',
      order_page_url: 'https://afterglow.example/l/o/sample',
      returns_last_day: cancelled ? null : at(placed + 34 * DAY).slice(0, 10),
    };
  }

  message(order, i) {
    const created = Date.parse(order.placed_at) + 900;
    const delay = 140 + ((i * 83) % 900);
    const sent = order.mail_state === 'sent';
    const reasons = {
      failed: '550 5.1.1 The mailbox does not exist. The address is now on the suppression list.',
      stopped: 'The order was cancelled before its mail was sent.',
    };
    const subjects = {
      fa: `سفارش شما ${order.name} ثبت شد`,
      ar: `تم تأكيد طلبك ${order.name}`,
      de: `Deine Bestellung ${order.name} ist bestätigt`,
      ja: `ご注文 ${order.name} を承りました`,
      fr: `Votre commande ${order.name} est confirmée`,
      es: `Tu pedido ${order.name} está confirmado`,
      ru: `Заказ ${order.name} подтверждён`,
    };
    const state = order.mail_state;
    return {
      id: `msg_0193a5f0-7c00-7000-8000-${String(i).padStart(12, '0')}`,
      kind: 'orders.confirmation',
      state,
      to: order.customer?.email ?? 'guest@example.com',
      subject: subjects[order.locale] ?? `Your order ${order.name} is confirmed`,
      locale: order.locale,
      order: { id: order.id, name: order.name },
      created_at: at(created),
      sent_at: sent ? at(created + delay) : null,
      delay_ms: sent ? delay : null,
      waits_for: state === 'waiting' ? 'rate' : null,
      waits_until: state === 'waiting' ? at(this.now + 40_000) : null,
      retryable: state === 'failed',
      attempts: state === 'waiting' ? 0 : state === 'failed' ? 3 : 1,
      reason: reasons[state] ?? null,
      resend_of: null,
      message_id: `<orders.confirmation.${order.id}@afterglow.example>`,
      headers: {
        From: 'Lumen & Loom <orders@afterglow.example>',
        'Reply-To': 'hello@lumenandloom.example',
        'Content-Language': order.locale,
      },
      history: [
        { at: at(created), state: 'waiting', detail: 'Order placed' },
        ...(state === 'waiting' ? [] : [{ at: at(created + 60), state: 'sending', detail: '' }]),
        ...(state === 'waiting'
          ? []
          : [
              {
                at: at(created + delay),
                state,
                detail: sent ? '250 2.0.0 Ok: queued as 4F2A9' : (reasons[state] ?? ''),
              },
            ]),
      ],
    };
  }

  preview(message) {
    const rtl = message.locale === 'fa' || message.locale === 'ar';
    const order = this.orders.find((o) => o.id === message.order.id);
    const lines = order.items
      .map(
        (item) =>
          `<tr><td style="padding:8px 0"><img src="${item.image_url}" width="56" height="56" alt="" style="border-radius:8px"></td><td style="padding:8px 12px">${item.title}<br><span style="color:#666">${item.options} × ${item.quantity}</span></td></tr>`,
      )
      .join('');
    return {
      subject: message.subject,
      html: `<!doctype html><html lang="${message.locale}" dir="${rtl ? 'rtl' : 'ltr'}"><head><meta name="viewport" content="width=device-width"></head><body style="margin:0;background:#f4f1ec;font-family:Georgia,serif;color:#222"><div style="max-width:560px;margin:0 auto;background:#fff;padding:32px"><strong style="font-size:20px">Lumen &amp; Loom</strong><h1 style="font-size:26px">${message.subject}</h1><table style="width:100%;border-collapse:collapse">${lines}</table><p><a href="https://example.com" style="background:#8a4b2a;color:#fff;padding:12px 20px;border-radius:8px;text-decoration:none;display:inline-block">${order.name}</a></p></div></body></html>`,
      text: `Lumen & Loom\n\n${message.subject}\n\n${order.items.map((item) => `${item.quantity} × ${item.title}\n    ${item.options}`).join('\n')}\n\nhttps://afterglow.example/l/o/sample\n`,
      locale: message.locale,
      dir: rtl ? 'rtl' : 'ltr',
      live: message.state !== 'sent',
    };
  }

  privacyRequests() {
    const day = 86_400_000;
    const request = (id, topic, age, more) => ({
      id: `prv_${id}`,
      topic,
      state: 'done',
      outcome: null,
      customer_id: null,
      received_at: at(this.now - age * day),
      due_at: at(this.now + (30 - age) * day),
      done_at: at(this.now - age * day + 2000),
      file: null,
      ...more,
    });
    return [
      request(3, 'customers/data_request', 0.1, {
        outcome: 'disclosed',
        customer_id: '7100000000042',
        file: {
          created_at: at(this.now),
          downloaded_at: null,
          expires_at: at(this.now + 180 * day),
        },
      }),
      request(2, 'customers/redact', 3, { outcome: 'erased' }),
      request(1, 'customers/data_request', 31, {
        state: 'overdue',
        customer_id: '7100000000043',
        done_at: null,
      }),
    ];
  }

  hooks() {
    const hook = (i, topic, state, reason, attempts, order) => ({
      id: `in_${i}`,
      topic,
      event_id: `b54557e4-bdd9-4b37-8a5f-${String(76543210 + i).padStart(12, '0')}`,
      received_at: at(this.now - i * 41 * 60_000 - 90_000),
      state,
      reason,
      attempts,
      order_id: order,
    });
    return [
      hook(
        1,
        'orders/updated',
        'parked',
        'The payload ends in the middle of "line_items" (unexpected end of JSON at byte 8,192).',
        1,
        null,
      ),
      hook(
        2,
        'orders/create',
        'parked',
        'total_price "12,30" is not an amount in USD.',
        1,
        this.orders[4].id,
      ),
      hook(
        3,
        'refunds/create',
        'parked',
        'Order 5600000000871 is not known here and Shopify answered "not found".',
        8,
        null,
      ),
      hook(4, 'orders/paid', 'waiting', null, 0, this.orders[0].id),
      ...Array.from({ length: 12 }, (_, i) =>
        hook(
          5 + i,
          ['orders/create', 'orders/updated', 'customers/update'][i % 3],
          'done',
          null,
          1,
          this.orders[i].id,
        ),
      ),
    ];
  }

  timeline(order) {
    const t0 = Date.parse(order.placed_at);
    const mail = this.messages.find((m) => m.order.id === order.id);
    const entries = [
      {
        at: at(t0),
        kind: 'fact',
        title: 'Order placed',
        detail: `${order.items_count} items, paid by Visa`,
        state: 'done',
        ref: null,
      },
      {
        at: at(t0 + 310),
        kind: 'webhook',
        title: 'orders/create received',
        detail: 'Event b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
        state: 'done',
        ref: { type: 'webhook', id: 'in_9' },
      },
      {
        at: at(t0 + 520),
        kind: 'job',
        title: 'Order taken in',
        detail: 'First attempt, 38 ms',
        state: 'done',
        ref: { type: 'job', id: 'job_1' },
      },
    ];
    if (mail) {
      entries.push({
        at: mail.sent_at ?? mail.created_at,
        kind: 'mail',
        title: {
          sent: 'Confirmation sent',
          failed: 'Confirmation failed',
          stopped: 'Confirmation stopped',
          waiting: 'Confirmation waits',
        }[mail.state],
        detail: mail.reason ?? mail.to,
        state: { sent: 'done', failed: 'failed', stopped: 'stopped', waiting: 'waiting' }[
          mail.state
        ],
        ref: { type: 'message', id: mail.id },
      });
    }
    if (order.cancelled_at)
      entries.push({
        at: order.cancelled_at,
        kind: 'fact',
        title: 'Order cancelled',
        detail: 'By the customer, refunded in full',
        state: 'done',
        ref: null,
      });
    if (order.fulfillment_status === 'fulfilled')
      entries.push({
        at: at(t0 + DAY + 3_600_000),
        kind: 'change',
        title: 'Order fulfilled',
        detail: 'All items',
        state: 'done',
        ref: null,
      });
    return entries;
  }

  answer(method, url, body, mode = '') {
    const path = url.pathname.replace('/api/v1', '');
    const query = url.searchParams;
    const ok = (value, status = 200) => ({ status, body: value });
    const problem = (status, code, detail, errors) => ({
      status,
      body: {
        type: 'about:blank',
        title: 'Problem',
        status,
        detail,
        code,
        request_id: 'req_0193a5f07c00',
        errors,
      },
    });
    const page = (list, key, extra = {}) => {
      const from = Number(query.get('cursor') ?? 0);
      const limit = Number(query.get('limit') ?? 25);
      const next = from + limit < list.length ? String(from + limit) : null;
      return ok({ [key]: list.slice(from, from + limit), next_cursor: next, ...extra });
    };
    const empty = mode === 'empty';
    if (mode === 'error' && path !== '/session')
      return problem(503, 'unavailable', 'The database is busy. Nothing was lost.');
    let found;

    if (path === '/session') {
      return ok({
        shop: {
          id: '1',
          domain: 'afterglow-demo.myshopify.com',
          name: 'Lumen & Loom',
          email: 'owner@lumenandloom.example',
          currency: 'USD',
          timezone: 'America/New_York',
          locale: 'en',
        },
        user: {
          id: '7',
          name: 'Dana Reyes',
          role: 'owner',
          permissions:
            'app.open orders.read orders.change messages.read messages.send design.read design.change settings.read settings.change shopify.operate privacy.read privacy.export staff.manage money.refund money.credit money.discount'.split(
              ' ',
            ),
          owners: ['Dana Reyes'],
        },
        scopes: { granted: ['read_orders'], missing: [] },
        mailbox_url: 'http://localhost:8080/mailbox',
        app_version: '0.1.0',
      });
    }
    if (path === '/home') return ok(this.home(empty));
    if (path === '/setup') return ok(this.setup(empty));
    if (path === '/setup/goals') {
      return ok({
        goals: [
          {
            goal: 'warmer_brand',
            tone: 'friendly',
            default_style: 'warm',
            rules: [{ style: 'reassuring', when: [{ kind: 'repeat_order' }] }],
            layouts: {},
          },
        ],
      });
    }
    if (path === '/setup/goal') {
      this.steps.goal = 'done';
      return ok({ began: true, setup: this.setup(empty) });
    }
    if ((found = /^\/setup\/steps\/(\w+)$/.exec(path))) {
      this.steps[found[1]] = body.state;
      return ok(this.setup(empty));
    }
    if (path === '/confirmation') return ok(this.design);
    if (path === '/confirmation/draft') {
      this.design = { ...this.design, draft: body.design, revision: body.revision + 1 };
      return ok(this.design);
    }
    if (path === '/imports') {
      const one = (what, more) => ({
        id: `imp_${what}`,
        what,
        state: 'done',
        since: null,
        total: 1240,
        done: 1240,
        written: 1240,
        parked: 0,
        per_second: 0,
        seconds_left: null,
        reason: null,
        created_at: at(this.now - 900_000),
        updated_at: at(this.now - 600_000),
        ended_at: at(this.now - 600_000),
        lines: [],
        ...more,
      });
      return ok({ imports: empty ? [] : [one('orders'), one('customers'), one('products')] });
    }
    if (path === '/progress') {
      return ok({
        jobs: { waiting: empty ? 0 : 3, running: empty ? 0 : 1, parked: 0 },
        inbox: {
          waiting: 0,
          parked: empty ? 0 : this.webhooks.filter((w) => w.state === 'parked').length,
        },
        reconcile: { last_at: at(this.now - 240_000), cursor: null },
      });
    }
    if (path === '/orders') {
      const q = (query.get('q') ?? '').toLowerCase();
      const state = query.get('state');
      const list = (empty ? [] : this.orders).filter(
        (o) =>
          (q === '' ||
            `${o.name} ${o.customer?.name} ${o.customer?.email}`.toLowerCase().includes(q)) &&
          (!query.get('mail') || o.mail_state === query.get('mail')) &&
          (!query.get('since') || o.placed_at.slice(0, 10) >= query.get('since')) &&
          (!query.get('until') || o.placed_at.slice(0, 10) <= query.get('until')) &&
          (!state ||
            (state === 'cancelled' && o.cancelled_at) ||
            (state === 'open' && !o.cancelled_at) ||
            (state === 'fulfilled' && o.fulfillment_status === 'fulfilled') ||
            (state === 'unfulfilled' && o.fulfillment_status === null) ||
            (state === 'refunded' && o.financial_status.includes('refunded'))),
      );
      return page(list, 'orders', { total_estimate: list.length });
    }
    if ((found = /^\/orders\/([^/]+)(\/timeline)?$/.exec(path))) {
      const order = this.orders.find((o) => o.id === decodeURIComponent(found[1]));
      if (!order) return problem(404, 'orders.not_found', 'There is no such order.');
      return found[2]
        ? ok({ timezone: 'America/New_York', entries: this.timeline(order) })
        : ok({ order });
    }
    if (path === '/messages') {
      const q = (query.get('q') ?? '').toLowerCase();
      const list = (empty ? [] : this.messages).filter(
        (m) =>
          (q === '' || `${m.subject} ${m.to} ${m.order.name}`.toLowerCase().includes(q)) &&
          (!query.get('state') || m.state === query.get('state')),
      );
      return page(list, 'messages');
    }
    if ((found = /^\/messages\/([^/]+)(\/preview|\/resend|\/retry)?$/.exec(path))) {
      const message = this.messages.find((m) => m.id === decodeURIComponent(found[1]));
      if (!message) return problem(404, 'messages.not_found', 'There is no such message.');
      if (found[2] === '/preview' && message.state === 'stopped') {
        return problem(
          409,
          'messages.would_not_be_sent',
          'This mail would not be sent: the order was cancelled.',
        );
      }
      if (found[2] === '/preview') return ok(this.preview(message));
      if (found[2] === '/retry') {
        Object.assign(message, { state: 'waiting', reason: null, retryable: false });
        return ok({ message }, 202);
      }
      if (found[2] === '/resend')
        return ok({ message: this.resend(message, body.request_id) }, 202);
      return ok({ message });
    }
    if (path === '/webhooks') {
      const list = (empty ? [] : this.webhooks).filter(
        (w) => w.state === (query.get('state') ?? 'parked'),
      );
      const count = (state) => (empty ? 0 : this.webhooks.filter((w) => w.state === state).length);
      return page(list, 'webhooks', {
        counts: { parked: count('parked'), waiting: count('waiting') },
      });
    }
    if (path === '/webhooks/retry-parked') {
      const parked = this.webhooks.filter((w) => w.state === 'parked');
      parked.forEach((w) => (w.state = 'waiting'));
      return ok({ count: parked.length }, 202);
    }
    if ((found = /^\/webhooks\/([^/]+)\/retry$/.exec(path))) {
      const hook = this.webhooks.find((w) => w.id === found[1]);
      if (!hook) return problem(404, 'shopify.webhook_not_found', 'There is no such webhook.');
      hook.state = 'waiting';
      return { status: 202 };
    }
    if (path === '/privacy/requests') {
      return page(empty ? [] : this.privacy, 'requests', { counts: { open: 1, waiting: 1 } });
    }
    if (path === '/privacy/access') return page(empty ? [] : this.accesses, 'entries');
    if ((found = /^\/privacy\/requests\/([^/]+)\/file$/.exec(path))) {
      const request = this.privacy.find((p) => p.id === found[1]);
      if (!request?.file) return problem(404, 'shops.no_privacy_file', 'There is no file.');
      request.file.downloaded_at = at(this.now);
      return ok({ README: [], rooms: {} });
    }
    if (path === '/settings/mail') {
      if (method === 'PUT') {
        if (body.host === 'refuse.example')
          return problem(422, 'shops.mail_invalid', 'Some of these settings cannot be used.', [
            { field: 'host', detail: 'Enter the name of the server, such as smtp.example.com.' },
          ]);
        this.delivery.mail = { ...body, version: body.version + 1 };
        this.delivery.paused = null;
      }
      return ok(empty ? { ...this.delivery, ...noDelivery } : this.delivery);
    }
    if (path === '/settings/mail/check') return ok({ report: this.delivery.report });
    if (path === '/settings/mail/queue') {
      const waits = { waiting: 42, for_turn: 40, for_server: 2, for_operator: 0, more: false };
      return ok(
        empty
          ? { ...waits, waiting: 0, for_turn: 0, for_server: 0, next_turn_at: null }
          : { ...waits, next_turn_at: at(this.now + 40_000) },
      );
    }
    if (path === '/settings/mail/test') {
      return body.to.startsWith('refuse')
        ? ok({
            ok: false,
            detail: 'The mail server does not accept the user name and password.',
            id: null,
          })
        : ok({
            ok: true,
            detail: 'The mail server took us in. A test mail is on its way.',
            id: 'm',
          });
    }
    if (path === '/feedback') return ok(empty ? { address: '', events: [] } : this.feedback);
    if (path === '/feedback/address') return ok({ address: this.feedback.address }, 201);
    if (path === '/suppressions' && method === 'POST') {
      this.suppressions.unshift({ ...suppressed(body.address, 'merchant', this.now), ...body });
      return ok({ address: body.address, scope: body.scope }, 201);
    }
    if (path === '/suppressions') {
      const q = (query.get('q') ?? '').toLowerCase();
      const list = this.suppressions.filter(
        (s) =>
          s.address.startsWith(q) && (s.removed_at !== null) === (query.get('removed') === '1'),
      );
      return page(empty ? [] : list, 'suppressions');
    }
    if (path === '/suppressions/remove') {
      const one = this.suppressions.find((s) => s.address === body.address);
      if (one)
        Object.assign(one, {
          removed_at: at(this.now),
          removed_reason: body.reason,
          removed_by: '7',
        });
      return ok({ removed: one ? 1 : 0 });
    }
    if (path === '/settings/sender') {
      if (method === 'PUT') {
        if (body.version !== this.settings.version)
          return problem(409, 'shops.settings_changed', 'The settings were changed meanwhile.');
        if (body.sender_name.includes('\n') || body.sender_name === 'refuse') {
          return problem(422, 'shops.settings_invalid', 'Some fields are not right.', [
            { field: 'sender_name', detail: 'This name is not allowed.' },
          ]);
        }
        this.settings = { ...body, version: body.version + 1 };
      }
      return ok({ settings: this.settings, from_address: 'orders@afterglow.example' });
    }
    if (path === '/settings/sender/test') {
      return body.to.includes('@')
        ? { status: 202 }
        : problem(422, 'shops.address', 'Not an address.', [
            { field: 'to', detail: 'This is not an e-mail address.' },
          ]);
    }
    return problem(404, 'not_found', 'There is no such address.');
  }

  resend(message, requestId) {
    if (!this.resends.has(requestId)) {
      const again = {
        ...message,
        id: `msg_again_${this.resends.size + 1}`,
        state: 'waiting',
        sent_at: null,
        delay_ms: null,
        attempts: 0,
        reason: null,
        resend_of: message.id,
        created_at: at(Date.now()),
        history: [{ at: at(Date.now()), state: 'waiting', detail: 'Asked for by Dana Reyes' }],
      };
      this.resends.set(requestId, again);
      this.messages.unshift(again);
    }
    return this.resends.get(requestId);
  }

  home(empty) {
    const days = Array.from({ length: 30 }, (_, i) => {
      const orders = empty
        ? 0
        : Math.round(14 + 9 * Math.sin(i / 2.3) + ((i * 7) % 5) + (i === 24 ? 22 : 0));
      return {
        date: at(this.now - (29 - i) * DAY).slice(0, 10),
        orders,
        mails_sent: Math.max(0, orders - ((i * 3) % 4)),
      };
    });
    return {
      now: at(this.now),
      timezone: 'America/New_York',
      today: empty
        ? {
            orders: 0,
            mails_sent: 0,
            mails_waiting: 0,
            mails_failed: 0,
            delay_p50_ms: null,
            delay_p95_ms: null,
          }
        : {
            orders: 23,
            mails_sent: 21,
            mails_waiting: 1,
            mails_failed: 1,
            delay_p50_ms: 148,
            delay_p95_ms: 1420,
          },
      days,
      attention: empty
        ? []
        : [
            {
              code: 'webhooks_parked',
              severity: 'critical',
              count: 3,
              title: '3 webhooks are parked',
              detail: 'They could not be used; each says why.',
              href: '/webhooks',
            },
            {
              code: 'mails_failed',
              severity: 'warning',
              count: 5,
              title: '5 confirmations failed',
              detail: 'The mailboxes refused them in the last 7 days.',
              href: '/messages?state=failed',
            },
          ],
      setup: this.setup(empty),
    };
  }
  setup(empty) {
    const names = ['goal', 'sender', 'brand', 'style', 'policy', 'import', 'try'];
    return {
      goal: empty ? '' : 'warmer_brand',
      steps: names.map((step, i) => {
        const state = this.steps[step] ?? (empty || i > 2 ? 'todo' : 'done');
        return { step, state, at: state === 'todo' ? null : at(this.now - 3_600_000) };
      }),
    };
  }
}
