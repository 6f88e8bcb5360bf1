// The script of the order-status block, in a page of its own making.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {it} from 'node:test';
import {runInNewContext} from 'node:vm';

const script = readFileSync(new URL('tracking-theme/assets/orders.js', import.meta.url), 'utf8');

it('watches a block that the theme editor puts in later, once', () => {
  const heard = {};
  const watched = [];
  const boxes = [];
  runInNewContext(script, {
    window: {},
    document: {
      readyState: 'complete',
      querySelectorAll: () => boxes,
      addEventListener: (name, act) => (heard[name] = act),
    },
    IntersectionObserver: class {
      observe(box) {
        watched.push(box);
      }
    },
  });
  const added = {};
  boxes.push(added);
  heard['shopify:section:load']();
  heard['shopify:block:select']();
  assert.deepEqual(watched, [added]);
  boxes[0] = {}; // a changed setting replaces the section
  heard['shopify:section:load']();
  assert.equal(watched.length, 2);
});
