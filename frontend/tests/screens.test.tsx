import { act } from 'react';
import { describe, expect, test } from 'vitest';
import { useAdmin } from './setup';

const house = useAdmin();

describe('every screen', () => {
  const screens = [
    {
      path: '/',
      heading: 'Afterglow',
      shows: ['3 webhooks are parked', '148 ms', '3 jobs waiting, 1 running'],
    },
    {
      path: '/orders',
      heading: 'Orders',
      shows: ['#1066', 'Amelia Hart', 'Sent', '64 orders, newest first'],
    },
    {
      path: '/orders/5600000001039',
      heading: '#1063',
      shows: ['Halo table lamp', '¥68,937', 'Order placed', 'America/New York'],
    },
    {
      path: '/messages',
      heading: 'Messages',
      shows: ['Your order #1066 is confirmed', 'amelia.hart@example.com'],
    },
    {
      path: '/messages/msg_0193a5f0-7c00-7000-8000-000000000001',
      heading: 'سفارش شما #1065 ثبت شد',
      shows: ['Persian', 'Right to left', 'Handed over for delivery'],
    },
    {
      path: '/suppressions',
      heading: 'Suppressed addresses',
      shows: ['nobody@example.com', 'The recipient unsubscribed', 'Somebody who was erased'],
    },
    {
      path: '/suppressions?removed=1',
      heading: 'Suppressed addresses',
      shows: ['Removed: She mended her mailbox', 'staff member 77001'],
    },
    {
      path: '/settings/delivery',
      heading: 'Mail delivery',
      shows: [
        'Postmark, which sends your mail, is not in the record',
        'v=spf1 include:spf.mtasv.net include:_spf.google.com',
        '42 mails wait now',
        '/postmark',
        'Mailbox does not exist',
      ],
    },
    {
      path: '/webhooks',
      heading: 'Webhooks',
      shows: ['refunds/create', 'is not an amount in USD', 'tried 8 times'],
    },
    {
      path: '/imports',
      heading: "Import of your store's history",
      shows: ['Pictures of products', '1,240 read', 'Nobody gets a mail'],
    },
    {
      path: '/privacy',
      heading: 'Privacy',
      shows: [
        'A customer asks for their data',
        'Not downloaded yet',
        'Overdue',
        'erased everywhere',
      ],
    },
    {
      path: '/privacy?view=access',
      heading: 'Privacy',
      shows: ['Order opened', '5600000001039', 'Staff member 77001'],
    },
    {
      path: '/setup?step=goal',
      heading: 'Set up Afterglow',
      shows: ['3 of 7 done', 'A warmer brand', 'the shopper has ordered before', 'Tone: Friendly'],
    },
    {
      path: '/settings',
      heading: 'Sender settings',
      shows: ['Reads well: 6.7:1', 'View your order'],
    },
  ];
  for (const { path, heading, shows } of screens) {
    test(`${path} is there by its address`, async () => {
      await house.admin.open(path);
      expect(house.admin.heading).toBe(heading);
      for (const text of shows) expect(house.admin.text).toContain(text);
      expect(document.title).toBe(`${heading} · Afterglow`);
    });

    test(`${path} says what went wrong and tries again`, async () => {
      house.admin.mode = 'error';
      await house.admin.open(path);
      expect(house.admin.one('s-banner').textContent).toContain('The database is busy.');
      expect(house.admin.one('s-banner').textContent).toContain('req_0193a5f07c00');
      house.admin.mode = '';
      await house.admin.press('Try again');
      expect(house.admin.all('s-banner[tone=critical]')).toHaveLength(0);
      expect(house.admin.heading).toBe(heading);
    });
  }

  test('an unknown address leads home', async () => {
    await house.admin.open('/nowhere');
    expect(house.admin.text).toContain('There is no such page');
    await house.admin.press('Go to home');
    expect(window.location.pathname).toBe('/');
  });

  test('no connection at all can be retried', async () => {
    house.admin.mode = 'offline';
    await house.admin.open('/orders');
    expect(house.admin.text).toContain('could not be reached');
    house.admin.mode = '';
    await house.admin.press('Try again');
    expect(house.admin.text).toContain('#1066');
  });

  const empty = [
    { path: '/', shows: 'All is well' },
    { path: '/orders', shows: 'Your orders will appear here' },
    { path: '/messages', shows: 'No messages yet' },
    { path: '/webhooks', shows: 'Nothing is parked' },
    { path: '/webhooks?state=waiting', shows: 'Nothing is waiting' },
    { path: '/privacy', shows: 'No privacy requests' },
    { path: '/privacy?view=access', shows: 'Nothing read yet' },
    { path: '/webhooks?state=done', shows: 'Nothing yet' },
  ];
  for (const { path, shows } of empty) {
    test(`${path} of a new shop is not just blank`, async () => {
      house.admin.mode = 'empty';
      await house.admin.open(path);
      expect(house.admin.text).toContain(shows);
    });
  }
});

