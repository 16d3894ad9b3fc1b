"""What a caller can do about a failure.

HivesightError
+-- ConfigError        files a user wrote are wrong: show the diagnostics, keep what runs
+-- QueryError         a question cannot be answered: tell who asked
|   +-- BadQuery       it is wrong as written: mend it
|   +-- QueryLimit     it is too large or took too long: ask for less
+-- StorageError       the store cannot do it now: try again later
|   +-- LimitExceeded  a bound was reached: raise the setting that is named, or send less
+-- StartError         the server cannot start: the message names the setting to change
"""

from collections.abc import Sequence
from enum import StrEnum

from hivesight.model.diagnostics import Diagnostic


class HivesightError(Exception):
    """The root: everything this project raises on purpose."""


class ConfigError(HivesightError):
    """Files that a user wrote are wrong; nothing of them was taken."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(each.render() for each in diagnostics))
        self.diagnostics = tuple(diagnostics)


class QueryError(HivesightError):
    """A question cannot be answered."""


class BadQuery(QueryError):
    """The question is wrong as written. `start` and `end` are character offsets of the fault in the query text."""

    def __init__(self, message: str, start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class Limit(StrEnum):
    """Why a question was not answered to its end."""

    CANCELED = "canceled"
    TIMEOUT = "timeout"
    SAMPLES = "samples"
    SIZE = "size"


class QueryLimit(QueryError):
    """The question is too large or took too long, or whoever asked has gone. `limit`: which of these."""

    def __init__(self, message: str, limit: Limit = Limit.SIZE) -> None:
        super().__init__(message)
        self.limit = limit


class StorageError(HivesightError):
    """The store cannot do it now."""


class LimitExceeded(StorageError):
    """A bound was reached; the message names the setting."""


class StartError(HivesightError):
    """The server cannot start; the message says what to change."""
