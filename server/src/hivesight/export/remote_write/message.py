"""What the two messages of remote write have in common."""

from collections.abc import Sequence
from typing import Protocol

from hivesight.export.remote_write.batch import Batch
from hivesight.model.labels import Labels


class Message(Protocol):
    """custom_bounds: whether histograms with bounds of their own can be told. See `version1` and `version2`."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...

    @property
    def custom_bounds(self) -> bool: ...

    def spell(self, labels: Labels) -> bytes:
        """What `encode` wants of a series."""
        ...

    def encode(self, batch: Batch, spelled: Sequence[bytes]) -> bytes:
        """A request. spelled: of each series what `spell` made."""
        ...
