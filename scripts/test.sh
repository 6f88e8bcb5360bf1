#!/usr/bin/env bash
# Everything that has to hold before a change lands; `make test` and the build
# server run this and nothing else. It stops at the first failure and says which
# stage it was. Each stage prints its seconds.
#
#   scripts/test.sh              all stages
#   scripts/test.sh go chaos     only these (their installs included)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_stages="install frontend mails extensions lint go race chaos story browser"
stages=${*:-$all_stages}
for stage in $stages; do
	case " $all_stages " in *" $stage "*) ;; *)
		echo "scripts/test.sh: no stage $stage; there are: $all_stages" >&2
		exit 2 ;;
	esac
done

# The servers first, and this script again inside of them.
if [ -z "${AFTERGLOW_SERVICES:-}" ]; then
	# shellcheck disable=SC2086 # a list of stages
	AFTERGLOW_SERVICES=1 exec scripts/services.sh "scripts/test.sh" $stages
fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
began=$SECONDS

# step NAME COMMAND... runs quietly and shows what was printed if it fails.
step() {
	local name=$1 start=$SECONDS
	shift
	if "$@" >"$logs/step" 2>&1 </dev/null; then
		printf 'ok    %-34s %4d s\n' "$name" $((SECONDS - start))
	else
		tail -n 200 "$logs/step"
		failed "$name" "$start"
	fi
}

# loud NAME COMMAND... shows what is printed as it comes: the tests themselves.
loud() {
	local name=$1 start=$SECONDS
	shift
	if "$@" 2>&1 </dev/null; then
		printf 'ok    %-34s %4d s\n' "$name" $((SECONDS - start))
	else
		failed "$name" "$start"
	fi
}

# aside NAME COMMAND... begins something for what comes next to run beside it.
# joined NAME waits for its end, and shows what it printed if it failed.
declare -A aside_pid=() aside_start=()
aside() {
	local name=$1
	shift
	aside_start[$name]=$SECONDS
	"$@" >"$logs/aside $name" 2>&1 </dev/null &
	aside_pid[$name]=$!
}

joined() {
	local name=$1 ok=0
	wait "${aside_pid[$name]}" || ok=$?
	unset "aside_pid[$name]"
	[ $ok -eq 0 ] || cat "$logs/aside $name"
	[ $ok -eq 0 ] || failed "$name" "${aside_start[$name]}"
	printf 'ok    %-34s %4d s\n' "$name" $((SECONDS - aside_start[$name]))
}

failed() {
	[ ${#aside_pid[@]} -eq 0 ] || kill "${aside_pid[@]}" 2>/dev/null || true
	printf 'FAIL  %-34s %4d s\n' "$1" $((SECONDS - $2))
	echo "make test failed in: $1"
	exit 1
}

wanted() { case " $stages " in *" $1 "*) ;; *) return 1 ;; esac; }

npm_ci() { (cd "$1" && npm ci --no-audit --no-fund --prefer-offline --loglevel=error); }
npm_run() { (cd "$1" && shift && npm run --silent "$@"); }

