/** One difference between two designs, by the path of the value. */
export interface Change {
  path: string;
  before: string;
  after: string;
}

/** What is different in the second value, in the order of its fields. */
export function changesBetween(one: unknown, other: unknown): Change[] {
  const before = flat(one);
  const after = flat(other);
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .map((path) => ({ path, before: before.get(path) ?? '', after: after.get(path) ?? '' }))
    .filter((change) => change.before !== change.after);
}

function flat(value: unknown, path = '', out = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    out.set(path, value.join(', '));
  } else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      flat(inner, path === '' ? name : `${path}.${name}`, out);
    }
  } else {
    out.set(path, value === null || value === undefined ? '' : String(value));
  }
  return out;
}
