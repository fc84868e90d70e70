#!/usr/bin/env bash
# Runs the end-to-end tests against the real binary; arguments go to pytest:
#
#   Scripts/test-end-to-end.sh -k parallel
#
# Two at a time, because most of them wait for a server; `-n 0` runs one after the other.
# APUS_BINARY names another binary than the one that `swift build` makes.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${APUS_BINARY:-.build/debug/apus}
if [ ! -x "$binary" ]; then
    echo "$binary is missing: run \`swift build --product apus\`, or set APUS_BINARY." >&2
    exit 1
fi
APUS_BINARY=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")
export APUS_BINARY

Scripts/python-environment.sh .venv/tests Tests/EndToEnd/requirements.txt
python=$PWD/.venv/tests/bin/python
cd Tests/EndToEnd
exec "$python" -m pytest -q -n 2 --dist worksteal "$@"
