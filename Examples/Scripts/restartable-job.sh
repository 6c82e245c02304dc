#!/bin/sh
# A long job that can be stopped at any moment, and goes on where it was: nothing is left out, nothing is done
# twice. Here it adds the lines of a file, which are numbers.
#
#   restartable-job.sh FILE
#
# How far it is (job:line) and what came of it (job:sum) change in one transaction, and only if nobody else has
# changed how far it is.
set -eu
while :; do
  set -- "$1" $(pdb kv get job:line --default 0 --fields value,revision)
  done=$2 revision=${3-}
  number=$(sed -n "$((done + 1))p" "$1")
  [ -n "$number" ] || break
  condition=--if-absent
  [ -z "$revision" ] || condition="--if-revision $revision"
  # 3: another run of this script was faster.
  pdb -q txn > /dev/null <<COMMANDS || [ $? = 3 ]
kv set job:line $((done + 1)) $condition
kv incr job:sum --by $number
COMMANDS
done
pdb kv get job:sum
