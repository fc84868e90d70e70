#!/usr/bin/env bash
# Starts a server and a sample app, sends an event, and shows what the run does. Both go on until
# Ctrl-C.
#
# APUS_BINARY names a binary to use instead of building one, APUS_DEMO_PYTHON a Python that has what
# Examples/signup-python/requirements.txt lists.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

command -v curl >/dev/null || fail "curl is missing: install it and try again."

# What is needed: a binary and a Python with the SDK.

if [ -n "${APUS_BINARY:-}" ]; then
    apus=$APUS_BINARY
    [ -x "$apus" ] || fail "APUS_BINARY is $apus, which is no program."
elif command -v swift >/dev/null; then
    echo "Building apus (the first time takes some minutes) …"
    swift build --product apus || fail "apus could not be built."
    apus=$(swift build --show-bin-path)/apus
else
    apus=.build/debug/apus
    [ -x "$apus" ] || fail "swift is missing: install Swift 6.2 or newer from https://swift.org/install."
fi

if [ -n "${APUS_DEMO_PYTHON:-}" ]; then
    python=$APUS_DEMO_PYTHON
else
    Scripts/python-environment.sh .venv/demo Examples/signup-python/requirements.txt
    python=.venv/demo/bin/python
fi

# Two processes, which end with this script.

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

next_free_port() {
    local port=$1
    while listens "$port"; do port=$((port + 1)); done
    echo "$port"
}

server_pid=""
app_pid=""
end() {
    trap - EXIT INT TERM
    for pid in $app_pid $server_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}
trap end EXIT
trap 'echo; exit 0' INT TERM

port=$(next_free_port 8288)
app_port=$(next_free_port 8000)
url=http://127.0.0.1:$port
app_url=http://127.0.0.1:$app_port/api/inngest
# By port, so that a second demo leaves the first one's store alone.
directory=.apus/demo/$port
rm -rf "$directory"
mkdir -p "$directory"

# wait_for WHAT PID LOG COMMAND…: until the command succeeds; gives up when the process ends.
wait_for() {
    local what=$1 pid=$2 log=$3 tries=0
    shift 3
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 300 ]; then
            tail -n 20 "$log" >&2
            fail "$what failed; the whole log is $log."
        fi
        sleep 0.1
    done
}

"$apus" dev --port "$port" --host 127.0.0.1 --data-dir "$directory" --sdk-url "$app_url" \
    --no-discovery --poll-interval 1 --retry-interval 1 --log-format text >"$directory/server.log" 2>&1 &
server_pid=$!
wait_for "The start of the server" "$server_pid" "$directory/server.log" curl -fs "$url/health"
echo "The server is at $url and keeps everything in $directory."

INNGEST_DEV=$url PORT=$app_port PYTHONUNBUFFERED=1 \
    "$python" Examples/signup-python/app.py >"$directory/app.log" 2>&1 &
app_pid=$!
is_registered() { curl -fs "$url/dev" | grep -q '"slug":"shop-signup"'; }
wait_for "The start of the app" "$app_pid" "$directory/app.log" is_registered
echo "The app is at http://127.0.0.1:$app_port and has registered its function: Examples/signup-python/app.py"

# One event, and what becomes of it.

event='{"name":"shop/user.signed-up","data":{"email":"ada@example.com"}}'
echo
echo "\$ curl $url/e/dev -d '$event'"
answer=$(curl -fsS "$url/e/dev" -d "$event")
echo "$answer"
echo
event_id=$(echo "$answer" | sed -n 's/.*"ids":\["\([^"]*\)".*/\1/p')
runs() { curl -fs "$url/v1/events/$event_id/runs"; }
has_run() { runs | grep -q '"run_id"'; }
wait_for "The start of the run" "$server_pid" "$directory/server.log" has_run
run_id=$(runs | sed -n 's/.*"run_id":"\([^"]*\)".*/\1/p')
"$apus" trace "$run_id" --follow --url "$url"

echo
echo "See every run:  open $url"
echo "Go on:          change Examples/signup-python/app.py and start the demo again"
echo "End the demo:   Ctrl-C"
wait "$server_pid"
