"""Compose files: each fault at its place, and nothing of it where it is mended."""

from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of
from hivesight.doctor import CHECKS, check_paths

IMAGE = "image: 'prom/blackbox-exporter:v0.27.0'"


def service(inside: str, rest: str = "") -> dict[str, str]:
    return {"compose.yml": f"services:\n  api:\n    {inside}\n{rest}"}


def named(inside: str) -> dict[str, str]:
    return {"compose.yml": f"services:\n  ⟦api⟧:\n    {IMAGE}\n{inside}"}


CASES = [
    Case(
        "compose/obsolete-version",
        {"compose.yml": f"⟦version⟧: '3.8'\nservices: {{a: {{{IMAGE}}}}}\n"},
        (("version: '3.8'\n", ""),),
    ),
    Case("compose/unpinned-image", service("image: ⟦prom/prometheus:latest⟧"), (("latest", "v3.5.3"),)),
    Case("compose/unpinned-image", service("image: ⟦registry:5000/prometheus⟧"), (("/prometheus", "/prometheus:v3"),)),
    Case(
        "compose/stale-registry",
        service("image: ⟦gcr.io/cadvisor⟧/cadvisor:v0.49.1"),
        (("gcr.io/cadvisor/cadvisor:v0.49.1", "ghcr.io/google/cadvisor:v0.54.0"),),
    ),
    Case("compose/open-port", service("ports: [⟦'9115:9115'⟧]"), (("'9115:", "'127.0.0.1:9115:"),)),
    Case("compose/open-port", service("ports: [⟦0.0.0.0:9115:9115/tcp⟧]"), (("0.0.0.0", "10.0.0.1"),)),
    Case(
        "compose/open-port",
        service("ports: [⟦{⟧target: 9115, published: 9115}]"),
        (("{target", "{host_ip: 127.0.0.1, target"),),
    ),
    Case(
        "compose/port-clash",
        service("ports: ['8080:80']", "  web:\n    ports: [⟦'127.0.0.1:8080:8080'⟧]\n"),
        (("1:8080", "1:8081"),),
    ),
    Case(
        "compose/port-taken",
        {
            **service("ports: [⟦'127.0.0.1:8080:8080'⟧]"),
            "prometheus.yml": "scrape_configs: [{job_name: gateway, static_configs: [{targets: ['gateway:8080']}]}]\n",
        },
        (("1:8080", "1:8090"),),
    ),
    Case(
        "compose/literal-secret",
        service("environment: {GF_SECURITY_ADMIN_PASSWORD: ⟦hunter2⟧}"),
        (("PASSWORD: hunter2", "PASSWORD__FILE: /run/secrets/grafana"),),
    ),
    Case("compose/literal-secret", service("environment: [API_TOKEN=⟦abc⟧]"), (("abc", "${API_TOKEN}"),)),
    Case("compose/literal-secret", service("command: redis-server --requirepass ⟦abc⟧"), (("abc", "${PASSWORD}"),)),
    Case(
        "compose/literal-secret",
        service('environment: {DSN: "postgresql://reader:⟦pass⟧@db:5432/hive"}'),
        ((":pass@", ":${PASSWORD}@"),),
    ),
    Case(
        "compose/database-access",
        service('environment: {DSN: "postgresql://⟦postgres⟧:$PW@db:5432/hive"}'),
        (("postgres:", "reader:"),),
    ),
    Case(
        "compose/database-access",
        service('environment: {DSN: "postgresql://reader:$PW@db:5432/hive?⟦sslmode=disable⟧"}'),
        (("disable", "verify-full"),),
    ),
    Case("compose/privileged", service("⟦privileged⟧: true"), (("true", "false"),)),
    Case(
        "compose/docker-socket",
        service("volumes: [⟦/var/run/docker.sock:/var/run/docker.sock:ro⟧]"),
        (("/var/run/docker.sock:/", "/srv:/"),),
    ),
    Case("compose/docker-socket", service("volumes: [⟦/var/run:/var/run:rw⟧]"), (("/var/run:/", "/srv/run:/"),)),
    Case(
        "compose/docker-socket",
        service("image: google/cadvisor:v0.54.0\n    volumes: [⟦'/var/run:/var/run:rw'⟧]"),
        (("rw'", "ro'"),),
    ),
    Case(
        "compose/docker-socket-to-watch",
        service("image: google/cadvisor:v0.54.0\n    volumes: [⟦'/var/run:/var/run:ro'⟧]"),
        (("/var/run:/", "/srv/run:/"),),
    ),
    Case("compose/writable-host", service("volumes: [⟦/:/host⟧]"), (("/:/host", "/:/host:ro"),)),
    Case("compose/no-healthcheck", named(""), ((IMAGE, f"{IMAGE}\n    healthcheck: {{test: [CMD, true]}}"),)),
    Case("compose/no-limits", named(""), ((IMAGE, f"{IMAGE}\n    mem_limit: 256m"),)),
    Case("compose/no-restart", named(""), ((IMAGE, f"{IMAGE}\n    restart: unless-stopped"),)),
    Case("compose/endless-logs", named("    logging: {driver: json-file}\n"), (("json-file", "local"),)),
    Case(
        "compose/no-volume",
        service("image: ⟦'grafana/grafana:12.0.0'⟧", "volumes: {data: }\n"),
        (("12.0.0'", "12.0.0'\n    volumes: ['data:/var/lib/grafana']"),),
    ),
    Case(
        "compose/no-volume",
        service(
            "image: ⟦'prom/prometheus:v3'⟧\n    command: --storage.tsdb.path=/data\n    volumes: ['data:/prometheus']",
            "volumes: {data: }\n",
        ),
        (("data:/prometheus", "data:/data"),),
    ),
    Case(
        "compose/no-volume",
        service(
            "image: ⟦'elastic/elasticsearch:9.1.0'⟧\n    entrypoint: [sh, -c, exec docker-entrypoint.sh eswrapper]"
        ),
        (("exec docker-entrypoint.sh eswrapper", "exec /setup/elasticsearch.sh"),),
    ),
    Case(
        "compose/no-volume",
        service("image: ⟦'postgres:17'⟧\n    command: postgres -c max_connections=200"),
        (("postgres -c max", "pg_dump -c -h postgres:5432 max"),),
    ),
    Case(
        "compose/node-exporter",
        service(
            "image: ⟦'prom/node-exporter:v1'⟧\n    volumes: ['/:/host:ro,rslave']\n    command: [--path.rootfs=/host]"
        ),
        (("v1'", "v1'\n    network_mode: host\n    pid: host"),),
    ),
    Case("compose/unknown-dependency", service("depends_on: [⟦db⟧]"), (("[db]", "[]"),)),
    Case(
        "compose/unknown-dependency",
        service("depends_on: {⟦db⟧: {condition: service_healthy}}", "  cache: {}\n"),
        (("cache", "db"),),
    ),
    Case("compose/undefined", service("networks: [⟦inside⟧]"), (("services", "networks: {inside: }\nservices"),)),
    Case(
        "compose/undefined",
        service("volumes: ['⟦d⟧ata:/data']".replace("'⟦d⟧ata:/data'", "⟦'data:/data'⟧")),
        (("services", "volumes: {data: }\nservices"),),
    ),
    Case(
        "compose/unknown-host",
        service("environment: {REDIS_ADDR: '⟦redis⟧:6379'}"),
        (("services:", "services:\n  redis: {}"),),
    ),
    Case(
        "compose/unknown-host",
        service(
            "networks: [m]\n    environment: [DSN=postgresql://u:$P@⟦postgres⟧:5432/x]",
            "networks: {m: {driver: bridge}}\n",
        ),
        (("driver: bridge", "external: true"),),
    ),
    Case(
        "compose/no-common-network",
        service(
            "networks: [a]\n    command: --backend=http://⟦db⟧:8080", "  db: {networks: [b]}\nnetworks: {a: , b: }\n"
        ),
        (("[b]", "[a, b]"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_shown_at_its_place_and_gone_when_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_every_check_of_compose_has_a_case() -> None:
    assert {code for code in CHECKS if code.startswith("compose/")} <= {case.code for case in CASES}


GOOD = """
x-logging: &logging {driver: local}
services:
  prometheus:
    image: prom/prometheus:v3.5.3@sha256:0123
    restart: unless-stopped
    healthcheck: {test: [CMD, wget, -qO-, 'http://localhost:9090/-/healthy']}
    deploy: {resources: {limits: {memory: 1G}}}
    logging: *logging
    ports: ["127.0.0.1:9090:9090", "80:9090"]
    environment:
      - ALLOW_EMPTY_PASSWORD=yes
      - DB_PASSWORD_FILE=/run/secrets/db
      - TOKEN=${TOKEN:?set it}
    command: ["--web.listen-address=0.0.0.0:9090", "--alertmanager=http://alertmanager:9093"]
    volumes: ["data:/prometheus", "./prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
    depends_on: {alertmanager: {condition: service_started}}
  alertmanager:
    extends: {file: common.yml, service: alertmanager}
volumes: {data: }
"""


def test_a_careful_file_gets_no_finding(tmp_path: Path) -> None:
    assert examine(tmp_path, {"compose.yml": GOOD}) == []


def test_what_a_file_beside_it_defines_is_known(tmp_path: Path) -> None:
    files = {
        "compose.yml": f"services: {{a: {{{IMAGE}, depends_on: [b], networks: [n], volumes: ['v:/v']}}}}\n",
        "compose.more.yml": f"services: {{b: {{{IMAGE}}}}}\nnetworks: {{n: }}\nvolumes: {{v: }}\n",
    }
    found = examine(tmp_path, files)
    assert not [*of("compose/undefined", found), *of("compose/unknown-dependency", found)]


def test_a_service_of_a_file_that_is_not_examined_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "compose.full.yml").write_text(": not read", encoding="utf-8")
    (tmp_path / "compose.yml").write_text(f"services: {{a: {{{IMAGE}, depends_on: [b]}}}}\n", encoding="utf-8")
    assert not list(of("compose/unknown-dependency", list(check_paths([tmp_path / "compose.yml"]).findings)))


def test_odd_files_are_examined_all_the_same(tmp_path: Path) -> None:
    text = (
        "version: {a: 1}\nvolumes: [1]\nnetworks: 3\nservices:\n  b: 1\n  a: {image: [1], ports: {a: 1},"
        " volumes: [1, {}],"
        " environment: [[1], {a: b}], networks: [[1]], depends_on: [[x]], deploy: [1], logging: 1}\n"
        "  c: {ports: [a, '1-2:3-4', 'x:y:z', '::::'], command: {a: 1}}\n"
    )
    assert examine(tmp_path, {"compose.yml": text})
