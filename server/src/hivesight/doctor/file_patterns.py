"""Files that a configuration names by a path or a pattern, where it can be known from here whether they are there."""

import glob
from itertools import islice
from pathlib import Path, PureWindowsPath
from typing import Final

MOST_FILES: Final = 200
_WILD: Final = frozenset("*?[")


def named_files(pattern: str, folder: Path) -> list[Path] | None:
    """The regular files that a pattern names, relative ones from `folder`, in order. None where that cannot be known:
    an absolute path into a folder that is on another machine or in a container, or one that may not be looked at."""
    whole = folder / pattern
    try:
        elsewhere = PureWindowsPath(pattern).drive or (Path(pattern).is_absolute() and not whole.parent.is_dir())
        if "\0" in pattern or elsewhere:
            return None
        # Without `recursive`, two stars are one, as in Go's filepath.Glob.
        found = islice(glob.iglob(str(whole)), MOST_FILES)  # noqa: PTH207 - Path.glob refuses absolute patterns
        return sorted(path for path in map(Path, found) if path.is_file())
    except OSError:
        return None


def is_pattern(path: str) -> bool:
    """Whether a path may name several files, or none."""
    return not _WILD.isdisjoint(path)
