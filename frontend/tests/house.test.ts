import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { geometry, margin } from '../src/charts/geometry';
import { byDay } from '../src/rooms/orders/timeline';
import { contrast, isColor, textOn } from '../src/rooms/shops/contrast';
import { ApiError, get } from '../src/shell/api';
import { Format } from '../src/shell/format';
import { withQuery } from '../src/shell/router';
import { match } from '../src/shell/routes';

describe('the document', () => {
  const html = readFileSync('index.html', 'utf8');
  test('App Bridge is the first script, Polaris the second, ours the last', () => {
    const scripts = [...html.matchAll(/<script[^>]*src="([^"]+)"/g)].map((found) => found[1]);
    expect(scripts).toEqual(['%APP_BRIDGE_URL%', '%POLARIS_URL%', '/src/main.tsx']);
    expect(html.indexOf('shopify-api-key')).toBeLessThan(html.indexOf('%APP_BRIDGE_URL%'));
  });
  test('nothing in it needs to be allowed to run inline', () => {
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    expect(html).not.toMatch(/\son\w+=|style=/);
  });
});

test('the lock file names no registry', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved"');
});

test('versions are exact', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

describe('addresses', () => {
  const rows = [
    { path: '/', screen: '/', id: '' },
    { path: '/orders', screen: '/orders', id: '' },
    { path: '/orders/', screen: '/orders', id: '' },
    { path: '/orders/12', screen: '/orders/:id', id: '12' },
    { path: '/messages/msg_1%202', screen: '/messages/:id', id: 'msg_1 2' },
    { path: '/settings/sender', screen: '/settings', id: '' },
    { path: '/shopify', screen: '/webhooks', id: '' },
    { path: '/imports', screen: '/imports', id: '' },
    { path: '/orders/1/2', screen: undefined, id: undefined },
    { path: '/ordersx', screen: undefined, id: undefined },
  ];
  for (const { path, screen, id } of rows) {
    test(path, () => {
      expect(match(path)?.route.patterns[0]).toBe(screen);
      expect(match(path)?.id).toBe(id);
    });
  }
  test('what Shopify puts into the query does not travel on', () => {
    const place = {
      path: '/orders',
      query: new URLSearchParams('embedded=1&id_token=x&q=a b&state=open'),
    };
    expect(withQuery(place, ['q', 'state'], { state: '' })).toBe('/orders?q=a+b');
    expect(withQuery(place, ['q', 'state'], { q: '', state: '' })).toBe('/orders');
  });
});

describe('answers of the server', () => {
  afterEach(() => vi.unstubAllGlobals());
  const problem = async (response: Response | Error) => {
    vi.stubGlobal('fetch', async () => {
      if (response instanceof Error) throw response;
      return response;
    });
    return get('/x').catch((error: unknown) => error as ApiError) as Promise<ApiError>;
  };
  test('a problem keeps its words, its reference and its fields', async () => {
    const error = await problem(
      new Response(
        JSON.stringify({
          detail: 'No.',
          code: 'a.b',
          request_id: 'req_1',
          errors: [{ field: 'to', detail: 'Not an address.' }],
        }),
        { status: 422 },
      ),
    );
    expect(error).toMatchObject({ status: 422, code: 'a.b', message: 'No.', requestId: 'req_1' });
    expect(error.field('to')).toBe('Not an address.');
    expect(error.field('from')).toBeUndefined();
  });
  test('an answer that is no problem document is still explained', async () => {
    expect(
      (await problem(new Response('<html>bad gateway</html>', { status: 502 }))).message,
    ).toContain('try again');
    expect((await problem(new TypeError('fetch failed'))).status).toBe(0);
  });
});

describe('the brand colour', () => {
  test('contrast as WCAG has it', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(contrast('#ffffff', '#777777')).toBeCloseTo(4.48, 2);
  });
  test('text on it is what reads better', () => {
    expect(textOn('#2a5bd7')).toBe('#ffffff');
    expect(textOn('#ffd54a')).toBe('#1a1a1a');
  });
  test('only a whole colour is a colour', () => {
    expect(['#2a5bd7', '#FFF000', '#fff', 'red', '#2a5bd7ff', ''].map(isColor)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the chart', () => {
  const days = Array.from({ length: 30 }, (_, i) => ({
    date: `2026-11-${String(i + 1).padStart(2, '0')}`,
    orders: i,
    mails_sent: 30 - i,
  }));
  const size = { width: 800, height: 240 };
  test('bars stand on the base line and stay inside', () => {
    for (const bar of geometry(days, size).bars) {
      expect(bar.y + bar.height).toBeCloseTo(size.height - margin.bottom);
      expect(bar.y).toBeGreaterThanOrEqual(margin.top);
      expect(bar.x + bar.width).toBeLessThanOrEqual(size.width);
    }
  });
  test('counts have whole ticks, even when nothing happened', () => {
    const nothing = geometry(
      days.map((day) => ({ ...day, orders: 0, mails_sent: 0 })),
      size,
    );
    expect(nothing.yTicks.every((tick) => Number.isInteger(tick.value))).toBe(true);
    expect(nothing.bars.every((bar) => bar.height === 0)).toBe(true);
    expect(geometry([], size).path).toBe('');
  });
  test('the last day has its name, whatever the width', () => {
    for (const width of [280, 600, 1200]) {
      expect(geometry(days, { ...size, width }).xTicks.at(-1)?.index).toBe(29);
    }
  });
});

test('the timeline is cut into the shop’s days, newest first', () => {
  const entry = (at: string) => ({
    at,
    kind: 'fact',
    title: at,
    detail: '',
    state: 'done',
    ref: null,
  });
  const days = byDay(
    [entry('2026-11-20T23:00:00Z'), entry('2026-11-21T04:59:59Z'), entry('2026-11-21T05:00:00Z')],
    new Format('en', 'America/New_York'),
  );
  expect(days.map(({ day, entries }) => [day, entries.length])).toEqual([
    ['Saturday, November 21', 1],
    ['Friday, November 20', 2],
  ]);
  expect(days[1]!.entries[0]!.at).toBe('2026-11-21T04:59:59Z');
});
