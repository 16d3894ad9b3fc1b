"""What each role makes of the objects of a cluster."""

import pytest

from hivesight.sources.kubernetes.cluster import Cluster
from hivesight.sources.kubernetes.document import Document, MalformedDocument
from hivesight.sources.kubernetes.resources import RESOURCES, ROLE_RULES
from sources.cluster import Json, named

K = "__meta_kubernetes_"


def targets(role: str, **objects: list[Json]) -> dict[str, dict[str, str]]:
    """The labels of the role's targets by address, less the common beginning of their names."""
    found = {
        name: {each.meta.key: each for each in (RESOURCES[name].read(Document(document)) for document in documents)}
        for name, documents in objects.items()
    }
    groups = list(ROLE_RULES[role].targets(Cluster(**found)))
    by_address = {group.addresses[0]: dict(group.labels) for group in groups}
    assert len(by_address) == len(groups)
    return {
        address: {name.removeprefix(K): value for name, value in labels.items()}
        for address, labels in by_address.items()
    }


def node(name: str = "n1", *addresses: tuple[str, str]) -> Json:
    return {
        "metadata": named(name, "", labels={"kubernetes.io/arch": "arm"}, annotations={"a/b": "c"}),
        "spec": {"providerID": "aws:///i-1"},
        "status": {
            "addresses": [{"type": kind, "address": address} for kind, address in addresses],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }


NODE_LABELS = {
    "node_name": "n1",
    "node_label_kubernetes_io_arch": "arm",
    "node_labelpresent_kubernetes_io_arch": "true",
    "node_annotation_a_b": "c",
    "node_annotationpresent_a_b": "true",
}

ADDRESSES = [
    ((("Hostname", "h"), ("ExternalIP", "8.0.0.1"), ("InternalIP", "10.0.0.1")), "10.0.0.1:10250"),
    ((("Hostname", "h"), ("ExternalDNS", "x.example"), ("InternalDNS", "i.example")), "i.example:10250"),
    ((("InternalIP", "fd00::1"), ("InternalIP", "10.0.0.1")), "[fd00::1]:10250"),
    ((("LegacyHostIP", "1.2.3.4"), ("Hostname", "h")), "1.2.3.4:10250"),
    ((("Hostname", "h"),), "h:10250"),
]


@pytest.mark.parametrize(("addresses", "address"), ADDRESSES)
def test_a_node_is_reached_at_its_best_address(addresses: tuple[tuple[str, str], ...], address: str) -> None:
    ((found, labels),) = targets("node", nodes=[node("n1", *addresses)]).items()
    assert found == address
    first = {f"node_address_{kind}": value for kind, value in reversed(addresses)}
    assert labels == {**NODE_LABELS, **first, "node_provider_id": "aws:///i-1", "instance": "n1"}


def test_a_node_without_an_address_is_no_target() -> None:
    assert targets("node", nodes=[node("n1"), node("n2", ("Other", "x"))]) == {}


def pod(name: str = "p", ip: str = "10.1.0.1", **more: object) -> Json:
    return {
        "metadata": named(
            name,
            labels={"app.kubernetes.io/name": "web"},
            annotations={"prometheus.io/scrape": "true"},
            uid="u-1",
            ownerReferences=[
                {"kind": "Other", "name": "o"},
                {"kind": "ReplicaSet", "name": "web-1", "controller": True},
            ],
        ),
        "spec": {
            "nodeName": "n1",
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "ports": [
                        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                        {"name": "metrics", "containerPort": 9100, "protocol": "TCP"},
                    ],
                },
                {"name": "bare", "image": "bare:1"},
            ],
            "initContainers": [
                {"name": "mesh", "image": "mesh:1", "ports": [{"containerPort": 15090, "protocol": "TCP"}]}
            ],
        },
        "status": {
            "podIP": ip,
            "hostIP": "10.0.0.1",
            "phase": "Running",
            "conditions": [{"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "web", "containerID": "containerd://w"}],
            "initContainerStatuses": [{"name": "mesh", "containerID": "containerd://m"}],
            **more,
        },
    }


POD_LABELS = {
    "pod_name": "p",
    "pod_ip": "10.1.0.1",
    "pod_host_ip": "10.0.0.1",
    "pod_node_name": "n1",
    "pod_phase": "Running",
    "pod_ready": "true",
    "pod_uid": "u-1",
    "pod_controller_kind": "ReplicaSet",
    "pod_controller_name": "web-1",
    "pod_label_app_kubernetes_io_name": "web",
    "pod_labelpresent_app_kubernetes_io_name": "true",
    "pod_annotation_prometheus_io_scrape": "true",
    "pod_annotationpresent_prometheus_io_scrape": "true",
}


def container(name: str, image: str, port: tuple[str, int] | None = None, *, init: bool = False) -> dict[str, str]:
    labels = {
        "pod_container_name": name,
        "pod_container_image": image,
        "pod_container_init": str(init).lower(),
    }
    if port is not None:
        labels |= {"pod_container_port_number": str(port[1]), "pod_container_port_protocol": "TCP"}
        labels |= {"pod_container_port_name": port[0]} if port[0] else {}
    return labels


def test_a_pod_has_a_target_for_each_port_and_for_each_container_without() -> None:
    shared = {**POD_LABELS, "namespace": "default"}
    assert targets("pod", pods=[pod()]) == {
        "10.1.0.1:8080": {
            **shared,
            **container("web", "web:1", ("http", 8080)),
            "pod_container_id": "containerd://w",
        },
        "10.1.0.1:9100": {
            **shared,
            **container("web", "web:1", ("metrics", 9100)),
            "pod_container_id": "containerd://w",
        },
        "10.1.0.1": {**shared, **container("bare", "bare:1")},
        "10.1.0.1:15090": {
            **shared,
            **container("mesh", "mesh:1", ("", 15090), init=True),
            "pod_container_id": "containerd://m",
        },
    }


def test_a_pod_without_an_address_has_no_targets() -> None:
    assert targets("pod", pods=[pod(ip="")]) == {}


def test_the_address_of_a_pod_with_ipv6() -> None:
    assert set(targets("pod", pods=[pod(ip="fd00::2")])) == {
        "[fd00::2]:8080",
        "[fd00::2]:9100",
        "[fd00::2]",
        "[fd00::2]:15090",
    }


@pytest.mark.parametrize(("conditions", "ready"), [([], "unknown"), ([{"type": "Ready", "status": "False"}], "false")])
def test_whether_a_pod_is_ready(conditions: list[Json], ready: str) -> None:
    found = targets("pod", pods=[pod(conditions=conditions)])
    assert {labels["pod_ready"] for labels in found.values()} == {ready}


def test_the_labels_of_its_node_are_attached() -> None:
    found = targets("pod", pods=[pod()], nodes=[node()])
    assert NODE_LABELS.items() <= found["10.1.0.1:8080"].items()


def service(kind: str = "ClusterIP", **spec: object) -> Json:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "udp", "port": 53, "protocol": "UDP"}]
    return {"metadata": named("web", labels={"a": "b"}), "spec": {"type": kind, "ports": ports, **spec}}


