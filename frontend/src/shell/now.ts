let ahead = 0;

/**
 * The time as the server has it. A demo's clock can be weeks ahead of the
 * browser's, and "in 14 days" for what has just happened would be nonsense.
 */
export const now = (): Date => new Date(Date.now() + ahead);

/** Small differences are the network's and not worth following. */
export function serverSaid(iso: string) {
  const difference = Date.parse(iso) - Date.now();
  ahead = Math.abs(difference) < 60_000 ? 0 : difference;
}
