/** The media query answered with yes, to see the dark form of a mail by daylight. */
export function inTheDark(html: string): string {
  return html
    .replaceAll('@media (prefers-color-scheme: dark)', '@media all')
    .replace(':root { color-scheme: light dark;', ':root { color-scheme: dark;');
}
