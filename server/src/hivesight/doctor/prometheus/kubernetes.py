"""Discovery in Kubernetes: that it does not take everything, takes the right port, and says where a pod is."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.jobs import Job
from hivesight.doctor.rule_files import at
from hivesight.sources.config import ScrapeConfig

_KIND: Final = "kubernetes_sd_configs"
_CHOOSES: Final = frozenset(("keep", "drop", "keepequal", "dropequal"))
_MANY: Final = frozenset(("pod", "endpoints", "endpointslice", "service", "ingress"))
_ADDRESS: Final = "__address__"
_PORT: Final = "container_port"
_NAMESPACE: Final = "__meta_kubernetes_namespace"


def findings(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Of the jobs of one file."""
    for job in jobs:
        config = job.config
        if config is None or not config.kubernetes_sd_configs:
            continue
        roles = {str(each.role) for each in config.kubernetes_sd_configs}
        if roles & _MANY and not _chooses(config):
            message = (
                f"without relabel_configs every {', '.join(sorted(roles & _MANY))} of the cluster becomes a target"
            )
            remedy = "keep those that ask for it, such as by their annotation prometheus.io/scrape"
            yield _at(job, "prometheus/kubernetes-everything", message, remedy)
            continue
        if "pod" in roles and not _sees_port(config):
            message = "each port that a pod declares becomes a target, whatever its annotation prometheus.io/port says"
            remedy = "set __address__ from the annotation, or keep the port by its name"
            yield _at(job, "prometheus/kubernetes-port", message, remedy)
        if roles & _MANY and not _says_where(config):
            message = "its series do not say in which namespace and pod they were made"
            remedy = "set namespace and pod from __meta_kubernetes_namespace and __meta_kubernetes_pod_name"
            yield _at(job, "prometheus/kubernetes-labels", message, remedy)
        if roles & {"pod", "endpoints", "endpointslice"}:
            yield from _beside_static(job, jobs)


def _at(job: Job, code: str, message: str, remedy: str) -> Finding:
    return at(job.document.loaded, (*job.location, _KIND), code, message, remedy, on_key=True)


def _chooses(config: ScrapeConfig) -> bool:
    """Whether anything narrows down what is found. A file that relabels at all is taken to know what it does."""
    return bool(config.relabel_configs) or any(
        each.selectors or each.namespaces.names or each.namespaces.own_namespace
        for each in config.kubernetes_sd_configs
    )


def _sees_port(config: ScrapeConfig) -> bool:
    return any(
        each.target_label == _ADDRESS or any(_PORT in label for label in each.source_labels)
        for each in config.relabel_configs
    )


def _says_where(config: ScrapeConfig) -> bool:
    return any(
        each.action == "labelmap" or (_NAMESPACE in each.source_labels and not each.target_label.startswith("__"))
        for each in config.relabel_configs
        if each.action not in _CHOOSES
    )


def _beside_static(job: Job, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Static targets by the names of services, which are pods of the same cluster as likely as not."""
    named = [
        other.name
        for other in jobs
        if other is not job and any("." not in target and "localhost" not in target for _, target in other.targets())
    ]
    if named:
        message = (
            f"{', '.join(named[:3])}{', ...' if len(named) > 3 else ''} name services: where these run in the cluster "
            "too, they are scraped twice"
        )
        yield _at(job, "prometheus/mixed-discovery", message, "discover a service, or name it, and not both")
