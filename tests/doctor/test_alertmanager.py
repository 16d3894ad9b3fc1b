from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of
from hivesight.doctor import CHECKS
from hivesight.model.diagnostics import Severity

RULES = """groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    labels: {severity: critical}
  - alert: Slow
    expr: sum(latency_seconds) > 1
    labels: {severity: warning}
"""

RECEIVERS = """receivers:
- name: default
  webhook_configs: [{url: http://a}]
- name: pager
  webhook_configs: [{url: http://b}]
"""

ONE_ROUTE = "route: {receiver: default, routes: [{receiver: pager, matchers: [severity=critical]}]}\n"


def alone(text: str) -> dict[str, str]:
    return {"alertmanager.yml": text}


def routed(routes: str) -> dict[str, str]:
    return {"alertmanager.yml": f"route:\n  receiver: default\n  routes:\n{routes}{RECEIVERS}", "rules.yml": RULES}


def inhibiting(rule: str, rules: str = RULES) -> dict[str, str]:
    return {"alertmanager.yml": f"{ONE_ROUTE}{RECEIVERS}inhibit_rules:\n{rule}", "rules.yml": rules}


def receiving(integration: str) -> dict[str, str]:
    return alone(f"route: {{receiver: default}}\nreceivers:\n- name: default\n{integration}")


MAIL = "to: a@agent-hive.example, from: b@agent-hive.example, smarthost: 'mail:25', send_resolved: true"

