export interface Entry {
  id: string;
  order_id: string;
  order_name: string;
  kind: string;
  state: string;
  by: string;
  item: string;
  money: { minor: number; currency: string } | null;
  credit: boolean;
  reason: string;
  held: boolean;
  created_at: string;
  ended_at: string | null;
  pay_until: string | null;
  staff: string;
  note: string;
  beyond: boolean;
}

export interface Address {
  first_name: string;
  last_name: string;
  company: string;
  address1: string;
  address2: string;
  zip: string;
  city: string;
  phone: string;
}

export interface Action {
  action: 'cancel' | 'address' | 'items';
  allowed: boolean;
  beyond: boolean;
  why: string;
}

export interface Line {
  id: string;
  title: string;
  quantity: number;
  sent: number;
}

export interface Possible {
  granted: boolean;
  closed: string;
  actions: Action[];
  lines: Line[];
  address: Address | null;
  place: string;
  credit: boolean;
  latest: Entry | null;
  live: boolean;
}
