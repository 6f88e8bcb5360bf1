export interface Suppression {
  /** Empty: of somebody who was erased. */
  address: string;
  scope: 'all' | 'marketing';
  source: string;
  reason: string;
  message_id: string | null;
  created_at: string;
  /** null: in force. */
  removed_at: string | null;
  removed_reason: string;
  removed_by: string;
}

export interface Suppressions {
  suppressions: Suppression[];
  next_cursor: string | null;
}

/** The parts of the list's address that the API understands. */
export const filters = ['q', 'removed'];

export function listPath(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of [...filters, 'cursor']) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  return `/suppressions${asked.size > 0 ? `?${asked}` : ''}`;
}
