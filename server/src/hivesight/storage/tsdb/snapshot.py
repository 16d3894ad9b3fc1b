"""A copy of the store as it is at one moment, which opens as a store of its own. Files that never change are linked,
not copied, so it takes neither time nor room."""

import os
import shutil
from pathlib import Path

from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.directory import FORMAT, Directory, sync_directory


def write_snapshot(directory: Directory, blocks: Blocks, before: int, target: Path) -> None:
    """Links blocks, the checkpoint and the segments before `before` into `target`, which must not exist. The caller
    lets none of them be removed meanwhile. Raises OSError; then nothing is left behind."""
    temporary = target.with_name(target.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        (temporary / "wal").mkdir(parents=True)
        for sequence in directory.checkpoints():
            _link(directory.checkpoint(sequence), temporary / "wal")
        for sequence in [each for each in directory.segments() if each < before]:
            _link(directory.segment(sequence), temporary / "wal")
        for block in blocks.all():
            into = temporary / "blocks" / block.path.name
            into.mkdir(parents=True)
            for file in block.path.iterdir():
                _link(file, into)
        (temporary / "FORMAT").write_text(FORMAT)
        sync_directory(temporary)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _link(file: Path, into: Path) -> None:
    try:
        os.link(file, into / file.name)
    except OSError:
        # Another file system, or one without links.
        shutil.copy2(file, into / file.name)
