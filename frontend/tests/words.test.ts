import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import en from '../src/locale/en.json';
import { Format, decimal, exponent } from '../src/shell/format';
import { serverSaid } from '../src/shell/now';
import { fill, t, tCode } from '../src/shell/strings';

describe('text', () => {
  const rows = [
    { text: 'plain', args: {}, want: 'plain' },
    { text: '{a} and {b}', args: { a: 'x', b: 1200 }, want: 'x and 1,200' },
    { text: '{n, plural, =0 {none} one {# thing} other {# things}}', args: { n: 0 }, want: 'none' },
    {
      text: '{n, plural, =0 {none} one {# thing} other {# things}}',
      args: { n: 1 },
      want: '1 thing',
    },
    {
      text: 'has {n, plural, one {# thing} other {# things}} of {who}',
      args: { n: 2500, who: 'A' },
      want: 'has 2,500 things of A',
    },
    { text: '{missing}!', args: {}, want: '!' },
  ];
  for (const { text, args, want } of rows) {
    test(`${text} with ${JSON.stringify(args)}`, () =>
      expect(fill(text, args as Record<string, string | number>)).toBe(want));
  }

  test('every text can be filled', () => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(() => t(key, { count: 2 })).not.toThrow();
    }
  });

  test('a value that is new to us is still readable', () => {
    expect(tCode('financial', 'partially_refunded')).toBe('Partially refunded');
    expect(tCode('financial', 'SOMETHING_NEW')).toBe('Something new');
  });

  test('no text is left over, and none stands in the code', () => {
    const sources = readdirSync('src', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'));
    const code = sources.join('\n');
    const families = [...code.matchAll(/tCode\('([\w.]+)'/g)].map((m) => m[1]!);
    const built = [...code.matchAll(/`([a-z_.]+)\$\{\w+(?:\.\w+)?\}/g)].map((m) => m[1]!);
    const unused = Object.keys(en).filter(
      (key) =>
        !code.includes(`'${key}'`) &&
        !families.some((family) => key.startsWith(`${family}.`)) &&
        !built.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
    const inline = sources.flatMap((source) =>
      [...source.matchAll(/>\s*([A-Z][a-z]+ [a-z][^<{}=;]*)</g)].map((m) => m[1]),
    );
    expect(inline).toEqual([]);
  });
});

describe('money', () => {
  const format = new Format('en-US', 'America/New_York');
  const rows = [
    { minor: 1234, currency: 'USD', want: '$12.34' },
    { minor: -50, currency: 'USD', want: '-$0.50' },
    { minor: 0, currency: 'EUR', want: '€0.00' },
    { minor: 68937, currency: 'JPY', want: '¥68,937' },
    { minor: 1234567, currency: 'KWD', want: 'KWD\u00a01,234.567' },
    { minor: 9007199254740991, currency: 'USD', want: '$90,071,992,547,409.91' },
  ];
  for (const { minor, currency, want } of rows) {
    test(`${minor} ${currency}`, () => expect(format.money({ minor, currency })).toBe(want));
  }
  test('a currency nobody knows is still an amount', () => {
    expect(format.money({ minor: 150, currency: 'XX' })).toBe('1.50 XX');
    expect(exponent('XX')).toBe(2);
  });
  test('decimals are made digit by digit', () => {
    expect(decimal(5, 2)).toBe('0.05');
    expect(decimal(-5, 3)).toBe('-0.005');
    expect(decimal(7, 0)).toBe('7');
  });
});

describe('time in the shop’s zone', () => {
  test('what is due by the end of a day is told by its day alone', () =>
    expect(new Format('en', 'America/New_York').date('2026-11-25T04:59:59Z')).toBe('Nov 24, 2026'));

  test('countries have names, and codes of none stay', () =>
    expect(['DE', 'XX1', ''].map((code) => new Format('en', 'UTC').country(code))).toEqual([
      'Germany',
      'XX1',
      '',
    ]));

  const tokyo = new Format('en', 'Asia/Tokyo');
  const york = new Format('en', 'America/New_York');
  const late = '2026-11-21T16:30:00Z';

  test('the day is the shop’s day', () => {
    expect(tokyo.day(late)).toBe('Sunday, November 22');
    expect(york.day(late)).toBe('Saturday, November 21');
  });
  test('today and yesterday too', () => {
    const now = new Date('2026-11-21T17:00:00Z');
    expect(york.listTime(late, now)).toBe('Today at 11:30 AM');
    expect(york.listTime('2026-11-20T22:00:00Z', now)).toBe('Yesterday at 5:00 PM');
    expect(york.listTime('2026-01-02T22:00:00Z', now)).toBe('Jan 2 at 5:00 PM');
    expect(york.listTime('2025-01-02T22:00:00Z', now)).toBe('Jan 2, 2025 at 5:00 PM');
  });
  test('a civil date is not moved by any zone', () => {
    expect(york.civil('2026-12-25')).toBe('December 25, 2026');
    expect(tokyo.civil('2026-12-25', 'short')).toBe('Dec 25');
  });
  test('how long ago', () => {
    const now = new Date('2026-11-21T17:00:00Z');
    expect(york.relative('2026-11-21T16:56:00Z', now)).toBe('4 minutes ago');
    expect(york.relative('2026-11-18T17:00:00Z', now)).toBe('3 days ago');
  });
  test('a demo whose clock is ahead', () => {
    serverSaid(new Date(Date.now() + 14 * 86_400_000).toISOString());
    expect(york.relative(new Date(Date.now() + 14 * 86_400_000).toISOString())).toBe('now');
    serverSaid(new Date().toISOString());
    expect(york.relative(new Date().toISOString())).toBe('now');
  });
  test('durations in the unit that reads best', () => {
    expect([0, 148, 1420, 61_000, 5_400_000].map((ms) => york.duration(ms))).toEqual([
      '0 ms',
      '148 ms',
      '1.4 s',
      '1 min',
      '1.5 h',
    ]);
  });
  test('texts are English, so the formats are', () => {
    expect(new Format('de-DE', 'UTC').civil('2026-12-25')).toBe('December 25, 2026');
  });
});
