#!/usr/bin/env bash
# Makes a Python environment with what a requirements file lists, or brings it up to date:
#
#   Scripts/python-environment.sh .venv/tests Tests/EndToEnd/requirements.txt
#
# Does nothing, and needs no network, when the environment already has exactly that.
set -euo pipefail

directory=$1
requirements=$2

fail() {
    echo "$1" >&2
    exit 1
}

command -v python3 >/dev/null || fail "python3 is missing: install Python 3.10 or newer."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || fail "Python 3.10 or newer is needed; python3 is $(python3 -V 2>&1)."

# The Python that made an environment is part of what it is.
wanted=$(python3 -c '
import hashlib, pathlib, sys
text = pathlib.Path(sys.argv[1]).read_bytes()
print(hashlib.sha256(text + sys.version.encode()).hexdigest())
' "$requirements")
stamp=$directory/.requirements
[ -x "$directory/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

make_environment() { python3 -m venv --clear "$directory" >/dev/null 2>&1; }

echo "Making $directory …"
if ! make_environment; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv >/dev/null 2>&1 || true
    fi
    make_environment || fail "Python's venv is missing: install it (Debian: apt-get install python3-venv) and try again."
fi
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" \
    || fail "What $requirements lists could not be installed: is there a network?"
echo "$wanted" >"$stamp"
