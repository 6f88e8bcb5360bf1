export interface PrivacyFile {
  created_at: string;
  downloaded_at: string | null;
  expires_at: string;
}

export interface PrivacyRequest {
  id: string;
  topic: string;
  state: 'received' | 'overdue' | 'done';
  outcome: string | null;
  customer_id: string | null;
  received_at: string;
  due_at: string;
  done_at: string | null;
  file: PrivacyFile | null;
}

export interface PrivacyRequests {
  requests: PrivacyRequest[];
  next_cursor: string | null;
  counts: { open: number; waiting: number };
}

export interface Access {
  id: string;
  at: string;
  staff_id: string;
  /** Their name, when Shopify told it. */
  staff: string;
  route: string;
  kind: string;
  people: number;
  subject: string;
}

export interface AccessLog {
  entries: Access[];
  next_cursor: string | null;
}

export const views = ['requests', 'access'] as const;
export const filters = ['view'];

export function listPath(view: string, query: URLSearchParams): string {
  const cursor = query.get('cursor');
  const page = cursor ? `?${new URLSearchParams({ cursor })}` : '';
  return `/privacy/${view}${page}`;
}
