#!/usr/bin/env bash
# Runs the examples against the real server; arguments name some of them:
#
#   Scripts/test-examples.sh onboarding fan-out
set -euo pipefail
cd "$(dirname "$0")/.."

APUS_BIN_DIR=$(swift build --show-bin-path)
export APUS_BIN_DIR
if [ ! -x "$APUS_BIN_DIR/apus" ]; then
    echo "$APUS_BIN_DIR/apus is missing: run \`swift build\`." >&2
    exit 1
fi

if [ $# -gt 0 ]; then
    tests=("${@/%//run-test.sh}")
    tests=("${tests[@]/#/Examples/}")
else
    tests=(Examples/*/run-test.sh)
fi
failed=0
for test in "${tests[@]}"; do
    name=$(basename "$(dirname "$test")")
    start=$SECONDS
    if "$test"; then
        echo "✓ $name ($((SECONDS - start)) s)"
    else
        echo "✗ $name" >&2
        failed=1
    fi
done
exit "$failed"
