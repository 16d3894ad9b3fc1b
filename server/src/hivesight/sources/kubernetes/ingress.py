"""Role `ingress`: a target for each path of each rule, at the rule's host."""

from collections.abc import Iterator

from hivesight.model.labels import Labels
from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.labels import PREFIX, meta_labels
from hivesight.sources.target import TargetGroup


def ingress_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    for ingress in cluster.ingresses.values():
        meta = ingress.meta
        shared = {
            f"{PREFIX}namespace": meta.namespace,
            f"{PREFIX}ingress_class_name": ingress.class_name,
            **meta_labels(meta, "ingress"),
        }
        for host, paths in ingress.rules:
            tls = any(_covers(pattern, host) for pattern in ingress.tls_hosts)
            for path in paths:
                labels = {
                    **shared,
                    f"{PREFIX}ingress_scheme": "https" if tls else "http",
                    f"{PREFIX}ingress_host": host,
                    f"{PREFIX}ingress_path": path,
                }
                yield TargetGroup((host,), Labels(labels), f"ingress/{meta.namespace}/{meta.name}")


def _covers(pattern: str, host: str) -> bool:
    """Whether a host is meant: `*` stands for exactly the first part of a name."""
    first, dot, rest = pattern.partition(".")
    return pattern == host or bool(first == "*" and dot and host.partition(".")[2] == rest)
