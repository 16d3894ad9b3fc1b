#!/bin/sh
# Makes .venv and installs into it. setup.sh run: what the server needs; setup.sh dev: what tests and checks need too;
# setup.sh examples: the frameworks of examples/frameworks.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "hivesight: $*" >&2; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed and was not found (python3 is $(python3 --version 2>&1 || echo missing))."
    say "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; macOS: brew install python), then run make again;"
    say "or name it: make run PYTHON=/path/to/python3.12"
    exit 1
}

install() {
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" 2>.venv/pip.log; then
        cat .venv/pip.log >&2
        say "installing failed. If the lines above speak of connections or names that cannot be resolved, this machine"
        say "does not reach the Python package index: set PIP_INDEX_URL to a mirror that it reaches, then run make again."
        exit 1
    fi
}

if [ ! -x .venv/bin/python ] || ! suits .venv/bin/python; then
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        say "this Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv, then run make again."
        exit 1
    fi
fi

case "$1" in
run)
    say "installing the server and the SDK (the first time takes a moment)"
    install -e ./sdk -e './server[demo]'
    touch .venv/.installed
    ;;
dev)
    say "installing what tests and checks need"
    install -r requirements-dev.txt
    touch .venv/.installed-dev
    ;;
examples)
    say "installing the frameworks that the examples are made with"
    install -r requirements-examples.txt
    touch .venv/.installed-examples
    ;;
esac