describe('orders', () => {
  test('the address keeps the filters', async () => {
    await house.admin.open('/orders?q=weber&mail=sent');
    expect(house.admin.asked.some((a) => a.path === '/orders?q=weber&mail=sent&limit=25')).toBe(
      true,
    );
    await house.admin.type('s-select[label="Order state"]', 'fulfilled', 'change');
    expect(window.location.search).toBe('?q=weber&state=fulfilled&mail=sent');
    await house.admin.press('Clear filters');
    expect(window.location.search).toBe('');
    expect(house.admin.text).toContain('64 orders');
  });

  test('typing searches once it pauses', async () => {
    await house.admin.open('/orders');
    const before = house.admin.asked.length;
    await house.admin.type('s-search-field', 'we');
    await house.admin.type('s-search-field', 'weber');
    await house.admin.wait(350);
    expect(window.location.search).toBe('?q=weber');
    expect(house.admin.asked.slice(before).map((a) => a.path)).toEqual([
      '/orders?q=weber&limit=25',
    ]);
    expect(house.admin.text).not.toContain('Amelia Hart');
  });

  test('pages go forward and back, and the filters start at the first', async () => {
    await house.admin.open('/orders');
    const next = () => house.admin.one('s-button[accessibilitylabel="Next page"]');
    const previous = () => house.admin.one('s-button[accessibilitylabel="Previous page"]');
    expect(previous().hasAttribute('disabled')).toBe(true);
    await house.admin.press(next());
    expect(window.location.search).toBe('?cursor=25');
    await house.admin.press(next());
    expect(window.location.search).toBe('?cursor=50');
    expect(next().hasAttribute('disabled')).toBe(true);
    await house.admin.press(previous());
    expect(window.location.search).toBe('?cursor=25');
    await house.admin.type('s-select[label="Confirmation mail"]', 'failed', 'change');
    expect(window.location.search).toBe('?mail=failed');
  });

  test('a link in the list opens the order without leaving the page, and focus moves there', async () => {
    await house.admin.open('/orders');
    await house.admin.press(house.admin.one('s-link#order-5600000001042'));
    expect(window.location.pathname).toBe('/orders/5600000001042');
    expect(house.admin.heading).toBe('#1066');
    expect(document.activeElement?.className).toBe('screen');
  });

  test('the newest entry of the timeline stands first', async () => {
    await house.admin.open('/orders/5600000001036');
    const titles = house.admin.all('.event-title').map((e) => e.textContent);
    expect(titles[0]).toContain('Order cancelled');
    expect(titles.at(-1)).toContain('Order placed');
  });
});

