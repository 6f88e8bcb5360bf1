export interface MessageRow {
  id: string;
  kind: string;
  state: string;
  to: string;
  subject: string;
  locale: string;
  order: { id: string; name: string } | null;
  created_at: string;
  sent_at: string | null;
  delay_ms: number | null;
  attempts: number;
  reason: string | null;
  resend_of: string | null;
  /** How it is written, and who chose that. */
  variant?: string | null;
  variant_reason?: string | null;
  /** Why the merchant's own template was not used. */
  fallback?: string | null;
  /** What it waits for, and when it is tried next. */
  waits_for?: 'rate' | 'server' | 'operator' | 'retry' | null;
  waits_until?: string | null;
}

export interface Messages {
  messages: MessageRow[];
  next_cursor: string | null;
  /** The search matches more than the page's newest and closest ones. */
  many_matches: boolean;
}

export interface Message extends MessageRow {
  message_id: string;
  headers: Record<string, string> | null;
  history: { at: string; state: string; detail: string }[] | null;
  /** It was given up, nothing went out, and it may be tried again. */
  retryable?: boolean;
}

export interface Preview {
  subject: string;
  html: string;
  text: string;
  locale: string;
  dir: 'ltr' | 'rtl';
  live: boolean;
}

/** The parts of the log's address that the API understands. */
export const filters = ['q', 'state', 'kind'];

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of [...filters, 'cursor']) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  asked.set('limit', '25');
  return `/messages?${asked}`;
}
