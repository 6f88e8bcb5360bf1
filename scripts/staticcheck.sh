#!/usr/bin/env bash
# staticcheck at a fixed version, outside of go.mod: a linter's dependencies are
# none of the program's. Built once, then served from Go's build cache.
# Not ST1005: the simulation's errors are worded as Shopify words them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks inherit,-ST1005 "$@"
