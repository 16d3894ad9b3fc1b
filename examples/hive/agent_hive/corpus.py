"""The files the hive reviews: this interpreter's standard library. Nothing outside it can be read."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from agent_hive.work import MAX_FILE_BYTES, BadRequest, check_path

ROOT = Path(sysconfig.get_path("stdlib")).resolve()
_SKIP_DIRS = frozenset({"site-packages", "dist-packages", "__pycache__", "test", "tests", "idlelib", "turtledemo"})
_MAX_FILES = 5_000
_BAD = ("bad*.py",)
_BAD_DIRS = ("lib2to3/tests", "test", "test/tokenizedata", "test/test_future_stmt")


def read(path: str, root: Path = ROOT) -> bytes:
    """The bytes of a file below the root; BadRequest when it is not there, is too large or lies elsewhere."""
    file = (root / check_path(path)).resolve()
    if not file.is_relative_to(root):
        raise BadRequest(f"{path} leads out of the standard library")
    try:
        with file.open("rb") as stream:
            source = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}") from error
    if len(source) > MAX_FILE_BYTES:
        raise BadRequest(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    return source


def good_files(root: Path = ROOT) -> list[str]:
    """Relative paths of the library's own modules, sorted; empty files and oversized ones left out."""
    return sorted(_walk(root))


def bad_files(root: Path = ROOT) -> list[str]:
    """Files that CPython's own tests keep because they are not valid Python; none where tests are not installed."""
    found = {file for folder in _BAD_DIRS for pattern in _BAD for file in (root / folder).glob(pattern)}
    return sorted(file.relative_to(root).as_posix() for file in found)


def _walk(root: Path) -> Iterator[str]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - _SKIP_DIRS)
        for name in files:
            file = Path(folder, name)
            if name.endswith(".py") and 0 < file.stat().st_size <= MAX_FILE_BYTES:
                yield file.relative_to(root).as_posix()
                count += 1
                if count >= _MAX_FILES:
                    return
