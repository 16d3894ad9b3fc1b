"""Where one set of Alertmanagers is: what is discovered, relabelled, becomes addresses (Prometheus,
notifier.AlertmanagerFromGroup)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import structlog

from hivesight.ingest.relabel import Relabelling, relabelling
from hivesight.sources.config import AlertmanagerConfig
from hivesight.sources.discoveries import Discoveries
from hivesight.sources.discovery import file_discoveries, static_groups
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.target import TargetGroup

MAX_ENDPOINTS: Final = 100
"""Alertmanagers of one set; each has a queue of its own."""
_REBUILD_SECONDS: Final = 5.0
_PATH: Final = "/api/v2/alerts"

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """active: addresses that alerts go to. dropped: those that relabelling dropped."""

    active: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class Finder:
    """`endpoints` is what the last `poll` found."""

    def __init__(self, config: AlertmanagerConfig, discoveries: Discoveries, metrics: ScrapeMetrics) -> None:
        """discoveries: those that run for this set."""
        self.endpoints = Endpoints()
        self._config = config
        self._discoveries = discoveries
        self._files = file_discoveries(config.file_sd_configs, metrics)
        self._rules = relabelling(config.relabel_configs)
        self._revisions: tuple[int, ...] | None = None
        self._rebuilt = -math.inf

    def poll(self, monotonic: float) -> bool:
        """Looks again; whether others are found than before. monotonic: seconds. Reads files."""
        changes = [files.poll(monotonic) for files in self._files]
        revisions = self._discoveries.revisions
        others = revisions != self._revisions and monotonic - self._rebuilt >= _REBUILD_SECONDS
        if not any(changes) and not others:
            return False
        self._revisions, self._rebuilt = revisions, monotonic
        groups = static_groups(self._config, "alertmanagers")
        groups += [group for files in self._files for group in files.groups()]
        before, self.endpoints = (
            self.endpoints,
            found(self._config, self._rules, [*groups, *self._discoveries.groups()]),
        )
        return self.endpoints != before


def found(config: AlertmanagerConfig, rules: Relabelling, groups: Iterable[TargetGroup]) -> Endpoints:
    """The addresses of what was discovered, each once."""
    active: dict[str, None] = {}
    dropped: dict[str, None] = {}
    for group in groups:
        for address in group.addresses:
            labels = {
                **group.labels,
                "__address__": address,
                "__scheme__": config.scheme,
                "__alerts_path__": "/" + "/".join(part for part in (config.path_prefix + _PATH).split("/") if part),
            }
            kept = rules.apply(labels)
            if kept is not None and kept.value("__address__"):
                active[_url(kept.value("__scheme__"), kept.value("__address__"), kept.value("__alerts_path__"))] = None
            else:
                dropped[_url(config.scheme, address, labels["__alerts_path__"])] = None
    if len(active) > MAX_ENDPOINTS:
        _log.error("more Alertmanagers than a set may have: the others get no alerts", limit=MAX_ENDPOINTS)
    return Endpoints(tuple(active)[:MAX_ENDPOINTS], tuple(dropped)[:MAX_ENDPOINTS])


def _url(scheme: str, address: str, path: str) -> str:
    return f"{scheme}://{address}{quote(path, safe='/~:@!$&()*+,;=')}"
