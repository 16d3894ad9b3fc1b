"""prometheus_client's multi-process mode: every process writes its values to files, and whoever is scraped merges them.

It is on where PROMETHEUS_MULTIPROC_DIR is set before prometheus_client is imported.
Source: prometheus_client's documentation, "Multiprocess Mode".
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, values

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_log = logging.getLogger("hivesight_sdk")


def prepare_directory() -> None:
    """Create the directory where it is missing. Where that cannot be, each process keeps its values to itself.

    Without this, the first metric of the process would raise.
    """
    directory = os.environ.get(_VARIABLE)
    if directory is None or not enabled():
        return
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(f"{directory!r} cannot be written")
    except OSError as error:
        values.ValueClass = values.MutexValue
        _log.warning(
            "metrics of this process are not merged with others': %s. Set %s to a directory that can be written.",
            error,
            _VARIABLE,
        )


def across_processes(registry: CollectorRegistry) -> CollectorRegistry:
    """What to expose for `registry`: all processes' values where it is the default one and the mode is on, else itself.

    A registry of the host's own is left as the host made it. Raises ValueError when the directory is gone.
    """
    if registry is not REGISTRY or not enabled():
        return registry
    from prometheus_client.multiprocess import MultiProcessCollector

    # Without names of its own the collector would be left out where a scrape asks for some names.
    merged = CollectorRegistry(support_collectors_without_names=True)
    MultiProcessCollector(merged)
    return merged


def enabled() -> bool:
    """Whether this process writes its values to files that others read."""
    return bool(getattr(values.ValueClass, "_multiprocess", False))
