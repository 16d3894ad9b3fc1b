"""Targets: what discovery found becomes what is scraped, by the rules of Prometheus' `scrape.PopulateLabels`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from hivesight.ingest.relabel import Relabelling
from hivesight.model.duration import format_duration, parse_duration
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.sources.config import ScrapeConfig

MAX_DROPPED: Final = 10_000
"""Dropped targets kept for the API per pool where keep_dropped_targets says nothing."""

KEY_PREFIX: Final = "scrape\n"
"""What the keys of all targets, and of their storage groups, begin with."""

_META: Final = "__meta_"
_PARAM: Final = "__param_"


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Addresses that share labels. source: the file or the place in the configuration that they come from."""

    addresses: tuple[str, ...]
    labels: Labels
    source: str


@dataclass(frozen=True, slots=True)
class Target:
    """What one scrape loop scrapes.

    pool: the job_name of its scrape_config. labels: those that its series get. discovered: those before relabelling."""

    pool: str
    labels: Labels
    discovered: Labels
    url: str
    interval_ms: int
    timeout_ms: int

    @property
    def key(self) -> str:
        """Its identity, which holds across restarts: equal pools, labels and addresses are the same target."""
        return f"{KEY_PREFIX}{self.pool}\n{self.labels}\n{self.url}"


@dataclass(frozen=True, slots=True)
class DroppedTarget:
    """A target that relabelling dropped."""

    pool: str
    discovered: Labels


@dataclass(frozen=True, slots=True)
class PoolTargets:
    """What discovery gives one pool. dropped_count: of which `dropped` are kept. faults: of targets that cannot be
    scraped, in words. over_limit: why none may be scraped, or empty."""

    active: tuple[Target, ...] = ()
    dropped: tuple[DroppedTarget, ...] = ()
    dropped_count: int = 0
    faults: tuple[str, ...] = ()
    over_limit: str = ""


def pool_targets(config: ScrapeConfig, rules: Relabelling, groups: Iterable[TargetGroup]) -> PoolTargets:
    """The targets of a job. Equal ones are scraped once."""
    active: dict[str, Target] = {}
    dropped: list[DroppedTarget] = []
    faults: list[str] = []
    dropped_count, kept = 0, min(config.keep_dropped_targets or MAX_DROPPED, MAX_DROPPED)
    defaults = _defaults(config)
    for group in groups:
        for index, address in enumerate(group.addresses):
            discovered = Labels({**defaults, **group.labels, "__address__": address})
            labels = rules.apply(discovered)
            if labels is None:
                dropped_count += 1
                if len(dropped) < kept:
                    dropped.append(DroppedTarget(config.job_name, discovered))
                continue
            try:
                target = _target(config, labels, discovered)
            except ValueError as error:
                faults.append(f"{group.source}, target {index + 1}: {error}")
                continue
            active.setdefault(target.key, target)
    over_limit = ""
    if 0 < config.target_limit < len(active):
        over_limit = f"target_limit exceeded (number of targets: {len(active)}, limit: {config.target_limit})"
    return PoolTargets(tuple(active.values()), tuple(dropped), dropped_count, tuple(faults), over_limit)


def _defaults(config: ScrapeConfig) -> dict[str, str]:
    return {
        "job": config.job_name,
        "__scrape_interval__": format_duration(config.scrape_interval_ms),
        "__scrape_timeout__": format_duration(config.scrape_timeout_ms),
        "__metrics_path__": config.metrics_path,
        "__scheme__": config.scheme,
        **{_PARAM + name: values[0] for name, values in config.params.items() if values},
    }


def _target(config: ScrapeConfig, labels: Labels, discovered: Labels) -> Target:
    address = labels.value("__address__")
    if not address:
        raise ValueError("no address: the label __address__ is empty after relabelling")
    if "/" in address:
        raise ValueError(f'"{address}" is not a valid hostname: write host:port')
    scheme = labels.value("__scheme__")
    if scheme not in ("http", "https"):
        raise ValueError(f'unsupported scheme "{scheme}": http and https are known')
    interval = _duration(labels, "__scrape_interval__", "scrape interval")
    timeout = _duration(labels, "__scrape_timeout__", "scrape timeout")
    if timeout > interval:
        raise ValueError(f"scrape timeout cannot be greater than scrape interval ({timeout} ms > {interval} ms)")
    public = {name: value for name, value in labels.pairs if not name.startswith("__")}
    public.setdefault("instance", address)
    url = target_url(scheme, address, labels.value("__metrics_path__"), _params(config.params, labels))
    return Target(config.job_name, Labels(public), discovered, url, interval, timeout)


def _duration(labels: Labels, name: str, what: str) -> int:
    try:
        ms = parse_duration(labels.value(name))
    except ValueError as error:
        raise ValueError(f"error parsing {what}: {error}") from None
    if ms <= 0:
        raise ValueError(f"{what} cannot be 0")
    return ms


def _params(params: Mapping[str, tuple[str, ...]], labels: Labels) -> dict[str, list[str]]:
    merged = {name: list(values) for name, values in params.items()}
    for name, value in labels.pairs:
        if name.startswith(_PARAM):
            merged[name.removeprefix(_PARAM)] = [value, *merged.get(name.removeprefix(_PARAM), ())[1:]]
    return merged


def target_url(scheme: str, address: str, path: str, params: Mapping[str, list[str]]) -> str:
    """The address of a scrape, its parameters in order of their names."""
    query = urlencode(sorted(params.items()), doseq=True)
    escaped = quote(path, safe="/~:@!$&'()*+,;=")
    slash = "/" if escaped and not escaped.startswith("/") else ""
    return f"{scheme}://{address}{slash}{escaped}{'?' if query else ''}{query}"


def host_port(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def local_target(job: str, instance: str, url: str, interval_ms: int, extra: Labels = NO_LABELS) -> Target:
    """A target inside this process, which no discovery finds."""
    labels = Labels({"job": job, "instance": instance, **extra})
    return Target(f"local:{job}", labels, labels, url, interval_ms, min(interval_ms, 10_000))
