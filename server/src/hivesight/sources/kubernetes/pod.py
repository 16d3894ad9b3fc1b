"""Role `pod`: a target for each port of each container, and one for a container without ports."""

from collections.abc import Iterator

from hivesight.model.labels import Labels
from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.labels import PREFIX, meta_labels
from hivesight.sources.kubernetes.node import attached_node
from hivesight.sources.kubernetes.objects import Container, Pod, Port
from hivesight.sources.target import TargetGroup, host_port


def pod_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    """A pod without an address (it starts, or was evicted) has no targets."""
    for pod in cluster.pods.values():
        if not pod.ip:
            continue
        shared = {
            **pod_labels(pod),
            f"{PREFIX}namespace": pod.meta.namespace,
            **attached_node(cluster, pod.node_name),
        }
        source = f"pod/{pod.meta.namespace}/{pod.meta.name}"
        for container in pod.containers:
            labels = {**shared, **container_labels(container), f"{PREFIX}pod_container_id": container.id}
            if not container.ports:
                address = f"[{pod.ip}]" if ":" in pod.ip else pod.ip
                yield TargetGroup((address,), Labels(labels), source)
            for port in container.ports:
                address = host_port(pod.ip, port.number or 0)
                yield TargetGroup((address,), Labels({**labels, **port_labels(port)}), source)


def pod_labels(pod: Pod) -> dict[str, str]:
    """Those that a pod gives to its targets in every role."""
    kind, name = pod.meta.controller
    return {
        **meta_labels(pod.meta, "pod"),
        f"{PREFIX}pod_ip": pod.ip,
        f"{PREFIX}pod_ready": pod.ready,
        f"{PREFIX}pod_phase": pod.phase,
        f"{PREFIX}pod_node_name": pod.node_name,
        f"{PREFIX}pod_host_ip": pod.host_ip,
        f"{PREFIX}pod_uid": pod.meta.uid,
        f"{PREFIX}pod_controller_kind": kind,
        f"{PREFIX}pod_controller_name": name,
    }


def container_labels(container: Container) -> dict[str, str]:
    return {
        f"{PREFIX}pod_container_name": container.name,
        f"{PREFIX}pod_container_image": container.image,
        f"{PREFIX}pod_container_init": str(container.init).lower(),
    }


def port_labels(port: Port) -> dict[str, str]:
    """Those of a container's port."""
    return {
        f"{PREFIX}pod_container_port_name": port.name,
        f"{PREFIX}pod_container_port_number": str(port.number or 0),
        f"{PREFIX}pod_container_port_protocol": port.protocol,
    }
