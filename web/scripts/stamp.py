"""Says whether the committed web bundle was built from the present sources.

`stamp.py write` puts the sha256 over the web sources into `.source` beside the bundle; `stamp.py check` exits 1
when that stamp and the sources differ. Needs nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent
STAMP = WEB.parent / "server" / "src" / "hivesight" / "ui" / "static" / ".source"
# What a build reads. Tests do not reach the bundle, so they do not make it stale.
FILES = (".npmrc", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
FOLDERS = ("public", "src")


def digest() -> str:
    """sha256 over names and contents of everything the build reads, as hex. Line ends count as LF."""
    paths = [WEB / name for name in FILES]
    for folder in FOLDERS:
        paths += [p for p in (WEB / folder).rglob("*") if p.is_file() and ".test." not in p.name]
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.relative_to(WEB).as_posix()):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(path.relative_to(WEB).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        STAMP.write_text(digest() + "\n", encoding="ascii")
        return 0
    if arguments == ["check"]:
        built_from = STAMP.read_text(encoding="ascii").strip() if STAMP.exists() else "nothing"
        if built_from == digest():
            return 0
        print(
            "The committed web bundle is not built from the present sources of web/."
            " Run `npm ci --ignore-scripts && npm run build` in web/ and commit server/src/hivesight/ui/static/.",
            file=sys.stderr,
        )
        return 1
    print("usage: stamp.py write|check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
