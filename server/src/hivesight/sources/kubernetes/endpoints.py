"""Roles `endpoints` and `endpointslice`: a target for each address and port behind a service, with the labels of the
service and of the pod that it is; and the ports of those pods that the service does not cover."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hivesight.model.labels import Labels
from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.labels import PREFIX, meta_labels, sanitized
from hivesight.sources.kubernetes.node import attached_node
from hivesight.sources.kubernetes.objects import Endpoint, Pod, Port, Subset
from hivesight.sources.kubernetes.pod import container_labels, pod_labels, port_labels
from hivesight.sources.kubernetes.service import service_labels
from hivesight.sources.target import TargetGroup, host_port

SERVICE_NAME = "kubernetes.io/service-name"

Labelled = tuple[str, dict[str, str]]


@dataclass(slots=True)
class _Seen:
    """The pods that were met, each with the numbers of the ports that have a target."""

    pods: dict[tuple[str, str], tuple[Pod, set[int]]] = field(
        default_factory=dict[tuple[str, str], tuple[Pod, set[int]]]
    )

    def add(self, pod: Pod, port: Port) -> None:
        _, numbers = self.pods.setdefault(pod.meta.key, (pod, set()))
        if port.number is not None:
            numbers.add(port.number)


def endpoints_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    for endpoints in cluster.endpoints.values():
        meta = endpoints.meta
        shared = {f"{PREFIX}namespace": meta.namespace, **_service(cluster, meta.namespace, meta.name)}
        shared |= meta_labels(meta, "endpoints")
        seen = _Seen()
        source = f"endpoints/{meta.namespace}/{meta.name}"
        for subset in endpoints.subsets:
            for endpoint, port, address in _backends(subset):
                node = endpoint.node_name or _node_meant(endpoint)
                labels = _endpoint_labels(endpoint, port) | attached_node(cluster, node)
                labels |= _pod(cluster, endpoint, port, port.protocol, seen)
                yield TargetGroup((address,), Labels({**shared, **labels}), source)
        for address, labels in _uncovered(seen):
            yield TargetGroup((address,), Labels({**shared, **labels}), source)


def endpointslice_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    for each in cluster.endpointslices.values():
        meta = each.meta
        shared = {
            f"{PREFIX}namespace": meta.namespace,
            f"{PREFIX}endpointslice_address_type": each.address_type,
            **meta_labels(meta, "endpointslice"),
            **_service(cluster, meta.namespace, dict(meta.labels).get(SERVICE_NAME, "")),
        }
        seen = _Seen()
        source = f"endpointslice/{meta.namespace}/{meta.name}"
        for endpoint, port, address in _backends(each.subset):
            node = _node_meant(endpoint) or endpoint.node_name
            labels = _slice_labels(endpoint, port) | attached_node(cluster, node)
            labels |= _pod(cluster, endpoint, port, None, seen)
            yield TargetGroup((address,), Labels({**shared, **labels}), source)
        for address, labels in _uncovered(seen):
            yield TargetGroup((address,), Labels({**shared, **labels}), source)


def _backends(subset: Subset) -> Iterator[tuple[Endpoint, Port, str]]:
    for endpoint in subset.endpoints:
        for port in subset.ports:
            for address in endpoint.addresses:
                yield endpoint, port, address if port.number is None else host_port(address, port.number)


def _service(cluster: Cluster, namespace: str, name: str) -> dict[str, str]:
    service = cluster.services.get((namespace, name))
    return {} if service is None else service_labels(service)


def _node_meant(endpoint: Endpoint) -> str:
    target = endpoint.target
    return target.name if target is not None and target.kind == "Node" else ""


def _endpoint_labels(endpoint: Endpoint, port: Port) -> dict[str, str]:
    target = endpoint.target
    return {
        f"{PREFIX}endpoint_port_name": port.name,
        f"{PREFIX}endpoint_port_protocol": port.protocol,
        f"{PREFIX}endpoint_ready": dict(endpoint.conditions)["ready"],
        f"{PREFIX}endpoint_address_target_kind": target.kind if target else "",
        f"{PREFIX}endpoint_address_target_name": target.name if target else "",
        f"{PREFIX}endpoint_node_name": endpoint.node_name,
        f"{PREFIX}endpoint_hostname": endpoint.hostname,
    }


def _slice_labels(endpoint: Endpoint, port: Port) -> dict[str, str]:
    target = endpoint.target
    labels = {
        f"{PREFIX}endpointslice_port_name": port.name,
        f"{PREFIX}endpointslice_port_protocol": port.protocol,
        f"{PREFIX}endpointslice_port": "" if port.number is None else str(port.number),
        f"{PREFIX}endpointslice_port_app_protocol": port.app_protocol,
        f"{PREFIX}endpointslice_endpoint_hostname": endpoint.hostname,
        f"{PREFIX}endpointslice_endpoint_node_name": endpoint.node_name,
        f"{PREFIX}endpointslice_endpoint_zone": endpoint.zone,
        f"{PREFIX}endpointslice_address_target_kind": target.kind if target else "",
        f"{PREFIX}endpointslice_address_target_name": target.name if target else "",
    }
    for name, value in endpoint.conditions:
        labels[f"{PREFIX}endpointslice_endpoint_conditions_{name}"] = value
    for name, value in endpoint.topology:
        labels[f"{PREFIX}endpointslice_endpoint_topology_{sanitized(name)}"] = value
        labels[f"{PREFIX}endpointslice_endpoint_topology_present_{sanitized(name)}"] = "true"
    return labels


def _pod(cluster: Cluster, endpoint: Endpoint, port: Port, protocol: str | None, seen: _Seen) -> dict[str, str]:
    """The labels of the pod that an endpoint is, and of the container that has the port. protocol: what to call that of
    the port (None: as the container does)."""
    target = endpoint.target
    if target is None or target.kind != "Pod":
        return {}
    pod = cluster.pods.get((target.namespace, target.name))
    if pod is None:
        return {}
    seen.add(pod, port)
    labels = pod_labels(pod)
    for container in pod.containers:
        same = next((each for each in container.ports if each.number == port.number), None)
        if port.number is not None and same is not None:
            labels |= container_labels(container) | port_labels(same)
            if protocol is not None:
                labels[f"{PREFIX}pod_container_port_protocol"] = protocol
    return labels


def _uncovered(seen: _Seen) -> Iterator[Labelled]:
    for pod, numbers in seen.pods.values():
        for container in pod.containers if pod.ip else ():
            for port in container.ports:
                if port.number not in numbers:
                    labels = pod_labels(pod) | container_labels(container) | port_labels(port)
                    yield host_port(pod.ip, port.number or 0), labels