describe('messages', () => {
  const sent = '/messages/msg_0193a5f0-7c00-7000-8000-000000000001';

  test('the mail is shown in a frame without any right', async () => {
    await house.admin.open(sent);
    const frame = house.admin.one('iframe');
    expect(frame.getAttribute('sandbox')).toBe('');
    expect(frame.getAttribute('srcdoc')).toContain('dir="rtl"');
    await house.admin.press('Plain text');
    expect(house.admin.one('pre').getAttribute('dir')).toBe('rtl');
    expect(house.admin.one('pre').textContent).toContain('https://afterglow.example/l/o/sample');
  });

  test('sending again asks first, and pressing twice after a lost answer sends once', async () => {
    await house.admin.open(sent);
    const dialog = house.admin.one('s-modal') as HTMLElement & {
      showOverlay: () => void;
      hideOverlay: () => void;
    };
    let shown = 0;
    dialog.showOverlay = () => shown++;
    dialog.hideOverlay = () => shown--;
    const [open, confirm] = house.admin
      .all('s-button')
      .filter((b) => b.textContent === 'Send again');
    await house.admin.press(open!);
    expect(shown).toBe(1);

    house.admin.mode = 'offline';
    await house.admin.press(confirm!);
    expect(dialog.textContent).toContain('could not be reached');
    expect(shown).toBe(1);
    house.admin.mode = '';
    await house.admin.press(confirm!);

    const posts = house.admin.asked
      .filter((a) => a.method === 'POST')
      .map((a) => a.body as { request_id: string });
    expect(posts).toHaveLength(2);
    expect(posts[0]!.request_id).toBe(posts[1]!.request_id);
    expect(posts[0]!.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(window.location.pathname).toBe('/messages/msg_again_1');
    expect(house.admin.text).toContain('See the first one');
  });

  test('a mail that would not be sent has no preview, and that is no error', async () => {
    await house.admin.open('/messages/msg_0193a5f0-7c00-7000-8000-000000000006');
    expect(house.admin.text).toContain('This mail would not be sent: the order was cancelled.');
    expect(house.admin.all('s-banner[tone=critical], iframe')).toHaveLength(0);
  });

  test('a mail that failed says why', async () => {
    await house.admin.open('/messages/msg_0193a5f0-7c00-7000-8000-000000000008');
    expect(house.admin.one('s-banner').textContent).toContain('550 5.1.1');
    expect(house.admin.text).toContain('As it would be sent now');
    await house.admin.press('Try again');
    expect(house.admin.asked.some((a) => a.path.endsWith('/retry'))).toBe(true);
  });
});

describe('webhooks', () => {
  test('one is tried again', async () => {
    await house.admin.open('/webhooks');
    await house.admin.press(
      house.admin.one('s-button[accessibilitylabel="Try again: refunds/create"]'),
    );
    expect(
      house.admin.asked.some((a) => a.method === 'POST' && a.path === '/webhooks/in_3/retry'),
    ).toBe(true);
    expect(house.admin.all('.hook')).toHaveLength(2);
  });

  test('all are tried again', async () => {
    await house.admin.open('/webhooks');
    await house.admin.press('Try all parked again');
    expect(house.admin.text).toContain('Nothing is parked');
    expect(house.admin.one('#toasts').textContent).toBe('3 webhooks are tried again');
    await house.admin.press(house.admin.all('.segment')[1]!);
    expect(window.location.search).toBe('?state=waiting');
    expect(house.admin.all('.hook')).toHaveLength(4);
  });
});

describe('privacy', () => {
  test('a file is downloaded, and what went wrong is said', async () => {
    const kept: string[] = [];
    URL.createObjectURL = () => 'blob:file';
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
      kept.push(this.download);
    };
    await house.admin.open('/privacy');
    await house.admin.press('Download');
    expect(kept).toEqual(['customer-data-prv_3.json']);
    expect(house.admin.one('#toasts').textContent).toBe('File downloaded');
    expect(house.admin.text).not.toContain('Not downloaded yet');
    house.admin.mode = 'error';
    await house.admin.press('Download');
    expect(kept).toHaveLength(1);
    expect(house.admin.one('#toasts').textContent).toContain('The database is busy.');
    HTMLAnchorElement.prototype.click = click;
  });

  test('the access log is a click away', async () => {
    await house.admin.open('/privacy');
    await house.admin.press('Access log');
    expect(window.location.search).toBe('?view=access');
    expect(house.admin.text).toContain('Mail read');
  });
});

describe('setup', () => {
  const submit = async () => {
    const form = house.admin.one('.setup-open form');
    await act(async () =>
      form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })),
    );
    await house.admin.settle();
  };
  const puts = () => house.admin.asked.filter((a) => a.method === 'PUT').map((a) => a.path);

  test('a step is saved, done, and leads to the next that is open', async () => {
    await house.admin.open('/setup?step=sender');
    await house.admin.type('s-text-field[name=sender_name]', 'Loom & Lumen');
    await house.admin.type('s-text-field[name=person]', 'Maya');
    await submit();
    expect(house.admin.fixtures.settings.sender_name).toBe('Loom & Lumen');
    expect(house.admin.fixtures.design.draft.reply_to.name).toBe('Maya');
    expect(house.admin.fixtures.steps).toEqual({ sender: 'done' });
    expect(window.location.search).toBe('?step=style');
  });

  test('what is wrong stays, is not sent, and nothing is done', async () => {
    await house.admin.open('/setup?step=policy');
    await house.admin.type('s-number-field[name=returns_days]', '400');
    await submit();
    expect(house.admin.one('s-number-field').getAttribute('error')).toContain('0 to 365');
    expect(puts()).toEqual([]);
  });

  test('a step can be skipped without saving anything', async () => {
    await house.admin.open('/setup?step=policy');
    await house.admin.press('Skip');
    expect(puts()).toEqual(['/setup/steps/policy']);
    expect(house.admin.fixtures.steps).toEqual({ policy: 'skipped' });
    expect(house.admin.text).toContain('4 of 7 done');
  });
});

