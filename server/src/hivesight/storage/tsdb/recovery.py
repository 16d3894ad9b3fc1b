"""Opening a store's files after whatever happened to them: reads checkpoint and segments into a head, mends the tail,
sets damaged parts aside, and says so. Never fails on the content of a file."""

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.storage.tsdb.codec import BadRecord
from hivesight.storage.tsdb.directory import Directory
from hivesight.storage.tsdb.framing import CHECKPOINT_MAGIC, FILE_HEADER, SEGMENT_MAGIC, fault, records
from hivesight.storage.tsdb.head import Head
from hivesight.storage.tsdb.replay import Replay

_DAMAGED: Final = "damaged file: the part from the first bad record on is set aside, the rest is served"

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found.

    sequence: the segment to go on in. checkpoint, checkpoint_bytes: number and size of the checkpoint there is.
    torn: whether the last segment ended within a record, as a killed process leaves it. damaged: files of which a part
    was set aside; a new checkpoint should be written."""

    samples: int
    unknown_samples: int
    sequence: int
    checkpoint: int
    checkpoint_bytes: int
    torn: bool
    damaged: int


@dataclass(frozen=True, slots=True)
class _Read:
    """How far a file could be read and why not further."""

    end: int
    size: int
    fault: str | None


def recover(directory: Directory, head: Head, unread: int | None = None) -> Recovered:
    """Reads everything into the head. unread: segments from this one on are left where they are, though a checkpoint
    stands for them. Raises OSError only where files cannot be read, cut or moved at all."""
    directory.clear()
    replay = Replay(head)
    start, checkpoint_bytes, damaged = 0, 0, 0
    checkpoints = directory.checkpoints()
    while checkpoints and not start:
        sequence = checkpoints.pop()
        checkpoint_bytes, whole, begun = _read_checkpoint(directory, sequence, replay)
        damaged += not whole
        # One of which nothing can be read stands for nothing: what it was to replace may still be there.
        start = sequence if begun else 0
    for old in checkpoints:
        _replaced(directory, directory.checkpoint(old), damaged)
    segments = directory.segments()
    for sequence in [each for each in segments if each < (start if unread is None else min(start, unread))]:
        _replaced(directory, directory.segment(sequence), damaged)
    segments = [each for each in segments if each >= start]
    _report_gaps(start, segments)
    torn = False
    for sequence in segments:
        path = directory.segment(sequence)
        read = _read(path.read_bytes(), SEGMENT_MAGIC, sequence, replay)
        if read.fault is None:
            continue
        last = sequence == segments[-1]
        if last and read.fault == "record cut short":
            torn = True
            event = "write-ahead log ended within a record, as after a kill; cut after the last whole one"
            _set_aside(directory, path, read, last, _log.warning, event)
        else:
            damaged += 1
            _set_aside(directory, path, read, last, _log.error, _DAMAGED)
    sequence = max([start, 1, *segments])
    return Recovered(replay.samples, replay.unknown_samples, sequence, start, checkpoint_bytes, torn, damaged)


def _read(data: bytes | mmap.mmap, magic: bytes, sequence: int, replay: Replay) -> _Read:
    view = memoryview(data)
    if len(view) < FILE_HEADER.size:
        return _Read(0, len(view), "record cut short")
    if FILE_HEADER.unpack_from(view) != (magic, sequence):
        return _Read(0, len(view), "not a file of this kind")
    end = FILE_HEADER.size
    bad: str | None = None
    for kind, payload, behind in records(view):
        try:
            replay.apply(kind, payload)
        except BadRecord as error:
            bad = str(error)
            break
        end = behind
    replay.flush()
    return _Read(end, len(view), bad or fault(view, end))


def _read_checkpoint(directory: Directory, sequence: int, replay: Replay) -> tuple[int, bool, bool]:
    """Size of the checkpoint, whether it was whole, and whether there was anything in it."""
    path = directory.checkpoint(sequence)
    size = path.stat().st_size
    read = _Read(0, size, "empty")
    if size:
        with path.open("rb") as file:
            # Read through the page cache: a checkpoint can be larger than memory has room for twice.
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        read = _read(data, CHECKPOINT_MAGIC, sequence, replay)
        del data
    if read.fault is None and replay.ended_after == replay.records - 1:
        return size, True, True
    if read.fault is None:
        _log.error("checkpoint has no end: what it lacks is lost", path=str(path))
    else:
        _set_aside(directory, path, read, False, _log.error, _DAMAGED)
    return size, False, read.end > FILE_HEADER.size


def _replaced(directory: Directory, path: Path, damaged: int) -> None:
    """Removes what a checkpoint stands for, or sets it aside where that one is damaged."""
    if not damaged:
        path.unlink()
        return
    directory.quarantine.mkdir(exist_ok=True)
    aside = directory.free_name(path.name)
    path.rename(aside)
    _log.error("a damaged checkpoint stands for this file: set aside", path=str(path), quarantine=str(aside))


def _report_gaps(start: int, segments: list[int]) -> None:
    expected = start or (segments[0] if segments else 0)
    for sequence in segments:
        if sequence != expected:
            _log.error("segments of the write-ahead log are missing", first=expected, last=sequence - 1)
        expected = sequence + 1


def _set_aside(
    directory: Directory, path: Path, read: _Read, last: bool, report: Callable[..., object], event: str
) -> None:
    """Copies what cannot be read to the quarantine and cuts it off. On a full disk an older file stays as it is; the
    last segment is cut all the same, because the log goes on behind its last whole record."""
    directory.quarantine.mkdir(exist_ok=True)
    aside = directory.free_name(f"{path.name}.from-{read.end}")
    report(
        event,
        path=str(path),
        reason=read.fault,
        kept_bytes=read.end,
        cut_bytes=read.size - read.end,
        quarantine=str(aside),
    )
    if read.end <= FILE_HEADER.size:
        path.replace(aside)
        return
    try:
        with path.open("rb") as source, aside.open("wb") as target:
            source.seek(read.end)
            while chunk := source.read(1 << 20):
                target.write(chunk)
    except OSError as error:
        aside.unlink(missing_ok=True)
        _log.error("no room to set the damaged part aside", path=str(path), kept=not last, error=str(error))
        if not last:
            return
    _cut(path, read.end)


def _cut(path: Path, length: int) -> None:
    with path.open("r+b") as file:
        file.truncate(length)
