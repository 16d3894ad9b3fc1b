"""What keeps a service running, and the host beside it: health, limits, restarts, logs, data."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hivesight.doctor.compose.services import Service, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, text
from hivesight.doctor.rule_files import at

_ENDLESS_LOGS: Final = frozenset(("", "json-file"))
_DATA: Final[Mapping[str, str]] = {
    "prometheus": "/prometheus",
    "alertmanager": "/alertmanager",
    "grafana": "/var/lib/grafana",
    "grafana-oss": "/var/lib/grafana",
    "grafana-enterprise": "/var/lib/grafana",
    "loki": "/loki",
    "elasticsearch": "/usr/share/elasticsearch/data",
    "postgres": "/var/lib/postgresql",
    "mysql": "/var/lib/mysql",
    "mariadb": "/var/lib/mysql",
    "mongo": "/data/db",
    "victoria-metrics": "/victoria-metrics-data",
}
"""Where the images of stores keep their data."""
_ENTRY: Final = r"docker-entrypoint(?:\.sh)?|entrypoint(?:\.sh)?|eswrapper|mysqld|mariadbd|mongod|postgres|run\.sh"
"""What stores are started by."""
_PATH_FLAG: Final = re.compile(r"--?(?:storage\.tsdb\.path|storage\.path|storageDataPath)[= ](\S+)")


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Of one service that the file describes whole."""
    if not service.whole:
        return
    node = service.node
    if child(node, "healthcheck") is None:
        yield _advice(
            stack,
            service,
            "compose/no-healthcheck",
            "no health check: a process that hangs looks healthy, and depends_on does not wait",
            "healthcheck: {test: [...], interval: 30s}",
        )
    if not any(child(node, *path) is not None for path in (("mem_limit",), ("deploy", "resources", "limits"))):
        yield _advice(
            stack,
            service,
            "compose/no-limits",
            "no limit: what grows here takes the memory of all others on the host",
            "deploy: {resources: {limits: {memory: 512M, cpus: '1'}}}",
        )
    if child(node, "restart") is None and child(node, "deploy", "restart_policy") is None:
        yield _advice(
            stack,
            service,
            "compose/no-restart",
            "no restart policy: after a crash or a reboot it stays down",
            "restart: unless-stopped",
        )
    if text(node, "logging", "driver") in _ENDLESS_LOGS and child(node, "logging", "options", "max-size") is None:
        yield _advice(
            stack,
            service,
            "compose/endless-logs",
            "Docker keeps all it ever logs: the disk fills",
            'logging: {driver: local}, or json-file with max-size: "10m" and max-file: "3"',
        )
    yield from _data(stack, service)


def _advice(stack: Stack, service: Service, code: str, message: str, remedy: str) -> Finding:
    return at(stack.document.loaded, service.location, code, message, remedy, on_key=True)


def _data(stack: Stack, service: Service) -> Iterator[Finding]:
    name = service.image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    path = _DATA.get(name)
    if path is None or _runs_something_else(service, name):
        return
    if name == "loki" and any("config.file" in each.value for each in service.arguments()):
        return  # that file says where, or that it is elsewhere
    for each in service.arguments():
        if match := _PATH_FLAG.search(each.value):
            path = match[1].rstrip("/")
    held = [mount.target.rstrip("/") for mount in service.mounts()]
    kept = any(f"{target}/".startswith(f"{path}/") or f"{path}/".startswith(f"{target}/") for target in held if target)
    if not kept and child(service.node, "tmpfs") is None and child(service.node, "volumes_from") is None:
        message = f"{path} is on no volume: with the next version of the image all data are gone"
        where = (*service.location, "image")
        yield at(stack.document.loaded, where, "compose/no-volume", message, f"volumes: [{name}-data:{path}]")


def _runs_something_else(service: Service, name: str) -> bool:
    """Whether a store's image is used for its tools, as by a service that sets another up and ends."""
    said = [each.value for each in service.arguments()]
    replaced = child(service.node, "entrypoint") is not None or bool(said and not said[0].lstrip().startswith("-"))
    program = rf"(?<![\w-])(?:{_ENTRY}|{re.escape(name)}d?)(?![\w:.-])"
    return replaced and not any(re.search(program, each) for each in said)
