"""The files that a configuration names: found where they are now, which may be another place than where it says."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hivesight.schema import Plain, joined
from hivesight.sources.paths import matching

_NOT_SECRET: Final = frozenset(("query_log_file", "scrape_failure_log_file"))


def named(pattern: str, folder: Path, root: Path) -> list[Path]:
    """The files that a pattern names, as it stands or, where there is none, as it would from within `root`: the place
    of `/etc/prometheus/rules/*.yml` in a container is `rules/*.yml` in the folder that was mounted there."""
    found = [each for each in matching(joined(folder, pattern)) if each.is_file()]
    parts = Path(pattern).parts
    for start in range(len(parts)):
        if found:
            break
        for place in (folder, root):
            found = found or [each for each in matching(str(Path(place, *parts[start:]))) if each.is_file()]
    return found


def secrets_of(value: Plain) -> Iterator[str]:
    """The paths in keys such as `password_file`."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name.endswith("_file") and name not in _NOT_SECRET and isinstance(each, str):
                yield each
            else:
                yield from secrets_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from secrets_of(each)


def targets_of(value: Plain) -> Iterator[str]:
    """The patterns of files with targets (`file_sd_configs`), and of files with jobs."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "file_sd_configs" and isinstance(each, list):
                yield from (text for one in each if isinstance(one, dict) for text in texts(one.get("files")))
            elif name == "scrape_config_files":
                yield from texts(each)
            else:
                yield from targets_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from targets_of(each)


def texts(value: Plain) -> Sequence[str]:
    """A list of texts; nothing else."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else ()
