"""The jobs of the Prometheus files of a set, each read by itself, so that a fault in one hides nothing of another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.ingest.relabel import RelabelConfig
from hivesight.schema import load_node
from hivesight.schema.loading import Location
from hivesight.sources.config import ScrapeConfig

JOBS: Final = "scrape_configs"
_STATIC: Final = "static_configs"
_LABELS_FROM_ELSEWHERE: Final = frozenset(("file_sd_configs", "http_sd_configs"))
"""Kinds of discovery whose answers may give targets any label; the others give `__meta_` labels, which are dropped."""
_NAMES_TARGET: Final = frozenset(("replace", "hashmod", "lowercase", "uppercase"))
_TARGET_ITSELF: Final = frozenset(("job", "instance"))


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a Prometheus file. config: None where it has errors. keys: what it says, with errors too."""

    document: Document
    location: Location
    config: ScrapeConfig | None
    keys: Mapping[str, object]

    @property
    def name(self) -> str:
        name = self.keys.get("job_name")
        return name if isinstance(name, str) else ""

    @property
    def discoveries(self) -> frozenset[str]:
        """The kinds of discovery that it uses, static ones apart."""
        return frozenset(key for key in self.keys if key.endswith("_sd_configs"))

    def targets(self) -> Iterator[tuple[Location, str]]:
        """The static targets and their places."""
        for group, static in enumerate(self.config.static_configs if self.config is not None else ()):
            for index, target in enumerate(static.targets):
                yield (*self.location, _STATIC, group, "targets", index), target

    def added_labels(self) -> frozenset[str] | None:
        """The labels that its targets have; None where they can have any."""
        if self.config is None or self.discoveries & _LABELS_FROM_ELSEWHERE:
            return None
        relabelled = _made_by((*self.config.relabel_configs, *self.config.metric_relabel_configs))
        if relabelled is None:
            return None
        return relabelled | _TARGET_ITSELF | {name for each in self.config.static_configs for name in each.labels}

    def values_of_job(self) -> frozenset[str] | None:
        """What the label `job` of its series can be; None where that can be anything."""
        config = self.config
        if config is None or config.honor_labels or self.discoveries & _LABELS_FROM_ELSEWHERE:
            return None
        rewritten = _made_by((*config.relabel_configs, *config.metric_relabel_configs))
        if rewritten is None or "job" in rewritten:
            return None
        return frozenset(
            (config.job_name, *(each.labels["job"] for each in config.static_configs if "job" in each.labels))
        )


def _made_by(rules: Sequence[RelabelConfig]) -> frozenset[str] | None:
    """The labels that relabelling can make; None where their names depend on the data."""
    names = set[str]()
    for rule in rules:
        if rule.action == "labelmap" or (rule.action in _NAMES_TARGET and "$" in rule.target_label):
            return None
        if rule.action in _NAMES_TARGET:
            names.add(rule.target_label)
    return frozenset(names)


def jobs_of(document: Document) -> tuple[Job, ...]:
    """The jobs of one Prometheus file."""
    _, section = document.loaded.root.find((JOBS,))
    if not section.is_list or section.items is None:
        return ()
    jobs: list[Job] = []
    for index, (_, node) in section.items.items():
        plain = node.plain()
        config = load_node(node, document.text, str(document.path), ScrapeConfig).value
        jobs.append(Job(document, (JOBS, index), config, plain if isinstance(plain, dict) else {}))
    return tuple(jobs)


def all_jobs(workspace: Workspace) -> tuple[Job, ...] | None:
    """The jobs of all Prometheus files; None where there is no such file, or where series can come in other ways than
    by the jobs that are in sight."""
    documents = tuple(workspace.of(FileKind.PROMETHEUS))
    for document in documents:
        file = document.loaded.value
        if not isinstance(file, dict) or "scrape_config_files" in file or "otlp" in file:
            return None
    return tuple(job for document in documents for job in jobs_of(document)) if documents else None
