#!/bin/sh
# Holds a node against its OpenAPI document with schemathesis, and uses it through a generated
# client: pip install schemathesis openapi-python-client. No part of 'make test'.
#
#   Tests/Schemathesis/check.sh [PROGRAM] [PORT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${1:-.build/debug/pdb}")
node=http://127.0.0.1:${2:-4791}
folder=$(mktemp -d)
cd "$folder"
export XDG_STATE_HOME="$folder/state" XDG_CONFIG_HOME="$folder/config" PYTHONPATH="$here"
"$program" node start --port "${2:-4791}" --data-dir data >node.log 2>&1 &
process=$!
trap 'kill $process; rm -rf "$folder"' EXIT
until curl -sf "$node/readyz" >/dev/null; do
  kill -0 $process
  sleep 0.1
done

openapi-python-client generate --url "$node/openapi.json" --output-path client >client.log 2>&1
python3 "$here/client.py" "$node" client

CLUSTER=$(curl -sI "$node/livez" | tr -d '\r' |
  awk -F': ' '/^PDB-Cluster/ { id = $2 } /^PDB-Birth/ { birth = $2 } END { print id "/" birth }')
INVITATION=$(curl -s "$node/cluster/invitations" -H 'Content-Type: application/json' \
  -d '{"seconds":604800}' | sed 's/.*"invitation":"\([^"]*\)".*/\1/')
export CLUSTER INVITATION SCHEMATHESIS_HOOKS=hooks
# Headers that nobody knows are ignored (RFC 9110, section 5.1), so that no more are made up.
printf '[generation]\nallow-extra-parameters = false\n' >schemathesis.toml
run() {
  schemathesis run "$node/openapi.json" --checks all --max-examples "${EXAMPLES:-50}" \
    --continue-on-failure --request-timeout 15 --suppress-health-check filter_too_much "$@"
}
# '/node/stop' would end the node, '/events' has no end. The members change last.
run --exclude-path /node/stop --exclude-path /events \
  --exclude-path-regex '^/(import/|cluster/members|cluster/admissions)'
# "How many parts have come" of an import that is gone is 0, as of one that never was.
run --include-path-regex '^/import/' --exclude-checks use_after_free
run --include-path-regex '^/cluster/(members|admissions)'
