"""Role `node`: a target for each node, at its kubelet."""

from collections.abc import Iterator
from typing import Final

from hivesight.model.labels import Labels
from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.labels import PREFIX, meta_labels, sanitized
from hivesight.sources.target import TargetGroup, host_port

_PREFERRED: Final = ("InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname")


def node_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    """A node without an address of a known type has no target."""
    for node in cluster.nodes.values():
        # The first address of each type counts.
        addresses = dict(reversed(node.addresses))
        address = next((addresses[kind] for kind in _PREFERRED if addresses.get(kind)), "")
        if address:
            labels = {
                **meta_labels(node.meta, "node"),
                f"{PREFIX}node_provider_id": node.provider_id,
                "instance": node.meta.name,
                **{f"{PREFIX}node_address_{sanitized(kind)}": value for kind, value in addresses.items()},
            }
            yield TargetGroup((host_port(address, node.kubelet_port),), Labels(labels), f"node/{node.meta.name}")


def attached_node(cluster: Cluster, name: str) -> dict[str, str]:
    """The labels of the node that a target runs on, where they are asked for."""
    node = cluster.node(name) if name else None
    return {} if node is None else meta_labels(node.meta, "node")
