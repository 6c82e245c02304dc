#!/bin/sh
# A backup a day, made by one machine however many try, and a tag at its revision.
#
#   nightly-backup.sh FOLDER [KEEP]     keeps the newest KEEP backups (default: 7)
#
# For cron on every machine: 0 3 * * * nightly-backup.sh /backups
set -eu
folder=$1
keep=${2:-7}
day=$(date +%F)

if [ "${PDB_LOCK-}" != nightly-backup ]; then
  # 3: another machine is at it.
  pdb lock nightly-backup --no-wait --ttl 30s -- "$0" "$@" 2> /dev/null || [ $? = 3 ]
  exit
fi
# Another machine may have been faster.
[ "$(pdb kv get backup-of-the-day --default none)" != "$day" ] || exit 0
pdb -q backup "$folder/$day.pdb.part"
mv "$folder/$day.pdb.part" "$folder/$day.pdb"
pdb -q tag "backup-$day" --force > /dev/null
pdb -q kv set backup-of-the-day "$day" > /dev/null
ls "$folder"/*.pdb | sort -r | tail -n "+$((keep + 1))" | xargs -r rm
