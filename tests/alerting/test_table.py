"""State on a disk that takes nothing for a while."""

from collections.abc import Iterable, Mapping

from structlog.testing import capture_logs

from hivesight.alerting.table import Lenient
from hivesight.model.errors import StorageError


class Disk:
    """A table whose disk can be full."""

    def __init__(self) -> None:
        self.full = False
        self.documents: dict[str, bytes] = {"old": b"1"}

    def load(self) -> list[tuple[str, bytes]]:
        return sorted(self.documents.items())

    def put(self, items: Mapping[str, bytes]) -> None:
        self._check()
        self.documents.update(items)

    def delete(self, keys: Iterable[str]) -> None:
        self._check()
        for key in keys:
            self.documents.pop(key, None)

    def _check(self) -> None:
        if self.full:
            raise StorageError("full")


def test_what_a_full_disk_did_not_take_is_written_once_there_is_room() -> None:
    disk, failures = Disk(), list[None]()
    table = Lenient(disk, "alerts", lambda: failures.append(None))
    disk.full = True
    with capture_logs() as lines:
        table.put({"a": b"1", "b": b"1"})
        table.put({"a": b"2", "c": b"1"})
        table.delete(["old", "c"])
        table.delete([])
    assert len(failures) == 4
    assert [line["log_level"] for line in lines] == ["error"]
    assert disk.documents == {"old": b"1"}
    disk.full = False
    with capture_logs() as lines:
        table.delete([])
        table.put({"d": b"1"})
    assert [line["event"] for line in lines] == ["state can be written again"]
    assert disk.documents == {"a": b"2", "b": b"1", "d": b"1"}
