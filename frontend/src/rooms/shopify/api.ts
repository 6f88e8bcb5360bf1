export interface Webhook {
  id: string;
  topic: string;
  event_id: string;
  received_at: string;
  state: string;
  reason: string | null;
  attempts: number;
  order_id: string | null;
}

export interface Webhooks {
  webhooks: Webhook[];
  next_cursor: string | null;
  counts: { parked: number; waiting: number };
}

export const states = ['parked', 'waiting', 'done'] as const;
export const filters = ['state'];

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams({ state: query.get('state') || 'parked' });
  const cursor = query.get('cursor');
  if (cursor) asked.set('cursor', cursor);
  return `/webhooks?${asked}`;
}
