"""Prometheus files: jobs, targets, rule files, what they lack, and what their reader refuses."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.credentials import in_prometheus
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.prometheus import coverage, exporters, kubernetes, rule_paths, settings, targets
from hivesight.doctor.prometheus.jobs import all_jobs, jobs_of
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.diagnostics import Diagnostic
from hivesight.sources.config import PrometheusFile
from hivesight.sources.reading import completed

_UNSUPPORTED: Final = "config/unsupported"
"""What the reader says of this server, which is no fault of the file."""
_UNKNOWN: Final = re.compile(r"unknown key '(\w+)'")
_RENAMED: Final = {
    "scrape_classic_histograms": "always_scrape_classic_histograms",
    "target_groups": "static_configs",
}
"""Keys that Prometheus 3 does not know any more."""


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the Prometheus files of a set, and with what others of its files expect of them."""
    for document in workspace.of(FileKind.PROMETHEUS):
        yield from _of_file(workspace, document, facts)
    yield from rule_paths.findings(workspace)
    yield from settings.group_intervals(facts)
    jobs = all_jobs(workspace)
    if jobs:
        yield from coverage.unknown_jobs(jobs, facts, rule_paths.named(workspace))
        yield from exporters.unscraped(workspace, jobs)


def _of_file(workspace: Workspace, document: Document, facts: SetFacts) -> Iterator[Finding]:
    read = completed(document.read_as(PrometheusFile), document.path.parent, {})
    for each in read.diagnostics:
        if each.code != _UNSUPPORTED and each.path == str(document.path):
            yield _renamed(each)
    jobs = jobs_of(document)
    yield from targets.findings(jobs)
    yield from kubernetes.findings(jobs)
    yield from coverage.unwatched_jobs(jobs, facts)
    yield from settings.findings(workspace, document, jobs, facts)
    yield from in_prometheus(document)


def _renamed(fault: Diagnostic) -> Finding:
    """An unknown key of an older Prometheus, with what it is called now."""
    match = _UNKNOWN.match(fault.message)
    new = _RENAMED.get(match[1]) if match is not None else None
    if match is None or new is None:
        return Finding(fault)
    remedy = f"Prometheus 3 calls it {new}"
    return Finding(fault, remedy, Edit(fault.line, fault.col, len(match[1]), new))
