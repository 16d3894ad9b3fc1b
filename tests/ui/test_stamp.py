"""The stamp that tells whether the committed bundle was built from the present sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The sources of the web interface and an empty bundle, laid out as in the repository."""
    shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "server/src/hivesight/ui/static").mkdir(parents=True)
    return tmp_path


def stamp(clone: Path, verb: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "web/scripts/stamp.py"), verb]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_committed_bundle_is_built_from_the_committed_sources() -> None:
    fresh = stamp(WEB.parent, "check")
    assert fresh.returncode == 0, fresh.stderr


def test_a_bundle_is_fresh_until_a_source_changes(clone: Path) -> None:
    missing = stamp(clone, "check")
    assert (missing.returncode, "npm run build" in missing.stderr) == (1, True)
    assert stamp(clone, "write").returncode == 0
    assert stamp(clone, "check").returncode == 0

    test_file = clone / "web/src/lib/time.test.ts"
    test_file.write_text(test_file.read_text() + "\n// a test is not in the bundle\n")
    assert stamp(clone, "check").returncode == 0

    source = clone / "web/src/main.tsx"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert stamp(clone, "check").returncode == 0, "line ends of a checkout are no change"

    source.write_text(source.read_text() + "\n// changed\n")
    assert stamp(clone, "check").returncode == 1


@pytest.mark.parametrize("change", ["rename", "remove", "add"])
def test_names_count_too(clone: Path, change: str) -> None:
    stamp(clone, "write")
    source = clone / "web/src/styles/charts.css"
    if change == "rename":
        source.rename(source.with_name("renamed.css"))
    elif change == "remove":
        source.unlink()
    else:
        source.with_name("more.css").write_text("")
    assert stamp(clone, "check").returncode == 1


def test_usage(clone: Path) -> None:
    assert stamp(clone, "frobnicate").returncode == 2
