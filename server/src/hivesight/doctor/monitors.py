"""ServiceMonitors and PodMonitors of the Prometheus operator, beside the Services of the same set."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, mapped, text
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.duration import parse_duration
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_ENDPOINTS: Final = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    namespace: str
    labels: frozenset[tuple[str, str]]
    ports: frozenset[str]


def findings(workspace: Workspace) -> Iterator[Finding]:
    """What is wrong with the monitors of a set."""
    services = [_service(each) for each in _of_kind(workspace, "Service")]
    for kind, key in _ENDPOINTS.items():
        for document in _of_kind(workspace, kind):
            yield from _endpoints(document, key)
            if kind == "ServiceMonitor":
                yield from _against(document, services)


def _of_kind(workspace: Workspace, kind: str) -> Iterator[Document]:
    for document in workspace.of(FileKind.MANIFEST):
        if isinstance(document.loaded.value, dict) and document.loaded.value.get("kind") == kind:
            yield document


def _service(document: Document) -> _Service:
    root = document.loaded.root
    labels = frozenset((key, each.value or "") for key, each in mapped(root, "metadata", "labels"))
    ports = frozenset(text(each, "name") for _, each in listed(root, "spec", "ports"))
    return _Service(text(root, "metadata", "name"), text(root, "metadata", "namespace"), labels, ports)


def _endpoints(document: Document, key: str) -> Iterator[Finding]:
    here: Location = ("spec", key)
    endpoints = list(listed(document.loaded.root, *here))
    if not endpoints:
        message = f"without {key} it chooses what to scrape and scrapes nothing of it"
        yield at(document.loaded, ("spec",), "kubernetes/no-endpoints", message, f"{key}: [{{port: ...}}]", on_key=True)
    for index, node in endpoints:
        interval, timeout = (_duration(node, each) for each in ("interval", "scrapeTimeout"))
        if interval and timeout and timeout > interval:
            message = "longer than the interval: the operator refuses the whole monitor"
            where = (*here, index, "scrapeTimeout")
            yield at(document.loaded, where, "kubernetes/long-timeout", message, "at most the interval")


def _duration(node: Node, key: str) -> int | None:
    try:
        return parse_duration(text(node, key)) if text(node, key) else None
    except ValueError:
        return None


def _against(document: Document, services: list[_Service]) -> Iterator[Finding]:
    """Ports that none of the Services has which a monitor chooses."""
    root = document.loaded.root
    selector = child(root, "spec", "selector")
    if selector is None or child(selector, "matchExpressions") is not None:
        return
    wanted = frozenset((key, each.value or "") for key, each in mapped(selector, "matchLabels"))
    near = [each for each in services if _is_near(root, each)]
    chosen = [each for each in near if wanted <= each.labels]
    if near and not chosen and wanted:
        message = f"none of the {len(near)} Services of these files has these labels"
        where = ("spec", "selector", "matchLabels")
        remedy = "the labels in metadata of the Service, which need not be those of its pods"
        yield at(document.loaded, where, "kubernetes/no-service", message, remedy, on_key=True)
    for index, node in listed(root, "spec", "endpoints"):
        port = text(node, "port")
        if chosen and port and not any(port in each.ports for each in chosen):
            names = sorted({name for each in chosen for name in each.ports} - {""})
            message = f"no port of the Service {chosen[0].name} is called {port}: nothing is scraped"
            remedy = f"its ports are {', '.join(names)}" if names else "give the port of the Service a name"
            where = ("spec", "endpoints", index, "port")
            yield at(document.loaded, where, "kubernetes/no-such-port", message, remedy)


def _is_near(monitor: Node, service: _Service) -> bool:
    """Whether a Service may be in a namespace where a monitor looks."""
    if text(monitor, "spec", "namespaceSelector", "any") == "true":
        return True
    names = {each.value or "" for _, each in listed(monitor, "spec", "namespaceSelector", "matchNames")}
    names = names or {text(monitor, "metadata", "namespace")}
    return not service.namespace or names == {""} or service.namespace in names
