#!/usr/bin/env bash
# Imports two files, kills the tool in the middle of it, and starts it again. Exit code 0: it works.
set -euo pipefail
cd "$(dirname "$0")"

tool="${APUS_BIN_DIR:-$(cd ../.. && swift build --show-bin-path)}/EmbeddedCLIExample"

work="$(mktemp -d)"
pid=""
cleanup() {
    if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

for i in $(seq 1000); do echo "row-$i,$i"; done >"$work/a.csv"
for i in $(seq 10); do echo "row-$i,1"; done >"$work/b.csv"
echo "no amount" >"$work/bad.csv"

parts() { { find "$work/import/database" -type f 2>/dev/null || true; } | wc -l; }

# Killed in the middle, twice: once as by a power cut, once as by Ctrl-C.
for signal in KILL TERM; do
    before="$(parts)"
    PAUSE_MS=200 "$tool" "$work/import" "$work/a.csv" "$work/b.csv" "$work/bad.csv" >"$work/output" 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        if [ "$(parts)" -gt $((before + 1)) ]; then break; fi
        sleep 0.1
    done
    kill "-$signal" "$pid"
    wait "$pid" || true
    pid=""
done
grep -q "stopped; start it again to go on" "$work/output"
test "$(parts)" -lt 10

"$tool" "$work/import" "$work/a.csv" "$work/b.csv" "$work/bad.csv" >"$work/output" 2>&1
cat "$work/output"
grep -q "a.csv: 1000 rows, sum 500500, resumed" "$work/output"
grep -q "b.csv: 10 rows, sum 10" "$work/output"
grep -q 'bad.csv: failed: .*there is no amount in "no amount"' "$work/output"
test "$(parts)" -eq 11
echo "embedded-cli works"