CASES = [
    Case(
        "alertmanager/contradiction",
        alone(
            "route:\n  receiver: default\n  routes:\n  - matchers: [team=a]\n    routes:\n"
            '    - ⟦r⟧eceiver: pager\n      matchers: [team=~"b|c"]\n' + RECEIVERS
        ),
        (('"b|c"', '"a|b"'),),
    ),
    # Whatever the alerts are: the first route asks for less than the second.
    Case(
        "alertmanager/shadowed-route",
        alone(
            'route:\n  receiver: default\n  routes:\n  - matchers: [severity=~"critical|page"]\n'
            "  - ⟦m⟧atchers: [severity=critical, team=a]\n    receiver: pager\n" + RECEIVERS
        ),
        (('page"]\n', 'page"]\n    continue: true\n'),),
    ),
    # A route above takes what one inside another route is for.
    Case(
        "alertmanager/shadowed-route",
        alone(
            "route:\n  receiver: default\n  routes:\n  - matchers: [severity=critical]\n  - matchers: [team=a]\n"
            "    routes:\n    - ⟦m⟧atchers: [severity=critical]\n      receiver: pager\n" + RECEIVERS
        ),
        (("    - matchers: [severity=critical]", "    - matchers: [severity=warning]"),),
    ),
    # The rules of the set say that Down is critical.
    Case(
        "alertmanager/shadowed-route",
        routed(
            "  - matchers: [severity=critical]\n    receiver: pager\n  - ⟦m⟧atchers: [alertname=Down]\n"
            "    receiver: default\n"
        ),
        (("alertname=Down", "alertname=Slow"),),
    ),
    Case(
        "alertmanager/unmet-route",
        routed("  - ⟦r⟧eceiver: pager\n    matchers: [severity=page]\n"),
        (("severity=page", "severity=critical"),),
    ),
    Case(
        "alertmanager/unused-receiver",
        alone(
            "route: {receiver: default}\nreceivers:\n- name: default\n  webhook_configs: [{url: http://a}]\n"
            "- name: ⟦pager⟧\n  webhook_configs: [{url: http://b}]\n"
        ),
        (("{receiver: default}", "{receiver: default, routes: [{receiver: pager, matchers: [a=b]}]}"),),
    ),
    Case(
        "alertmanager/empty-receiver",
        alone(
            "route: {receiver: default, routes: [{receiver: pager, matchers: [severity=critical]}]}\n"
            "receivers:\n- name: default\n  webhook_configs: [{url: http://a}]\n- name: ⟦pager⟧\n"
        ),
        (("pager", "'null'"),),
    ),
    Case(
        "alertmanager/no-integration",
        alone("route: {receiver: default}\n⟦receivers⟧:\n- name: default\n"),
        (("- name: default", "- name: default\n  webhook_configs: [{url: http://a}]"),),
    ),
    Case(
        "alertmanager/no-pager",
        alone(
            f"{ONE_ROUTE}receivers:\n- name: default\n  webhook_configs: [{{url: http://a}}]\n- name: ⟦pager⟧\n"
            f"  email_configs: [{{{MAIL}}}]\n"
        ),
        (("  email_configs", "  pagerduty_configs: [{routing_key_file: key}]\n  email_configs"),),
    ),
    Case(
        "alertmanager/no-watchdog",
        {"alertmanager.yml": "⟦route⟧: {receiver: default}\n" + RECEIVERS, "rules.yml": RULES},
        (("- alert: Down", "- alert: Watchdog\n    expr: vector(1)\n  - alert: Down"),),
    ),
    Case(
        "alertmanager/repeated-address",
        alone(
            "route: {receiver: default}\nreceivers:\n- name: default\n  slack_configs:\n"
            "  - api_url: https://hooks.slack.com/services/T1/B1/abc\n"
            "  - api_url: ⟦https://hooks.slack.com/services/T1/B1/abc⟧\n"
        ),
        (("B1/abc\n  -", "B1/def\n  -"),),
    ),
    # ---- inhibition ----
    Case(
        "alertmanager/inhibits-nothing",
        inhibiting(
            "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [⟦severity⟧]\n"
        ),
        (("equal: [severity]", "equal: [job]"),),
    ),
    Case(
        "alertmanager/inhibits-nothing",
        inhibiting(
            "- ⟦s⟧ource_matchers: [severity=critical]\n  target_matchers: [severity=critical]\n  equal: [job]\n"
        ),
        (("target_matchers: [severity=critical]", "target_matchers: [severity=warning]"),),
    ),
    Case(
        "alertmanager/inhibits-nothing",
        inhibiting(
            "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n"
            "  equal: [job, ⟦alertname⟧]\n"
        ),
        (("alert: Slow", "alert: Down"),),
    ),
    Case(
        "alertmanager/inhibits-nothing",
        inhibiting("- ⟦s⟧ource_matchers: [alertname=Gone]\n  target_matchers: [severity=warning]\n  equal: [job]\n"),
        (("alertname=Gone", "alertname=Down"),),
    ),
    # The one side always has the label, and the other never.
    Case(
        "alertmanager/inhibits-nothing",
        {
            **inhibiting(
                "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [⟦job⟧]\n",
                RULES.replace("up == 0", 'up{job="a"} == 0'),
            ),
            "prometheus.yml": "rule_files: [rules.yml]\n",
        },
        (("sum(latency_seconds)", "sum by (job) (latency_seconds)"),),
    ),
    Case(
        "alertmanager/inhibits-nothing-here",
        inhibiting("- ⟦s⟧ource_matchers: [severity=page]\n  target_matchers: [severity=warning]\n  equal: [job]\n"),
        (("severity=page", "severity=critical"),),
    ),
    Case(
        "alertmanager/inhibits-all",
        inhibiting("- ⟦s⟧ource_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n"),
        (("[severity=critical]\n", "[alertname=Down]\n"),),
    ),
    Case(
        "alertmanager/inhibits-unrelated",
        inhibiting(
            "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [⟦service⟧]\n",
            RULES.replace("up == 0", "sum(up) < 3"),
        ),
        (("sum(up)", "sum by (service) (up)"),),
    ),
    # ---- times and groups ----
    Case(
        "alertmanager/short-repeat",
        alone("route:\n  receiver: default\n  group_interval: 10m\n  repeat_interval: ⟦5m⟧\n" + RECEIVERS),
        (("repeat_interval: 5m", "repeat_interval: 1h"),),
    ),
    Case(
        "alertmanager/beyond-retention",
        alone("route:\n  receiver: default\n  repeat_interval: ⟦7d⟧\n" + RECEIVERS),
        (("7d", "5d"),),
    ),
    Case(
        "alertmanager/slow-repeat",
        alone(
            "route:\n  receiver: default\n  repeat_interval: ⟦12h⟧\n  routes:\n"
            "  - matchers: [severity=critical]\n    receiver: pager\n" + RECEIVERS
        ),
        (("    receiver: pager", "    repeat_interval: 1h\n    receiver: pager"),),
    ),
    Case(
        "alertmanager/group-by-absent",
        {
            "alertmanager.yml": "route:\n  receiver: default\n  group_by: [alertname, ⟦service⟧]\n" + RECEIVERS,
            "rules.yml": RULES.replace("up == 0", "sum(up) < 3"),
            "prometheus.yml": "rule_files: [rules.yml]\n",
        },
        (("{severity: warning}", "{severity: warning, service: api}"),),
    ),
    # ---- messages ----
    Case(
        "alertmanager/never-resolved",
        receiving("  slack_configs:\n  - ⟦c⟧hannel: a\n    api_url_file: f\n"),
        (("api_url_file: f", "api_url_file: f\n    send_resolved: true"),),
    ),
    Case(
        "alertmanager/no-status",
        receiving(
            "  slack_configs:\n  - api_url_file: f\n    send_resolved: true\n    ⟦title⟧: A fault\n"
            "    text: '{{ .CommonAnnotations.summary }}'\n"
        ),
        (("A fault", "'{{ .Status }}: a fault'"),),
    ),
    Case(
        "alertmanager/slack-webhook",
        receiving("  webhook_configs:\n  - url: ⟦https://hooks.slack.com/services/T1/B1/abc⟧\n"),
        (("https://hooks.slack.com/services/T1/B1/abc", "http://localhost:9000"),),
    ),
    Case(
        "alertmanager/slack-webhook",
        receiving("  webhook_configs:\n  - url: ⟦https://acme.webhook.office.com/webhookb2/abc⟧\n"),
        (("https://acme.webhook.office.com/webhookb2/abc", "http://localhost:9000"),),
    ),
    Case(
        "alertmanager/go-map",
        receiving(
            "  slack_configs:\n  - api_url_file: f\n    text: |\n      {{ range .Alerts }}\n"
            "      Labels: ⟦{{ .Labels }}⟧\n      {{ end }}\n"
        ),
        (("{{ .Labels }}", "{{ .Labels.service }}"),),
    ),
    Case(
        "alertmanager/old-matchers",
        alone(
            "route:\n  receiver: default\n  routes:\n  - receiver: pager\n    ⟦match_re⟧: {severity: critical|page}\n"
            + RECEIVERS
        ),
        (("match_re: {severity: critical|page}", "matchers: ['severity=~\"critical|page\"']"),),
    ),
    Case(
        "alertmanager/old-matchers",
        inhibiting(
            "- source_matchers: [severity=critical]\n  ⟦target_match⟧:\n    severity: warning\n  equal: [job]\n"
        ),
        (("target_match:\n    severity: warning", "target_matchers: [severity=warning]"),),
    ),
    # ---- templates ----
    Case(
        "alertmanager/no-template-file",
        {**alone("route: {receiver: default}\ntemplates: [⟦my.tmpl⟧]\n" + RECEIVERS), "mine.tmpl": ""},
        (("my.tmpl", "*.tmpl"),),
    ),
    Case(
        "alertmanager/undefined-template",
        {
            **receiving(
                "  slack_configs:\n  - api_url_file: f\n    send_resolved: true\n"
                "    text: '{{ ⟦template⟧ \"mine\" . }}'\ntemplates: [mine.tmpl]\n"
            ),
            "mine.tmpl": '{{ define "my" }}{{ .Status }}{{ end }}',
        },
        (('define "my"', 'define "mine"'),),
    ),
    Case(
        "alertmanager/template",
        receiving("  slack_configs:\n  - api_url_file: f\n    text: 'a ⟦{⟧{ range .Alerts '\n"),
        (("{{ range .Alerts ", "{{ len .Alerts }}"),),
    ),
    # ---- secrets ----
    Case(
        "secrets/in-file",
        alone("global:\n  smtp_auth_password: ⟦'hunter2'⟧\nroute: {receiver: default}\n" + RECEIVERS),
        (("smtp_auth_password: 'hunter2'", "smtp_auth_password_file: secrets/mail"),),
    ),
    Case(
        "secrets/in-file",
        receiving("  webhook_configs:\n  - url: ⟦https://me:hunter2@hook.agent-hive.example/⟧\n"),
        (("me:hunter2@", ""),),
    ),
    Case(
        "secrets/placeholder",
        alone("global:\n  smtp_smarthost: ⟦smtp.example.com:587⟧\nroute: {receiver: default}\n" + RECEIVERS),
        (("smtp.example.com:587", "mail.agent-hive.example:587"),),
    ),
    Case(
        "secrets/placeholder",
        receiving("  pagerduty_configs:\n  - routing_key: ⟦YOUR_ROUTING_KEY⟧\n"),
        (("routing_key: YOUR_ROUTING_KEY", "routing_key_file: key"),),
    ),
    # ---- the rules as the routes see them ----
    Case(
        "rules/unrouted",
        {
            "alertmanager.yml": ONE_ROUTE
            + "receivers:\n- name: default\n- name: pager\n  webhook_configs: [{url: http://a}]\n",
            "rules.yml": RULES.replace("alert: Slow", "alert: ⟦Slow⟧"),
        },
        (("- name: default", "- name: default\n  webhook_configs: [{url: http://b}]"),),
    ),
    Case(
        "rules/no-severity",
        {
            "alertmanager.yml": ONE_ROUTE + RECEIVERS,
            "rules.yml": RULES.replace("alert: Slow", "alert: ⟦Slow⟧").replace("{severity: warning}", "{team: a}"),
        },
        (("{team: a}", "{severity: warning}"),),
    ),
    Case(
        "rules/two-severities",
        {
            "alertmanager.yml": ONE_ROUTE + RECEIVERS,
            "rules.yml": RULES.replace("alert: Slow", "alert: ⟦Down⟧"),
        },
        (
            (
                ONE_ROUTE,
                f"{ONE_ROUTE}inhibit_rules:\n- source_matchers: [severity=critical]\n"
                "  target_matchers: [severity=warning]\n  equal: [alertname]\n",
            ),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_fault_is_found_at_its_place_and_not_where_it_is_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_what_needs_alerts_is_silent_without_rules(tmp_path: Path) -> None:
    files = routed("  - matchers: [severity=page]\n    receiver: pager\n")
    del files["rules.yml"]
    assert examine(tmp_path, files) == []


def test_a_rule_file_with_errors_hides_alerts_and_so_says_nothing_of_routes(tmp_path: Path) -> None:
    files = routed("  - matchers: [severity=page]\n    receiver: pager\n")
    files["broken.yml"] = "groups: [{name: g, rules: [{alertt: Page, expr: up}]}]\n"
    assert not list(of("alertmanager/unmet-route", examine(tmp_path, files)))


@pytest.mark.parametrize(
    ("prometheus", "found"),
    [
        ("rule_files: [rules.yml]\n", 1),
        # What another file may give the alerts on their way is not said to be missing.
        ("rule_files: [rules.yml]\nglobal: {external_labels: {team: a}}\n", 0),
        ("rule_files: [rules.yml]\nalerting: {alert_relabel_configs: [{target_label: team, replacement: a}]}\n", 0),
        ("rule_files: [rules.yml]\nalerting: {alert_relabel_configs: [{action: labelmap, regex: x_(.+)}]}\n", 0),
    ],
)
def test_labels_that_the_server_adds_count(prometheus: str, found: int, tmp_path: Path) -> None:
    files = routed("  - matchers: [team=a]\n    receiver: pager\n")
    files["rules.yml"] = RULES.replace("up == 0", "sum(up) < 3")
    findings = examine(tmp_path, {**files, "prometheus.yml": prometheus})
    assert len(list(of("alertmanager/unmet-route", findings))) == found


@pytest.mark.parametrize(
    "rule",
    [
        # Of one name each: whoever wrote it means just these.
        "- source_matchers: [alertname=Down]\n  target_matchers: [severity=warning]\n",
        "- source_matchers: [alertname=Down]\n  target_matchers: [severity=warning]\n  equal: [service]\n",
        # What all alerts of a server have, as its external labels.
        "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [cluster]\n",
        # The same condition in two severities, by the name.
        "- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [alertname, job]\n",
    ],
)
def test_inhibition_that_is_meant_is_left_alone(rule: str, tmp_path: Path) -> None:
    rules = RULES.replace("up == 0", "sum(up) < 3")
    rules += "  - alert: Down\n    expr: sum(up) < 5\n    labels: {severity: warning}\n"
    findings = examine(tmp_path, inhibiting(rule, rules))
    assert not [each.code for each in findings if each.code.startswith("alertmanager/inhibits")]


def test_matchers_on_one_line_are_mended_by_machine(tmp_path: Path) -> None:
    text = (
        "route:\n  receiver: default\n  routes:\n  - match: {severity: critical, team: 'it''s'}\n    receiver: pager\n"
    )
    [finding] = [
        each for each in examine(tmp_path, alone(text + RECEIVERS)) if each.code == "alertmanager/old-matchers"
    ]
    edit = finding.edit
    assert edit is not None
    line = text.splitlines()[edit.line - 1]
    mended = line[: edit.col - 1] + edit.replacement + line[edit.col - 1 + edit.length :]
    assert mended == "  - matchers: ['severity=\"critical\"', 'team=\"it''s\"']"
    again = examine(tmp_path / "again", alone(text.replace(line, mended) + RECEIVERS))
    assert [each for each in again if each.severity > Severity.INFO] == []


def test_a_template_file_that_does_not_parse_is_told_of_at_its_place(tmp_path: Path) -> None:
    files = {**alone("route: {receiver: default}\ntemplates: ['*.tmpl']\n" + RECEIVERS), "a.tmpl": "a\n{{ define x }}"}
    [(name, line, _, _)] = of("alertmanager/template", examine(tmp_path, files))
    assert (name, line) == ("a.tmpl", 2)


def test_what_this_server_does_not_support_is_no_fault_of_the_file(tmp_path: Path) -> None:
    text = "route: {receiver: default}\ntracing: {}\nreceivers:\n- name: default\n  sns_configs: [{topic_arn: a}]\n"
    assert examine(tmp_path, alone(text)) == []


def test_every_check_is_in_the_catalogue() -> None:
    assert {case.code for case in CASES} - CHECKS.keys() == {"alertmanager/template"}
