"""What a Prometheus file as a whole lacks: where alerts go, who it is, whether it watches itself, limits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.jobs import JOBS, Job
from hivesight.doctor.prometheus.rule_paths import RULE_FILES, names, patterns
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.duration import format_duration
from hivesight.schema import Plain

_LIMITS: Final = ("sample_limit", "label_limit", "body_size_limit", "target_limit")
_SERVERS: Final = {"prometheus": "9090", "alertmanager": "9093"}


def findings(workspace: Workspace, document: Document, jobs: Sequence[Job], facts: SetFacts) -> Iterator[Finding]:
    """Of one file."""
    keys = document.loaded.value if isinstance(document.loaded.value, dict) else {}
    shared = keys.get("global")
    section: Mapping[str, Plain] = shared if isinstance(shared, dict) else {}
    if "remote_write" in keys and "external_labels" not in section:
        message = "samples are sent on without external_labels: the store cannot tell them from another server's"
        remedy = "name this server in global, such as external_labels: {cluster: ...}"
        yield at(document.loaded, ("remote_write",), "prometheus/no-external-labels", message, remedy, on_key=True)
    yield from _alerts_go_nowhere(workspace, document, keys, facts)
    if jobs:
        yield from _unwatched_servers(document, keys, jobs)
        if not any(key in section for key in _LIMITS) and not any(key in job.keys for job in jobs for key in _LIMITS):
            message = "no limit anywhere: one target that makes too many series takes the server down"
            remedy = "sample_limit and label_limit in global"
            yield at(document.loaded, (JOBS,), "prometheus/no-limits", message, remedy, on_key=True)


def _alerts_go_nowhere(
    workspace: Workspace, document: Document, keys: Mapping[str, Plain], facts: SetFacts
) -> Iterator[Finding]:
    alerting = keys.get("alerting")
    if isinstance(alerting, dict) and alerting.get("alertmanagers"):
        return
    named = list(patterns(document))
    alerting_files = {rule.source.path for rule in facts.alerts}
    for each in workspace.of(FileKind.RULES):
        if str(each.path) in alerting_files and any(names(pattern, each) for _, pattern in named):
            message = "its rules have alerts, and no Alertmanager is named: Prometheus sends them nowhere"
            remedy = "alerting: {alertmanagers: [...]}"
            yield at(document.loaded, (RULE_FILES,), "prometheus/no-alertmanager", message, remedy, on_key=True)
            return


def _unwatched_servers(document: Document, keys: Mapping[str, Plain], jobs: Sequence[Job]) -> Iterator[Finding]:
    used = {"prometheus": True, "alertmanager": "alerting" in keys}
    for server, port in _SERVERS.items():
        if used[server] and not any(_scrapes(job, server, port) for job in jobs):
            message = f"no job scrapes {server}: nobody sees when its rules, notifications or reloads fail"
            remedy = f"a job with the target {server}:{port}"
            yield at(document.loaded, (JOBS,), "prometheus/unwatched-server", message, remedy, on_key=True)


def _scrapes(job: Job, server: str, port: str) -> bool:
    """Targets of a discovery may be anything, and are not taken for missing."""
    if server in job.name.lower():
        return True
    return any(server in target.lower() or target.endswith(f":{port}") for _, target in job.targets())


def group_intervals(facts: SetFacts) -> Iterator[Finding]:
    """Groups with an interval that does not go into the server's, or the other way round."""
    usual = facts.evaluation_interval_ms
    seen = set[tuple[int, object]]()
    for rule in facts.rules:
        interval, location = rule.group.interval_ms, rule.location[:2]
        if not usual or not interval or (id(rule.source), location) in seen:
            continue
        seen.add((id(rule.source), location))
        if interval % usual and usual % interval:
            message = (
                f"evaluated every {format_duration(interval)}, which is no multiple of the other rules' "
                f"{format_duration(usual)}: what it records is of another time each time they ask"
            )
            remedy = f"a multiple of {format_duration(usual)}, or no interval"
            yield at(rule.source, (*location, "interval"), "rules/odd-interval", message, remedy)
