import type { FieldProblem } from '../../../shell/api';
import type { Money } from '../../../shell/format';
import type { OrderRow } from '../api';

export const styles = ['plain', 'warm', 'reassuring', 'inviting', 'similar'] as const;
export const tones = ['', 'formal', 'friendly', 'playful'] as const;
export const fonts = ['system', 'classic', 'friendly', 'clear'] as const;
export const languages = ['en', 'ar', 'fa', 'ja', 'ru', 'de', 'fr', 'es'] as const;
export const blocks = [
  'summary',
  'status',
  'eta',
  'items',
  'totals',
  'offer',
  'similar',
  'addresses',
  'payment',
  'note',
  'returns',
  'signature',
] as const;
export const conditions = [
  'first_order',
  'repeat_order',
  'gift',
  'value_at_least',
  'order_tag',
  'customer_tag',
  'country',
] as const;

export interface Condition {
  kind: string;
  values?: string[];
  amount?: Money;
}

export interface Rule {
  style: string;
  when: Condition[];
}

export interface StyleWords {
  subject: string;
  preheader: string;
  heading: string;
  intro: string;
}

export interface Words {
  signature: string;
  footer: string;
  styles: Record<string, StyleWords> | null;
}

/** How confirmations are written. Kept by the server as versioned data. */
export interface Design {
  tone: string;
  default_style: string;
  rules: Rule[];
  layouts: Record<string, string[]>;
  words: Record<string, Words>;
  signature: { name: string; title: string; photo_url: string };
  reply_to: { name: string; email: string };
  second_color: string;
  font: string;
  custom: { enabled: boolean; source: string };
  offer: Offer;
}

/** What the inviting style gives away. Percent 0 is the amount. */
export interface Offer {
  percent: number;
  amount?: Money | null;
  minimum?: Money | null;
  days: number;
  prefix: string;
  monthly: number;
}

export interface Confirmation {
  draft: Design;
  revision: number;
  published: { version: number; at: string; design: Design } | null;
  built_in: Design;
  currency: string;
}

export interface Shown {
  subject: string;
  html: string;
  text: string;
  locale: string;
  dir: 'ltr' | 'rtl';
  style: string;
  why: string;
  bytes: number;
  fallback: string;
}

export interface Chosen {
  order: OrderRow;
  style: string;
  style_name: string;
  rule: number;
  why: string;
}

export interface Version {
  version: number;
  at: string;
  restored_from: number | null;
}

export const confirmationPath = '/confirmation';

/** What the parts of the form need to draw and change the draft. */
export interface Editing {
  draft: Design;
  change: (part: Partial<Design>) => void;
  wrong: FieldProblem[];
  currency: string;
}

export const errorAt = (wrong: FieldProblem[], field: string) =>
  wrong.find((problem) => problem.field === field)?.detail ?? '';

const noWords: StyleWords = { subject: '', preheader: '', heading: '', intro: '' };

export function wordsOf(design: Design, language: string): Words {
  return design.words[language] ?? { signature: '', footer: '', styles: null };
}

export function styleWordsOf(design: Design, language: string, style: string): StyleWords {
  return wordsOf(design, language).styles?.[style] ?? noWords;
}

/** The draft with some words of a language changed; a language without any is left out. */
export function withWords(design: Design, language: string, words: Words): Design['words'] {
  const rest = { ...design.words };
  const styled = Object.values(words.styles ?? {}).some((one) => Object.values(one).some(Boolean));
  if (words.signature || words.footer || styled) rest[language] = words;
  else delete rest[language];
  return rest;
}
