"""The objects of a cluster, as far as targets are made of them: read from the API's JSON (Kubernetes API reference,
`core/v1`, `discovery.k8s.io/v1`, `networking.k8s.io/v1`). All raise MalformedDocument."""

from dataclasses import dataclass

from hivesight.sources.kubernetes.document import Document

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Meta:
    """controller: kind and name of the object that owns this one, or empty texts."""

    namespace: str
    name: str
    uid: str
    labels: Pairs
    annotations: Pairs
    controller: tuple[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name


@dataclass(frozen=True, slots=True)
class Node:
    """addresses: pairs of type and address."""

    meta: Meta
    provider_id: str
    addresses: Pairs
    kubelet_port: int


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a container, of a service, or of endpoints; None where any number is meant."""

    name: str
    number: int | None
    protocol: str
    app_protocol: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """id: empty while it does not run."""

    name: str
    image: str
    id: str
    init: bool
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """ready: `true`, `false` or `unknown`. containers: those of the pod, then the init containers."""

    meta: Meta
    ip: str
    host_ip: str
    node_name: str
    phase: str
    ready: str
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True)
class Service:
    meta: Meta
    type: str
    cluster_ip: str
    external_name: str
    load_balancer_ip: str
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One backend of a service. conditions: pairs of name and `true` or `false`, those that are known."""

    addresses: tuple[str, ...]
    hostname: str
    node_name: str
    zone: str
    target: Reference | None
    conditions: Pairs
    topology: Pairs


@dataclass(frozen=True, slots=True)
class Subset:
    """Endpoints that share ports."""

    endpoints: tuple[Endpoint, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Endpoints:
    meta: Meta
    subsets: tuple[Subset, ...]


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    meta: Meta
    address_type: str
    subset: Subset


@dataclass(frozen=True, slots=True)
class Ingress:
    """rules: pairs of a host and its paths. tls_hosts: those that are served with TLS."""

    meta: Meta
    class_name: str
    tls_hosts: tuple[str, ...]
    rules: tuple[tuple[str, tuple[str, ...]], ...]


Object = Node | Pod | Service | Endpoints | EndpointSlice | Ingress


def read_meta(document: Document) -> Meta:
    meta = document.inner("metadata")
    owner = next((each for each in meta.each("ownerReferences") if each.flag("controller")), None)
    return Meta(
        meta.text("namespace"),
        meta.text("name"),
        meta.text("uid"),
        meta.pairs("labels"),
        meta.pairs("annotations"),
        (owner.text("kind"), owner.text("name")) if owner is not None else ("", ""),
    )


def read_node(document: Document) -> Node:
    status = document.inner("status")
    kubelet = status.inner("daemonEndpoints").inner("kubeletEndpoint")
    return Node(
        read_meta(document),
        document.inner("spec").text("providerID"),
        tuple((each.text("type"), each.text("address")) for each in status.each("addresses")),
        # The API's spelling has a capital letter.
        kubelet.number("Port") or 0,
    )


def read_pod(document: Document) -> Pod:
    spec, status = document.inner("spec"), document.inner("status")
    ready = (each.text("status") for each in status.each("conditions") if each.text("type") == "Ready")
    return Pod(
        read_meta(document),
        status.text("podIP"),
        status.text("hostIP"),
        spec.text("nodeName"),
        status.text("phase"),
        next(ready, "Unknown").lower(),
        (
            *_containers(spec, "containers", status, "containerStatuses", init=False),
            *_containers(spec, "initContainers", status, "initContainerStatuses", init=True),
        ),
    )


def _containers(spec: Document, name: str, status: Document, statuses: str, *, init: bool) -> tuple[Container, ...]:
    ids = {each.text("name"): each.text("containerID") for each in status.each(statuses)}
    return tuple(
        Container(
            each.text("name"),
            each.text("image"),
            ids.get(each.text("name"), ""),
            init,
            tuple(
                Port(port.text("name"), port.number("containerPort") or 0, port.text("protocol"))
                for port in each.each("ports")
            ),
        )
        for each in spec.each(name)
    )


def read_service(document: Document) -> Service:
    spec = document.inner("spec")
    return Service(
        read_meta(document),
        spec.text("type"),
        spec.text("clusterIP"),
        spec.text("externalName"),
        spec.text("loadBalancerIP"),
        _ports(spec),
    )


def _ports(document: Document) -> tuple[Port, ...]:
    return tuple(
        Port(each.text("name"), each.number("port"), each.text("protocol"), each.text("appProtocol"))
        for each in document.each("ports")
    )


def read_endpoints(document: Document) -> Endpoints:
    return Endpoints(
        read_meta(document),
        tuple(
            Subset(
                (
                    *(_address(each, "true") for each in subset.each("addresses")),
                    *(_address(each, "false") for each in subset.each("notReadyAddresses")),
                ),
                _ports(subset),
            )
            for subset in document.each("subsets")
        ),
    )


def _address(document: Document, ready: str) -> Endpoint:
    return Endpoint(
        (document.text("ip"),),
        document.text("hostname"),
        document.text("nodeName"),
        "",
        _reference(document),
        (("ready", ready),),
        (),
    )


def _reference(document: Document) -> Reference | None:
    if not document.has("targetRef"):
        return None
    target = document.inner("targetRef")
    return Reference(target.text("kind"), target.text("namespace"), target.text("name"))


def read_endpoint_slice(document: Document) -> EndpointSlice:
    return EndpointSlice(
        read_meta(document),
        document.text("addressType"),
        Subset(tuple(_endpoint(each) for each in document.each("endpoints")), _ports(document)),
    )


def _endpoint(document: Document) -> Endpoint:
    conditions = document.inner("conditions")
    known = ((name, conditions.flag(name)) for name in ("ready", "serving", "terminating"))
    return Endpoint(
        document.texts("addresses"),
        document.text("hostname"),
        document.text("nodeName"),
        document.text("zone"),
        _reference(document),
        tuple((name, str(value).lower()) for name, value in known if value is not None),
        document.pairs("deprecatedTopology"),
    )


def read_ingress(document: Document) -> Ingress:
    spec = document.inner("spec")
    return Ingress(
        read_meta(document),
        spec.text("ingressClassName"),
        tuple(host for each in spec.each("tls") for host in each.texts("hosts")),
        tuple((each.text("host"), _paths(each)) for each in spec.each("rules")),
    )


def _paths(rule: Document) -> tuple[str, ...]:
    if not rule.has("http"):
        return ("/",)
    return tuple(each.text("path") or "/" for each in rule.inner("http").each("paths"))
