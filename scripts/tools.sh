# shellcheck shell=bash
# Sourced. Finds the programs that the tests need, and installs through apt-get
# those that are missing. After need_tools: $pg_bin (folder), $pg_psql, $chromium.

pg_oldest=14

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Debian keeps the server's programs in a folder per version, off the PATH.
find_postgres() {
	local dir version
	pg_bin=
	pg_psql=
	while read -r dir; do
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] || continue
		version=$("$dir/postgres" -V | sed -E 's/[^0-9]*([0-9]+).*/\1/')
		[ "$version" -ge "$pg_oldest" ] || continue
		pg_bin=$dir
		break
	done < <(
		for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
			[ -d "$dir" ] && echo "$dir"
		done | sort -rV
		command -v postgres >/dev/null && dirname "$(command -v postgres)"
	)
	[ -n "$pg_bin" ] || return 1
	pg_psql=$pg_bin/psql
	[ -x "$pg_psql" ] || pg_psql=$(command -v psql) || return 1
}

find_chromium() {
	local name
	chromium=${CHROMIUM_PATH:-}
	[ -z "$chromium" ] || return 0
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		chromium=$(command -v "$name") && return 0
	done
	chromium=
	return 1
}

# Mails and pages are looked at in Arabic, Persian and Japanese, too: without these
# fonts the browser draws boxes and nobody sees a wrong letter.
find_fonts() {
	local list
	command -v fc-list >/dev/null || return 1
	list=$(fc-list : family)
	grep -q 'Noto Sans CJK JP' <<<"$list" && grep -Eq 'Noto (Naskh|Sans) Arabic' <<<"$list"
}

# missing_packages prints the packages (Debian's names) of what was not found.
# cgo, and with it a C compiler, is needed by the race detector only.
missing_packages() {
	[ -n "${TEST_POSTGRES_URL:-}" ] || find_postgres || echo postgresql
	[ -n "${TEST_REDIS_URL:-}" ] || command -v redis-server >/dev/null || echo redis-server
	find_chromium || echo chromium
	command -v sqlite3 >/dev/null || echo sqlite3
	find_fonts || echo fontconfig fonts-noto-core fonts-noto-cjk
	command -v "$(go env CC)" >/dev/null || echo gcc libc6-dev
	command -v curl >/dev/null || echo curl
}

need_tools() {
	local missing sudo=
	command -v go >/dev/null || die "Go 1.26 or newer is missing: https://go.dev/dl/"
	command -v node >/dev/null && command -v npm >/dev/null || die "Node 20 or newer with npm is missing: https://nodejs.org/"

	missing=$(missing_packages | xargs)
	if [ -n "$missing" ]; then
		command -v apt-get >/dev/null || die "please install: $missing"
		if [ "$(id -u)" -ne 0 ]; then
			# -n: never ask for a password, a build has nobody to type it.
			sudo -n true 2>/dev/null || die "please install: sudo apt-get install $missing"
			sudo="sudo -n"
		fi
		echo "installing $missing" >&2
		# An update that fails may still leave a usable list.
		$sudo apt-get update -qq </dev/null >/dev/null 2>&1 || true
		# shellcheck disable=SC2086 # a list of packages
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing \
			</dev/null >/dev/null 2>&1 || die "apt-get failed, please install: $missing"
		missing=$(missing_packages | xargs)
		[ -z "$missing" ] || die "still missing after apt-get: $missing"
	fi
	# In a subshell above, hence once more: these set the variables.
	[ -n "${TEST_POSTGRES_URL:-}" ] || find_postgres
	find_chromium
}
