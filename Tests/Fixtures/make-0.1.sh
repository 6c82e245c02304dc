#!/bin/bash
# Makes data directories with the program of version 0.1, for the tests that upgrade them.
#
#   make.sh PATH_TO_PDB_0.1 OUT_FOLDER
#   PDB_PORTS="24001 24002 ... 24009" make.sh ...      nine other free ports
#
# It needs bash, curl, jq, tar and gzip, listens on loopback only, and takes some minutes.
#
# For each directory NAME there is in OUT_FOLDER
#
#   NAME.tar.gz       the files of the data directory, without the lock; packed after the node had stopped
#   NAME.export.gz    what `pdb export` printed
#   NAME.log.gz       every revision that is not forgotten with all of its changes, the oldest first:
#                     a line is the answer to GET /log/REVISION
#   NAME.tasks        what `pdb task ls --all --json` printed
#   NAME.status       the answer to GET /status, as the last thing before the node was stopped
#
# All of them are gzipped that repeat the large values.
#
# A node must be started with the port that stands in its status, for its files are named after it.
#
#   lone          one node, stopped in order, with a little of everything. Beside it
#                 lone.requests   requests with an Idempotency-Key and what was answered, a JSON object a line
#                 lone.backup.gz  what `pdb backup` made of it
#   killed        one node that got SIGKILL right after its last answers: both journals are there. Export,
#                 log and tasks are what 0.1 says of a copy that it started; the status is of the node itself.
#   compacted     one node that was sent the state of another one, then led alone and compacted its log;
#                 all history and all requests of the other one are forgotten
#   three-1..3    the members of a cluster after a transfer of leadership, a member removed and another added.
#                 Beside them three.members: a line "NAME ADDRESS ID" each, and one of the removed member
#                 ("removed ADDRESS ID"); three.cluster: the answer to GET /cluster/status
#   restored      what `pdb restore` made of lone.backup and nobody ever started. Beside it restored.restore:
#                 what `pdb restore --json` printed. The other files are of a copy that was started once, so
#                 the birth in its status is not the one that another start will draw.

set -euo pipefail
export LC_ALL=C.UTF-8

