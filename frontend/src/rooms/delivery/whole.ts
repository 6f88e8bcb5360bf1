/** A whole number as it was typed; nothing, or anything else, is 0. */
export function whole(text: string): number {
  const value = Number(text.trim());
  return Number.isInteger(value) ? value : 0;
}
