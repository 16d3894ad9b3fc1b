"""A store's files as they are at this moment, taken from outside while a server may be at work on them: what opens in
their place can be asked, and nothing that it does to its own files touches theirs."""

import os
import shutil
from pathlib import Path
from typing import Final

from hivesight.storage.tsdb.block.write import SUFFIX
from hivesight.storage.tsdb.directory import FORMAT_NAME

_TRIES: Final = 5


def borrow(metrics: Path, target: Path) -> None:
    """Copies the log and links the blocks into `target`, which must not exist. Raises OSError."""
    for left in reversed(range(_TRIES)):
        try:
            _borrow(metrics, target)
            return
        except FileNotFoundError:
            # The server replaced segments by a checkpoint, or blocks by one of their own.
            shutil.rmtree(target, ignore_errors=True)
            if not left:
                raise


def _borrow(metrics: Path, target: Path) -> None:
    # The log first: what moves from it to a block meanwhile is then there twice, and not missing.
    (target / "wal").mkdir(parents=True)
    for file in sorted((metrics / "wal").iterdir()):
        if file.is_file() and file.suffix in (".wal", ".checkpoint"):
            shutil.copyfile(file, target / "wal" / file.name)
    if (metrics / FORMAT_NAME).exists():
        shutil.copyfile(metrics / FORMAT_NAME, target / FORMAT_NAME)
    blocks = metrics / "blocks"
    for block in sorted(blocks.iterdir()) if blocks.is_dir() else ():
        if block.is_dir() and block.suffix != SUFFIX:
            (target / "blocks" / block.name).mkdir(parents=True)
            for file in block.iterdir():
                _linked(file, target / "blocks" / block.name / file.name)


def _linked(file: Path, target: Path) -> None:
    """A block's files never change; they may go, and a hard link outlives that where it can be had."""
    try:
        os.link(file, target)
    except FileNotFoundError:
        raise
    except OSError:
        target.symlink_to(file.resolve())