describe('mail delivery', () => {
  const host = 's-text-field[name=host]';

  test('a refused field says why, a corrected one is saved without a password', async () => {
    await house.admin.open('/settings/delivery');
    await house.admin.type(host, 'refuse.example');
    await house.admin.press('Save');
    expect(house.admin.one(host).getAttribute('error')).toContain('Enter the name of the server');
    await house.admin.type(host, 'smtp.example.com');
    await house.admin.press('Save');
    const put = house.admin.asked.filter((a) => a.method === 'PUT').at(-1)!.body;
    expect(put).toMatchObject({ host: 'smtp.example.com', password: null, version: 3 });
    expect(house.admin.fixtures.delivery.mail.version).toBe(4);
  });

  test('a paused server is the first thing one reads', async () => {
    house.admin.fixtures.delivery.paused = 'The mail server does not accept the password.';
    await house.admin.open('/settings/delivery');
    expect(house.admin.one('s-banner[tone=critical]').textContent).toContain('nothing is lost');
  });

  test('the test says in plain words what is wrong', async () => {
    await house.admin.open('/settings/delivery');
    await house.admin.type('s-email-field[label="Send to"]', 'refuse@example.com');
    await house.admin.press('Test');
    expect(house.admin.text).toContain('does not accept the user name and password');
  });

  test('a shop that never saved anything sees what to begin with', async () => {
    house.admin.mode = 'empty';
    await house.admin.open('/settings/delivery');
    for (const text of ['Check that yours says so', 'No mail waits now', 'Make the addresses'])
      expect(house.admin.text).toContain(text);
    expect(house.admin.all(host)).toHaveLength(0);
  });
});

describe('suppressed addresses', () => {
  test('one is removed with a reason', async () => {
    await house.admin.open('/suppressions');
    const dialog = house.admin.one('#suppression-remove') as HTMLElement & {
      showOverlay: () => void;
      hideOverlay: () => void;
    };
    dialog.showOverlay = () => undefined;
    dialog.hideOverlay = () => undefined;
    const [first, confirm] = house.admin.all('s-button').filter((b) => b.textContent === 'Remove');
    await house.admin.press(first!);
    expect(dialog.textContent).toContain('nobody@example.com gets mails again');
    await house.admin.type('#suppression-remove s-text-field', 'wrote to us');
    await house.admin.press([...house.admin.all('#suppression-remove s-button')].at(0) ?? confirm!);
    expect(house.admin.asked.filter((a) => a.method === 'POST').at(-1)).toEqual({
      method: 'POST',
      path: '/suppressions/remove',
      body: { address: 'nobody@example.com', scope: 'all', reason: 'wrote to us' },
    });
    expect(house.admin.text).not.toContain('nobody@example.comNo');
  });
});

