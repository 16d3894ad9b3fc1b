"""The Kubernetes files as kustomize builds them, and what an object of Kubernetes must be to be valid."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from hivesight.pack.placing import place, place_secrets
from hivesight.pack.stack import ALERT_SECRETS, Stack, render

VERSION = "1.34"
OPERATOR = "monitoring.coreos.com/"
# The fields of the Operator's API that ours use, by kind; its release that kubernetes/operator names has them all.
FIELDS = {
    "Prometheus": {
        "additionalArgs", "alerting", "configMaps", "enableFeatures", "enableRemoteWriteReceiver", "evaluationInterval",
        "externalLabels", "externalUrl", "image", "podMetadata", "probeSelector", "prometheusExternalLabelName",
        "remoteWrite", "replicaExternalLabelName", "replicas", "resources", "retention", "routePrefix", "retentionSize",
        "ruleSelector", "scrapeClasses", "scrapeConfigSelector", "scrapeInterval", "scrapeTimeout", "securityContext",
        "serviceAccountName", "serviceDiscoveryRole", "serviceMonitorSelector", "storage", "thanos", "version",
    },
    "Alertmanager": {
        "automountServiceAccountToken", "configMaps", "configSecret", "image", "podMetadata", "replicas", "resources",
        "secrets", "securityContext", "storage", "version",
    },
    "ServiceMonitor": {"endpoints", "jobLabel", "namespaceSelector", "selector"},
    "ScrapeConfig": {
        "honorTimestamps", "jobName", "kubernetesSDConfigs", "metricRelabelings", "metricsPath", "relabelings",
        "sampleLimit", "scheme", "scrapeClass",
    },
    "Probe": {"jobName", "module", "prober", "targets"},
    "PrometheusRule": {"groups"},
}  # fmt: skip


def check(each: dict[str, Any]) -> None:
    """Fails where an object does not fit its schema, or has a field that its kind does not have."""
    if each["apiVersion"].startswith(OPERATOR):
        assert each["spec"].keys() <= FIELDS[each["kind"]]
    else:
        kubernetes_validate.validate(each, VERSION, strict=True)


@cache
def _knows_components() -> bool:
    if shutil.which("kubectl") is None:
        return False
    command = ("kubectl", "version", "--client", "--output=json")
    told = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=False).stdout or "{}")
    return told.get("kustomizeVersion", "").startswith("v5.")


def built(stack: Stack, directory: Path, *components: str) -> list[dict[str, Any]]:
    """The objects that kustomize makes of what is written for somebody, with secrets in place."""
    if not _knows_components():
        pytest.skip("needs kubectl 1.27 or newer, which builds with kustomize 5")
    place(directory, render(stack))
    place_secrets(directory, lambda: "x")
    for kind in stack.receivers & ALERT_SECRETS.keys():
        (directory / "alertmanager/secrets" / ALERT_SECRETS[kind]).write_text("x")
    with (directory / "kustomization.yaml").open("a") as file:
        file.write(f"\ncomponents: [{', '.join(components)}]\n")
    done = subprocess.run(
        ("kubectl", "kustomize", str(directory)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.load_all(done.stdout, yaml.CSafeLoader))
