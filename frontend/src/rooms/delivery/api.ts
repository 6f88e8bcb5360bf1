export interface MailSettings {
  version: number;
  host: string;
  port: number;
  security: '' | 'starttls' | 'tls' | 'none';
  user: string;
  /** Only inwards; null keeps the one there is. */
  password: string | null;
  from_address: string;
  selector: string;
  per_minute: number;
  per_hour: number;
  hook_key: string;
}

export type Verdict = 'good' | 'fair' | 'unknown' | 'bad';

export interface Finding {
  verdict: Verdict;
  detail: string;
  host: string;
  record: string;
  found: string;
}

export interface Report {
  domain: string;
  verdict: Verdict;
  spf: Finding;
  dkim: Finding;
  dmarc: Finding;
  checked_at: string;
}

export interface Delivery {
  mail: MailSettings;
  has_password: boolean;
  /** What mails have now. */
  from_address: string;
  paused: string | null;
  paused_until: string | null;
  /** What the operator allows each shop; 0: no limit. */
  limits: { per_minute: number; per_hour: number };
  report: Report | null;
}

export interface Queue {
  waiting: number;
  for_turn: number;
  for_server: number;
  for_operator: number;
  next_turn_at: string | null;
  /** There are more than were counted. */
  more: boolean;
}

export interface Feedback {
  address: string;
  events: {
    at: string;
    provider: string;
    kind: string;
    message_id: string | null;
    status: string;
  }[];
}

export interface TestResult {
  ok: boolean;
  detail: string;
  id: string | null;
}

export const deliveryPath = '/settings/mail';
export const queuePath = '/settings/mail/queue';
export const feedbackPath = '/feedback';
