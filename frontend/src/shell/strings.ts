import en from '../locale/en.json';

export type Key = keyof typeof en;
export type Args = Record<string, string | number>;

const catalogue: Record<string, string> = en;
const plurals = new Intl.PluralRules('en');
const numbers = new Intl.NumberFormat('en');

/**
 * The text for a key, with {name} filled in and
 * {count, plural, one {…} other {…}} decided by CLDR's rules.
 */
export function t(key: Key, args: Args = {}): string {
  return fill(catalogue[key] ?? key, args);
}

/**
 * The text for a key that is built from a value of the API (a state, a code).
 * An unknown value is shown as it came, so that a newer server still reads.
 */
export function tCode(prefix: string, code: string): string {
  return catalogue[`${prefix}.${code}`] ?? readable(code);
}

function readable(code: string): string {
  const words = code.replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function fill(text: string, args: Args): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('{', at);
    if (open < 0) return out + text.slice(at);
    const close = closing(text, open);
    out += text.slice(at, open) + replace(text.slice(open + 1, close), args);
    at = close + 1;
  }
  return out;
}

function replace(slot: string, args: Args): string {
  const plural = /^(\w+), plural, (.*)$/s.exec(slot);
  if (!plural) return show(args[slot]);
  const count = Number(args[plural[1]!]);
  const branches = new Map<string, string>();
  const rest = plural[2]!;
  for (let at = 0; at < rest.length;) {
    const open = rest.indexOf('{', at);
    if (open < 0) break;
    const close = closing(rest, open);
    branches.set(rest.slice(at, open).trim(), rest.slice(open + 1, close));
    at = close + 1;
  }
  const branch = branches.get(`=${count}`) ?? branches.get(plurals.select(count));
  return fill((branch ?? branches.get('other') ?? '').replaceAll('#', numbers.format(count)), args);
}

function show(value: string | number | undefined): string {
  return typeof value === 'number' ? numbers.format(value) : (value ?? '');
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  throw new Error(`unbalanced braces in "${text}"`);
}
