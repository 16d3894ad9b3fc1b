"""Where targets are found: in the configuration itself and in files. `FileDiscovery.poll` is called every second or so
in a worker thread; a file that breaks keeps the targets that it gave last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.labels import Labels
from hivesight.schema import load
from hivesight.sources.config import DiscoveryConfigs
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.paths import matching
from hivesight.sources.sd_config import FileSdConfig, StaticConfig
from hivesight.sources.target import TargetGroup

_GROUPS = tuple[StaticConfig, ...]
_MAX_FILE_BYTES = 8 << 20
_MAX_FILES = 10_000

_log: FilteringBoundLogger = structlog.get_logger(__name__)


def static_groups(config: DiscoveryConfigs, owner: str) -> list[TargetGroup]:
    """The groups that stand in the configuration. owner: whose they are, for messages."""
    return [
        TargetGroup(static.targets, static.labels, f"static_configs {index + 1} of {owner}")
        for index, static in enumerate(config.static_configs)
    ]


class FileFault(ValueError):
    """A file of targets cannot be used; the message says why, with its place."""


def read_groups(path: Path) -> list[TargetGroup]:
    """The groups in a JSON or YAML file. Raises FileFault."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
        if len(raw) > _MAX_FILE_BYTES:
            raise FileFault(f"{path}: larger than {_MAX_FILE_BYTES >> 20} MiB")
        text = raw.decode()
    except OSError as error:
        raise FileFault(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileFault(f"{path}: not UTF-8 text (byte {error.start})") from None
    json = path.suffix.lower() == ".json"
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        # An empty YAML file says that there are no targets; an empty JSON file is one that is being written.
        if json:
            raise FileFault(f"{path}: the file is empty; write [] for no targets")
        return []
    # JSON may be indented with tabs, YAML may not; inside of a JSON string no tab can stand.
    loaded = load(text.replace("\t", " ") if json else text, str(path), _GROUPS)
    if loaded.value is None:
        first = loaded.diagnostics[0]
        raise FileFault(f"{first.path}:{first.line}:{first.col}: {first.message}")
    return [
        TargetGroup(group.targets, Labels({**group.labels, "__meta_filepath": str(path)}), f"{path}, group {index + 1}")
        for index, group in enumerate(loaded.value)
    ]


@dataclass(slots=True)
class _File:
    stamp: tuple[int, int, int] | None
    groups: list[TargetGroup]
    fault: str = ""


class FileDiscovery:
    """The files of one entry of file_sd_configs."""

    def __init__(self, config: FileSdConfig, metrics: ScrapeMetrics) -> None:
        self._config = config
        self._metrics = metrics
        self._files: dict[Path, _File] = {}
        self._refreshed: float | None = None

    def groups(self) -> list[TargetGroup]:
        """What the files said last."""
        return [group for _, file in sorted(self._files.items()) for group in file.groups]

    def poll(self, monotonic: float) -> bool:
        """Reads what is new: files that changed, and all of them once per refresh_interval. Returns whether the
        groups are others now. monotonic: seconds."""
        due = self._refreshed is None or monotonic - self._refreshed >= self._config.refresh_interval_ms / 1000
        if due:
            self._refreshed = monotonic
        before = self.groups()
        paths = self._paths()
        for path in [path for path in self._files if path not in paths]:
            _log.info("file of targets is gone", path=str(path))
            del self._files[path]
        for path in paths:
            self._read(path, due)
        return self.groups() != before

    def _paths(self) -> list[Path]:
        found: list[Path] = []
        for pattern in self._config.files:
            try:
                found += [path for path in matching(pattern) if path.exists()]
            except OSError as error:
                _log.warning("cannot look for files of targets", pattern=pattern, reason=error.strerror)
                return list(self._files)
        return found[:_MAX_FILES]

    def _read(self, path: Path, due: bool) -> None:
        known = self._files.get(path)
        stamp = _stamp(path)
        if known is not None and not due and stamp == known.stamp:
            return
        try:
            groups = read_groups(path)
        except FileFault as fault:
            self._metrics.file_errors.inc()
            if known is None or known.fault != str(fault):
                _log.error("file of targets is broken; its last good targets stay", reason=str(fault))
            self._files[path] = _File(stamp, known.groups if known else [], str(fault))
            return
        if known is not None and known.fault:
            _log.info("file of targets is good again", path=str(path))
        self._files[path] = _File(stamp, groups)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def file_discoveries(configs: Sequence[FileSdConfig], metrics: ScrapeMetrics) -> list[FileDiscovery]:
    """A discovery for each entry."""
    return [FileDiscovery(config, metrics) for config in configs]
