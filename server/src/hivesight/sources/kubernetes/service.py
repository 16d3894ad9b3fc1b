"""Role `service`: a target for each port of each service, at the service's name in the cluster's DNS."""

from collections.abc import Iterator

from hivesight.model.labels import Labels
from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.labels import PREFIX, meta_labels
from hivesight.sources.kubernetes.objects import Service
from hivesight.sources.target import TargetGroup, host_port


def service_targets(cluster: Cluster) -> Iterator[TargetGroup]:
    for service in cluster.services.values():
        meta = service.meta
        shared = {**service_labels(service), f"{PREFIX}service_type": service.type}
        if service.type == "ExternalName":
            shared[f"{PREFIX}service_external_name"] = service.external_name
        else:
            shared[f"{PREFIX}service_cluster_ip"] = service.cluster_ip
        if service.type == "LoadBalancer":
            shared[f"{PREFIX}service_loadbalancer_ip"] = service.load_balancer_ip
        for port in service.ports:
            number = port.number or 0
            labels = {
                **shared,
                f"{PREFIX}service_port_name": port.name,
                f"{PREFIX}service_port_number": str(number),
                f"{PREFIX}service_port_protocol": port.protocol,
            }
            address = host_port(f"{meta.name}.{meta.namespace}.svc", number)
            yield TargetGroup((address,), Labels(labels), f"svc/{meta.namespace}/{meta.name}")


def service_labels(service: Service) -> dict[str, str]:
    """Those that a service gives to the targets behind it too."""
    return {f"{PREFIX}namespace": service.meta.namespace, **meta_labels(service.meta, "service")}
