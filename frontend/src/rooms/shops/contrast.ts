const HEX = /^#[0-9a-f]{6}$/i;

export const isColor = (text: string) => HEX.test(text);

/** WCAG 2 relative luminance of #rrggbb. */
export function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

export const WHITE = '#ffffff';
export const INK = '#1a1a1a';

/** White or near-black, whichever reads better on the colour. */
export function textOn(color: string): string {
  return contrast(color, WHITE) >= contrast(color, INK) ? WHITE : INK;
}

/** WCAG AA for text of normal size. */
export const ENOUGH = 4.5;
