#!/usr/bin/env bash
# Builds the admin into frontend/dist if a source is newer than the last build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../frontend"

# npm writes the inner lock file last, so its age is the age of the installation.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "installing the admin's packages"
	npm ci --no-audit --no-fund --prefer-offline --loglevel=error
	touch node_modules/.package-lock.json
fi

if [ ! -e dist/index.html ] || [ -n "$(find . -newer dist/index.html -type f \
	-not -path './node_modules/*' -not -path './dist/*' -print -quit)" ]; then
	echo "building the admin"
	npm run --silent build
	# The build empties the folder; the file keeps it in git for go:embed.
	touch dist/.gitkeep dist/index.html
fi
