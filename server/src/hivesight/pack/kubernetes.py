"""The stack's files -> what differs on Kubernetes: monitors of somebody's services, and rules and routes in the form
that the Prometheus Operator reads. They are made of the same files that Prometheus and Alertmanager read elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from hivesight.pack.yaml_text import with_values

MADE: Final = "kubernetes/made"
NAMESPACE: Final = "agent-hive-monitoring"
HIVE: Final = "agent-hive"
"""The namespace of a service that is named without one."""

_RULES: Final = "prometheus/rules/"
_ROUTES: Final = "alertmanager/alertmanager.yml"
_RUNBOOKS: Final = "prometheus/user/runbooks/"
_BETWEEN: Final = "---\n"
# Where the Operator puts the files that alertmanager.yml names beside itself.
_PLACES: Final = {
    "_file: secrets/": "_file: /etc/alertmanager/secrets/alertmanager-secrets/",
    "- templates/": "- /etc/alertmanager/configmaps/alertmanager-templates/",
}
_RULE: Final = """\
# Made of {source}: edit that, then hivesight init DIR --remake
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {name}
  namespace: {namespace}
spec:
"""
_KUSTOMIZATION: Final = """\
# Made of the names in prometheus/rules: hivesight init DIR --remake
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

resources:
"""


def made(files: Mapping[str, str]) -> dict[str, str]:
    """Paths and texts of rules and routes -> the files of kubernetes/made. Rules keep their comments."""
    rules = {path.removeprefix(_RULES): text for path, text in files.items() if path.startswith(_RULES)}
    texts = {f"{MADE}/{_object(name)}.yaml": _rule(name, text) for name, text in sorted(rules.items())}
    texts[f"{MADE}/kustomization.yaml"] = _KUSTOMIZATION + "".join(
        f"  - {_object(name)}.yaml\n" for name in sorted(rules)
    )
    routes = files[_ROUTES]
    for beside, there in _PLACES.items():
        routes = routes.replace(beside, there)
    texts[f"{MADE}/alertmanager.yaml"] = f"# Made of {_ROUTES}: edit that, then hivesight init DIR --remake\n{routes}"
    return texts


def _object(name: str) -> str:
    return name.rpartition(".")[0].lower().replace("_", "-").replace("/", "-")


def _rule(name: str, text: str) -> str:
    head = _RULE.format(source=_RULES + name, name=_object(name), namespace=NAMESPACE)
    return head + "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def with_runbooks(text: str, files: Iterable[str]) -> str:
    """The kustomization with the runbooks among these paths, for Prometheus to serve."""
    listed = "".join(f"\n      - {path}" for path in sorted(files) if path.startswith(_RUNBOOKS))
    return text.replace("    files: []\n", f"    files:{listed}\n") if listed else text


def monitored(text: str, services: Iterable[tuple[str, str]]) -> str:
    """The monitors of the hive with one for each (name, address); its own where the pack has one, else like the others.
    An address is that of a Kubernetes Service, NAME:PORT or NAME.NAMESPACE:PORT, PORT the one of its pods."""
    documents = text.split(_BETWEEN)
    monitors = {
        each.partition("  name: agent-hive-")[2].partition("\n")[0]: each for each in documents if _watches(each)
    }
    like = next(each for each in monitors.values() if "interval" not in each)
    first, others = documents[0].partition("apiVersion")[0], [each for each in documents if not _watches(each)]
    places = [(name, *_place(address)) for name, address in services]
    wanted = [
        with_values(
            monitors.get(name, like).removeprefix(first),
            {
                "name": f"agent-hive-{name}",
                "replacement": f"agent-hive-{name}",
                "namespaceSelector": f"{{matchNames: [{namespace}]}}",
                "regex": service,
                "targetPort": port,
            },
        )
        for name, service, namespace, port in places
    ]
    namespaces = sorted({namespace for _, _, namespace, _ in places})
    return first + _BETWEEN.join([*wanted, *(part for each in others for part in _allowed(each, namespaces))])


def _watches(document: str) -> bool:
    return "kind: ServiceMonitor" in document


def _allowed(document: str, namespaces: list[str]) -> list[str]:
    """A right for each namespace, a policy for all."""
    if "kind: RoleBinding" in document:
        return [document.replace(f"  namespace: {HIVE}\n", f"  namespace: {each}\n") for each in namespaces]
    return [document.replace(f"values: [{HIVE}]", f"values: [{', '.join(namespaces)}]")]


def _place(address: str) -> tuple[str, str, str]:
    """An address as (service, namespace, port). Raises ValueError."""
    host, _, port = address.rpartition(":")
    service, _, rest = host.removesuffix(".svc.cluster.local").removesuffix(".svc").partition(".")
    if "." in rest or ":" in host or service.isdigit():
        raise ValueError(
            f"{address!r}: on Kubernetes a service of the hive is NAME:PORT, or NAME.NAMESPACE:PORT outside of {HIVE}"
        )
    return service, rest or HIVE, port
