from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of
from hivesight.model.diagnostics import Severity

RULES = """groups:
- name: g
  rules:
  - alert: Down
    expr: up{job="api"} == 0
    labels: {severity: critical}
    annotations: {summary: down, runbook_url: http://runbooks/down}
"""

ALERTING = "alerting: {alertmanagers: [{static_configs: [{targets: ['am:9093']}]}]}\n"


def jobs(text: str, **others: str) -> dict[str, str]:
    named = "rule_files: [rules.yml]\n" if "rules.yml" in others else ""
    return {"prometheus.yml": f"{named}scrape_configs:\n{text}", **others}


def kubernetes(rules: str, role: str = "pod") -> dict[str, str]:
    return jobs(f"- job_name: pods\n  ⟦kubernetes_sd_configs⟧: [{{role: {role}}}]\n{rules}")


KEEP = "  - {action: keep, source_labels: [__meta_kubernetes_pod_annotation_scrape], regex: 'true'}\n"
PORT = "  - {action: keep, source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics}\n"
NAMESPACE = "  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n"

CASES = [
    Case(
        "prometheus/no-rule-file",
        {"prometheus.yml": "rule_files: [⟦agents.yml⟧]\n", "rules.yml": RULES},
        (("agents.yml", "rules.yml"),),
    ),
    Case(
        "prometheus/empty-pattern",
        {"prometheus.yml": "rule_files: [⟦alerts/*.yml⟧]\n", "rules/one.rules": RULES},
        (("alerts/*.yml", "rules/*.rules"),),
    ),
    Case(
        "prometheus/rules-not-loaded",
        {"prometheus.yml": "rule_files: [other.yml]\n", "other.yml": RULES, "rules.yml": f"⟦groups⟧{RULES[6:]}"},
        (("rule_files: [other.yml]", "rule_files: ['*.yml']"),),
    ),
    Case(
        "prometheus/duplicate-target",
        jobs(
            "- job_name: a\n  static_configs: [{targets: ['api:80']}]\n"
            "- job_name: b\n  static_configs: [{targets: [⟦'api:80'⟧]}]\n"
        ),
        (("job_name: b\n", "job_name: b\n  metrics_path: /probe\n"),),
    ),
    Case(
        "prometheus/same-port",
        jobs(
            "- job_name: a\n  static_configs: [{targets: ['hive:8081']}]\n"
            "- job_name: b\n  static_configs: [{targets: [⟦'webhook:8081'⟧]}]\n"
        ),
        (("webhook:8081", "webhook:8082"),),
    ),
    Case(
        "prometheus/foreign-labels",
        jobs("- job_name: ⟦push⟧\n  static_configs: [{targets: ['pushgateway:9091']}]\n"),
        (("job_name: push\n", "job_name: push\n  honor_labels: true\n"),),
    ),
    Case(
        "prometheus/foreign-labels",
        jobs("- job_name: ⟦all⟧\n  metrics_path: /federate\n  static_configs: [{targets: ['other:9090']}]\n"),
        (("job_name: all\n", "job_name: all\n  honor_labels: true\n"),),
    ),
    Case("prometheus/kubernetes-everything", kubernetes(""), (("[{role: pod}]", "[{role: node}]"),)),
    Case(
        "prometheus/kubernetes-port",
        kubernetes(f"  relabel_configs:\n{KEEP}{NAMESPACE}"),
        ((KEEP, KEEP + PORT),),
    ),
    Case(
        "prometheus/kubernetes-labels",
        kubernetes(f"  relabel_configs:\n{KEEP}{PORT}"),
        ((KEEP, KEEP + NAMESPACE),),
    ),
    Case(
        "prometheus/mixed-discovery",
        jobs(
            "- job_name: api\n  static_configs: [{targets: ['api:80']}]\n"
            f"- job_name: pods\n  ⟦kubernetes_sd_configs⟧: [{{role: pod}}]\n  relabel_configs:\n{KEEP}"
        ),
        (("api:80", "api.agent-hive.example:80"),),
    ),
    Case(
        "prometheus/no-external-labels",
        {"prometheus.yml": "rule_files: []\n⟦remote_write⟧: [{url: http://mimir/push}]\n"},
        (("rule_files", "global: {external_labels: {cluster: a}}\nrule_files"),),
    ),
    Case(
        "prometheus/no-alertmanager",
        {"prometheus.yml": "⟦rule_files⟧: [rules.yml]\n", "rules.yml": RULES},
        (("rule_files", f"{ALERTING}rule_files"),),
    ),
    Case(
        "prometheus/unwatched-server",
        {
            "prometheus.yml": f"{ALERTING}⟦scrape_configs⟧:\n- job_name: prometheus\n"
            "  static_configs: [{targets: ['localhost:9090']}]\n"
        },
        (("'localhost:9090'", "'localhost:9090', 'am:9093'"),),
    ),
    Case(
        "prometheus/no-limits",
        {"prometheus.yml": "⟦scrape_configs⟧:\n- job_name: prometheus\n"},
        (("scrape_configs", "global: {sample_limit: 50000}\nscrape_configs"),),
    ),
    Case(
        "prometheus/unwatched-job",
        jobs("- job_name: api\n- job_name: ⟦redis⟧\n", **{"rules.yml": RULES}),
        (('job="api"', 'job=~"api|redis"'),),
    ),
    Case(
        "prometheus/exporter-not-scraped",
        jobs(
            "- job_name: cadvisor\n  static_configs: [{targets: ['cadvisor:8080']}]\n",
            **{
                "compose.yml": "services:\n  cadvisor: {image: gcr.io/cadvisor/cadvisor:v0.49}\n"
                "  ⟦redis-exporter⟧: {image: 'oliver006/redis_exporter:v1', container_name: redis-metrics}\n"
                "  redis: {image: 'redis:7'}\n"
            },
        ),
        (("'cadvisor:8080'", "'cadvisor:8080', 'redis-metrics:9121'"),),
    ),
    Case(
        "promql/unknown-job",
        jobs("- job_name: api\n", **{"rules.yml": RULES.replace('up{job="api"}', '⟦up{job=~"apis.*"}⟧')}),
        (("apis.*", "api.*"),),
    ),
    Case(
        "rules/odd-interval",
        {
            "prometheus.yml": "global: {evaluation_interval: 20s}\nrule_files: [rules.yml]\n",
            "rules.yml": RULES.replace("- name: g\n", "- name: g\n  interval: ⟦30s⟧\n"),
        },
        (("interval: 30s", "interval: 40s"),),
    ),
    Case(
        "secrets/in-file",
        jobs("- job_name: api\n  basic_auth: {username: a, password: ⟦hunter2⟧}\n"),
        (("password: hunter2", "password_file: secret"),),
    ),
    Case(
        "secrets/in-file",
        jobs("- job_name: api\n  bearer_token: ⟦abc⟧\n"),
        (("bearer_token: abc", "authorization: {credentials_file: token}"),),
    ),
    Case(
        "config/unknown-key",
        jobs("- job_name: api\n  ⟦scrape_classic_histograms⟧: true\n"),
        (("scrape_classic_histograms", "always_scrape_classic_histograms"),),
    ),
    # Its reader's own.
    Case(
        "config/value",
        jobs("- job_name: api\n  static_configs: [{targets: [⟦'http://api:80'⟧]}]\n"),
        (("http://api:80", "api:80"),),
    ),
    Case(
        "config/value",
        jobs("- job_name: api\n  scrape_interval: 10s\n  scrape_timeout: ⟦20s⟧\n"),
        (("20s", "5s"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_fault_is_found_at_its_place_and_not_where_it_is_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


@pytest.mark.parametrize(
    "job",
    [
        "- job_name: x\n  relabel_configs: [{target_label: job, replacement: api}]\n",
        "- job_name: x\n  relabel_configs: [{action: labelmap, regex: __meta_(.+)}]\n",
        "- job_name: x\n  static_configs: [{targets: ['a:1'], labels: {job: api}}]\n",
        "- job_name: x\n  honor_labels: true\n",
        "- job_name: x\n  file_sd_configs: [{files: ['a.json']}]\n",
    ],
)
def test_jobs_that_may_come_otherwise_are_not_called_unknown(job: str, tmp_path: Path) -> None:
    assert not list(of("promql/unknown-job", examine(tmp_path, jobs(job, **{"rules.yml": RULES}))))


def test_rule_files_in_a_folder_of_another_machine_are_not_said_to_be_missing(tmp_path: Path) -> None:
    files = {"prometheus.yml": "rule_files: [/etc/not-here/rules/*.yml, /etc/not-here/one.yml]\n"}
    assert examine(tmp_path, files) == []


def test_rule_files_that_are_mounted_elsewhere_are_found_by_their_name(tmp_path: Path) -> None:
    files = {"config/prometheus.yml": f"{ALERTING}rule_files: [rules/agents.yml]\n", "alerts/agents.yml": RULES}
    assert [each.code for each in examine(tmp_path, files) if each.severity > Severity.INFO] == []


def test_a_new_name_of_a_key_is_written_by_machine(tmp_path: Path) -> None:
    files = {"prometheus.yml": "scrape_configs: [{job_name: a, scrape_classic_histograms: true}]"}
    [finding] = [each for each in examine(tmp_path, files) if each.code == "config/unknown-key"]
    assert finding.edit is not None
    assert (finding.edit.col, finding.edit.length) == (32, len("scrape_classic_histograms"))
    assert finding.edit.replacement == "always_scrape_classic_histograms"


def test_what_this_server_does_not_support_is_no_fault_of_the_file(tmp_path: Path) -> None:
    text = "remote_read: [{url: http://a}]\nstorage: {}\nscrape_configs:\n- job_name: prometheus\n  sample_limit: 9\n"
    assert examine(tmp_path, {"prometheus.yml": f"{text}  consul_sd_configs: [{{server: 'a:8500'}}]\n"}) == []


@pytest.mark.parametrize(
    "target", ["localhost:9121", "10.0.0.1:9121", "host.docker.internal:9121", "redis-exporter:9121", "metrics:9121"]
)
def test_an_exporter_is_scraped_by_any_of_its_names_and_by_a_published_port(target: str, tmp_path: Path) -> None:
    compose = (
        "services:\n  redis-exporter:\n    image: oliver006/redis_exporter:v1\n    ports: ['127.0.0.1:9121:9121/tcp']\n"
        "    networks: {monitoring: {aliases: [metrics]}}\n"
    )
    files = jobs(f"- job_name: redis\n  static_configs: [{{targets: ['{target}']}}]\n", **{"compose.yml": compose})
    assert not list(of("prometheus/exporter-not-scraped", examine(tmp_path, files)))


def test_two_jobs_that_keep_different_series_of_a_target_are_no_duplicates(tmp_path: Path) -> None:
    keep = "  metric_relabel_configs: [{action: keep, source_labels: [__name__], regex: %s}]\n"
    target = "  static_configs: [{targets: ['api:80']}]\n"
    files = jobs(f"- job_name: a\n{target}{keep % 'x_.*'}- job_name: b\n{target}{keep % 'y_.*'}")
    assert not list(of("prometheus/duplicate-target", examine(tmp_path, files)))


def test_rules_that_no_prometheus_file_names_ask_for_jobs_of_another_server(tmp_path: Path) -> None:
    files = jobs("- job_name: api\n", **{"rules.yml": RULES, "mixin/alerts.yml": RULES.replace('"api"', '"etcd"')})
    assert not list(of("promql/unknown-job", examine(tmp_path, files)))


def test_the_jobs_of_the_embedded_server_itself_are_known(tmp_path: Path) -> None:
    files = jobs("- job_name: api\n", **{"rules.yml": RULES.replace('"api"', '"node-exporter"')})
    assert not list(of("promql/unknown-job", examine(tmp_path, files)))


@pytest.mark.parametrize(
    ("compose", "other"),
    [
        # Of another project, or scraped by a collector with a configuration of its own.
        ("elsewhere/compose.yml", ""),
        ("compose.yml", "  alloy: {image: 'grafana/alloy:v1'}\n"),
    ],
)
def test_exporters_that_others_may_scrape_are_left_alone(compose: str, other: str, tmp_path: Path) -> None:
    text = "services:\n  redis-exporter: {image: 'oliver006/redis_exporter:v1'}\n"
    prometheus = jobs("- job_name: api\n  static_configs: [{targets: ['api:80']}]\n")["prometheus.yml"]
    files = {"config/prometheus.yml": prometheus, compose: text + other}
    assert not list(of("prometheus/exporter-not-scraped", examine(tmp_path, files)))
