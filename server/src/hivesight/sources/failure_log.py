"""`scrape_failure_log_file`: a line of JSON for every scrape that failed, as Prometheus 3.5 writes it."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.sources.metrics import ScrapeMetrics

MAX_BYTES: Final = 256 << 20
"""A file of this size is renamed to `<name>.1`, in place of the one that has that name, and begun anew."""

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class FailureLog:
    """One file, which the loops of many targets write to from worker threads. It is opened for each line, so that
    others can rotate it at any time."""

    def __init__(self, path: str, metrics: ScrapeMetrics) -> None:
        self._path = Path(path)
        self._metrics = metrics
        self._writing = threading.Lock()
        self._broken = False

    def write(self, time_ms: int, job: str, url: str, reason: str) -> None:
        """Adds a line. A file that cannot be written is said once in the server's log, and counted."""
        time = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = orjson.dumps({"time": time, "level": "ERROR", "msg": reason, "job_name": job, "target": url})
        with self._writing:
            try:
                with self._path.open("ab") as file:
                    full = file.tell() + len(line) >= MAX_BYTES
                    file.write(line + b"\n")
                if full:
                    self._path.replace(f"{self._path}.1")
            except OSError as error:
                self._metrics.failure_log_errors.inc()
                if not self._broken:
                    _log.error("cannot write scrape_failure_log_file", path=str(self._path), reason=error.strerror)
                self._broken = True
            else:
                self._broken = False
