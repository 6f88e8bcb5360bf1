/** Reads an amount without floating point; undefined for what is none. */
export function minorOf(text: string, digits: number): number | undefined {
  const found = /^\s*(\d{1,10})(?:[.,](\d+))?\s*$/.exec(text === '' ? '0' : text);
  if (!found || (found[2]?.length ?? 0) > digits) return undefined;
  return Number(found[1] + (found[2] ?? '').padEnd(digits, '0'));
}
