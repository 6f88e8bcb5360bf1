#!/usr/bin/env bash
# Runs a command with the servers that the tests need, and stops them afterwards:
#
#   scripts/services.sh go test ./app/store/
#   scripts/services.sh bash              # a shell with everything running
#
# PostgreSQL and Redis are thrown away with their data. The command finds them in
# TEST_POSTGRES_URL, TEST_REDIS_URL and CHROMIUM_PATH; a variable that is already
# set is kept and its server is not started. What is missing is installed through
# apt-get if that is possible, else one line says what to install.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/tools.sh
. "$here/tools.sh"

[ $# -gt 0 ] || { echo "usage: scripts/services.sh COMMAND [ARGUMENT...]" >&2; exit 2; }

need_tools

# Not TMPDIR: a Unix socket's path may have 107 bytes at most, and the user postgres
# has to reach it.
dir=$(mktemp -d /tmp/afterglow.XXXXXX)
chmod 755 "$dir"
redis_pid=
pg_started=

# PostgreSQL refuses to run as root; its package brings a user for it.
as_postgres() {
	if [ "$(id -u)" -ne 0 ]; then "$@"
	elif command -v runuser >/dev/null; then (cd / && runuser -u postgres -- "$@")
	else (cd / && su postgres -s /bin/sh -c "$(printf '%q ' "$@")")
	fi
}

stop() {
	status=$?
	trap - EXIT INT TERM HUP
	[ -z "$redis_pid" ] || kill "$redis_pid" 2>/dev/null || true
	[ -z "$pg_started" ] || as_postgres "$pg_bin/pg_ctl" -D "$dir/pg/data" -m immediate -w stop >/dev/null 2>&1 || true
	[ -z "$redis_pid" ] || wait "$redis_pid" 2>/dev/null || true
	rm -rf "$dir"
	exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

free_port() {
	node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

start_postgres() {
	local port
	mkdir "$dir/pg"
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir/pg"
	as_postgres "$pg_bin/initdb" -D "$dir/pg/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$dir/initdb.log" 2>&1 ||
		die "initdb failed: $(tail -n 3 "$dir/initdb.log" | tr '\n' ' ')"
	port=$(free_port)
	# fsync stays on (the default): a test of durability on a database that may
	# lose a commit would prove nothing.
	as_postgres sh -c 'cat >>"$1/pg/data/postgresql.conf"' sh "$dir" <<-CONF
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = '$dir/pg'
		max_connections = 1000
		shared_buffers = 256MB
		max_wal_size = 2GB
		timezone = 'UTC'
		log_min_messages = warning
		log_destination = 'stderr'
	CONF
	as_postgres "$pg_bin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -w -t 60 start >/dev/null ||
		die "PostgreSQL did not start: $(tail -n 3 "$dir/pg/log" | tr '\n' ' ')"
	pg_started=1
	# Not a superuser: row-level security does not bite those.
	"$pg_psql" -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres -d postgres \
		-c "CREATE ROLE afterglow LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD 'afterglow'" \
		-c "CREATE DATABASE afterglow_test OWNER afterglow"
	export TEST_POSTGRES_URL="postgres://afterglow:afterglow@127.0.0.1:$port/afterglow_test?sslmode=disable"
	# For the campaigns that crash and restart the server under the program.
	export TEST_POSTGRES_BIN="$pg_bin" TEST_POSTGRES_DATA="$dir/pg/data"
}

start_redis() {
	local port
	port=$(free_port)
	mkdir "$dir/redis"
	redis-server --port "$port" --bind 127.0.0.1 --dir "$dir/redis" --save '' --appendonly no \
		--maxmemory-policy noeviction --loglevel warning >"$dir/redis/log" 2>&1 &
	redis_pid=$!
	local tries=0
	until redis-cli -p "$port" ping >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$redis_pid" 2>/dev/null; then
			die "Redis did not start: $(tail -n 3 "$dir/redis/log" | tr '\n' ' ')"
		fi
		sleep 0.1
	done
	export TEST_REDIS_URL="redis://127.0.0.1:$port/0"
}

[ -n "${TEST_POSTGRES_URL:-}" ] || start_postgres
[ -n "${TEST_REDIS_URL:-}" ] || start_redis
export CHROMIUM_PATH="${CHROMIUM_PATH:-$chromium}"

# Not exec: the trap has to outlive the command. A job in the background has no
# terminal, so a shell asked for by a person runs in front.
if [ -t 0 ]; then
	"$@"
	exit
fi
"$@" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 143' TERM HUP
trap 'kill -INT "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 130' INT
wait "$child"
