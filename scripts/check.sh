#!/bin/sh
# Everything that is judged without running the tests: style, types, layers, and that the committed bundle is current.
# Every judge is heard, whatever the others say.
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/.venv/bin:$PATH"
failed=""

judge() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" || failed="$failed
   $name"
}

judge "lint" ruff check .
judge "format" ruff format --check .
judge "types" pyright
judge "layers" lint-imports --no-logo
judge "the committed web bundle" python web/scripts/stamp.py check

if [ -n "$failed" ]; then
    printf '\nFailed:%s\n' "$failed"
    exit 1
fi