SERVICE_LABELS = {
    "namespace": "default",
    "service_name": "web",
    "service_label_a": "b",
    "service_labelpresent_a": "true",
}
SERVICES = [
    (service(clusterIP="10.9.0.1"), {"service_type": "ClusterIP", "service_cluster_ip": "10.9.0.1"}),
    (
        service("ExternalName", externalName="x.example", clusterIP="None"),
        {"service_type": "ExternalName", "service_external_name": "x.example"},
    ),
    (
        service("LoadBalancer", clusterIP="10.9.0.1", loadBalancerIP="8.0.0.1"),
        {"service_type": "LoadBalancer", "service_cluster_ip": "10.9.0.1", "service_loadbalancer_ip": "8.0.0.1"},
    ),
]


@pytest.mark.parametrize(("document", "labels"), SERVICES)
def test_a_service_has_a_target_for_each_port(document: Json, labels: dict[str, str]) -> None:
    found = targets("service", services=[document])
    http = {"service_port_name": "http", "service_port_number": "80", "service_port_protocol": "TCP"}
    assert found["web.default.svc:80"] == {**SERVICE_LABELS, **labels, **http}
    assert found["web.default.svc:53"]["service_port_protocol"] == "UDP"


def endpoints() -> Json:
    return {
        "metadata": named("web", labels={"e": "f"}),
        "subsets": [
            {
                "addresses": [
                    {
                        "ip": "10.1.0.1",
                        "nodeName": "n1",
                        "hostname": "web-0",
                        "targetRef": {"kind": "Pod", "namespace": "default", "name": "p"},
                    }
                ],
                "notReadyAddresses": [{"ip": "10.1.0.2", "targetRef": {"kind": "Node", "name": "n1"}}],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        ],
    }


def test_endpoints_have_the_labels_of_their_service_pod_and_container() -> None:
    found = targets("endpoints", endpoints=[endpoints()], services=[service()], pods=[pod()])
    shared = {
        **SERVICE_LABELS,
        "endpoints_name": "web",
        "endpoints_label_e": "f",
        "endpoints_labelpresent_e": "true",
    }
    port = {"endpoint_port_name": "http", "endpoint_port_protocol": "TCP"}
    assert found == {
        "10.1.0.1:8080": {
            **shared,
            **port,
            "endpoint_ready": "true",
            "endpoint_node_name": "n1",
            "endpoint_hostname": "web-0",
            "endpoint_address_target_kind": "Pod",
            "endpoint_address_target_name": "p",
            **POD_LABELS,
            **container("web", "web:1", ("http", 8080)),
        },
        "10.1.0.2:8080": {
            **shared,
            **port,
            "endpoint_ready": "false",
            "endpoint_address_target_kind": "Node",
            "endpoint_address_target_name": "n1",
        },
        # The ports of the pod that the service does not cover.
        "10.1.0.1:9100": {**shared, **POD_LABELS, **container("web", "web:1", ("metrics", 9100))},
        "10.1.0.1:15090": {**shared, **POD_LABELS, **container("mesh", "mesh:1", ("", 15090), init=True)},
    }


def test_endpoints_of_nothing_that_is_known() -> None:
    found = targets("endpoints", endpoints=[endpoints()])
    assert set(found) == {"10.1.0.1:8080", "10.1.0.2:8080"}
    assert "service_name" not in found["10.1.0.1:8080"] and "pod_name" not in found["10.1.0.1:8080"]


def test_endpoints_have_the_labels_of_the_node_that_they_run_on_or_are() -> None:
    found = targets("endpoints", endpoints=[endpoints()], nodes=[node()])
    assert all(NODE_LABELS.items() <= labels.items() for labels in found.values())


def endpoint_slice(**more: object) -> Json:
    return {
        "metadata": named("web-abc", labels={"kubernetes.io/service-name": "web"}),
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": ["10.1.0.1"],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "hostname": "web-0",
                "nodeName": "n1",
                "zone": "z1",
                "deprecatedTopology": {"a/b": "c"},
                "targetRef": {"kind": "Pod", "namespace": "default", "name": "p"},
            },
            {"addresses": ["10.1.0.2"], "conditions": {"ready": False}},
        ],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}],
        **more,
    }


