export interface Answer {
  status: number;
  body?: unknown;
}

interface Row {
  id: string;
  state: string;
}

export class Fixtures {
  constructor(now?: number);
  orders: { id: string; name: string; mail_state: string }[];
  messages: Row[];
  webhooks: Row[];
  steps: Record<string, string>;
  design: { draft: { reply_to: { name: string; email: string } }; revision: number };
  delivery: { mail: { version: number }; paused: string | null };
  settings: { version: number; sender_name: string; returns_days: number };
  answer(method: string, url: URL, body: unknown, mode?: string): Answer;
}
