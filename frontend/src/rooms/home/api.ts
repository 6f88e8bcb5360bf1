import type { Setup } from '../setup/api';

export interface Home {
  now: string;
  timezone: string;
  today: {
    orders: number;
    mails_sent: number;
    mails_waiting: number;
    mails_failed: number;
    delay_p50_ms: number | null;
    delay_p95_ms: number | null;
  };
  days: Day[];
  attention: Attention[];
  setup: Setup;
}

export interface Day {
  date: string;
  orders: number;
  mails_sent: number;
}

export interface Attention {
  code: string;
  severity: 'critical' | 'warning' | 'info';
  count: number;
  title: string;
  detail: string;
  href: string;
}

export interface Progress {
  jobs: { waiting: number; running: number; parked: number };
  inbox: { waiting: number; parked: number };
  reconcile: { last_at: string | null; cursor: string | null };
}