def test_endpoint_slices() -> None:
    found = targets("endpointslice", endpointslices=[endpoint_slice()], services=[service()], pods=[pod()])
    shared = {
        **SERVICE_LABELS,
        "endpointslice_name": "web-abc",
        "endpointslice_address_type": "IPv4",
        "endpointslice_label_kubernetes_io_service_name": "web",
        "endpointslice_labelpresent_kubernetes_io_service_name": "true",
    }
    port = {
        "endpointslice_port_name": "http",
        "endpointslice_port_protocol": "TCP",
        "endpointslice_port": "8080",
        "endpointslice_port_app_protocol": "h2c",
    }
    assert found == {
        "10.1.0.1:8080": {
            **shared,
            **port,
            "endpointslice_endpoint_conditions_ready": "true",
            "endpointslice_endpoint_conditions_serving": "true",
            "endpointslice_endpoint_conditions_terminating": "false",
            "endpointslice_endpoint_hostname": "web-0",
            "endpointslice_endpoint_node_name": "n1",
            "endpointslice_endpoint_zone": "z1",
            "endpointslice_endpoint_topology_a_b": "c",
            "endpointslice_endpoint_topology_present_a_b": "true",
            "endpointslice_address_target_kind": "Pod",
            "endpointslice_address_target_name": "p",
            **POD_LABELS,
            **container("web", "web:1", ("http", 8080)),
        },
        "10.1.0.2:8080": {**shared, **port, "endpointslice_endpoint_conditions_ready": "false"},
        "10.1.0.1:9100": {**shared, **POD_LABELS, **container("web", "web:1", ("metrics", 9100))},
        "10.1.0.1:15090": {**shared, **POD_LABELS, **container("mesh", "mesh:1", ("", 15090), init=True)},
    }