describe('sender settings', () => {
  const save = () => house.admin.press('Save');
  const name = 's-text-field[name=sender_name]';

  test('what was typed is saved with its version', async () => {
    await house.admin.open('/settings');
    await house.admin.type(name, 'Loom & Lumen');
    await save();
    const put = house.admin.asked.find((a) => a.method === 'PUT')!.body as {
      sender_name: string;
      version: number;
    };
    expect(put.sender_name).toBe('Loom & Lumen');
    expect(put.version).toBe(3);
    expect(house.admin.fixtures.settings.version).toBe(4);
  });

  const wrong = [
    { field: name, value: ' ', says: 'Shoppers need a name to see.' },
    {
      field: 's-email-field[name=reply_to]',
      value: 'hello',
      says: 'Write an address like help@example.com.',
    },
    {
      field: 's-url-field[name=logo_url]',
      value: 'http://x.example/a.png',
      says: 'The address must start with https://',
    },
    { field: 's-color-field', value: 'brown', says: 'Write a colour like #2a5bd7.' },
    { field: 's-number-field', value: '366', says: 'Write a whole number from 0 to 365.' },
    { field: 's-number-field', value: '', says: 'Write a whole number from 0 to 365.' },
  ];
  for (const { field, value, says } of wrong) {
    test(`"${value}" in ${field} is not sent, and the field says why`, async () => {
      await house.admin.open('/settings');
      await house.admin.type(field, value);
      await save();
      expect(house.admin.one(field).getAttribute('error')).toBe(says);
      expect(house.admin.asked.some((a) => a.method === 'PUT')).toBe(false);
    });
  }

  test('the server has the last word about a field', async () => {
    await house.admin.open('/settings');
    await house.admin.type(name, 'refuse');
    await save();
    expect(house.admin.one(name).getAttribute('error')).toBe('This name is not allowed.');
    await house.admin.type(name, 'fine');
    expect(house.admin.one(name).getAttribute('error')).toBe('');
  });

  test('somebody was faster: nothing is overwritten, the newest can be loaded', async () => {
    await house.admin.open('/settings');
    await house.admin.type(name, 'Mine');
    house.admin.fixtures.settings = {
      ...house.admin.fixtures.settings,
      version: 9,
      sender_name: 'Theirs',
    };
    await save();
    expect(house.admin.text).toContain('Your changes are not saved yet');
    expect(house.admin.fixtures.settings.sender_name).toBe('Theirs');
    await house.admin.press('Load the newest settings');
    expect(house.admin.valueOf(name)).toBe('Theirs');
    await house.admin.type(name, 'Mine again');
    await save();
    expect(house.admin.fixtures.settings.sender_name).toBe('Mine again');
  });

  test('discarding brings back what was', async () => {
    await house.admin.open('/settings');
    await house.admin.type(name, 'Typed');
    await house.admin.press('Discard');
    expect(house.admin.valueOf(name)).toBe('Lumen & Loom');
  });

  test('a pale colour is warned about at once', async () => {
    await house.admin.open('/settings');
    await house.admin.type('s-color-field', '#ffd54a');
    expect(house.admin.one('s-banner').textContent).toContain('1.4:1');
    expect(house.admin.one('.mini-button').style.color).toBe('rgb(26, 26, 26)');
  });

  test('a test mail goes where it is told', async () => {
    await house.admin.open('/settings');
    const to = 's-email-field[label="Send to"]';
    await house.admin.type(to, 'nowhere');
    await house.admin.press('Send test mail');
    expect(house.admin.one(to).getAttribute('error')).toBe('This is not an e-mail address.');
    await house.admin.type(to, 'me@example.com');
    await house.admin.press('Send test mail');
    expect(house.admin.asked.at(-1)).toEqual({
      method: 'POST',
      path: '/settings/sender/test',
      body: { to: 'me@example.com' },
    });
    expect(house.admin.one('#toasts').textContent).toContain('me@example.com');
  });
});

test('the chart has words and a table for those who cannot see it', async () => {
  await house.admin.open('/');
  await house.admin.press('Show as table');
  expect(house.admin.all('.figures tbody tr')).toHaveLength(30);
  await house.admin.press('Show as chart');
  expect(house.admin.all('.figures')).toHaveLength(0);
});

test('the admin draws the navigation from our links', async () => {
  await house.admin.open('/orders');
  const links = house.admin
    .all('s-app-nav s-link')
    .map((a) => [a.getAttribute('href'), a.textContent]);
  expect(links).toEqual([
    ['/', 'Home'],
    ['/orders', 'Orders'],
    ['/tracking', 'Tracking'],
    ['/requests', 'Requests'],
    ['/claims', 'Claims'],
    ['/messages', 'Messages'],
    ['/confirmation', 'Confirmation'],
    ['/policy', 'Policy'],
    ['/changes', 'Changes'],
    ['/makegood', 'Make-good'],
    ['/webhooks', 'Webhooks'],
    ['/privacy', 'Privacy'],
    ['/staff', 'Staff'],
    ['/settings', 'Settings'],
  ]);
  expect(house.admin.one('s-app-nav s-link[rel=home]').getAttribute('href')).toBe('/');
  const menu = house.admin.one('s-app-nav s-link[href="/settings"]');
  const event = new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true });
  menu.dispatchEvent(event);
  await house.admin.settle();
  expect(event.defaultPrevented).toBe(true);
  expect(house.admin.heading).toBe('Sender settings');
});
