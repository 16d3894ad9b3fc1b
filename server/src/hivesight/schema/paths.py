"""Paths as configuration files write them."""

from pathlib import Path


def joined(folder: Path, path: str) -> str:
    """A path of a configuration file, which is relative to that file's folder; an empty one stays empty."""
    return str(folder / path) if path else ""
