export interface Withdrawal {
  id: string;
  reference: string;
  state: 'received' | 'matched' | 'answered' | 'dismissed';
  finding: '' | 'in_time' | 'late' | 'exempt' | 'partly' | 'nothing';
  name: string;
  email: string;
  typed_order: string;
  typed_items: string;
  locale: string;
  order_id: string | null;
  order_name: string;
  items: { title: string; finding: string; reason: string }[];
  last_day: string | null;
  accepted: boolean;
  answer: string;
  refund_by: string;
  refund_near: boolean;
  received_at: string;
  answered_at: string | null;
  refunded_at: string | null;
}

export interface Problem {
  id: string;
  reference: string;
  state: 'open' | 'answered' | 'closed';
  kind: string;
  order_id: string;
  order_name: string;
  items: { line: number; title: string; quantity: number }[];
  description: string;
  locale: string;
  proposal: string;
  allowed: boolean;
  reason: string;
  photos_count: number;
  answer: string;
  reported_at: string;
  answered_at: string | null;
  closed_at: string | null;
}

/** What staff wrote to the shopper. */
export interface Answer {
  id: string;
  text: string;
  at: string;
}

export interface Photo {
  id: string;
  width: number;
  height: number;
}

export interface Withdrawals {
  withdrawals: Withdrawal[];
  next_cursor: string | null;
}

export interface Problems {
  problems: Problem[];
  next_cursor: string | null;
}

/** The parts of the list's address that it understands. */
export const filters = ['kind', 'state'];

export const states = {
  withdrawals: ['received', 'matched', 'answered', 'dismissed'],
  problems: ['open', 'answered', 'closed'],
} as const;

export type Kind = keyof typeof states;

export const kindOf = (query: URLSearchParams): Kind =>
  query.get('kind') === 'problems' ? 'problems' : 'withdrawals';

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of ['state', 'cursor']) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  return `/requests/${kindOf(query)}${asked.size > 0 ? `?${asked}` : ''}`;
}
