# Sourced by each example's run-test.sh: starts a server and the example, and ends both with the script.
#
# APUS_BIN_DIR is where `swift build` put the programs; Scripts/test-examples.sh sets it.
set -euo pipefail

example=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
bin=${APUS_BIN_DIR:-$(cd "$example/../.." && swift build --show-bin-path)}
directory=$(mktemp -d)
server_pid=""
app_pid=""

end() {
    local code=$?
    trap - EXIT INT TERM
    for pid in $app_pid $server_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$directory"
    exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    {
        echo "$(basename "$example"): $1"
        echo "-- the app"
        tail -n 20 "$directory/app.log" || true
        echo "-- the server"
        tail -n 20 "$directory/server.log" || true
    } >&2
    exit 1
}

# A port that nobody has: the kernel's own choice, let go again.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_until WHAT COMMAND…: until the command succeeds, for $within seconds (30).
wait_until() {
    local what=$1 deadline=$((SECONDS + ${within:-30}))
    shift
    until "$@" >/dev/null 2>&1; do
        for pid in $app_pid $server_pid; do
            kill -0 "$pid" 2>/dev/null || fail "a process ended before $what"
        done
        [ "$SECONDS" -lt "$deadline" ] || fail "it did not come to this: $what"
        sleep 0.1
    done
}

# start PROGRAM FUNCTION: the server, the example, and what makes them know each other.
start() {
    local port app_port
    port=$(free_port)
    app_port=$(free_port)
    url=http://127.0.0.1:$port
    app_origin=http://127.0.0.1:$app_port
    "$bin/apus" dev --port "$port" --host 127.0.0.1 --data-dir "$directory/store" \
        --sdk-url "$app_origin/api/inngest" --no-discovery --poll-interval 1 --retry-interval 1 \
        >"$directory/server.log" 2>&1 &
    server_pid=$!
    wait_until "the server answers" curl -fs "$url/health"
    INNGEST_DEV=$url PORT=$app_port "$bin/$1" >"$directory/app.log" 2>&1 &
    app_pid=$!
    wait_until "the app listens" curl -s "$app_origin"
    curl -s -X PUT "$app_origin/api/inngest" >/dev/null
    wait_until "function $2 is registered" is_registered "$2"
}

is_registered() { curl -fs "$url/dev" | grep -q "\"slug\":\"$1\""; }

apus() { "$bin/apus" "$@" --url "$url"; }

# send NAME DATA: prints the event's id.
send() { apus send "$1" --data "$2"; }

runs_of() { curl -fs "$url/v1/events/$1/runs"; }
has_run_of() { runs_of "$1" | grep -q '"run_id"'; }

# run_of EVENT: prints the id of the run that an event has started.
run_of() {
    wait_until "event $1 starts a run" has_run_of "$1"
    runs_of "$1" | sed -n 's/.*"run_id":"\([^"]*\)".*/\1/p'
}

has_run() { curl -fs "$url/v1/runs?function=$1" | grep -q '"run_id"'; }
newest_run() { curl -fs "$url/v1/runs?function=$1" | sed 's/.*"run_id":"\([^"]*\)".*/\1/'; }

# journal_has RUN PATTERN: whether a run's history shows it.
journal_has() { curl -fs "$url/v1/runs/$1/journal" | grep -q -- "$2"; }

has_ended() { curl -fs "$url/v1/runs/$1" | grep -q '"status":"\(Completed\|Failed\|Cancelled\)"'; }

# expect_end RUN STATUS OUTPUT: how a run ends, and a part of its output.
expect_end() {
    local run
    wait_until "run $1 has ended" has_ended "$1"
    run=$(curl -fs "$url/v1/runs/$1")
    grep -q "\"status\":\"$2\"" <<<"$run" || fail "the run is not $2: $run"
    grep -qF -- "$3" <<<"$run" || fail "the output is not $3: $run"
}

app_said() { grep -qF -- "$1" "$directory/app.log"; }
