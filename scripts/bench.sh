#!/usr/bin/env bash
# Runs tests/bench on throw-away servers, with the Node yardstick installed.
# Arguments go to the program: -only SECTION, -rounds N, -seconds 5s. Sections:
# startup, render, smtp, ingest, story, import, importing, page, admin, lists. The
# lists fill two databases with a million orders each, which takes some ten minutes
# and 10 GB; admin needs Chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ ! -e tests/bench/node/node_modules/.package-lock.json ]; then
	(cd tests/bench/node && npm ci --no-audit --no-fund --prefer-offline --loglevel=error)
fi
if [ ! -e tests/browser/node_modules/.package-lock.json ]; then
	(cd tests/browser && npm ci --no-audit --no-fund --prefer-offline --loglevel=error)
fi
go build -o bin/bench ./tests/bench
exec scripts/services.sh bin/bench "$@"
