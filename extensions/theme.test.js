// The theme extension as Shopify's own checks see it. What needs no package of
// theirs is tested beside the simulation, in app/shopsim/theme_test.go.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {describe, it} from 'node:test';
import {fileURLToPath} from 'node:url';
import {themeCheckRun} from '@shopify/theme-check-node';
import Ajv from 'ajv';

const root = fileURLToPath(new URL('tracking-theme', import.meta.url));
const read = (...path) => readFileSync(join(root, ...path), 'utf8');
const files = (folder) => readdirSync(join(root, folder));

// Shopify's schemas of settings and of locale files, as theme check carries them.
const published = join(dirname(createRequire(import.meta.url).resolve('@shopify/theme-check-docs-updater')), '../data');
const ajv = new Ajv({strict: false, allErrors: true});
for (const name of readdirSync(published).filter((n) => n.endsWith('.json'))) {
  const schema = JSON.parse(readFileSync(join(published, name), 'utf8'));
  if (schema.$schema?.includes('json-schema.org')) ajv.addSchema(schema, name);
}
const valid = (schema, data, what) => {
  const check = ajv.getSchema(schema);
  assert.ok(check(data), `${what}: ${ajv.errorsText(check.errors)}`);
};

const schemaOf = (block) => JSON.parse(read('blocks', block).match(/{% schema %}(.*){% endschema %}/s)[1]);
const textsOf = (name) => JSON.parse(read('locales', name));
const find = (texts, key) => key.split('.').reduce((at, part) => at?.[part], texts);

describe('theme extension', () => {
  it('passes theme check', async () => {
    const {offenses} = await themeCheckRun(root, join(root, '.theme-check.yml'));
    const told = offenses.map((o) => `${o.check} ${o.uri.split('tracking-theme/')[1]}:${o.start.line + 1} ${o.message}`);
    assert.deepEqual(told, []);
  });

  it('has valid locale files', () => {
    for (const file of files('locales')) valid('translations.json', textsOf(file), file);
  });

  for (const block of files('blocks')) {
    it(`${block} has a valid schema, whose texts and files are there`, () => {
      const schema = schemaOf(block);
      valid('settings.json', schema.settings, block);
      assert.ok(['section', 'body', 'head', 'compliance_head'].includes(schema.target), `target ${schema.target}`);
      for (const file of [schema.stylesheet, schema.javascript]) assert.ok(files('assets').includes(file), file);
      const ids = schema.settings.flatMap(({id}) => id ?? []);
      assert.equal(new Set(ids).size, ids.length, 'a setting is named twice');
      for (const [, id] of read('blocks', block).matchAll(/block\.settings\.(\w+)/g)) assert.ok(ids.includes(id), `setting ${id}`);
      for (const [, key] of JSON.stringify(schema).matchAll(/"t:([^"]+)"/g)) {
        for (const file of files('locales').filter((name) => name.endsWith('.schema.json'))) {
          assert.equal(typeof find(textsOf(file), key), 'string', `${file} has no ${key}`);
        }
      }
      // The editor cuts longer names.
      const name = find(textsOf('en.default.schema.json'), schema.name.slice(2));
      assert.ok(name.length <= 25, `name ${name}`);
    });
  }
});
