"""The Kubernetes files: valid against their schemas, sound together, closed, and watching what Compose watches."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hivesight.ingest.relabel import RelabelConfig, relabelling
from hivesight.pack.kubernetes import MADE, with_runbooks
from hivesight.pack.placing import place, remake
from hivesight.pack.stack import GUIDE_SERVICES, PLATFORMS, RECEIVERS, Service, Stack, render
from pack.kustomized import built, check

BOTH = Stack(GUIDE_SERVICES, frozenset({"email", "slack"}), platforms=frozenset(PLATFORMS))
FILES = render(BOTH)
KUSTOMIZATION: dict[str, Any] = yaml.safe_load(FILES["kustomization.yaml"])


def documents(files: dict[str, str]) -> Iterator[dict[str, Any]]:
    for path, text in files.items():
        if path.startswith("kubernetes/") and not path.endswith(("kustomization.yaml", "made/alertmanager.yaml")):
            yield from yaml.load_all(text, yaml.CSafeLoader)


OBJECTS = list(documents(FILES))
WORKLOADS = [each for each in OBJECTS if each["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}]
SERVICES = [each for each in OBJECTS if each["kind"] == "Service"]


def name_of(each: dict[str, Any]) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def of(kind: str, name: str) -> dict[str, Any]:
    return next(each for each in OBJECTS if name_of(each) == f"{kind} {name}")


each_object = pytest.mark.parametrize("each", OBJECTS, ids=name_of)
each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)


@each_object
def test_an_object_is_valid(each: dict[str, Any]) -> None:
    check(each)


@pytest.mark.parametrize("receivers", [set(RECEIVERS), {"webhook"}], ids=["all receivers", "webhook alone"])
def test_kustomize_builds_it_and_every_name_in_it_is_there(receivers: set[str], tmp_path: Path) -> None:
    objects = built(Stack(GUIDE_SERVICES, frozenset(receivers), platforms=frozenset({"kubernetes"})), tmp_path)
    there = {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects}
    assert len(there) == len(objects)
    for each in objects:
        space = each["metadata"].get("namespace")
        spec = each.get("spec", {})
        if each["kind"] == "Alertmanager":
            assert {("Secret", space, name) for name in (spec["configSecret"], *spec["secrets"])} <= there
        if each["kind"] in {"Alertmanager", "Prometheus"}:
            assert {("ConfigMap", space, name) for name in spec.get("configMaps", ())} <= there
        for volume in spec.get("template", {}).get("spec", {}).get("volumes", ()):
            if "configMap" in volume:
                assert ("ConfigMap", space, volume["configMap"]["name"]) in there
            if "secret" in volume:
                assert ("Secret", space, volume["secret"]["secretName"]) in there


def test_what_the_kustomization_names_is_written_or_made_by_its_owner() -> None:
    for generator in KUSTOMIZATION["configMapGenerator"] + KUSTOMIZATION["secretGenerator"]:
        for entry in generator["files"]:
            path = entry.rpartition("=")[2]
            assert path in FILES or path.startswith(("secrets/", "alertmanager/secrets/")), path
    for path in KUSTOMIZATION["resources"]:
        assert path in FILES or f"{path}/kustomization.yaml" in FILES
    listed = next(each for each in KUSTOMIZATION["configMapGenerator"] if each["name"] == "grafana-dashboards")
    assert set(listed["files"]) == {each for each in FILES if re.fullmatch(r"grafana/dashboards/.*\.json", each)}


@each_workload
def test_a_pod_has_bounds_and_no_more_rights_than_it_needs(workload: dict[str, Any]) -> None:
    spec = workload["spec"]["template"]["spec"]
    assert "serviceAccountName" in spec or spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    on_nodes = workload["metadata"]["namespace"] == "agent-hive-nodes"
    assert spec["securityContext"].get("runAsNonRoot") or workload["metadata"]["name"] == "fluentd"
    assert on_nodes or not any("hostPath" in volume for volume in spec.get("volumes", ()))
    for container in spec["containers"] + spec.get("initContainers", []):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"].keys() == {"requests", "limits"}
        assert re.search(r":v?\d+\.\d+\.\d+", container["image"])
    assert all("readinessProbe" in container for container in spec["containers"])


@each_workload
def test_a_password_comes_by_file(workload: dict[str, Any]) -> None:
    for container in workload["spec"]["template"]["spec"]["containers"]:
        for variable in container.get("env", ()):
            if re.search("PASS|SECRET|TOKEN", variable["name"]):
                assert variable["value"].startswith("/run/secrets/")


def test_images_are_those_of_compose() -> None:
    compose = {each["image"] for each in yaml.safe_load(FILES["docker-compose.monitoring.yml"])["services"].values()}
    ours = {c["image"] for w in WORKLOADS for c in w["spec"]["template"]["spec"]["containers"]}
    ours |= {of("Prometheus", "agent-hive")["spec"]["image"], of("Alertmanager", "agent-hive")["spec"]["image"]}
    assert {image.partition(":")[0] for image in ours ^ compose} == {
        "registry.k8s.io/kube-state-metrics/kube-state-metrics",
        "ghcr.io/google/cadvisor",
        "tecnativa/docker-socket-proxy",
    }


def test_no_door_leads_in_from_outside() -> None:
    assert {each["spec"].get("type", "ClusterIP") for each in SERVICES} == {"ClusterIP", "ExternalName"}
    assert not [each for each in OBJECTS if each["kind"] in {"Ingress", "Gateway", "HTTPRoute"}]
    closed = [each for each in OBJECTS if name_of(each) == "NetworkPolicy closed"]
    assert {each["metadata"]["namespace"] for each in closed} == {"agent-hive-monitoring", "agent-hive-nodes"}
    assert all(each["spec"]["podSelector"] == {} and "ingress" not in each["spec"] for each in closed)


def test_each_service_finds_its_pods_and_their_ports() -> None:
    for service in SERVICES:
        spec = service["spec"]
        if spec.get("type") == "ExternalName" or not (name := spec["selector"].get("app.kubernetes.io/name")):
            continue
        (workload,) = (each for each in WORKLOADS if each["metadata"]["name"] == name)
        assert workload["metadata"]["namespace"] == service["metadata"]["namespace"]
        template = workload["spec"]["template"]
        assert workload["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        ports = {port["name"] for each in template["spec"]["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in spec["ports"]} <= ports


def test_no_role_may_do_everything_or_read_secrets() -> None:
    for role in (each for each in OBJECTS if each["kind"] in {"Role", "ClusterRole"}):
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= {"get", "list", "watch"}
            assert not set(rule["resources"]) & {"*", "secrets", "configmaps", "nodes/proxy"}


def test_jobs_are_those_of_prometheus_yml() -> None:
    wanted = {job["job_name"] for job in yaml.safe_load(FILES["prometheus/prometheus.yml"])["scrape_configs"]}
    jobs = {each["metadata"]["labels"]["job"] for each in SERVICES if "labels" in each["metadata"]}
    jobs |= {each["spec"]["jobName"] for each in OBJECTS if each["kind"] in {"ScrapeConfig", "Probe"}}
    jobs |= {
        step["replacement"]
        for each in OBJECTS
        if each["kind"] == "ServiceMonitor"
        for endpoint in each["spec"]["endpoints"]
        for step in endpoint.get("relabelings", ())
        if step.get("targetLabel") == "job"
    }
    assert jobs == wanted | {"kube-state-metrics"}


def steps(relabelings: list[dict[str, Any]]) -> list[RelabelConfig]:
    """Relabelling in the Operator's notation, as Prometheus' own."""
    snake = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return [
        RelabelConfig(
            **{snake.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in step.items()}
        )
        for step in relabelings
    ]


def test_series_of_the_hive_have_the_labels_that_they_have_everywhere() -> None:
    # What the Operator sets of a target before the relabelling of the class and of the monitor.
    target = {
        "__address__": "10.0.0.7:8081", "__meta_kubernetes_service_name": "agent-hive",
        "__meta_kubernetes_pod_name": "agent-hive-0", "namespace": "agent-hive", "service": "agent-hive",
        "pod": "agent-hive-0", "container": "main", "endpoint": "8081", "job": "agent-hive",
    }  # fmt: skip
    (scrape_class,) = (each for each in of("Prometheus", "agent-hive")["spec"]["scrapeClasses"] if each.get("default"))
    (endpoint,) = of("ServiceMonitor", "agent-hive-orchestrator")["spec"]["endpoints"]
    found = relabelling(steps(scrape_class["relabelings"] + endpoint["relabelings"])).apply(target)
    assert found is not None
    assert {name: found[name] for name in found if not name.startswith("__")} == {
        "job": "agent-hive-orchestrator",
        "instance": "agent-hive-0",
    }
    assert not relabelling(steps(endpoint["relabelings"])).apply(target | {"__meta_kubernetes_service_name": "another"})


def test_containers_have_a_name_and_what_is_around_them_has_none() -> None:
    rename = relabelling(steps(of("ScrapeConfig", "cadvisor")["spec"]["metricRelabelings"]))
    series = {
        "__name__": "container_cpu_usage_seconds_total",
        "name": "3f2a",
        "namespace": "agent-hive",
        "pod": "hive-0",
    }
    container, around = rename.apply(series | {"container": "main"}), rename.apply(series)
    assert container is not None and container["name"] == "agent-hive/hive-0/main"
    assert around is not None and "name" not in around
    assert rename.apply({"__name__": "container_tasks_state"}) is None


def test_rules_and_routes_are_those_of_the_other_files() -> None:
    for path in (each for each in FILES if each.startswith("prometheus/rules/")):
        made = yaml.safe_load(FILES[f"{MADE}/{Path(path).stem.replace('_', '-')}.yaml"])
        assert made["spec"] == yaml.safe_load(FILES[path])
    routes = FILES[f"{MADE}/alertmanager.yaml"]
    assert not re.findall(r"_file: (?!/)|- templates/", routes)
    ours, theirs = yaml.safe_load(routes), yaml.safe_load(FILES["alertmanager/alertmanager.yml"])
    assert (ours["route"], ours["inhibit_rules"]) == (theirs["route"], theirs["inhibit_rules"])


def test_prometheus_serves_the_runbooks_that_are_there() -> None:
    text = with_runbooks(FILES["kustomization.yaml"], ["prometheus/user/runbooks/A.html", "prometheus/user/other"])
    generators = {each["name"]: each for each in yaml.safe_load(text)["configMapGenerator"]}
    there = {path for path in FILES if path.startswith("prometheus/user/runbooks/")}
    assert set(generators["runbooks"]["files"]) == (there or {"prometheus/user/runbooks/A.html"})
    spec = of("Prometheus", "agent-hive")["spec"]
    assert spec["configMaps"] == ["runbooks"]
    assert {"name": "web.user-assets", "value": "/etc/prometheus/configmaps"} in spec["additionalArgs"]


def test_what_was_edited_is_made_again_and_what_is_gone_goes(tmp_path: Path) -> None:
    place(tmp_path, FILES)
    rules = tmp_path / "prometheus/rules"
    (rules / "ours.yml").write_text("groups: [{name: ours, rules: [{record: one, expr: '1'}]}]\n")
    (rules / "slo_rules.yml").unlink()
    assert f"{MADE}/ours.yaml" in remake(tmp_path).written
    listed = yaml.safe_load((tmp_path / MADE / "kustomization.yaml").read_text())["resources"]
    assert "ours.yaml" in listed and "slo-rules.yaml" not in listed
    assert {path.name for path in (tmp_path / MADE).glob("*.yaml")} == {
        "alertmanager.yaml",
        "kustomization.yaml",
        *listed,
    }


def test_services_are_somebodys() -> None:
    services = (Service("planner", "planner.research:9000"), Service("api-gateway", "gateway:8082"))
    objects = list(documents(render(Stack(services, frozenset({"email"}), platforms=frozenset({"kubernetes"})))))
    monitors = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "ServiceMonitor"}
    assert {name for name in monitors if name.startswith("agent-hive-")} == {
        "agent-hive-planner",
        "agent-hive-api-gateway",
    }
    planner = monitors["agent-hive-planner"]
    assert planner["namespaceSelector"] == {"matchNames": ["research"]}
    assert planner["endpoints"][0]["targetPort"] == 9000
    assert planner["endpoints"][0]["relabelings"][0]["regex"] == "planner"
    bound = {each["metadata"]["namespace"] for each in objects if name_of(each) == "RoleBinding agent-hive-discovery"}
    assert {"research", "agent-hive"} <= bound


@pytest.mark.parametrize("address", ["10.0.0.7:8081", "[::1]:8081", "hive.example.org.uk:80"])
def test_an_address_that_is_no_service_of_the_cluster_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="on Kubernetes"):
        render(Stack((Service("planner", address),), frozenset({"email"}), platforms=frozenset({"kubernetes"})))
