import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fixtures } from './fixtures.mjs';

const assets = fileURLToPath(new URL('../../app/shopsim/assets/', import.meta.url));

/** As the Go server completes the document. */
function complete(html) {
  return html
    .replaceAll('%API_KEY%', 'fixture-key')
    .replaceAll('%APP_BRIDGE_URL%', '/sim/cdn/app-bridge.js')
    .replaceAll('%POLARIS_URL%', '/sim/cdn/polaris-1.js');
}

/** The stand-in for Polaris is kept in parts. */
function standIn(name) {
  if (name === 'app-bridge.js') return readFileSync(`${assets}app-bridge.js`);
  const parts = readdirSync(`${assets}polaris`).sort();
  return `(() => {\n'use strict';\n${parts.map((part) => readFileSync(`${assets}polaris/${part}`, 'utf8')).join('\n')}\n})();`;
}

/**
 * For development only: answers /api/v1 from made-up data, serves the
 * simulation's stand-ins for App Bridge and Polaris, and fills in the tokens
 * of index.html as the Go server does.
 *
 * ?fixture=empty|error|slow (or the header x-fixture) shows the other states.
 */
export function fixtures() {
  const data = new Fixtures();
  const serve = (server, built) => {
    server.middlewares.use(async (request, response, next) => {
      const url = new URL(request.url, 'http://localhost');
      if (url.pathname.startsWith('/sim/cdn/')) {
        response.setHeader('content-type', 'text/javascript');
        response.end(standIn(url.pathname.split('/').pop()));
        return;
      }
      if (built && !url.pathname.includes('.') && !url.pathname.startsWith('/api/')) {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(complete(readFileSync('dist/index.html', 'utf8')));
        return;
      }
      if (!url.pathname.startsWith('/api/v1')) return next();
      const page = new URL(request.headers.referer ?? 'http://localhost/');
      const mode = page.searchParams.get('fixture') ?? '';
      let body = '';
      for await (const part of request) body += part;
      const answer = data.answer(
        request.method,
        url,
        body === '' ? undefined : JSON.parse(body),
        mode,
      );
      if (mode === 'slow') return;
      response.statusCode = answer.status;
      response.setHeader(
        'content-type',
        answer.status < 400 ? 'application/json' : 'application/problem+json',
      );
      response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  };
  return {
    name: 'fixtures',
    configureServer: (server) => serve(server, false),
    configurePreviewServer: (server) => serve(server, true),
    transformIndexHtml: {
      order: 'post',
      handler: (html, context) => (context.server ? complete(html) : html),
    },
  };
}
