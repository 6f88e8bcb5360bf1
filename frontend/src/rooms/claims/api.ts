export interface Claim {
  id: string;
  reference: string;
  state: string;
  order_id: string;
  order_name: string;
  parcel_id: string;
  photos_count: number;
  made_at: string;
  wait_until: string;
  due_at: string;
  overdue: boolean;
}

export interface Finding {
  code: string;
  ok: boolean;
  have: number;
  most: number;
}

export interface Step {
  at: string;
  what: string;
  by: string;
  text: string;
}

export interface ClaimDetail extends Claim {
  statement: string;
  checked: string[];
  locale: string;
  findings: Finding[];
  currency: string;
  history: Step[];
  photos: { id: string; width: number; height: number }[];
  remedies: string[];
  worth: { minor: number; currency: string };
  offer: {
    state: string;
    choice: string;
    worth: { minor: number; currency: string };
    reason: string;
  } | null;
  parcel: {
    name: string;
    carrier: string;
    tracking_number: string;
    items: string[];
    scans: {
      state: string;
      text: string;
      place: string;
      at: string;
      zone: string;
      local: boolean;
      message: string;
    }[];
  };
}

export const states = [
  'review',
  'waiting',
  'asked',
  'approved',
  'remedied',
  'repaid',
  'refused',
  'found',
  'closed',
];

/** The parts of the list's address that it understands. */
export const filters = ['state'];

export const tones: Record<string, 'success' | 'warning' | 'critical' | 'info' | 'neutral'> = {
  review: 'warning',
  waiting: 'info',
  asked: 'info',
  approved: 'info',
  remedied: 'success',
  repaid: 'success',
  refused: 'neutral',
  found: 'success',
  closed: 'neutral',
};
