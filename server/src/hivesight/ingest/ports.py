"""What the decoders of push protocols ask of the metrics store."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Exemplar, Samples, Verdicts
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata


class PushStore(Protocol):
    """Every call may raise StorageError where the disk takes nothing now (then nothing of the call was taken: answer
    503), and LimitExceeded where memory is at its bound. Any thread may call."""

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The ref of each series, shape (len(labels),): the same for equal sets, at this and every later call while
        the process lives; -1 where a limit refuses the series."""
        ...

    def append(self, samples: Samples) -> Verdicts:
        """Stores what can be stored. What is WRITTEN survives SIGKILL when this returns."""
        ...

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        """Keeps examples, the newest so many; how many were taken."""
        ...

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        """Notes what senders say, by metric family."""
        ...
