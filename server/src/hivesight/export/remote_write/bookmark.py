"""How far a receiver has got, in a file: what a server that was killed goes on with."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.storage.tsdb.framing import Position

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """begin: all before it was answered. end, shards: what was being sent from there, and in how many shards, so that
    the very same requests are made again: a receiver that took some already takes them for repetitions. end is begin
    where nothing was."""

    begin: Position
    end: Position
    shards: int


def unread_segment(folder: Path) -> int | None:
    """The first segment of the log that a receiver has not got all of; None where there is no receiver."""
    found = [Bookmark(path).read() for path in folder.glob("*.json")]
    return min((each.begin.segment for each in found if each is not None), default=None)


class Bookmark:
    """The file of one receiver."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, folder: Path, identity: str) -> Self:
        """identity: what the receiver is known by, its name or its address."""
        return cls(folder / f"{sha256(identity.encode()).hexdigest()[:16]}.json")

    def read(self) -> Progress | None:
        """None where nothing was sent yet, or the file cannot be read, which is logged."""
        try:
            found = orjson.loads(self.path.read_bytes())
            begin, end = (Position(*map(int, found[name])) for name in ("begin", "end"))
            return Progress(begin, end, max(1, int(found["shards"])))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.error(
                "it is not known how far samples were sent: only those from now on are",
                path=str(self.path),
                reason=str(error),
            )
            return None

    def write(self, progress: Progress) -> None:
        """Notes it. Raises OSError."""
        begin, end = ([each.segment, each.offset] for each in (progress.begin, progress.end))
        new = self.path.with_suffix(".tmp")
        new.write_bytes(orjson.dumps({"begin": begin, "end": end, "shards": progress.shards}))
        new.replace(self.path)
