import type { Money } from '../../shell/format';

export interface OrderRow {
  id: string;
  name: string;
  placed_at: string;
  customer: { name: string; email: string } | null;
  total: Money;
  financial_status: string;
  fulfillment_status: string | null;
  cancelled_at: string | null;
  test: boolean;
  locale: string;
  mail_state: string;
  items_count: number;
}

export interface Orders {
  orders: OrderRow[];
  next_cursor: string | null;
  total_estimate: number;
}

export interface Item {
  title: string;
  options: string;
  quantity: number;
  unit_price: Money;
  total: Money;
  image_url: string | null;
}

export interface TotalRow {
  kind: string;
  label: string;
  amount: Money;
}

export interface Order extends OrderRow {
  currency: string;
  items: Item[];
  totals: TotalRow[];
  shipping_address: string[] | null;
  billing_address: string[] | null;
  payments: { label: string; amount: Money }[] | null;
  shopify_admin_url: string;
  order_page_url: string;
  returns_last_day: string | null;
}

export interface Entry {
  at: string;
  kind: string;
  title: string;
  detail: string;
  state: string;
  ref: { type: string; id: string } | null;
}

export interface Timeline {
  timezone: string;
  entries: Entry[];
}

/** The parts of the list's address that the API understands. */
export const filters = ['q', 'state', 'mail', 'since', 'until'];

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of [...filters, 'cursor']) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  asked.set('limit', '25');
  return `/orders?${asked}`;
}
