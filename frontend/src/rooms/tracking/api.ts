export interface Parcel {
  id: string;
  name: string;
  order_id: string;
  order_name: string;
  state: string;
  state_at: string;
  carrier: string;
  tracking_number: string;
  country: string;
  shipped_at: string;
  expected_until: string | null;
  delivered_at: string | null;
  late: boolean;
  stalled: boolean;
}

export interface Scan {
  state: string;
  text: string;
  place: string;
  at: string;
  zone: string;
  local: boolean;
  message: string;
}

export interface ParcelDetail extends Parcel {
  tracking_url: string;
  origin: string;
  region: string;
  expected_source: string;
  items: string[];
  scans: Scan[];
  mails: { id: string; kind: string; state: string; reason: string; at: string }[];
}

export interface Lane {
  carrier: string;
  origin: string;
  destination: string;
  parcels: number;
  median_days: number;
  from_days: number;
  until_days: number;
  scored: number;
  kept: number;
  learnt: boolean;
  quiet_hours: number;
  quiet_learnt: boolean;
}

export interface Overview {
  counts: Record<string, number>;
}

export interface Parcels {
  parcels: Parcel[];
  next_cursor: string | null;
}

export interface Settings {
  version: number;
  shipped: boolean;
  out_for_delivery: boolean;
  delivered: boolean;
  delayed: boolean;
  exception: boolean;
}

export const views = [
  'moving',
  'out_for_delivery',
  'delivered',
  'late',
  'stalled',
  'problems',
] as const;

/** The parts of the list's address that the API understands. */
export const filters = ['q', 'view'];

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of [...filters, 'cursor']) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  return `/tracking/parcels?${asked}`;
}