def test_an_endpoint_slice_for_all_ports() -> None:
    found = targets("endpointslice", endpointslices=[endpoint_slice(ports=[{}])])
    assert set(found) == {"10.1.0.1", "10.1.0.2"}
    assert targets("endpointslice", endpointslices=[endpoint_slice(ports=[])]) == {}


def test_an_ingress_has_a_target_for_each_path() -> None:
    document: Json = {
        "metadata": named("i", labels={"a": "b"}),
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.com", "exact.org"]}],
            "rules": [
                {"host": "a.example.com", "http": {"paths": [{"path": "/x"}]}},
                {"host": "a.b.example.com", "http": {"paths": [{}]}},
                {"host": "exact.org"},
                {"host": "other.org", "http": {"paths": []}},
            ],
        },
    }
    found = targets("ingress", ingresses=[document])
    shown = {
        address: (labels["ingress_scheme"], labels["ingress_host"], labels["ingress_path"])
        for address, labels in found.items()
    }
    assert shown == {
        "a.example.com": ("https", "a.example.com", "/x"),
        "a.b.example.com": ("http", "a.b.example.com", "/"),
        "exact.org": ("https", "exact.org", "/"),
    }
    shared = {"namespace": "default", "ingress_name": "i", "ingress_class_name": "nginx", "ingress_label_a": "b"}
    assert shared.items() <= found["exact.org"].items()


MALFORMED: list[tuple[str, Json, str]] = [
    ("pods", {"metadata": []}, "metadata must be a mapping"),
    ("pods", {"metadata": {"name": 1}}, "name must be a text"),
    ("pods", {"metadata": {"labels": {"a": 1}}}, "labels must be a mapping of names to texts"),
    ("pods", {"spec": {"containers": [1]}}, "containers must be a list of mappings"),
    ("pods", {"spec": {"containers": [{"ports": [{"containerPort": "80"}]}]}}, "must be a whole number"),
    ("nodes", {"status": {"addresses": {}}}, "addresses must be a list"),
    ("endpointslices", {"endpoints": [{"addresses": [1]}]}, "addresses must be a list of texts"),
    ("endpointslices", {"endpoints": [{"conditions": {"ready": "yes"}}]}, "must be true or false"),
    ("services", {"spec": {"ports": [{"port": True}]}}, "must be a whole number"),
]


@pytest.mark.parametrize(("resource", "document", "message"), MALFORMED)
def test_objects_that_are_malformed(resource: str, document: Json, message: str) -> None:
    with pytest.raises(MalformedDocument, match=message):
        RESOURCES[resource].read(Document(document))
