#!/bin/sh
# Everything that is judged without running the tests: style, types, layers, and that the committed bundle is current.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

step() { printf '\n== %s\n' "$1"; shift; "$@"; }

step "ruff: lint" ruff check .
step "ruff: format" ruff format --check .
step "pyright: strict types" pyright
step "import-linter: the layers" lint-imports
step "the committed web bundle is that of web/" python -m hivesight.ui.stamp --check
