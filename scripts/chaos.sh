#!/usr/bin/env bash
# The fault campaigns of tests/chaos, at push size, or with FULL=1 at
# the figures that we promise. Arguments go to go test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
timeout=10m
[ "${FULL:-}" != 1 ] || timeout=4h
exec go test -count=1 -v -timeout "$timeout" -run '^TestChaos' "$@" ./tests/chaos/
