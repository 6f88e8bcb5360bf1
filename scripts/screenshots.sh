#!/usr/bin/env bash
# Takes the pictures of docs/screenshots from the demo, with the Chromium and fonts
# that the browser tests use: all of them, or those that it is given by name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
need_tools
if [ ! -e tests/browser/node_modules/.package-lock.json ]; then
	(cd tests/browser && npm ci --no-audit --no-fund --prefer-offline --loglevel=error)
fi
CHROMIUM_PATH="${CHROMIUM_PATH:-$chromium}" exec node tests/browser/screenshots.js "$@"
