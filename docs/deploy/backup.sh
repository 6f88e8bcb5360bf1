#!/usr/bin/env bash
# Copies the database into a folder while Afterglow runs, looks whether the copy is
# whole, and deletes copies that are too old:
#
#   backup.sh /var/backups/afterglow
#
# It reads DATABASE_URL, or without it DATA_DIR, as the program does, and KEEP_DAYS
# (30: longer, and an erasure would not reach the copies). Needs pg_dump of the
# server's version or newer, or sqlite3. ENCRYPTION_KEYS is not in the copy: keep it
# elsewhere, without it every merchant has to open the app once.
set -euo pipefail
umask 077
into=${1:?usage: backup.sh FOLDER}
mkdir -p "$into"
name=$into/afterglow-$(date -u +%Y%m%dT%H%M%SZ)

if [ -n "${DATABASE_URL:-}" ]; then
	file=$name.dump
	# Row-level security binds the owner, too: the setting says "every shop", and
	# without --enable-row-security pg_dump refuses.
	PGOPTIONS='-c afterglow.shop=*' pg_dump --format=custom --no-owner --no-privileges \
		--enable-row-security --file="$file.part" "$DATABASE_URL"
	pg_restore --list "$file.part" >/dev/null
else
	file=$name.db
	# One reading transaction: the program goes on writing meanwhile.
	sqlite3 -cmd '.timeout 10000' "${DATA_DIR:-data}/afterglow.db" "VACUUM INTO '${file//\'/\'\'}.part'"
	[ "$(sqlite3 "$file.part" 'PRAGMA integrity_check')" = ok ] || { echo "backup.sh: the copy is not whole" >&2; exit 1; }
fi
sync "$file.part"
mv "$file.part" "$file"
find "$into" -maxdepth 1 -name 'afterglow-*' -mtime "+${KEEP_DAYS:-30}" -delete
echo "$file"
