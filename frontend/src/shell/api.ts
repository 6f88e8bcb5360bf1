import { t } from './strings';

export interface FieldProblem {
  field: string;
  detail: string;
}

/** What the server said was wrong (RFC 9457), or that it could not be reached (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly fields: FieldProblem[];

  constructor(
    status: number,
    code: string,
    detail: string,
    requestId = '',
    fields: FieldProblem[] = [],
  ) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.fields = fields;
  }

  /** The sentence for one field, if the server complained about it. */
  field(name: string): string | undefined {
    return this.fields.find((f) => f.field === name)?.detail;
  }
}

export const get = <T>(path: string) => request<T>('GET', path);
export const post = <T>(path: string, body?: unknown) => request<T>('POST', path, body);
export const put = <T>(path: string, body: unknown) => request<T>('PUT', path, body);

/**
 * App Bridge adds the session token to every fetch for our own origin, and
 * repeats a request once when the server finds the token too old. So nothing
 * here knows about tokens.
 */
async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, 'network', t('error.network'));
  }
  if (response.ok) {
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  throw await problemOf(response);
}

/**
 * Fetches a file and hands it to the browser to keep. A plain link would come
 * without the session token.
 */
export async function download(path: string, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { method: 'POST', headers: {}, body: null });
  } catch {
    throw new ApiError(0, 'network', t('error.network'));
  }
  if (!response.ok) throw await problemOf(response);
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function problemOf(response: Response): Promise<ApiError> {
  const fallback = t(response.status >= 500 ? 'error.server' : 'error.request');
  try {
    const body = (await response.json()) as {
      code?: string;
      title?: string;
      detail?: string;
      request_id?: string;
      errors?: FieldProblem[];
    };
    return new ApiError(
      response.status,
      body.code ?? 'unknown',
      body.detail || body.title || fallback,
      body.request_id ?? '',
      body.errors ?? [],
    );
  } catch {
    return new ApiError(response.status, 'unknown', fallback);
  }
}

export function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError(0, 'unknown', t('error.request'));
}
