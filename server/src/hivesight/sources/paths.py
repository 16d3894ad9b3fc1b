"""Paths as configuration files write them: relative to the folder of their file, with a pattern in the last part."""

from pathlib import Path


def matching(pattern: str) -> list[Path]:
    """The files that a pattern such as `targets/*.json` names, sorted. A path without a pattern is itself, whether the
    file is there or not. Raises OSError where the folder cannot be read."""
    path = Path(pattern)
    if not any(each in path.name for each in "*?["):
        return [path]
    return sorted(path.parent.glob(path.name)) if path.parent.is_dir() else []
