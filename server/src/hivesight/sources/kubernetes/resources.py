"""The resources of the API that are watched, and what each role makes its targets of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.document import Document
from hivesight.sources.kubernetes.endpoints import endpoints_targets, endpointslice_targets
from hivesight.sources.kubernetes.ingress import ingress_targets
from hivesight.sources.kubernetes.node import node_targets
from hivesight.sources.kubernetes.objects import (
    Object,
    read_endpoint_slice,
    read_endpoints,
    read_ingress,
    read_node,
    read_pod,
    read_service,
)
from hivesight.sources.kubernetes.pod import pod_targets
from hivesight.sources.kubernetes.service import service_targets
from hivesight.sources.target import TargetGroup


@dataclass(frozen=True, slots=True)
class Resource:
    """name: its plural, as paths and `Cluster` have it. role: what a selector for it is called."""

    name: str
    role: str
    group: str
    read: Callable[[Document], Object]
    namespaced: bool = True

    def path(self, namespace: str) -> str:
        """Of the collection in a namespace; an empty one means all."""
        inside = f"namespaces/{quote(namespace, safe='')}/" if self.namespaced and namespace else ""
        return f"{self.group}/{inside}{self.name}"


@dataclass(frozen=True, slots=True)
class RoleRules:
    """What a role watches, the resource that its targets come from first."""

    resources: tuple[str, ...]
    targets: Callable[[Cluster], Iterator[TargetGroup]]
    attaches_nodes: bool = False


RESOURCES: Final = {
    each.name: each
    for each in (
        Resource("nodes", "node", "/api/v1", read_node, namespaced=False),
        Resource("pods", "pod", "/api/v1", read_pod),
        Resource("services", "service", "/api/v1", read_service),
        Resource("endpoints", "endpoints", "/api/v1", read_endpoints),
        Resource("endpointslices", "endpointslice", "/apis/discovery.k8s.io/v1", read_endpoint_slice),
        Resource("ingresses", "ingress", "/apis/networking.k8s.io/v1", read_ingress),
    )
}

ROLE_RULES: Final = {
    "node": RoleRules(("nodes",), node_targets),
    "pod": RoleRules(("pods",), pod_targets, attaches_nodes=True),
    "service": RoleRules(("services",), service_targets),
    "endpoints": RoleRules(("endpoints", "services", "pods"), endpoints_targets, attaches_nodes=True),
    "endpointslice": RoleRules(("endpointslices", "services", "pods"), endpointslice_targets, attaches_nodes=True),
    "ingress": RoleRules(("ingresses",), ingress_targets),
}
