"""A store's files looked at from outside, without the lock and without a change: what there is, and whether it is
sound. A server may be at work on them meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hivesight.model.symbols import Symbols
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.block.errors import BlockError
from hivesight.storage.tsdb.block.meta import BlockMeta
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.block.write import SUFFIX
from hivesight.storage.tsdb.directory import FORMAT_NAME, of_another_version
from hivesight.storage.tsdb.framing import CHECKPOINT_MAGIC, FILE_HEADER, SEGMENT_MAGIC, fault, records
from hivesight.storage.tsdb.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One block; meta is None where it cannot be read."""

    name: str
    meta: BlockMeta | None
    deletions: int


@dataclass(frozen=True, slots=True)
class Overview:
    """log_bytes: segments and checkpoints. quarantined: names of what was set aside."""

    blocks: list[BlockLine]
    log_bytes: int
    quarantined: list[str]


def overview(directory: Path) -> Overview:
    """What there is in a metrics directory. Raises OSError where it is none."""
    shared = _shared()
    lines: list[BlockLine] = []
    for path in _blocks(directory):
        try:
            block = Block.open(path, shared)
            lines.append(BlockLine(path.name, block.meta, block.deletions))
        except (BlockError, OSError):
            lines.append(BlockLine(path.name, None, 0))
    log_bytes = sum(path.stat().st_size for path in (directory / "wal").iterdir() if path.is_file())
    aside = directory / "quarantine"
    return Overview(lines, log_bytes, sorted(path.name for path in aside.iterdir()) if aside.is_dir() else [])


def findings(directory: Path) -> Iterator[tuple[str, str | None]]:
    """Reads everything: of each file or block its name and what is wrong, None where it is sound. Raises OSError where
    the directory is none."""
    if problem := _format_fault(directory / FORMAT_NAME):
        yield FORMAT_NAME, problem
    segments = sorted((directory / "wal").glob("*.wal"))
    checkpoints = sorted((directory / "wal").glob("*.checkpoint"))
    for path in checkpoints:
        yield path.name, _log_fault(path, CHECKPOINT_MAGIC, whole=True)
    for path in segments:
        # A server that writes, or was killed while it wrote, leaves the last record of the last segment unfinished.
        yield path.name, _log_fault(path, SEGMENT_MAGIC, whole=path != segments[-1])
    shared = _shared()
    blocks = directory / "blocks"
    if blocks.exists() and not blocks.is_dir():
        yield blocks.name, "no directory: no start until it is moved away"
    for path in sorted(blocks.iterdir()) if blocks.is_dir() else []:
        if not path.is_dir():
            yield path.name, "no block"
    for path in _blocks(directory):
        try:
            found = Block.open(path, shared).verify()
        except (BlockError, OSError) as error:
            found = [str(error)]
        yield path.name, "; ".join(found) or None


def _format_fault(path: Path) -> str | None:
    """Only what keeps the store from being opened: one that is missing or garbled is written again."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}; no start until it can"
    return f"{text.strip()!r} is of another version, which has to open it" if of_another_version(text) else None


def _blocks(directory: Path) -> list[Path]:
    blocks = directory / "blocks"
    if not blocks.is_dir():
        return []
    return sorted(path for path in blocks.iterdir() if path.is_dir() and path.suffix != SUFFIX)


def _shared() -> Shared:
    symbols = Symbols()
    return Shared(symbols, Verdicts(symbols), cache_bytes=0)


def _log_fault(path: Path, magic: bytes, *, whole: bool) -> str | None:
    try:
        data = memoryview(path.read_bytes())
    except FileNotFoundError:
        # A checkpoint stands for it by now.
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(data) < FILE_HEADER.size:
        return "record cut short" if whole else None
    if FILE_HEADER.unpack_from(data)[0] != magic:
        return "not a file of this kind"
    end = FILE_HEADER.size
    for _, _, behind in records(data):
        end = behind
    reason = fault(data, end)
    if reason is None or (reason == "record cut short" and not whole):
        return None
    return f"{reason} at byte {end}"
