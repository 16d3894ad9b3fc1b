"""Kubernetes manifests: objects one by one, and the files that they hold, at the lines of the manifest."""

import base64
from pathlib import Path

import pytest
from tests.doctor.marked import Case, check_case, examine, of

from hivesight.doctor import check_paths
from hivesight.doctor.fixes import fix

RULE = """apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: a}
spec:
  groups:
    - name: g
      rules:
        - {record: 'a:b:sum', expr: 'sum(b)'}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec:
  groups:
    - name: g
      rules:
        - alert: Cold
          expr: |
            # temperature
            ⟦rate(up[5m])⟧ > 1
"""
RULES_IN_A_MAP = """apiVersion: v1
kind: ConfigMapList
items:
  - metadata: {name: rules}
    data:
      note.txt: "groups: not ours"
      some.rules: |-
        groups:
          - name: g
            rules:
              - alert: Cold
                expr: ⟦rate(up[5m])⟧ > 1
"""
DASHBOARD = """kind: ConfigMap
apiVersion: v1
data:
  a.json: |
    {
      "title": "x", "uid": "x", "schemaVersion": 39,
      "panels": [{"type": "timeseries", "title": "t", "targets": [
        {"refId": "A", "expr": "sum(rate(a_total{x=\\"⟦$x⟧\\"}[5m]))"}
      ]}]
    }
"""
ROUTES = """apiVersion: v1
kind: Secret
metadata: {name: alertmanager-main}
stringData:
  alertmanager.yaml: |-
    "receivers":
    - "name": "a"
      "webhook_configs": [{"url": "http://a/", "http_config": {"authorization": {"credentials": "hush"}}}]
    - "name": ⟦"b"⟧
      "webhook_configs": [{"url": "http://b/"}]
    "route":
      "receiver": "a"
"""


@pytest.mark.parametrize(
    "case",
    [
        Case("promql/rate-of-gauge", {"rules.yaml": RULE}, (("rate(up[5m])", "changes(up[5m])"),)),
        Case("promql/rate-of-gauge", {"map.yaml": RULES_IN_A_MAP}, (("rate(up[5m])", "changes(up[5m])"),)),
        Case(
            "dashboards/undefined-variable",
            {"boards.yaml": DASHBOARD},
            (("$x", "y"),),
        ),
        Case(
            "alertmanager/unused-receiver",
            {"secret.yaml": ROUTES},
            (('"receiver": "a"', '"receiver": "a"\n      "routes": [{"receiver": "b", "matchers": ["a=b"]}]'),),
        ),
    ],
    ids=str,
)
def test_place_in_the_manifest(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_a_secret_is_where_secrets_belong(tmp_path: Path) -> None:
    text = ROUTES.replace("⟦", "").replace("⟧", "")
    assert list(of("secrets/in-file", examine(tmp_path / "a", {"secret.yaml": text}))) == []
    map_ = text.replace("kind: Secret", "kind: ConfigMap").replace("stringData", "data")
    assert len(list(of("secrets/in-file", examine(tmp_path / "b", {"map.yaml": map_})))) == 1


def test_encoded_secret_is_told_at_its_key(tmp_path: Path) -> None:
    routes = "receivers: [{name: a}, {name: b, webhook_configs: [{url: 'http://b/'}]}]\nroute: {receiver: a}\n"
    data = base64.b64encode(routes.encode()).decode()
    text = f"apiVersion: v1\nkind: Secret\ndata:\n  alertmanager.yaml: {data}\n"
    ((_, line, *_),) = of("alertmanager/unused-receiver", examine(tmp_path, {"secret.yaml": text}))
    assert line == 4


def test_what_a_map_holds_is_mended_there(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.rules: |\n    groups:\n    - name: g\n      rules:\n"
        '      - record: a:b:sum\n        expr: sum(b{c=~"d"})\n'
    )
    assert [each.code for each in fix(check_paths([path])).done] == ["promql/regex-without-effect"]
    assert 'expr: sum(b{c="d"})' in path.read_text()


def test_paths_in_a_map_are_those_of_a_container(tmp_path: Path) -> None:
    prometheus = "    rule_files: [rules.yml, 'rules/*.yml']\n    scrape_configs: []\n"
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  prometheus.yml: |\n{prometheus}"
    codes = {each.code for each in examine(tmp_path, {"map.yaml": text})}
    assert not codes & {"prometheus/no-rule-file", "prometheus/empty-pattern"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("groups:\n  - name: [\n", True),
        ("groups: []\n---\ngroups: []\n", True),
        ("something: [\n", False),
        ("groups:\n{{- range .Values.groups }}\n  - name: {{ . }\n", False),
        ("apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yml: |\n    groups: [\n", True),
        ("apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yml: |\n    {{ .Values.groups\n", False),
        ("apiVersion: v1\nkind: Deployment\n", False),
    ],
)
def test_what_cannot_be_read_is_told_where_it_is_ours(text: str, told: bool, tmp_path: Path) -> None:
    assert bool(examine(tmp_path, {"a.yaml": text})) is told


SERVICE = """apiVersion: v1
kind: Service
metadata: {name: api, labels: {app: api}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: api}
"""


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "kubernetes/no-endpoints",
            {"a.yaml": SERVICE + "⟦spec⟧: {selector: {matchLabels: {app: api}}}\n"},
            (("api}}", "api}}, endpoints: [{port: http}]"),),
        ),
        Case(
            "kubernetes/long-timeout",
            {"a.yaml": SERVICE + "spec: {endpoints: [{port: http, interval: 30s, scrapeTimeout: ⟦1m⟧}]}\n"},
            (("1m", "30s"),),
        ),
        Case(
            "kubernetes/no-such-port",
            {"a.yaml": SERVICE + "spec: {selector: {matchLabels: {app: api}}, endpoints: [{port: ⟦'80'⟧}]}\n"},
            (("'80'", "http"),),
        ),
        Case(
            "kubernetes/no-service",
            {"a.yaml": SERVICE + "spec: {selector: {⟦matchLabels⟧: {app: web}}, endpoints: [{port: http}]}\n"},
            (("web", "api"),),
        ),
    ],
    ids=str,
)
def test_monitors(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_monitors_look_into_their_namespaces(tmp_path: Path) -> None:
    text = SERVICE.replace("name: api,", "name: api, namespace: a,", 1) + "spec: {}\n"
    elsewhere = "selector: {matchLabels: {app: web}}, endpoints: [{port: http}]"
    others = text.replace("{name: api}", "{name: api, namespace: b}")
    assert examine(tmp_path / "a", {"a.yaml": others.replace("{}", f"{{{elsewhere}}}")}) == []
    anywhere = f"{{namespaceSelector: {{any: true}}, {elsewhere}}}"
    assert len(examine(tmp_path / "b", {"a.yaml": others.replace("{}", anywhere)})) == 1
