"""A company's answers -> the production stack as texts, from the pack's files. Where a value differs it is put into the
text of a file that is valid as it stands; what is shipped and what is written read alike."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.model.duration import parse_duration
from hivesight.pack import FILES, kubernetes
from hivesight.pack.yaml_text import with_values, without

SMARTHOST: Final = "smtp.agent-hive.example:587"
EMAIL: Final = "ops-team@agent-hive.example"
WEBHOOK: Final = "http://alert-hooks:8086/webhook"
RECEIVERS: Final = ("email", "slack", "webhook", "pagerduty")
ALERT_SECRETS: Final = {"email": "smtp_password", "slack": "slack_url", "pagerduty": "pagerduty_key"}
"""The file in alertmanager/secrets that a receiver needs."""
PLATFORMS: Final = ("compose", "kubernetes")
_NO_PAGER: Final = (
    "  # hivesight: ignore alertmanager/no-pager because nobody is on call: these receivers were asked for\n"
)
_HOUR_MS: Final = 3_600_000

# Who is scraped besides the hive, by the name of its service in the Compose file.
_TARGETS: Final = {
    "node-exporter": "host.docker.internal:9100",
    "cadvisor": "cadvisor:8080",
    "redis": "redis-exporter:9121",
    "postgres": "postgres-exporter:9187",
    "pushgateway": "pushgateway:9091",
    "prometheus": "localhost:9090",
    "alertmanager": "alertmanager:9093",
    "grafana": "grafana:3000",
    "otel-collector": "otel-collector:8888",
    "jaeger": "jaeger:8888",
    "fluentd": "fluentd:24231",
}
# The files that only one platform has.
_OWN: Final = {
    "compose": re.compile(
        r"docker-compose\.monitoring\.yml|scaling/.+/(compose|targets)\.yml|scaling/mimir/single\.yaml"
    ),
    "kubernetes": re.compile(
        r"(.+/)?kustomization\.yaml|(.+/)?kubernetes(/.+|\.yaml|\.conf)|scaling/.+/cluster\.yaml|scaling/thanos/.+"
    ),
}
# What holds passwords or data stays out of a repository that keeps the rest.
_GITIGNORE: Final = "secrets/\nhivesight-data/\n"
_JOB: Final = re.compile(r"  - job_name: agent-hive-(\S+)\n(?:    .*\n)+\n")
_ABSENT: Final = re.compile(r'(?:\n( +)or absent\(up\{job="agent-hive-[^"]+"\}\))+')
_GRAVEST: Final = "  - name: critical-alerts\n"
_ANSWERED: Final = re.compile(rf"{_GRAVEST}((?:    .*\n)+)")
_BARE: Final = re.compile(r"(?m)^  - name: (?:default|warning-alerts)\n(?=\n)")
# Items of a list in a test that say the same of each service.
_OF_EACH: Final = re.compile(
    r"""(?mx)^(?P<first>(?P<indent>\ *)-\ [^\n]*agent-hive-orchestrator\b[^\n]*\n(?:(?P=indent)\ [^\n]*\n)*)
    (?:(?P=indent)-\ [^\n]*agent-hive-[^\n]*\n(?:(?P=indent)\ [^\n]*\n)*)+"""
)
_SERVICE: Final = re.compile(
    r"([a-z0-9][a-z0-9-]{0,62})=([A-Za-z0-9.-]{1,253}:[0-9]{1,5}|\[[0-9a-fA-F:.]+\]:[0-9]{1,5})"
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the hive. name: of its job, after `agent-hive-`. address: host:port of its metrics."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Stack:
    """What differs from one company to the next. receivers: some of RECEIVERS. retention: how long samples are kept,
    log_retention: logs and traces. smarthost: host:port of the mail relay. email: who gets mail. webhook: an address
    that takes Alertmanager's JSON. platforms: some of PLATFORMS."""

    services: tuple[Service, ...]
    receivers: frozenset[str]
    retention: str = "15d"
    log_retention: str = "30d"
    smarthost: str = SMARTHOST
    email: str = EMAIL
    webhook: str = WEBHOOK
    platforms: frozenset[str] = frozenset({"compose"})


GUIDE_SERVICES: Final = (
    Service("orchestrator", "agent-hive:8081"),
    Service("webhook-server", "webhook-server:8081"),
    Service("api-gateway", "api-gateway:8082"),
    Service("event-streaming", "event-streaming:8083"),
)


def service(text: str) -> Service:
    """`NAME=HOST:PORT` -> a service. Raises ValueError."""
    found = _SERVICE.fullmatch(text)
    if found is None or int(found[2].rpartition(":")[2]) > 65535:
        raise ValueError(
            f"{text!r} is no service: write it like orchestrator=agent-hive:8081, the name in small letters"
        )
    return Service(found[1], found[2])


def line(text: str) -> str:
    """A value that stands in one line of YAML. Raises ValueError."""
    if not text.isprintable() or not 0 < len(text) <= 500:
        raise ValueError(f"{text!r}: expected one line of at most 500 characters")
    return text


def retention(text: str) -> str:
    """A time to keep something, whole days as Elasticsearch and Prometheus both read them. Raises ValueError."""
    ms = parse_duration(text)
    if ms < 24 * _HOUR_MS or ms % (24 * _HOUR_MS):
        raise ValueError(f"{text!r}: keep whole days, at least 1d")
    return f"{ms // (24 * _HOUR_MS)}d"


