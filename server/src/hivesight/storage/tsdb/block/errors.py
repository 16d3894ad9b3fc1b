"""What can be wrong with a block.

BlockError
    BlockDamaged    bytes that are not what was written: set the block aside
    BlockTooNew     written by a later version: leave it where it is"""

from pathlib import Path


class BlockError(Exception):
    """A block that cannot be used. path: its directory or the file in question, where that is known."""

    def __init__(self, reason: str, path: Path | None = None) -> None:
        super().__init__(reason if path is None else f"{path}: {reason}")
        self.reason = reason
        self.path = path


class BlockDamaged(BlockError):
    """A file is missing, cut short or changed. Nothing of the part in question can be served."""


class BlockTooNew(BlockError):
    """The block has a format that this version does not know."""
