"""Blocks that come to a store together: all of them or none, also when the process ends in between.

They are made in `import.tmp`. Renaming that to `import` is the moment from which they belong to the store; whoever
opens the store next brings to its end what was not finished. docs/format/block.md."""

import shutil
from pathlib import Path
from typing import Final

from hivesight.storage.tsdb.directory import Directory, sync_directory

_MAKING: Final = "import.tmp"
_MADE: Final = "import"


def begin(directory: Directory) -> Path:
    """An empty place for the blocks. Raises OSError."""
    settle(directory)
    making = directory.path / _MAKING
    making.mkdir()
    return making


def commit(directory: Directory) -> None:
    """The blocks become the store's. Everything in the place must be a block by its name. Raises OSError."""
    sync_directory(directory.path / _MAKING)
    (directory.path / _MAKING).rename(directory.path / _MADE)
    sync_directory(directory.path)
    settle(directory)


def discard(directory: Directory) -> None:
    """Removes what was made and not committed."""
    shutil.rmtree(directory.path / _MAKING, ignore_errors=True)


def settle(directory: Directory) -> None:
    """Moves what was committed to the other blocks and removes what was not. Raises OSError."""
    discard(directory)
    made = directory.path / _MADE
    if not made.is_dir():
        return
    directory.blocks.mkdir(exist_ok=True)
    for block in made.iterdir():
        block.rename(directory.blocks / block.name)
    sync_directory(directory.blocks)
    made.rmdir()
