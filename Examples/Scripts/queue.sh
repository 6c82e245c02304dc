#!/bin/sh
# A queue of jobs. Each is done, by one worker at a time; if a worker dies another one does it again.
#
#   queue.sh put TEXT            adds a job
#   queue.sh work COMMAND...     does the jobs that there are, the oldest first: COMMAND gets the text of each
#
# A job is a key queue/NUMBER. Who has the lock of its number does it, and removes it when it is done.
set -eu

put() {
  number=$(pdb kv incr queue-number)
  pdb -q kv set "queue/$(printf %012d "$number")" "$1" --string --if-absent > /dev/null
}

# Run under the lock of a job: another worker may have done it just before.
do_job() {
  key=$1
  shift
  text=$(pdb kv get "$key" 2> /dev/null) || return 0
  "$@" "$text"
  pdb -q kv rm "$key" > /dev/null
}

work() {
  while keys=$(pdb kv ls queue/ --keys) && [ -n "$keys" ]; do
    for key in $keys; do
      # 3: another worker has it.
      pdb lock "job-${key#queue/}" --no-wait --ttl 3s -- "$0" do-job "$key" "$@" 2> /dev/null || [ $? = 3 ]
    done
    sleep 0.1
  done
}

case ${1-} in
put) put "$2" ;;
do-job) shift && do_job "$@" ;;
work) shift && work "$@" ;;
*) sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 64 ;;
esac
