"""Targets that are scraped twice, or that share a port; and jobs whose samples carry the labels of others."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.jobs import Job
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location

_COMMON_PORTS: Final = frozenset(("80", "443", "8080"))
_FIRST_EXPORTER, _LAST_EXPORTER = 9090, 10_000
"""Where the field's servers and exporters have ports of their own: the same one on many hosts is as it should be."""
_FEDERATE: Final = "/federate"
_PUSHGATEWAY: Final = "pushgateway"

Place = tuple[Job, Location, str]


def findings(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Of the jobs of one file."""
    yield from _twice(jobs)
    yield from _same_port(jobs)
    for job in jobs:
        yield from _foreign_labels(job)


def _twice(jobs: Sequence[Job]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], Job] = {}
    for job in jobs:
        config = job.config
        if config is None or config.relabel_configs or config.metric_relabel_configs:
            continue
        params = tuple(sorted(config.params.items()))
        for location, target in job.targets():
            key = (config.scheme, target, config.metrics_path, params, config.basic_auth, config.authorization)
            first = seen.setdefault(key, job)
            if first is not job:
                message = (
                    f"{target}{config.metrics_path} is scraped by the job {first.name!r} already: every series is "
                    "there twice, and sums over both count double"
                )
                remedy = "scrape it in one job"
                yield at(job.document.loaded, location, "prometheus/duplicate-target", message, remedy)


def _same_port(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Names without a domain, as services of one host or one Compose file have them, on the same port of their own."""
    by_port: dict[str, list[Place]] = defaultdict(list)
    for job in jobs:
        targets = list(job.targets())
        if len(targets) == 1:
            host, _, port = targets[0][1].rpartition(":")
            if host.replace("-", "").replace("_", "").isalnum() and not host.isdigit() and _own(port):
                by_port[port].append((job, *targets[0]))
    for port, places in by_port.items():
        first = places[0]
        for job, location, target in places[1:]:
            if target != first[2]:
                message = (
                    f"{target} has the port of {first[2]} (job {first[0].name!r}): on one host only one can listen"
                )
                remedy = f"look whether {port} is right for both"
                yield at(job.document.loaded, location, "prometheus/same-port", message, remedy)


def _own(port: str) -> bool:
    return port.isdecimal() and port not in _COMMON_PORTS and not _FIRST_EXPORTER <= int(port[:6]) < _LAST_EXPORTER


def _foreign_labels(job: Job) -> Iterator[Finding]:
    config = job.config
    if config is None or config.honor_labels:
        return
    pushed = any(_PUSHGATEWAY in target.rpartition(":")[0] for _, target in job.targets())
    if pushed or config.metrics_path == _FEDERATE:
        what = "a Pushgateway" if pushed else "another Prometheus"
        message = f"the series of {what} have job and instance of their own, which become exported_job and so on here"
        remedy = "honor_labels: true"
        yield at(
            job.document.loaded, (*job.location, "job_name"), "prometheus/foreign-labels", message, remedy, on_key=False
        )
