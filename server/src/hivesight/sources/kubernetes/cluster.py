"""What is known of a cluster at one moment: the objects of the resources that a role asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hivesight.sources.kubernetes.objects import Endpoints, EndpointSlice, Ingress, Node, Pod, Service

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Objects by namespace and name. Those that a role does not ask for are empty."""

    nodes: Mapping[Key, Node] = field(default_factory=dict[Key, Node])
    pods: Mapping[Key, Pod] = field(default_factory=dict[Key, Pod])
    services: Mapping[Key, Service] = field(default_factory=dict[Key, Service])
    endpoints: Mapping[Key, Endpoints] = field(default_factory=dict[Key, Endpoints])
    endpointslices: Mapping[Key, EndpointSlice] = field(default_factory=dict[Key, EndpointSlice])
    ingresses: Mapping[Key, Ingress] = field(default_factory=dict[Key, Ingress])

    def node(self, name: str) -> Node | None:
        return self.nodes.get(("", name))