if [ $# != 2 ]; then
  echo "usage: make.sh PATH_TO_PDB_0.1 OUT_FOLDER" >&2
  exit 64
fi
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
read -r -a ports <<<"${PDB_PORTS:-24001 24002 24003 24004 24005 24006 24007 24008 24009}"
[ ${#ports[@]} -ge 9 ] || { echo "PDB_PORTS must name nine ports" >&2; exit 64; }

# How many log entries it takes until requests are forgotten: 2^17 are remembered.
remembered=131072

work=$(mktemp -d)
declare -A pids=() # of the nodes that run, by port

# The commands must not find anything of the user who runs this.
unset "${!PDB_@}"
export PDB_CONFIG_NOSYSTEM=1 HOME=$work/home
unset XDG_CONFIG_HOME XDG_STATE_HOME
mkdir -p "$HOME"
cd "$work"

clean_up() {
  local port
  for port in "${!pids[@]}"; do kill -KILL "${pids[$port]}" 2>/dev/null || true; done
  cd /
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { echo "make.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

# --- Nodes ---------------------------------------------------------------------------------------

# http PORT PATH [CURL OPTION...]: one request, or many if the path has a range such as [1-9].
http() {
  local port=$1 path=$2
  shift 2
  curl -sS --fail-with-body --noproxy '*' "$@" "http://127.0.0.1:$port$path"
}

# change PORT AUTHOR METHOD PATH BODY [CURL OPTION...]: a change; a BODY of @FILE is read from there.
change() {
  local port=$1 author=$2 method=$3 path=$4 body=$5
  shift 5
  http "$port" "$path" -o "$work/answer" -L -X "$method" -H "PDB-Author: $author" \
    -H 'Content-Type: application/json' --data-binary "$body" "$@" \
    || fail "$method $path: $(cat "$work/answer")"
}

# pdb PORT AUTHOR WORD...: a command. Its author is the user's name.
pdb() {
  local port=$1 author=$2
  shift 2
  USER=$author "$program" "$@" --node "127.0.0.1:$port" </dev/null
}

status() { http "$1" /status; }

# until_true WHAT COMMAND...: waits until the command succeeds.
until_true() {
  local what=$1 tries
  shift
  for ((tries = 0; tries < 600; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "waited in vain: $what"
}

is_ready() { http "$1" /readyz && [ "$(status "$1" | jq -r .birth)" != null ]; }
is_leader() { [ "$(status "$1" | jq -r .is_leader)" = true ]; }
# is_voter PORT OTHER: whether the node knows that the other one votes.
is_voter() {
  http "$1" /cluster/members | jq -e --arg address "127.0.0.1:$2" \
    'any(.members[]; .address == $address and .voter)'
}
# is_removed PORT OTHER: whether the node knows that the other one is no member any more.
is_removed() {
  http "$1" /cluster/members | jq -e --arg address "127.0.0.1:$2" \
    'all(.members[]; .address != $address)'
}

# start PORT FOLDER [OPTION...]: starts a node; returns at once.
start() {
  local port=$1 folder=$2
  shift 2
  "$program" node start --port "$port" --data-dir "$folder" "$@" </dev/null \
    >>"$work/node-$port.txt" 2>&1 &
  pids[$port]=$!
}

# start_alone PORT FOLDER [OPTION...]: the same, and waits until it leads and knows its birth.
start_alone() {
  start "$@"
  until_true "node $1 is ready" is_ready "$1"
  is_leader "$1" || fail "node $1 does not lead"
}

# stop PORT [SIGNAL]: ends a node and waits until it is gone.
stop() {
  kill "-${2:-TERM}" "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null || true
  unset "pids[$1]"
}

# --- What is kept --------------------------------------------------------------------------------

# tell PORT NAME: writes down what a node says of its data, all but its status.
tell() {
  local port=$1 name=$2 first last
  pdb "$port" teller export | gzip -9 -n >"$out/$name.export.gz"
  pdb "$port" teller task ls --all --json >"$out/$name.tasks"
  first=$(($(http "$port" '/log?limit=1' | jq .compacted) + 1))
  last=$(status "$port" | jq .revision)
  http "$port" "/log/[$first-$last]" -w '\n' | sed '/^$/d' >log
  [ "$(jq -c .revision log | tr '\n' ' ')" = "$(seq -s ' ' "$first" "$last") " ] \
    || fail "the log of $name is incomplete"
  gzip -9 -n <log >"$out/$name.log.gz"
}

# pack FOLDER NAME: packs the files of a data directory.
pack() {
  (cd "$1" && tar --sort=name --owner=0 --group=0 --numeric-owner --exclude='*.lock' -cf - -- *) \
    | gzip -9 -n >"$out/$2.tar.gz"
}

# --- Values --------------------------------------------------------------------------------------

# text BYTES WORD: so much text that is the word again and again.
text() {
  awk -v n="$1" -v word="$2 " \
    'BEGIN { s = word; while (length(s) < n) s = s s; printf "%s", substr(s, 1, n) }'
}

# large FILE BYTES WORD: writes the body of a request that sets a value of so many bytes.
large() { { printf '{"value":"'; text "$(($2 - 2))" "$3"; printf '"}'; } >"$1"; }

base64_of() { printf "$1" | base64 -w 0; }

# some_data PORT: tasks and pairs of every kind, by several authors.
some_data() {
  local port=$1
  say "some data on $port"
  # Tasks: added, done, reopened, edited, removed, cleared.
  pdb "$port" lan task add "Học Python" "Làm đồ án" "Ôn thi cuối kỳ" "Nộp báo cáo" >/dev/null
  pdb "$port" minh task add "Mua sữa" "Gọi điện cho mẹ" "Đọc “Raft” của Ongaro 📘" >/dev/null
  pdb "$port" lan task done 1 2 >/dev/null
  pdb "$port" minh task reopen 2 >/dev/null
  pdb "$port" "Nguyễn Thị Lan" task edit 3 "Ôn thi cuối kỳ II" >/dev/null
  pdb "$port" lan task rm 4 >/dev/null
  pdb "$port" minh task done 5 >/dev/null
  pdb "$port" minh task clear --yes >/dev/null
  change "$port" web POST /tasks '{"title":"Viết báo cáo về \"đồng thuận\""}'
  change "$port" web POST /tasks/batch '{"titles":["Một","Hai","Ba"]}'
  change "$port" web PUT /tasks/8 '{"title":"Viết xong báo cáo","completed":true}'
  # A task with members that pdb does not know, and one whose id is no UUID.
  change "$port" app POST '/set?force=true' '{"key":"task_bài-tập/1","value":{"title":"Bài tập 1",
    "completed":false,"due":"2026-12-01","tags":["toán","lý"],"weight":1.50}}'

  # Pairs that are JSON: every kind, and numbers digit for digit.
  change "$port" lan POST /set '{"pairs":[
    {"key":"json/null","value":null},{"key":"json/true","value":true},{"key":"json/int","value":42},
    {"key":"json/negative","value":-7},{"key":"json/big","value":123456789012345678901234567890},
    {"key":"json/decimal","value":1.10},{"key":"json/exponent","value":6.02e+23},
    {"key":"json/empty","value":""},{"key":"json/string","value":"Xin chào \"bạn\"\n\u0000\ud83d\ude00"},
    {"key":"json/array","value":[1,[2,[3,[]]],{}]},
    {"key":"json/object","value":{"b":1,"a":{"c":null},"đ":"ữ"}}]}'
  pdb "$port" lan kv set user:lan '{"name": "Lan",  "age": 20}' >/dev/null
  # Text that is not JSON, bytes that are not text, and all bytes there are.
  pdb "$port" minh kv set greeting "xin chào, các bạn" >/dev/null
  change "$port" minh POST /set "{\"key\":\"text\",\"value_b64\":\"$(base64_of 'not {JSON]')\"}"
  change "$port" app POST /set "{\"key\":\"bytes\",\"value_b64\":\"$(base64_of '\xff\xfe\x00\x80')\"}"
  change "$port" app POST /set "{\"key\":\"bytes/all\",\"value_b64\":\"$(
    for byte in {0..255}; do printf "\\x$(printf %02x "$byte")"; done | base64 -w 0)\"}"
  # Keys that are not text, keys that are strange, and the longest key.
  change "$port" app POST /set "{\"key_b64\":\"$(base64_of '\xff\xfe')\",\"value\":\"under bytes\"}"
  change "$port" app POST /set "{\"key_b64\":\"$(base64_of '\xc3\x28/\x00')\",
    \"value_b64\":\"$(base64_of '\x80')\"}"
  change "$port" app POST /set "{\"pairs\":[{\"key\":\"..\",\"value\":1},{\"key\":\"a/b c?d=e#f\",\"value\":2},
    {\"key\":\"ngôn ngữ\",\"value\":\"NFC\"},{\"key\":\"ngo\u0302n ngu\u031b\u0303\",\"value\":\"NFD\"},
    {\"key\":\"$(text 1024 long)\",\"value\":3}]}"
  # Deleted; deleted and set again; changed by a condition; made by incr and append.
  pdb "$port" lan kv set gone 1 >/dev/null
  pdb "$port" lan kv rm gone --yes >/dev/null
  pdb "$port" lan kv set again '"first"' >/dev/null
  pdb "$port" minh kv rm again --yes >/dev/null
  pdb "$port" lan kv set again '"second"' --if-absent >/dev/null
  change "$port" app POST /set "{\"key_b64\":\"$(base64_of '\xfe\x01')\",\"value\":0}"
  change "$port" app POST /delete "{\"keys\":[{\"key_b64\":\"$(base64_of '\xfe\x01')\"}]}"
  pdb "$port" lan kv incr counter >/dev/null
  pdb "$port" minh kv incr counter --by 41 >/dev/null
  pdb "$port" lan kv append list '"một"' >/dev/null
  pdb "$port" minh kv append list 2 '{"ba":3}' >/dev/null
  # Large values, overwritten.
  large body 102400 "one hundred KiB;"
  change "$port" lan PUT /kv/large/100 @body
  large body 102400 "and overwritten;"
  change "$port" minh PUT /kv/large/100 @body
  large body 409600 "four hundred KiB,"
  change "$port" lan PUT /kv/large/400 @body
  large body 409600 "overwritten, too,"
  change "$port" minh PUT /kv/large/400 @body
}

# --- lone ----------------------------------------------------------------------------------------

# request PORT KEY AUTHOR METHOD PATH BODY [HEADER...]: a change with an Idempotency-Key, which is
# written down together with its answer. It may be refused.
request() {
  local port=$1 key=$2 author=$3 method=$4 path=$5 body=$6 header code
  shift 6
  local options=()
  for header in "$@"; do options+=(-H "$header"); done
  code=$(curl -sS --noproxy '*' -o answer -D head -w '%{http_code}' -X "$method" \
    -H "PDB-Author: $author" -H "Idempotency-Key: $key" -H 'Content-Type: application/json' \
    "${options[@]}" --data-binary "$body" "http://127.0.0.1:$port$path")
  field() { sed -n "s/^$1: *//Ip" head | tr -d '\r'; }
  jq -cn --arg method "$method" --arg path "$path" --arg key "$key" --arg author "$author" \
    --arg body "$body" --argjson status "$code" --rawfile answer answer \
    --arg etag "$(field etag)" --arg location "$(field location)" \
    --arg revision "$(field pdb-revision)" '
      {method: $method, path: $path,
        headers: ({"Content-Type": "application/json", "Idempotency-Key": $key, "PDB-Author": $author}
          + ([$ARGS.positional[] | capture("^(?<key>[^:]+): (?<value>.*)$")] | from_entries)),
        body: $body, status: $status, answer: $answer,
        answer_headers: ({ETag: $etag, Location: $location, "PDB-Revision": $revision}
          | with_entries(select(.value != "")))}' \
    --args -- "$@" >>"$out/lone.requests"
}

make_lone() {
  local port=${ports[0]} id key
  start_alone "$port" lone
  some_data "$port"

  say "requests"
  : >"$out/lone.requests"
  request "$port" set-1 lan POST /set '{"key":"idem/set","value":{"n":1}}'
  request "$port" set-2 lan PUT /kv/idem/set '{"value":{"n":2}}' 'If-Match: "1"' # refused
  request "$port" set-3 minh PUT /kv/idem/put '{"value":"mới"}'
  request "$port" set-4 minh PUT /kv/idem/put '{"value":"cũ"}' 'If-None-Match: *' # refused
  request "$port" set-5 minh PUT /kv/idem/absent '{"value":5}' 'If-None-Match: *'
  request "$port" set-many lan POST /set '{"pairs":[{"key":"idem/a","value":1},{"key":"idem/b","value":2}]}'
  request "$port" set-bytes app POST /set \
    "{\"key_b64\":\"$(base64_of '\xff\x00')\",\"value_b64\":\"$(base64_of '\xfe\xff')\"}"
  request "$port" incr-1 app POST /increment '{"key":"idem/count","by":3}'
  request "$port" incr-2 app POST /increment '{"key":"idem/count","by":4}'
  request "$port" incr-3 app POST /increment '{"key":"idem/put"}' # refused: it is no number
  request "$port" append-1 app POST /append '{"key":"idem/list","values":["a",{"b":1}]}'
  request "$port" delete-1 lan POST /delete '{"keys":["idem/a"]}'
  request "$port" delete-2 lan DELETE /kv/idem/nothing '' # refused: there is none
  request "$port" task-1 web POST /tasks '{"title":"Gửi đúng một lần"}'
  id=$(jq -r .id answer)
  request "$port" task-2 web POST /tasks/batch '{"titles":["Đi chợ","Nấu cơm"]}'
  request "$port" task-3 web PUT "/tasks/$id" '{"completed":true}'
  request "$port" task-4 web POST /tasks '{"title":"Sẽ bị xoá"}'
  request "$port" task-5 web DELETE "/tasks/$(jq -r .id answer)" ''
  request "$port" task-6 web PUT /tasks/9999 '{"completed":true}' # refused: there is none
  request "$port" undo-1 lan POST /undo '{}'
  request "$port" undo-2 lan POST /undo '{"revision":9999}' # refused: there is none
  key=$(text 128 key | tr ' ' -)
  request "$port" "$key" app POST /set '{"key":"idem/long","value":"the longest key of a request"}'

  say "imports and undos"
  # Finished by hand, with a part that two authors sent.
  change "$port" lan POST /import/finished '{"part":0,"pairs":[
    {"key":"import/1","value":"một"},{"key":"import/2","value":"hai"},
    {"key":"task_import-1","value":{"title":"Từ một tệp","created_at":"2020-01-02T03:04:05Z","completed":true}}]}'
  change "$port" minh POST /import/finished "{\"part\":1,\"pairs\":[
    {\"key\":\"import/3\",\"value_b64\":\"$(base64_of '\xff')\"},{\"key\":\"counter\",\"value\":1000}]}"
  change "$port" minh POST /import/finished/commit '{"parts":2,"existing":"keep"}'
  # Finished by the command.
  printf '%s\n' '{"key":"file/1","value":[1]}' '{"key":"file/2","value":{"x":"y"}}' >import.ndjson
  pdb "$port" lan import import.ndjson >/dev/null
  # Thrown away.
  change "$port" lan POST /import/thrown-away '{"part":0,"pairs":[{"key":"never","value":0}]}'
  change "$port" lan DELETE /import/thrown-away ''
  # Begun: the upgraded node can be told to go on with part 2, or to commit two parts.
  change "$port" lan POST /import/begun '{"part":0,"pairs":[
    {"key":"begun/1","value":1},{"key":"begun/2","value":{"two":2}}]}'
  change "$port" lan POST /import/begun "{\"part\":1,\"pairs\":[
    {\"key_b64\":\"$(base64_of 'begun/\xff')\",\"value_b64\":\"$(base64_of '\xfe\xff')\"}]}"

  pdb "$port" lan kv set undone '"before"' >/dev/null
  pdb "$port" lan kv set undone '"after"' >/dev/null
  pdb "$port" lan undo --yes >/dev/null
  pdb "$port" minh kv rm greeting --yes >/dev/null
  change "$port" minh POST /undo '{}'
  # Without an author.
  change "$port" '' POST /set '{"key":"nobody","value":"did this"}'

  tell "$port" lone
  rm -f lone.backup
  pdb "$port" teller backup lone.backup >/dev/null 2>&1
  gzip -9 -n <lone.backup >"$out/lone.backup.gz"
  status "$port" >"$out/lone.status"
  stop "$port"
  pack lone lone
}

# --- killed --------------------------------------------------------------------------------------

make_killed() {
  local port=${ports[1]}
  start_alone "$port" killed
  some_data "$port"
  say "killing $port"
  # The last changes, each answered before the next one; curl repeats a request for a range in the part
  # of the address that it does not send. The state's transaction is not committed when it ends.
  change "$port" app POST /set '{"key":"last/set","value":"before it was killed"}' \
    -H 'Idempotency-Key: killed-1'
  change "$port" app POST '/append#[1-10]' '{"key":"last/list","values":["x"]}'
  change "$port" app POST '/tasks#[1-5]' '{"title":"Việc cuối cùng"}'
  change "$port" app POST '/increment#[1-40]' '{"key":"last/count"}'
  status "$port" >"$out/killed.status"
  stop "$port" KILL
  for journal in killed/node_"$port".{raft,db}-wal; do
    [ -s "$journal" ] || fail "there is no $journal"
  done
  pack killed killed
  # What 0.1 itself makes of it.
  cp -r killed killed-copy
  start_alone "$port" killed-copy
  tell "$port" killed
  [ "$(status "$port" | jq -c '[.revision, .hash, .birth]')" \
    = "$(jq -c '[.revision, .hash, .birth]' "$out/killed.status")" ] || fail "0.1 lost something"
  stop "$port"
}

# --- compacted -----------------------------------------------------------------------------------

log_first() { status "$1" | jq .log_first; }
# history_is_forgotten PORT: whether there is no revision left.
history_is_forgotten() {
  http "$1" '/log?limit=1' | jq -e '.compacted == .revision and .revision > 0'
}

make_compacted() {
  local first=${ports[2]} port=${ports[3]} missing before
  start_alone "$first" first
  some_data "$first"
  for number in 0 1 2 3 4 5 6 7 8 9; do # these will be forgotten
    change "$first" lan POST /set "{\"key\":\"early/$number\",\"value\":$number}" \
      -H "Idempotency-Key: early-$number"
  done
  large body 409600 "one of ten,"
  change "$first" lan PUT '/kv/ten/[0-9]' @body
  large body 409600 "overwritten,"
  change "$first" minh PUT '/kv/ten/[0-4]' @body

  # So many entries that all requests until now are forgotten.
  missing=$((remembered + 200))
  say "$missing entries on $first"
  pdb "$first" bench bench -n "$missing" --clients 128 --keys 1 --value-bytes 1 >/dev/null
  pdb "$first" lan kv rm bench/0 --yes >/dev/null 2>&1 || true
  # More than 256 MiB that one change takes away: it and everything before it is forgotten at once,
  # and the log passed 64 MiB several times.
  say "530 large values on $first"
  large body $((511 << 10)) "large and soon gone;"
  change "$first" lan PUT '/kv/much/[1-530]' @body
  jq -cn '{keys: [range(1; 531) | "much/\(.)"]}' >keys.json
  change "$first" lan POST /delete @keys.json
  change "$first" lan POST '/increment#[1-20]' '{"key":"after"}' # forgets at every 16th entry
  [ "$(log_first "$first")" -gt 1 ] || fail "the log of $first was not compacted"
  [ "$(http "$first" '/log?limit=1' | jq .compacted)" -gt "$missing" ] || fail "nothing was forgotten"

  # Another node is sent this state, which is small again, into a new file; then it leads alone.
  say "$port joins $first"
  start "$port" compacted --join "127.0.0.1:$first" --log-entries 1000
  until_true "$port votes" is_voter "$first" "$port"
  pdb "$first" lan cluster transfer "127.0.0.1:$port" >/dev/null
  until_true "$port leads" is_leader "$port"
  pdb "$port" lan cluster remove "127.0.0.1:$first" --yes >/dev/null
  until_true "$first is removed" is_removed "$port" "$first"
  stop "$first"
  rm -rf first

  # Until its log is compacted as well. Rows that are no longer part of the log go with the next
  # entries; there are none, so they stay.
  say "compacting the log of $port"
  for number in 0 1 2 3 4 5 6 7 8 9; do
    change "$port" lan POST /set "{\"key\":\"late/$number\",\"value\":[$number]}" \
      -H "Idempotency-Key: late-$number"
  done
  pdb "$port" minh task add "Việc mới" "Việc mới nữa" >/dev/null
  change "$port" lan POST '/increment#[1-400]' '{"key":"many"}'
  change "$port" minh POST '/append#[1-20]' '{"key":"more","values":[1,2]}'
  before=$(log_first "$port")
  while [ "$(log_first "$port")" = "$before" ]; do
    # In steps as long as the limit is far, then one by one.
    if [ "$(status "$port" | jq .log_entries)" -lt 970 ]; then
      change "$port" minh POST '/increment#[1-25]' '{"key":"many"}'
    else
      change "$port" minh POST /increment '{"key":"many"}'
      sleep 0.1
    fi
  done
  tell "$port" compacted
  status "$port" >"$out/compacted.status"
  stop "$port"
  pack compacted compacted
}

# --- three ---------------------------------------------------------------------------------------

# leader PORT...: the port of the node that leads.
leader() {
  local port
  for port; do
    if is_leader "$port"; then
      echo "$port"
      return
    fi
  done
  return 1
}

# agree PORT...: whether all nodes are equally far and one of them leads.
agree() {
  leader "$@" >/dev/null \
    && [ "$(for port; do status "$port" | jq -c '[.applied, .last, .term, .revision, .hash, .birth]'; done \
      | sort -u | wc -l)" = 1 ]
}

make_three() {
  local a=${ports[4]} b=${ports[5]} c=${ports[6]} d=${ports[7]} list port old new number members
  list=127.0.0.1:$a,127.0.0.1:$b,127.0.0.1:$c
  say "a cluster of $a $b $c"
  for port in "$a" "$b" "$c"; do start "$port" "node-$port" --cluster "$list"; done
  for port in "$a" "$b" "$c"; do until_true "node $port is ready" is_ready "$port"; done
  some_data "$b"
  old=$(leader "$a" "$b" "$c")
  change "$old" lan POST '/increment#[1-60]' '{"key":"three/count"}'

  # Another one leads.
  new=$b
  [ "$old" != "$b" ] || new=$c
  say "from $old to $new"
  pdb "$old" lan cluster transfer "127.0.0.1:$new" >/dev/null
  until_true "$new leads" is_leader "$new"
  change "$new" minh PUT '/kv/three/[1-60]' '{"value":["đổi","lãnh đạo"]}'

  # A fourth node joins, one that does not lead goes; the lists have four and then three.
  local gone=$a
  [ "$new" != "$a" ] || gone=$c
  say "$d joins, $gone goes"
  start "$d" "node-$d" --join "127.0.0.1:$new"
  until_true "$d votes" is_voter "$new" "$d"
  change "$new" lan POST '/append#[1-30]' '{"key":"three/list","values":["bốn"]}'
  http "$new" /cluster/members >members
  pdb "$new" lan cluster remove "127.0.0.1:$gone" --yes >/dev/null
  until_true "$gone is removed" is_removed "$new" "$gone"
  stop "$gone"
  members=()
  for port in "$a" "$b" "$c" "$d"; do [ "$port" = "$gone" ] || members+=("$port"); done
  for number in 1 2 3 4 5 6 7 8 9; do # on any member
    change "${members[number % 3]}" app POST /set "{\"key\":\"three/any/$number\",\"value\":$number}" \
      -H "Idempotency-Key: three-$number"
  done
  pdb "${members[0]}" minh task add "Ba nút là đủ" >/dev/null
  change "$new" minh POST '/increment#[1-40]' '{"key":"three/count"}'
  until_true "the members agree" agree "${members[@]}"

  number=0
  : >"$out/three.members"
  for port in "${members[@]}"; do
    number=$((number + 1))
    tell "$port" "three-$number"
    status "$port" | jq -r --arg name "three-$number" '"\($name) \(.address) \(.node)"' \
      >>"$out/three.members"
  done
  jq -r --arg address "127.0.0.1:$gone" \
    '.members[] | select(.address == $address) | "removed \(.address) \(.id)"' members \
    >>"$out/three.members"
  old=$(leader "${members[@]}")
  http "$old" /cluster/status | jq -c . >"$out/three.cluster"
  until_true "the members agree" agree "${members[@]}"
  number=0
  for port in "${members[@]}"; do
    number=$((number + 1))
    status "$port" >"$out/three-$number.status"
  done

  # The leader last: it finds nobody to hand over to, so nothing is added to any log.
  for port in "${members[@]}"; do [ "$port" = "$old" ] || kill -TERM "${pids[$port]}"; done
  for port in "${members[@]}"; do [ "$port" = "$old" ] || { wait "${pids[$port]}" || true; }; done
  stop "$old"
  for port in "${members[@]}"; do unset "pids[$port]"; done
  number=0
  for port in "${members[@]}"; do
    number=$((number + 1))
    pack "node-$port" "three-$number"
  done
}

# --- restored ------------------------------------------------------------------------------------

make_restored() {
  local port=${ports[8]}
  say "restoring the backup"
  "$program" restore lone.backup --data-dir restored --port "$port" --json >"$out/restored.restore"
  pack restored restored
  cp -r restored restored-copy
  start_alone "$port" restored-copy
  tell "$port" restored
  status "$port" >"$out/restored.status"
  stop "$port"
}

# -------------------------------------------------------------------------------------------------

"$program" --version | grep -q ' 0\.1\.' || fail "'$1' is not version 0.1"
make_lone
make_killed
make_three
make_restored
make_compacted
say "done"