def render(stack: Stack) -> dict[str, str]:
    """Every file of the stack: its path below the directory, and its text. Raises ValueError for a service's address
    that has no meaning on Kubernetes."""
    elsewhere = [own for platform, own in _OWN.items() if platform not in stack.platforms]
    names = ((path.relative_to(FILES).as_posix(), path) for path in _shipped())
    files = {
        name: path.read_text(encoding="utf-8")
        for name, path in names
        if not any(own.fullmatch(name) for own in elsewhere)
    }
    edits = {
        "prometheus/prometheus.yml": _scraped,
        "prometheus/rules/agent_hive_rules.yml": _watched,
        "prometheus/tests/agent_hive_rules.test.yml": _tried,
        "alertmanager/alertmanager.yml": _told,
        "docker-compose.monitoring.yml": _kept,
        "elasticsearch/ilm/logs.json": _kept,
        "elasticsearch/ilm/traces.json": _kept,
        "hivesight.yml": _kept,
        "kubernetes/prometheus.yaml": _kept,
        "kubernetes/hive.yaml": _monitored,
        "kustomization.yaml": _with_secrets,
    }
    for path in edits.keys() & files.keys():
        files[path] = edits[path](files[path], stack)
    if "kubernetes" in stack.platforms:
        files |= kubernetes.made(files)
        files["kustomization.yaml"] = kubernetes.with_runbooks(files["kustomization.yaml"], files)
    return files | _targets(stack.services) | {".gitignore": _GITIGNORE}


def _shipped() -> Iterable[Path]:
    return (path for path in sorted(FILES.rglob("*")) if path.is_file())


def _scraped(text: str, stack: Stack) -> str:
    """The scrape file with a job for each service: its own where the pack has one, else like the others."""
    jobs = {found[1]: found[0] for found in _JOB.finditer(text)}
    like = next(name for name, job in jobs.items() if "scrape_interval" not in job)
    before, after = text.partition(next(iter(jobs.values())))[0], text.rpartition(list(jobs.values())[-1])[2]
    wanted = (jobs.get(each.name) or jobs[like].replace(like, each.name) for each in stack.services)
    return before.replace("The four services", "The services") + "".join(wanted) + after


def _watched(text: str, stack: Stack) -> str:
    """The rules with the absence of each service in AgentHiveDown."""
    return _ABSENT.sub(
        lambda found: "".join(f'\n{found[1]}or absent(up{{job="agent-hive-{each.name}"}})' for each in stack.services),
        text,
    )


def _tried(text: str, stack: Stack) -> str:
    """The unit tests with each service where the guide's four stand."""
    return _OF_EACH.sub(
        lambda found: "".join(found["first"].replace("orchestrator", each.name) for each in stack.services), text
    )


def _told(text: str, stack: Stack) -> str:
    """The routes with the receivers that were asked for, their passwords in files. Who would hear of nothing, since
    the file has none of them for lesser alerts, hears as those who hear of critical ones."""
    unwanted = {f"{kind}_configs" for kind in RECEIVERS if kind not in stack.receivers}
    if "slack" not in stack.receivers:
        unwanted.add("slack_api_url_file")
    if "email" not in stack.receivers:
        unwanted |= {"smtp_smarthost", "smtp_from", "smtp_require_tls"}
    text = with_values(
        without(text, unwanted),
        {"smtp_smarthost": _quoted(stack.smarthost), "to": _quoted(stack.email), "url": _quoted(stack.webhook)},
    )
    if answered := _ANSWERED.search(text):
        text = _BARE.sub(lambda bare: bare[0] + answered[1], text)
    login = "  smtp_auth_username: hivesight@agent-hive.example\n  smtp_auth_password_file: secrets/smtp_password\n"
    text = text.replace("  smtp_require_tls: false\n", f"  smtp_require_tls: true\n{login}")
    if not stack.receivers & {"pagerduty", "webhook"}:
        text = text.replace(_GRAVEST, _NO_PAGER + _GRAVEST)
    return text if stack.receivers & {"email", "slack"} else text.replace("global:\n", "global: {}\n")


def _monitored(text: str, stack: Stack) -> str:
    return kubernetes.monitored(text, ((each.name, each.address) for each in stack.services))


def _with_secrets(text: str, stack: Stack) -> str:
    """The files of secrets that Alertmanager is told of, of the receivers that were asked for."""
    unwanted = [name for kind, name in ALERT_SECRETS.items() if kind not in stack.receivers]
    return "".join(line for line in text.splitlines(keepends=True) if line.rpartition("/")[2].strip() not in unwanted)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _kept(text: str, stack: Stack) -> str:
    """How long samples, and logs and traces, are kept: in a flag of Prometheus, a lifecycle, or hivesight.yml."""
    text = text.replace("retention.time=15d", f"retention.time={stack.retention}")
    text = text.replace('"min_age": "30d"', f'"min_age": "{stack.log_retention}"')
    return with_values(text, {"retention": stack.retention})


def _targets(services: Iterable[Service]) -> dict[str, str]:
    addresses = {f"agent-hive-{each.name}": each.address for each in services} | _TARGETS
    files = {f"prometheus/targets/{job}.yml": f"- targets: ['{address}']\n" for job, address in addresses.items()}
    return files | {"prometheus/targets/blackbox-http.yml": "- targets: ['http://grafana:3000/api/health']\n"}
