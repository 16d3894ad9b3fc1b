"""The store's directory: who may use it, in which format it is, and where its files are. docs/format/wal.md."""

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.errors import StartError

FORMAT: Final = "hivesight-tsdb 1\n"
FORMAT_NAME: Final = "FORMAT"

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Directory:
    """An opened and locked store directory. Raises StartError where it cannot be used, naming it and the reason."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.wal = path / "wal"
        self.blocks = path / "blocks"
        self.quarantine = path / "quarantine"
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Creates what is missing, takes the lock, checks the format."""
        try:
            (path / "wal").mkdir(parents=True, exist_ok=True)
            lock = _lock(path)
            try:
                _check_format(path)
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise StartError(
                f"cannot use the metrics directory {path}: {error.filename or path}: {error.strerror}; "
                "make it writable or choose another with --data"
            ) from error
        return cls(path, lock)

    def close(self) -> None:
        """Gives the lock back."""
        os.close(self._lock)

    def segment(self, sequence: int) -> Path:
        """The file of a log segment."""
        return self.wal / f"{sequence:08d}.wal"

    def checkpoint(self, sequence: int) -> Path:
        """The file of the checkpoint that stands for all segments before `sequence`."""
        return self.wal / f"{sequence:08d}.checkpoint"

    def segments(self) -> list[int]:
        """The sequence numbers of the segments there are, ascending."""
        return self._sequences("wal")

    def checkpoints(self) -> list[int]:
        """The sequence numbers of the checkpoints there are, ascending."""
        return self._sequences("checkpoint")

    def _sequences(self, suffix: str) -> list[int]:
        names = (
            re.fullmatch(rf"(\d{{8,18}})\.{suffix}", entry.name) for entry in self.wal.iterdir() if entry.is_file()
        )
        return sorted(int(name[1]) for name in names if name)

    def clear(self) -> None:
        """Removes what a checkpoint left that did not get to its end, and sets aside what is no file and stands where
        the log's files go."""
        for path in list(self.wal.iterdir()):
            if not path.is_file():
                self.quarantine.mkdir(exist_ok=True)
                aside = self.free_name(path.name)
                path.rename(aside)
                _log.error("no file of the log: set aside, the rest is served", path=str(path), quarantine=str(aside))
            elif path.suffix == ".tmp":
                path.unlink()

    def free_name(self, name: str) -> Path:
        """A path in the quarantine that nothing has yet."""
        number, free = 1, self.quarantine / name
        while free.exists():
            number += 1
            free = free.with_name(f"{name}-{number}")
        return free


def sync_directory(path: Path) -> None:
    """Makes new and renamed names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(path: Path) -> int:
    handle = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        if not isinstance(error, BlockingIOError):
            raise
        raise StartError(
            f"the metrics directory {path} is in use by process {holder}; "
            "stop that server or choose another directory with --data"
        ) from error
    with suppress(OSError):
        # The note of the holder may not fit on a full disk; the lock is held all the same.
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def of_another_version(text: str) -> bool:
    """Whether a format marker is sound and not ours."""
    return text != FORMAT and re.fullmatch(r"hivesight-tsdb \d+\n", text) is not None


def _check_format(path: Path) -> None:
    marker = path / FORMAT_NAME
    text = marker.read_bytes().decode(errors="replace") if marker.exists() else ""
    if text == FORMAT:
        return
    if of_another_version(text):
        raise StartError(
            f"the metrics directory {path} has the format {text.strip()!r}, which this version cannot read; "
            "use the version that wrote it or choose another directory with --data"
        )
    if text:
        _log.warning("format marker of the metrics directory was damaged, written again", path=str(marker))
    new = path / "FORMAT.tmp"
    new.write_text(FORMAT)
    new.replace(marker)
