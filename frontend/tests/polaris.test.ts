import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/*
 * Polaris comes from Shopify's CDN, so a tag or an attribute that does not
 * exist there would only be noticed in a shop. Everything written as s-* in
 * src is held against the manifest that Shopify publishes with its types.
 */

interface Named {
  name: string;
  type?: { text?: string };
}
interface Declaration {
  tagName?: string;
  attributes?: Named[];
  events?: Named[];
  slots?: Named[];
}

const require = createRequire(import.meta.url);
const manifest = require('@shopify/polaris-types/custom-elements') as {
  modules: { declarations?: Declaration[] }[];
};
const elements = new Map<string, Declaration>(
  manifest.modules
    .flatMap((module) => module.declarations ?? [])
    .filter((declaration) => declaration.tagName)
    .map((declaration) => [declaration.tagName!, declaration]),
);
const bridge = readFileSync(
  require.resolve('@shopify/app-bridge-types').replace(/index\.m?js$/, 'index.d.ts'),
  'utf8',
);

// App Bridge's own elements, and what it allows on the links of its navigation.
const bridgeTags = ['s-app-nav', 'ui-save-bar'];
const onEvery = ['id', 'slot', 'key', 'ref', 'lang', 'dir', 'hidden'];

interface Use {
  tag: string;
  attribute: string;
  value: string | undefined;
  parent: string;
  at: string;
}

function usesIn(file: string): Use[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
    ts.ScriptKind.TSX,
  );
  const uses: Use[] = [];
  const visit = (node: ts.Node, parent: string) => {
    let inside = parent;
    if (ts.isJsxOpeningElement(node) || ts.isJsxSelfClosingElement(node)) {
      const tag = node.tagName.getText();
      if (tag.startsWith('s-')) {
        const at = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
        uses.push({ tag, attribute: '', value: undefined, parent, at });
        for (const property of node.attributes.properties) {
          if (!ts.isJsxAttribute(property)) continue;
          const text = property.initializer;
          uses.push({
            tag,
            attribute: property.name.getText(),
            value: text && ts.isStringLiteral(text) ? text.text : undefined,
            parent,
            at,
          });
        }
      }
    }
    if (ts.isJsxElement(node)) inside = node.openingElement.tagName.getText();
    node.forEachChild((child) =>
      visit(child, child === (node as ts.JsxElement).openingElement ? parent : inside),
    );
  };
  visit(source, '');
  return uses;
}

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.tsx'))
  .map((entry) => `${entry.parentPath}/${entry.name}`);
const uses = files.flatMap(usesIn);

describe('Polaris as published', () => {
  test('the manifest and the sources were found', () => {
    expect(elements.size).toBeGreaterThan(50);
    expect(new Set(uses.map((use) => use.tag)).size).toBeGreaterThan(20);
  });

  test('every tag exists', () => {
    const unknown = uses
      .filter((use) => !elements.has(use.tag) && !bridgeTags.includes(use.tag))
      .map((use) => `${use.at} ${use.tag}`);
    expect(unknown).toEqual([]);
    for (const tag of bridgeTags) expect(bridge).toContain(`"${tag}"`);
  });

  test('every attribute and event exists', () => {
    const unknown = uses
      .filter(({ tag, attribute }) => {
        const known = elements.get(tag);
        if (!known || attribute === '' || onEvery.includes(attribute)) return false;
        const name = attribute.toLowerCase();
        return name.startsWith('on')
          ? !known.events?.some((event) => event.name === name.slice(2))
          : !known.attributes?.some((known) => known.name === name);
      })
      .map((use) => `${use.at} ${use.tag} ${use.attribute}`);
    expect(unknown).toEqual([]);
    expect(bridge).toMatch(/interface SAppNavLinkAttributes[^}]*rel\?: "home"/s);
  });

  test('every value written out is one the attribute knows', () => {
    const unknown = uses
      .filter(({ tag, attribute, value }) => {
        const type =
          elements.get(tag)?.attributes?.find((known) => known.name === attribute.toLowerCase())
            ?.type?.text ?? '';
        return (
          value !== undefined &&
          /^"/.test(type) &&
          !type.includes(`"${value}"`) &&
          !type.includes('...')
        );
      })
      .map((use) => `${use.at} ${use.tag} ${use.attribute}=${use.value}`);
    expect(unknown).toEqual([]);
  });

  test('every slot exists on the element around it', () => {
    const unknown = uses
      .filter(({ attribute, value, parent }) => {
        const around = elements.get(parent);
        return (
          attribute === 'slot' &&
          value !== undefined &&
          around &&
          !around.slots?.some((slot) => slot.name === value)
        );
      })
      .map((use) => `${use.at} ${use.tag} slot=${use.value} in ${use.parent}`);
    expect(unknown).toEqual([]);
  });
});
