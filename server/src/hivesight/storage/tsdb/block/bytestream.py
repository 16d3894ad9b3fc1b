"""Arrays one after the other in a byte string, read back with every bound checked, and compression of the whole."""

from typing import Final

import cramjam
import numpy as np
from numpy.typing import DTypeLike, NDArray

from hivesight.storage.tsdb.block.errors import BlockDamaged

LEVEL: Final = 3
"""Of zstd. Over real scrapes 1, 3, 6 and 9 gave 0.342, 0.342, 0.337 and 0.335 bytes a sample: planes of small numbers
leave little to search for."""


def compress(data: bytes) -> bytes:
    """One zstd frame."""
    return bytes(cramjam.zstd.compress(data, LEVEL))


def decompress(data: memoryview, size: int) -> memoryview:
    """The content of one frame, which must have exactly `size` bytes; no more memory than that is spent. The caller
    bounds `size`. Raises BlockDamaged."""
    content = bytearray(size)
    try:
        written = cramjam.zstd.decompress_into(data, content) if size or len(data) else 0
    except cramjam.DecompressionError as error:
        raise BlockDamaged(f"cannot decompress: {error}") from error
    if written != size:
        raise BlockDamaged(f"decompresses to {written} bytes where {size} are due")
    return memoryview(content)


class Cursor:
    """Takes arrays off the front of some bytes. Raises BlockDamaged where they end too early."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def take(self, dtype: DTypeLike, count: int) -> NDArray[np.generic]:
        """The next `count` numbers, without a copy."""
        size = np.dtype(dtype).itemsize * count
        if count < 0 or size > len(self._data) - self._at:
            raise BlockDamaged("ends before its content does")
        taken = np.frombuffer(self._data, dtype, count, self._at)
        self._at += size
        return taken

    def bytes(self, count: int) -> NDArray[np.uint8]:
        """The next bytes."""
        return self.take(np.uint8, count).view(np.uint8)

    def int64(self, count: int) -> NDArray[np.int64]:
        """The next integers of eight bytes."""
        return self.take("<i8", count).view(np.int64)

    def int32(self, count: int) -> NDArray[np.int32]:
        """The next integers of four bytes."""
        return self.take("<i4", count).view(np.int32)

    def size(self) -> int:
        """One count: an integer of four bytes that is not negative."""
        count = int(self.int32(1)[0])
        if count < 0:
            raise BlockDamaged("has a negative count")
        return count

    def end(self) -> None:
        """Says that nothing may follow."""
        if self._at != len(self._data):
            raise BlockDamaged("goes on after its end")
