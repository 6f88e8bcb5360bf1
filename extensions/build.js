// Builds the card for Shopify's order status page as its command line would: one
// module, JSX by Preact. With --check it only tells whether dist is what src gives.
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = at('order-status/dist/order-status.js');
const largest = 64 * 1024; // Shopify's limit

const {outputFiles} = await build({
  entryPoints: [at('order-status/src/OrderStatusBlock.jsx')],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
});
const code = outputFiles[0].text;
if (code.length > largest) throw new Error(`the bundle has ${code.length} bytes; Shopify takes ${largest}`);
if (!process.argv.includes('--check')) writeFileSync(output, code);
else if (readFileSync(output, 'utf8') !== code) throw new Error('dist is not what src gives: run npm run build');
console.log(`order-status.js: ${code.length} bytes`);
