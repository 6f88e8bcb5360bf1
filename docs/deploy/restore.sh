#!/usr/bin/env bash
# Puts a copy that backup.sh made into a new place:
#
#   restore.sh FILE
#
# DATABASE_URL names an empty database (of a role that owns it and is no superuser),
# or DATA_DIR a folder without a database. What is there is never overwritten. Then
# start Afterglow as usual: it reads from Shopify what happened since the copy.
set -euo pipefail
umask 077
file=${1:?usage: restore.sh FILE}

case $file in
*.dump)
	: "${DATABASE_URL:?names the new, empty database}"
	tables=$(psql -X -At -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" "$DATABASE_URL")
	[ "$tables" = 0 ] || { echo "restore.sh: the database is not empty" >&2; exit 1; }
	PGOPTIONS='-c afterglow.shop=*' pg_restore --exit-on-error --single-transaction --no-owner --no-privileges \
		--enable-row-security --dbname="$DATABASE_URL" "$file"
	psql -X -q -c 'SET client_min_messages = error' -c ANALYZE "$DATABASE_URL"
	;;
*.db)
	into=${DATA_DIR:-data}
	mkdir -p "$into"
	[ ! -e "$into/afterglow.db" ] || { echo "restore.sh: $into/afterglow.db is there already" >&2; exit 1; }
	[ "$(sqlite3 "$file" 'PRAGMA integrity_check')" = ok ] || { echo "restore.sh: $file is not whole" >&2; exit 1; }
	cp "$file" "$into/afterglow.db.part"
	sync "$into/afterglow.db.part"
	mv "$into/afterglow.db.part" "$into/afterglow.db"
	;;
*)
	echo "restore.sh: $file is neither a .dump nor a .db" >&2
	exit 2
	;;
esac
