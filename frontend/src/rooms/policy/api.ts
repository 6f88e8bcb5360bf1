export interface PolicyForm {
  cancel_minutes: number;
  address_minutes: number;
  item_minutes: number;
  return_days: number;
  return_from: string;
  return_except: string[];
  return_by_tag: { tags: string[]; days: number }[];
  return_by_country: { countries: string[]; days: number }[];
  withdraw_days: number;
  withdraw_except: string[];
  claim_days: number;
}

export interface Fault {
  line: number;
  column: number;
  detail: string;
}

export interface Change {
  op: 'same' | 'removed' | 'added';
  before: number;
  after: number;
  text: string;
}

/** A policy's text and how the server understands it. */
export interface PolicyText {
  source: string;
  form: PolicyForm | null;
  problems: Fault[];
  diff: Change[];
}

export interface Policy {
  draft: PolicyText;
  revision: number;
  published: { version: number; at: string | null; source: string };
}

export interface Verdict {
  action: string;
  name: string;
  allowed: boolean;
  until: string | null;
  last_day: string | null;
  reason: string;
  shopper: string;
  rule: number;
  rule_text: string;
  because: string;
  instead: string[];
  items: {
    title: string;
    allowed: boolean;
    last_day: string | null;
    reason: string;
    rule: number;
  }[];
}

export interface Tried {
  id: string;
  name: string;
  placed_at: string;
  in_force: number;
  verdicts: Verdict[];
}

export interface Effect {
  id: string;
  name: string;
  placed_at: string;
  changes: { name: string; before: string; after: string; better: boolean }[];
}

export interface Version {
  version: number;
  at: string | null;
  restored_from: number | null;
}

export const policyPath = '/policy';

/** The form's sign for "as long as nothing was sent". */
export const untilSent = -1;
