"""What a running query has left: samples, time, and the wish of whoever asked."""

from collections.abc import Callable

from hivesight.model.errors import Limit, QueryLimit
from hivesight.query.promql.types import Limits


class Budget:
    """monotonic: seconds on a clock that never goes back. cancelled: whether nobody waits for the answer any more."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float], cancelled: Callable[[], bool]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._cancelled = cancelled
        self._deadline = monotonic() + limits.timeout_seconds
        self._samples = 0
        self._characters = 0

    @property
    def samples(self) -> int:
        """What was spent so far."""
        return self._samples

    def spend(self, samples: int) -> None:
        """Counts samples about to be read or made, before memory is spent on them. Raises QueryLimit."""
        self._samples += samples
        self.fits(0)

    def fits(self, samples: int) -> None:
        """Raises QueryLimit where so many more samples at once would be too many."""
        if self._samples + samples > self._limits.max_samples:
            raise QueryLimit(
                "query processing would load too many samples into memory in query execution"
                f" (more than {self._limits.max_samples}): ask for fewer series, a shorter time or a larger step",
                Limit.SAMPLES,
            )
        self.check()

    def spend_text(self, characters: int) -> None:
        """Counts characters of a label value about to be made. Raises QueryLimit."""
        self._characters += characters
        if self._characters > self._limits.max_label_characters:
            raise QueryLimit(
                f"the query makes label values of more than {self._limits.max_label_characters} characters in all:"
                " ask for fewer series or shorter values"
            )

    def check(self) -> None:
        """Raises QueryLimit when the time is up or the query was cancelled."""
        if self._cancelled():
            raise QueryLimit("query was canceled in expression evaluation", Limit.CANCELED)
        if self._monotonic() > self._deadline:
            raise QueryLimit(
                f"query timed out in expression evaluation (after {self._limits.timeout_seconds:g} s):"
                " ask for fewer series, a shorter time or a larger step",
                Limit.TIMEOUT,
            )