gofmt_clean() {
	local dirty
	dirty=$(gofmt -l app migrations frontend/*.go extensions/*.go tests scripts)
	[ -z "$dirty" ] || { echo "not formatted, run make fmt:"; echo "$dirty"; return 1; }
}

# Words that must not be committed: a note to oneself is an issue, not a comment.
no_loose_ends() {
	local found
	found=$(grep -rnE '\b(TODO|FIXME|HACK)\b' --include='*.go' --include='*.ts' --include='*.tsx' --include='*.sql' \
		--include='*.sh' --exclude-dir=node_modules --exclude-dir=dist --exclude=test.sh \
		app frontend/src migrations scripts tests || true)
	[ -z "$found" ] || { echo "loose ends:"; echo "$found"; return 1; }
}

# Every relative link of a document leads somewhere.
links_lead_somewhere() {
	local file link broken=0
	while IFS=: read -r file link; do
		link=${link#](}
		case $link in *://* | mailto:*) continue ;; esac
		[ -e "$(dirname "$file")/${link%%#*}" ] || { echo "$file: $link is not there"; broken=1; }
	done < <(grep -oE '\]\([^)#][^)]*' -- *.md docs/*.md docs/decisions/*.md /dev/null | grep -v '^/dev/null')
	return $broken
}

# What looks like a real credential: private keys, tokens of Shopify, GitHub, AWS,
# Stripe, Slack, Google, SendGrid. The tests' own say canary or repeat one letter.
no_secrets() {
	local found
	found=$(git grep -nIE -e '-----BEGIN ([A-Z]+ )?PRIVATE KEY-----' -e 'shp(at|ca|pa|ss|rt)_[0-9a-f]{32}' -e 'gh[pousr]_[A-Za-z0-9]{36}' \
		-e '(AKIA|ASIA)[0-9A-Z]{16}' -e 'sk_live_[0-9A-Za-z]{20}' -e 'xox[abprs]-[0-9A-Za-z-]{20}' -e 'AIza[0-9A-Za-z_-]{35}' \
		-e 'SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}' -- . ':!*-lock.json' ':!go.sum' | grep -vE '(.)\1{15}' || true)
	[ -z "$found" ] || { echo "looks like a secret:"; echo "$found"; return 1; }
}

module_tidy() { go mod tidy -diff && go mod verify; }

# The packages whose tests race goroutines for the same rows, tokens or sockets.
# The detector makes SQLite (Go translated from C) about ten times slower, so the
# others do without.
race_packages="./app/queue/ ./app/shopify/ ./app/mail/ ./app/store/ ./app/web/ ./app/clock/"

# Compilers and tests are many short programs with small heaps on a machine with
# room: collecting their garbage half as often is a quarter of their time. Only
# here: the programs that chaos, story and browser start run as an operator's do.
roomy="env GOGC=400"

installs=()
install() {
	aside "install: $1" npm_ci "$2"
	installs+=("install: $1")
}
if wanted install || wanted frontend; then install frontend frontend; fi
if wanted install || wanted mails; then install "mail templates" app/mail/templates; fi
if wanted install || wanted extensions; then install extensions extensions; fi
if wanted install || wanted browser; then install "browser tests" tests/browser; fi
for name in ${installs[@]+"${installs[@]}"}; do joined "$name"; done

if wanted frontend; then
	aside "frontend: formatting" npm_run frontend format:check
	aside "frontend: lint" npm_run frontend lint
	aside "frontend: types" npm_run frontend typecheck
	joined "frontend: formatting"
	joined "frontend: lint"
	joined "frontend: types"
	loud "frontend: tests" npm_run frontend test
	step "frontend: build" scripts/frontend.sh
	step "frontend: size" npm_run frontend size
fi

if wanted mails; then
	step "mails: compiled as committed" npm_run app/mail/templates check
fi

if wanted extensions; then
	loud "extensions: tests" npm_run extensions test
fi

if wanted lint; then
	step "lint: gofmt" gofmt_clean
	step "lint: loose ends" no_loose_ends
	step "lint: links in documents" links_lead_somewhere
	step "lint: secrets" no_secrets
	step "lint: go.mod" module_tidy
fi

# Each package runs once, with the detector or without.
# shellcheck disable=SC2086 # a list of packages
plain_packages() { go list ./app/... ./migrations/... ./frontend ./tests/bench/... | grep -vxFf <(go list $race_packages); }

# -count=1: a cached result says nothing about the servers of this run.
# -vet=off: vet has a step of its own.
# -p 3: tests wait for servers and clocks as much as they compute.
if wanted go; then
	# shellcheck disable=SC2046,SC2086 # a list of packages, a command and its setting
	loud "go test" $roomy go test -vet=off -count=1 -p 3 -timeout 10m -skip '^TestChaos' $(plain_packages)
fi
# The campaigns wait for leases, backoff and takeovers half of their time. What has
# no clock of its own takes what they leave.
leisurely="nice -n 19"
if wanted chaos; then
	aside "chaos, push size" scripts/chaos.sh
fi
if wanted lint; then
	# shellcheck disable=SC2086 # commands and a setting
	step "lint: go vet" $leisurely $roomy go vet ./...
	# shellcheck disable=SC2086
	step "lint: staticcheck" $leisurely $roomy scripts/staticcheck.sh ./...
fi
if wanted story || wanted browser; then
	# shellcheck disable=SC2086
	step "build" $leisurely make --no-print-directory build
fi
if wanted chaos; then
	joined "chaos, push size"
	grep -a '^chaos ' "$logs/aside chaos, push size"
fi
if wanted race; then
	# shellcheck disable=SC2086 # a list of packages
	loud "go test -race" $roomy go test -race -vet=off -count=1 -p 3 -timeout 10m -skip '^TestChaos' $race_packages
fi
if wanted story; then
	loud "story over HTTP" go test -vet=off -count=1 -timeout 10m -v ./tests/story/
fi
if wanted browser; then
	loud "browser" npm_run tests/browser test
fi

echo "make test: all passed in $((SECONDS - began)) s"
