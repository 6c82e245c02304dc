#!/bin/sh
# Runs a service on one of several machines: where the lock is. If that machine dies another one takes over.
#
#   one-of-many.sh NAME COMMAND...
#
# The command finds a number in PDB_LOCK_TOKEN that grows with every change of the machine.
set -eu
name=$1
shift
while :; do
  # Waits for its turn; comes back when the service has ended, or the lock was lost.
  pdb lock "service-$name" --ttl 3s -- "$@" || sleep 0.2
done
